from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer import presets
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.stability import output_change

SMALL = replace(presets.GPT2_SMALL, vocab=31, width=32, layers=4, heads=4, ffn_width=64, context=16)
TOKENS = torch.randint(0, 31, (3, 9), generator=torch.Generator().manual_seed(1))


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model_of(**changes) -> GPT2:
    return GPT2(replace(SMALL, **changes)).initialize(generator(0), std=32**-0.5, shrink=False).double()


def test_a_small_step_changes_the_output_in_proportion():
    model = model_of()
    one, ten = (output_change(model, TOKENS, step=s, generator=generator(2)) for s in (1e-5, 1e-4))
    assert_close(ten, 10 * one, rtol=1e-2, atol=0)  # what is left is of second order
    assert 0 < one < 1e-3


def test_with_no_block_that_writes_nothing_changes():
    model = model_of()
    for block in model.blocks:
        block.attention.to_out.weight.data.zero_()
        block.ffn.down.weight.data.zero_()
    assert output_change(model, TOKENS, step=0.5, generator=generator(2)) == 0  # a zero matrix has no size to move by


def test_an_enormous_step_leaves_nothing_of_the_old_output():
    """Two unrelated streams of mean square 1 are √2 apart; the embedding, which is not moved, drowns."""
    change = output_change(model_of(), TOKENS, step=1e4, generator=generator(2))
    assert_close(change.item(), 2**0.5, rtol=0.1, atol=0)


def test_post_norm_moves_more_the_deeper_it_is_and_pre_norm_hardly():
    def mean_change(place: str, layers: int) -> float:
        model = model_of(norm_place=place, layers=layers)
        return sum(output_change(model, TOKENS, step=0.01, generator=generator(s)).item() for s in range(4)) / 4

    assert mean_change("post", 24) > 2 * mean_change("post", 3)
    assert mean_change("pre", 24) < 1.8 * mean_change("pre", 3)


def test_alike_moves_a_small_matrix_as_far_as_a_large_one():
    model = model_of()
    by_fraction = output_change(model, TOKENS, step=1e-3, generator=generator(2))
    alike = output_change(model, TOKENS, step=1e-3 * 32**-0.5, generator=generator(2), alike=True)
    assert_close(alike, by_fraction, rtol=0.1, atol=0)  # all matrices have entries of size 32^-0.5
    for block in model.blocks:  # writes of a tenth: the same fraction of them, but a larger one of theirs alike
        block.attention.to_out.weight.data /= 10
        block.ffn.down.weight.data /= 10
    less = output_change(model, TOKENS, step=1e-3, generator=generator(2))
    assert output_change(model, TOKENS, step=1e-3 * 32**-0.5, generator=generator(2), alike=True) > 3 * less


def test_the_model_stays_as_it_was():
    model = model_of()
    before = {name: p.clone() for name, p in model.named_parameters()}
    output_change(model, TOKENS, step=0.5, generator=generator(2))
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


@pytest.mark.parametrize("step", [0.0, -0.1])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ValueError, match=f"must be positive, got {step}"):
        output_change(model_of(), TOKENS, step=step, generator=generator(2))
