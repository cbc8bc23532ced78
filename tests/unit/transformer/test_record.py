import pytest
import torch

from llmcourse.transformer.record import Record


def test_only_what_is_wanted_is_kept():
    record = Record("weights")
    record.add(weights=torch.ones(2), keys=torch.ones(2))
    record.add(weights=torch.zeros(2))
    assert [t.tolist() for t in record.weights] == [[1, 1], [0, 0]]
    assert record.keys == []


def test_what_is_kept_is_a_copy():
    record, tensor = Record(), torch.ones(2)
    record.add(keys=tensor)
    tensor.zero_()
    assert record.keys[0].tolist() == [1, 1]


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"no record of 'attention'; choose from residual, attention_out"):
        Record("attention")
