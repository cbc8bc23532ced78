import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.rope_scaling import ntk, yarn
from llmcourse.transformer.rotary import cos_sin, frequencies, permute_pairs, rotate, turn

LAYOUTS = ("interleaved", "half")


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def score(q, k, t, s, **options):
    """⟨R_t q, R_s k⟩."""
    return rotate(q[None], torch.tensor([t]), **options)[0] @ rotate(k[None], torch.tensor([s]), **options)[0]


def test_the_published_frequencies_and_wavelengths():
    theta = frequencies(128)
    assert_close(
        theta[[0, 1, 16, 32, 63]],
        torch.tensor([1, 0.8659643, 0.1, 0.01, 1.1547820e-4], dtype=torch.float64),
        rtol=1e-7,
        atol=1e-9,
    )
    assert 2 * math.pi / float(theta[-1]) == pytest.approx(54410.143, rel=1e-7)
    assert 2 * math.pi / float(frequencies(128, base=5e5)[-1]) == pytest.approx(2.5591955e6, rel=1e-7)
    assert theta.dtype == torch.float64


@pytest.mark.parametrize("pairs", LAYOUTS)
@given(st.integers(0, 100_000), st.integers(-2000, 2000), st.integers(0, 2**31))
def test_the_score_depends_on_the_offset_alone_however_far_out(pairs, start, offset, seed):
    q, k = draw(2, 64, seed=seed)
    near = score(q, k, 5000, 5000 - offset, pairs=pairs)
    far = score(q, k, 100_000 + start, 100_000 + start - offset, pairs=pairs)
    assert abs(float(near - far)) < 1e-6


@pytest.mark.parametrize("pairs", LAYOUTS)
def test_the_score_does_depend_on_the_offset_and_on_its_sign(pairs):
    q, k = draw(2, 64)
    scores = [float(score(q, k, 100, 100 - offset, pairs=pairs)) for offset in (-3, 0, 1, 3)]
    assert min(abs(a - b) for i, a in enumerate(scores) for b in scores[:i]) > 0.1


def test_single_precision_keeps_the_relative_property_at_position_100_000():
    """Because angles are computed in float64; in float32 they would be off by up to 0.004 radians out there."""
    q, k = draw(2, 64, dtype=torch.float32)
    near, far = score(q, k, 100, 90), score(q, k, 100_000, 99_990)
    assert abs(float(near - far)) < 1e-4  # 64 products of float32, not the angles


def test_a_pair_turned_by_hand():
    """Width 4 and base 100 have frequencies 1 and 1/10: at position 5 the pairs turn by 5 and by 0.5 radians."""
    x = torch.tensor([[1.0, 0.0, 0.0, 2.0]], dtype=torch.float64)
    c, s = math.cos, math.sin
    by_hand = [c(5), s(5), -2 * s(0.5), 2 * c(0.5)]
    assert rotate(x, torch.tensor([5]), base=100)[0].tolist() == pytest.approx(by_hand)
    # In the half layout the pairs are (0, 2) and (1, 3).
    by_hand = [c(5), -2 * s(0.5), s(5), 2 * c(0.5)]
    assert rotate(x, torch.tensor([5]), base=100, pairs="half")[0].tolist() == pytest.approx(by_hand)


@pytest.mark.parametrize("pairs", LAYOUTS)
def test_position_zero_changes_nothing_and_turning_keeps_lengths(pairs):
    x = draw(2, 3, 5, 16)
    turned = rotate(x, torch.tensor([0, 1, 9, 900, 70_000]), pairs=pairs)
    assert_close(turned[..., 0, :], x[..., 0, :])
    assert_close(turned.norm(dim=-1), x.norm(dim=-1))


@pytest.mark.parametrize("pairs", LAYOUTS)
def test_two_turns_are_one_turn_by_the_sum(pairs):
    x, t, s = draw(2, 5, 16), torch.arange(5), torch.tensor([7, 0, 3, 2, 11])
    assert_close(rotate(rotate(x, t, pairs=pairs), s, pairs=pairs), rotate(x, t + s, pairs=pairs))


def test_each_row_has_its_own_position():
    x = draw(2, 3, 4, 8)
    positions = torch.tensor([3, 1, 4, 1])
    together = rotate(x, positions)
    for row, position in enumerate(positions.tolist()):
        assert_close(together[..., row : row + 1, :], rotate(x[..., row : row + 1, :], torch.tensor([position])))


def test_one_table_of_factors_serves_batches_with_positions_of_their_own():
    x = draw(2, 3, 4, 8)
    positions = torch.tensor([[0, 1, 2, 3], [0, 0, 0, 1]])
    factors = cos_sin(positions, 8, dtype=x.dtype)[:, None]  # (B, 1, T, K/2)
    assert_close(turn(x, factors)[1], rotate(x[1], positions[1]))


@pytest.mark.parametrize("pairs", LAYOUTS)
def test_the_gradient_of_a_turn_is_the_turn_back(pairs):
    x, upstream = draw(2, 5, 8).requires_grad_(), draw(2, 5, 8, seed=1)
    (rotate(x, torch.arange(5), pairs=pairs) * upstream).sum().backward()
    assert_close(x.grad, rotate(upstream, -torch.arange(5), pairs=pairs))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("pairs", LAYOUTS)
def test_the_precision_of_the_input_is_kept(pairs, dtype):
    x = draw(2, 5, 8).to(dtype)
    turned = rotate(x, torch.arange(5), pairs=pairs)
    assert turned.dtype == dtype
    tolerance = {torch.float32: 1e-6, torch.bfloat16: 0.02, torch.float16: 2e-3}[dtype]  # a unit in the last place of 2
    assert_close(turned.double(), rotate(x.double(), torch.arange(5), pairs=pairs), atol=tolerance, rtol=0)


def test_scaling_changes_angles_and_its_attention_factor_multiplies_queries_and_keys():
    q, k = draw(2, 16)
    assert_close(score(q, k, 80, 0, scaling=ntk(4)), score(q, k, 80, 0, base=ntk(4).base(16, 1e4)))
    plain, sharpened = score(q, k, 7, 7), score(q, k, 7, 7, scaling=yarn(8, 64))
    assert_close(sharpened, plain * (0.1 * math.log(8) + 1) ** 2)


def test_reordered_weights_make_the_two_layouts_give_the_same_scores():
    heads, width, length = 3, 8, 6
    x, w_q, w_k = draw(2, length, 24), draw(24, 24, seed=1), draw(24, 24, seed=2)
    positions = torch.arange(length)

    def scores(w_q, w_k, pairs):
        q, k = ((x @ w.mT).unflatten(-1, (heads, width)).transpose(1, 2) for w in (w_q, w_k))  # (B, H, T, K)
        return rotate(q, positions, pairs=pairs) @ rotate(k, positions, pairs=pairs).mT

    ours = scores(w_q, w_k, "interleaved")
    reordered = [permute_pairs(w, heads, to="half") for w in (w_q, w_k)]
    assert_close(scores(*reordered, "half"), ours)
    assert not torch.allclose(scores(w_q, w_k, "half"), ours)  # mixing the layouts does not


@pytest.mark.parametrize("shape", [(24, 5), (24,)])
def test_reordering_there_and_back_is_nothing(shape):
    weight = draw(*shape)
    there = permute_pairs(weight, 3, to="half")
    assert not torch.equal(there, weight)
    assert torch.equal(permute_pairs(there, 3, to="interleaved"), weight)


def test_reordering_stays_inside_each_head():
    rows = torch.arange(12.0)
    assert permute_pairs(rows, 2, to="half").tolist() == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]


@pytest.mark.parametrize("width", [0, 7, -2])
def test_refuses_a_width_without_pairs(width):
    with pytest.raises(ValueError, match=f"even and positive, got {width}"):
        frequencies(width)


@pytest.mark.parametrize("base", [1.0, 0.5, math.inf, math.nan])
def test_refuses_a_base_that_makes_no_clocks(base):
    with pytest.raises(ValueError, match=f"above 1, got {base}"):
        frequencies(8, base=base)


def test_refuses_rows_that_are_no_heads():
    with pytest.raises(ValueError, match="10 rows are not 3 heads"):
        permute_pairs(draw(10, 4), 3, to="half")


def test_refuses_an_unknown_layout():
    from llmcourse.transformer import rotary

    with pytest.raises(ValueError, match="'interleaved' or 'half', got 'neox'"):
        rotary.check_pairs("neox")
