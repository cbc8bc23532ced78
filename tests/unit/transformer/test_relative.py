"""Relative positions as biases: T5's buckets and table, ALiBi's slopes and lines."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.relative import T5Bias, alibi_bias, alibi_slopes, offsets, t5_bucket


def test_published_buckets():
    both = t5_bucket(torch.arange(-20, 21, 5), causal=False)
    assert both.tolist() == [10, 9, 8, 5, 0, 21, 24, 25, 26]
    past = t5_bucket(torch.tensor([0, -1, -15, -16, -20, -64, -127, -128, -500]), causal=True)
    assert past.tolist() == [0, 1, 15, 16, 17, 26, 31, 31, 31]


sizes = st.integers(1, 16).map(lambda n: 4 * n)


@given(sizes, st.integers(1, 500), st.booleans())
def test_buckets_grow_with_distance_and_stay_in_the_table(buckets, more, causal):
    max_distance = buckets // 2 + more
    rows = t5_bucket(torch.arange(0, -2000, -1), buckets=buckets, max_distance=max_distance, causal=causal)
    own = buckets if causal else buckets // 2  # rows of one direction
    assert rows[0] == 0
    assert ((rows[1:] - rows[:-1]) >= 0).all()
    assert rows[: own // 2].tolist() == list(range(own // 2))  # near distances: a row each
    assert (rows[max_distance:] == own - 1).all()
    assert rows.max() == own - 1


@given(sizes, st.integers(1, 3000))
def test_the_future_has_the_second_half_of_the_table_or_distance_zero(buckets, away):
    ahead, behind = torch.tensor([away]), torch.tensor([-away])
    how = {"buckets": buckets, "max_distance": 128}
    assert t5_bucket(ahead, causal=True, **how) == 0
    assert t5_bucket(ahead, causal=False, **how) == t5_bucket(behind, causal=False, **how) + buckets // 2


def test_borders_fall_on_exact_powers():
    """8 · 16^(j/8) is a whole number at j = 2, 4, 6: 16, 32, 64. A logarithm's last bit must not move them."""
    past = t5_bucket(-torch.tensor([15, 16, 31, 32, 63, 64]), causal=False)
    assert past.tolist() == [9, 10, 11, 12, 13, 14]
    cube = t5_bucket(-torch.tensor([124, 125, 624, 625]), buckets=10, max_distance=15_625, causal=True)
    assert cube.tolist() == [6, 7, 7, 8]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"buckets": 7, "causal": True}, "multiple of 2, got 7"),
        ({"buckets": 6, "causal": False}, "multiple of 4, got 6"),
        ({"buckets": 0, "causal": True}, "multiple of 2, got 0"),
        ({"buckets": 32, "max_distance": 16, "causal": True}, "above the 16 distances with a row each, got 16"),
    ],
)
def test_tables_that_do_not_divide_are_refused(how, message):
    with pytest.raises(ValueError, match=message):
        t5_bucket(torch.tensor([0]), **how)
    with pytest.raises(ValueError, match=message):
        T5Bias(2, **how)


def test_the_last_query_is_aligned_with_the_last_key():
    assert offsets(2, 4).tolist() == [[-2, -1, 0, 1], [-3, -2, -1, 0]]
    with pytest.raises(ValueError, match="got 3 and 2"):
        offsets(3, 2)
    with pytest.raises(ValueError, match="got 0 and 2"):
        offsets(0, 2)


@pytest.mark.parametrize("causal", [True, False])
def test_t5_bias_looks_each_offset_up_and_learns(causal):
    bias = T5Bias(3, buckets=8, max_distance=20, causal=causal)
    out = bias(5, 9)
    assert out.shape == (3, 5, 9)
    for h, t, s in [(0, 0, 0), (1, 4, 8), (2, 2, 7), (0, 4, 0)]:
        offset = torch.tensor([s - (t + 4)])
        row = t5_bucket(offset, buckets=8, max_distance=20, causal=causal).item()
        assert out[h, t, s] == bias.table.weight[row, h]
    out.sum().backward()
    assert (bias.table.weight.grad.abs().sum(dim=1) > 0).any()
    assert_close(bias(5, 9)[:, -1:], bias(1, 9))  # decoding one token gives the last row


def test_published_slopes_of_eight_and_sixteen_heads():
    assert alibi_slopes(8).tolist() == [2.0**-h for h in range(1, 9)]
    assert_close(alibi_slopes(16), torch.tensor([2 ** (-h / 2) for h in range(1, 17)], dtype=torch.float64))


@given(st.integers(1, 80))
def test_slopes_are_as_many_as_heads_different_and_between_zero_and_one(heads):
    slopes = alibi_slopes(heads)
    assert len(set(slopes.tolist())) == heads == len(slopes)
    assert ((slopes > 0) & (slopes < 1)).all()


def test_other_counts_fill_in_between():
    """12 heads: the 8 slopes of 8 heads, then the 1st, 3rd, 5th and 7th of 16."""
    assert_close(alibi_slopes(12), torch.cat((alibi_slopes(8), alibi_slopes(16)[:8:2])))


def test_alibi_is_a_straight_line_in_the_distance():
    bias = alibi_bias(4, 3, 7)
    assert bias.shape == (4, 3, 7)
    assert_close(bias[1, 2], -alibi_slopes(4)[1] * torch.tensor([6, 5, 4, 3, 2, 1, 0], dtype=torch.float64))
    assert_close(bias[0, 0], -alibi_slopes(4)[0] * torch.tensor([4, 3, 2, 1, 0, 1, 2], dtype=torch.float64))
    with pytest.raises(ValueError, match="at least one head, got 0"):
        alibi_bias(0, 1, 1)
