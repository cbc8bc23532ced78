import numpy as np
import torch
from numpy.testing import assert_allclose

from llmcourse.exercises import heads as exercises
from llmcourse.transformer.norms import layer_norm, rms_norm


def test_right_solutions_written_another_way_pass():
    def writes(mixed, w_out):
        heads, _, width = mixed.shape
        return np.einsum("htk,dhk->htd", mixed, w_out.reshape(-1, heads, width))

    assert exercises.head_writes.check(writes).passed
    assert exercises.multiplications.check(3.9).passed


def test_the_heads_writes_add_up_to_the_layers_output():
    for mixed, w_out in exercises.head_writes.cases:
        side_by_side = np.concatenate(list(mixed), axis=-1)
        assert_allclose(exercises.head_writes.answer(mixed, w_out).sum(axis=0), side_by_side @ w_out.T)


def test_the_norms_are_the_packages():
    row = torch.tensor([-1.0, -1.0, 7.0, 7.0], dtype=torch.float64)
    ones = torch.ones(4, dtype=torch.float64)
    assert_allclose(rms_norm(row, ones, eps=0.0)[-1], exercises.normalized_entry.answer)
    assert_allclose(layer_norm(row, ones, eps=0.0), [-1, -1, 1, 1])


def test_the_multiplications_are_torchs_count():
    """FlopCounterMode counts a multiplication and an addition as two, and matrix products only."""
    from torch.utils.flop_counter import FlopCounterMode

    from llmcourse.transformer.attention import SelfAttention
    from llmcourse.transformer.config import ModelConfig

    config = ModelConfig(vocab=2, width=768, layers=1, heads=12, ffn_width=1, context=1000, positions="none")
    with torch.device("meta"):
        layer, x = SelfAttention(config), torch.empty(1, 1000, 768)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    assert_allclose(counter.get_total_flops() / 2e9, exercises.multiplications.answer)
