import pytest
import torch

from llmcourse.transformer.threads import one_thread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_inside_there_is_one_and_afterward_as_many_as_before(two_threads):
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_they_come_back_after_an_error(two_threads):
    @one_thread()
    def fails():
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fails()
        assert torch.get_num_threads() == 2
