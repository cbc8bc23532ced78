import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.rope_scaling import Yarn, dynamic_ntk, frequencies, linear, llama3, ntk, yarn

THETA = frequencies(128)


def test_published_figures():
    assert ntk(8).base(128, 1e4) == pytest.approx(82684.62, abs=0.005)
    assert ntk(4).base(128, 1e4) == pytest.approx(40889.94, abs=0.005)
    assert yarn(8, 2048).attention_factor == pytest.approx(1.2079442, abs=1e-7)
    assert yarn(16, 2048).attention_factor == pytest.approx(1.2772589, abs=1e-7)


def test_interpolation_slows_every_clock_alike():
    assert_close(linear(4).frequencies(128, 1e4), THETA / 4)


@given(st.floats(1, 64), st.sampled_from([8, 64, 128]), st.sampled_from([1e4, 1e5, 5e5]))
def test_the_ntk_base_keeps_the_fastest_clock_and_slows_the_slowest_by_the_factor(factor, width, base):
    ratio = ntk(factor).frequencies(width, base) / frequencies(width, base=base)
    assert float(ratio[0]) == 1
    assert float(ratio[-1]) == pytest.approx(1 / factor)
    assert (ratio.diff() <= 1e-12).all()  # the slower a clock, the more it is slowed


@pytest.mark.parametrize("ramp", ["index", "turns"])
@given(st.floats(1, 64), st.sampled_from([256, 2048, 8192]), st.sampled_from([1e4, 1e5, 5e5]))
def test_yarn_lies_between_the_trained_and_the_interpolated_clocks(ramp, factor, context, base):
    scaling = Yarn(factor, context, ramp=ramp)
    theta = frequencies(64, base=base)
    ratio = scaling.frequencies(64, base) / theta
    turns = context * theta / (2 * math.pi)
    assert (ratio <= 1 + 1e-12).all()
    assert (ratio >= 1 / factor - 1e-12).all()
    assert (ratio.diff() <= 1e-12).all()
    assert_close(ratio[turns < 1 * 0.5], torch.full_like(ratio[turns < 0.5], 1 / factor))  # well below one turn
    assert_close(ratio[turns > 32 * 2], torch.ones_like(ratio[turns > 64]))  # well above the ramp


def test_the_papers_ramp_by_hand():
    """γ(r) = (r − 1)/31 between 1 and 32 turns: at 16.5 turns, halfway, a mean of θ and θ/s."""
    theta = 16.5 * 2 * math.pi / 2048  # a pair that makes 16.5 turns in 2048 tokens
    base = theta**-2.0  # is the second pair of a head of width 4 with this base
    scaling = Yarn(4.0, 2048, ramp="turns")
    assert_close(scaling.frequencies(4, base)[1], torch.tensor((theta + theta / 4) / 2, dtype=torch.float64))


def test_the_two_ramps_differ_between_their_ends_only():
    """The paper's is linear in the turns, the released code's in the index, which is their logarithm."""
    scaling = yarn(4, 8192)
    by_index, by_turns = scaling.kept(64, 1e5), replace(scaling, ramp="turns").kept(64, 1e5)
    assert by_index[0] == by_turns[0] == 1
    assert by_index[-1] == by_turns[-1] == 0
    assert (by_index - by_turns).max() > 0.25


def test_a_factor_of_one_changes_nothing():
    for scaling in (linear(1), ntk(1), yarn(1, 2048), llama3(1.0, 8192)):
        assert_close(scaling.frequencies(128, 1e4), THETA)
        assert scaling.attention_factor == 1


def test_without_the_temperature_yarn_is_ntk_by_parts():
    scaling = Yarn(8, 2048, temper=False)
    assert scaling.attention_factor == 1
    assert_close(scaling.frequencies(128, 1e4), yarn(8, 2048).frequencies(128, 1e4))


def test_dynamic_ntk_does_nothing_up_to_the_trained_length_and_grows_after_it():
    assert dynamic_ntk(2, 8192, 500) == dynamic_ntk(2, 8192, 8192) == ntk(1.0)
    assert dynamic_ntk(2, 8192, 16384) == ntk(3.0)
    assert dynamic_ntk(1, 8192, 16384) == ntk(2.0)  # the plain ratio of lengths, as in the paper


def test_scalings_are_values():
    assert yarn(8, 2048) == yarn(8, 2048) != yarn(8, 4096)
    assert len({linear(2), linear(2), ntk(2)}) == 2
    with pytest.raises(AttributeError):
        linear(2).factor = 3


@pytest.mark.parametrize("make", [linear, ntk, lambda s: yarn(s, 2048), lambda s: llama3(s, 8192)])
@pytest.mark.parametrize("factor", [0.5, 0, -1, math.inf, math.nan])
def test_refuses_a_factor_below_one(make, factor):
    with pytest.raises(ValueError, match=f"at least 1, got {factor}"):
        make(factor)


def test_other_refusals():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        yarn(2, 0)
    with pytest.raises(ValueError, match="at least 1, got -5"):
        dynamic_ntk(2, -5, 10)
    with pytest.raises(ValueError, match=r"slow 4\.0 and fast 4\.0"):
        yarn(2, 2048, slow=4.0, fast=4.0)
    with pytest.raises(ValueError, match="head width of 4 or more, got 2"):
        ntk(2).frequencies(2, 1e4)
