import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from llmcourse.learning import batches
from llmcourse.learning.batches import Windows, held_out_windows, open_tokens, write_tokens

SIZES = st.tuples(st.integers(1, 9), st.integers(0, 60)).map(lambda s: (2 * s[0] + s[1], s[0]))  # tokens, window


def epoch_of(windows: Windows, epoch: int) -> np.ndarray:
    """All windows of an epoch, one a step."""
    count = windows.per_epoch
    return np.concatenate([windows.of_step(epoch * count + i) for i in range(count)])


@given(sizes=SIZES, seed=st.integers(0, 2**32), epoch=st.integers(0, 3))
def test_an_epoch_reads_each_of_its_windows_once_and_they_touch_without_a_gap(sizes, seed, epoch):
    count, length = sizes
    rows = epoch_of(Windows(np.arange(count), length, 1, seed), epoch)
    starts = np.sort(rows[:, 0])
    assert_array_equal(rows, rows[:, :1] + np.arange(length + 1))  # ids are places: T + 1 of them in a row
    assert_array_equal(np.diff(starts), length)  # each token but the first is predicted once
    assert starts[0] < length
    assert count - (rows.max() + 1) < 2 * length  # what no window reaches, at either end


@given(sizes=SIZES, seed=st.integers(0, 2**32), batch=st.integers(1, 7))
def test_batches_cut_one_stream_of_windows_wherever_epochs_end(sizes, seed, batch):
    count, length = sizes
    one, many = (Windows(np.arange(count), length, size, seed) for size in (1, batch))
    steps = 2 * one.per_epoch // batch + 2  # into the third epoch
    stream = np.concatenate([one.of_step(i) for i in range(steps * batch)])
    assert_array_equal(np.concatenate([many.of_step(s) for s in range(steps)]), stream)


@given(seed=st.integers(0, 1000), steps=st.permutations(range(12)))
def test_a_step_depends_on_the_seed_and_itself_alone(seed, steps):
    tokens = np.arange(50)
    in_order = [Windows(tokens, 4, 3, seed).of_step(step) for step in range(12)]
    asked_anyhow = Windows(tokens, 4, 3, seed)
    for step in steps:
        assert_array_equal(asked_anyhow.of_step(step), in_order[step])


def test_seeds_and_epochs_differ_in_order_and_in_where_the_cuts_begin():
    windows = Windows(np.arange(1000), 10, 1, seed=0)
    epochs = [epoch_of(windows, epoch) for epoch in range(6)]
    assert len({tuple(rows[:, 0]) for rows in epochs}) == 6
    assert len({rows[:, 0].min() for rows in epochs}) > 2
    assert not np.array_equal(epochs[0], epoch_of(Windows(np.arange(1000), 10, 1, seed=1), 0))


@given(share=st.integers(1, 4), parts=st.integers(1, 4), step=st.integers(0, 30))
def test_the_shares_of_the_workers_interleave_to_the_whole_batch(share, parts, step):
    windows = Windows(np.arange(70), 6, share * parts, seed=3)
    shares = [windows.of_step(step, part=part, parts=parts) for part in range(parts)]
    assert {len(rows) for rows in shares} == {share}
    assert_array_equal(np.stack(shares, axis=1).reshape(share * parts, 7), windows.of_step(step))


def test_batches_are_ready_for_torch_whatever_the_file_holds():
    assert Windows(np.arange(20, dtype=np.uint16), 4, 2, seed=0).of_step(0).dtype == np.int64


def test_held_out_windows_predict_each_token_once_and_in_order():
    rows = list(held_out_windows(np.arange(23), length=4, batch=3))
    assert [len(batch) for batch in rows] == [3, 2]
    whole = np.concatenate(rows)
    assert_array_equal(whole[:, 1:].ravel(), np.arange(1, 21))  # 21 and 22 are less than a window
    assert_array_equal(whole[:, 0], [0, 4, 8, 12, 16])


def test_a_file_gives_back_its_ids_in_two_bytes_each_or_four(tmp_path):
    for vocab, dtype in ((1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)):
        ids = [0, 5, vocab - 1]
        write_tokens(tmp_path / "t.npy", ids, vocab=vocab)
        tokens = open_tokens(tmp_path / "t.npy", vocab=vocab)
        assert (tokens.tolist(), tokens.dtype) == (ids, dtype)
    assert [path.name for path in tmp_path.iterdir()] == ["t.npy"]


def test_a_batch_reads_the_file_and_not_a_copy_of_it(tmp_path):
    path = tmp_path / "t.npy"
    write_tokens(path, np.zeros(5000, int), vocab=8)
    windows = Windows(open_tokens(path, vocab=8), 4, 2, seed=0)
    assert windows.of_step(0).max() == 0
    with path.open("rb+") as file:  # what is on the disk now is what the next batch must see
        file.seek(-10_000, io.SEEK_END)
        file.write(np.full(5000, 7, np.uint16).tobytes())
    assert windows.of_step(1).min() == 7


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.npy"
    write_tokens(path, [1, 2, 3], vocab=8)

    def half(file, array, **options):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(batches.np, "save", half)
    with pytest.raises(OSError, match="No space left"):
        write_tokens(path, [4, 5, 6], vocab=8)
    assert open_tokens(path, vocab=8).tolist() == [1, 2, 3]
    assert [each.name for each in tmp_path.iterdir()] == ["t.npy"]


class Bomb:
    """An object whose unpickling would run code."""

    def __reduce__(self):
        return (pytest.fail, ("the file's code was run",))


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.array([Bomb()], dtype=object), "Python objects"),
        (np.zeros(4), "unsigned whole numbers"),
        (np.zeros((2, 2), np.uint16), "one row"),
        (np.array(5, np.uint16), "one row"),
        (np.zeros(0, np.uint16), "one row"),
        (np.array([-1, 3]), "unsigned"),
    ],
)
def test_refuses_an_array_that_is_no_row_of_ids(tmp_path, array, why):
    np.save(tmp_path / "t.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=rf"t\.npy is no token file: .*{why}"):
        open_tokens(tmp_path / "t.npy", vocab=8)


@pytest.mark.parametrize("content", [b"", b"In the beginning", pickle.dumps(Bomb()), b"\x93NUMPY\x01\x00"])
def test_refuses_what_is_no_array_file_and_does_not_advise_to_unpickle_it(tmp_path, content):
    (tmp_path / "t.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.npy is no token file: .* make one with write_tokens") as refusal:
        open_tokens(tmp_path / "t.npy", vocab=8)
    assert "allow_pickle" not in str(refusal.value)


def test_refuses_a_file_that_was_cut_short(tmp_path):
    path = tmp_path / "t.npy"
    write_tokens(path, range(100), vocab=200)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match="no token file"):
        open_tokens(path, vocab=200)


def test_refuses_ids_that_the_vocabulary_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="id 8 is outside 0 … 7"):
        write_tokens(tmp_path / "t.npy", [3, 8], vocab=8)
    with pytest.raises(ValueError, match="id -1 is outside 0 … 7"):
        write_tokens(tmp_path / "t.npy", [-1, 3], vocab=8)
    with pytest.raises(ValueError, match=r"at least one id, got shape \(0,\)"):
        write_tokens(tmp_path / "t.npy", [], vocab=8)
    assert list(tmp_path.iterdir()) == []
    write_tokens(tmp_path / "t.npy", [3, 8], vocab=9)
    with pytest.raises(ValueError, match="has id 8, but the vocabulary ends at 7"):
        open_tokens(tmp_path / "t.npy", vocab=8)


@pytest.mark.parametrize(
    ("count", "length", "batch", "message"),
    [
        (7, 4, 2, "7 tokens are too few for windows of 4: give at least 8"),
        (50, 0, 2, "at least 1, got 0 and 2"),
        (50, 4, 0, "at least 1, got 4 and 0"),
    ],
)
def test_refuses_windows_that_do_not_fit(count, length, batch, message):
    with pytest.raises(ValueError, match=message):
        Windows(np.arange(count), length, batch, seed=0)


def test_the_shortest_text_that_is_advised_is_enough():
    assert Windows(np.arange(8), 4, 2, seed=0).of_step(5).shape == (2, 5)


def test_refuses_steps_and_shares_that_do_not_exist():
    windows = Windows(np.arange(50), 4, 6, seed=0)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        windows.of_step(-1)
    with pytest.raises(ValueError, match="a batch of 6 windows cannot be shared by 4 workers"):
        windows.of_step(0, part=0, parts=4)
    with pytest.raises(ValueError, match="4 tokens have no window of 5"):
        next(held_out_windows(np.arange(4), length=4, batch=2))
