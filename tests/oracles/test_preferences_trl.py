"""Oracle: the trainers of Hugging Face's trl 1.16.0, by the table that tables/make_preferences.py made with them."""

import json
from pathlib import Path

import pytest
import torch

from llmcourse.alignment.dpo import dpo_loss, response_logprob
from llmcourse.alignment.preferences import (
    cdpo_loss,
    ipo_loss,
    kto_loss,
    kto_reference_point,
    loss_of_margin,
    orpo_loss,
    per_token,
    simpo_loss,
)

TABLE = json.loads((Path(__file__).parent / "tables/preferences.json").read_text(encoding="utf-8"))
BETAS = (0.05, 0.5)


def column(name):
    return torch.tensor(TABLE[name])


POLICY, REF, LENGTHS = column("policy"), column("ref"), column("lengths")
FOUR = (*POLICY.chunk(2), *REF.chunk(2))  # trl stacks the winners before the losers
MEANS = per_token(POLICY, LENGTHS).chunk(2)


def theirs(beta, name):
    return pytest.approx(TABLE[f"beta {beta}"][name], rel=2e-6)  # trl computes in float32


def test_logprobs_of_responses_are_trls_sums_and_means():
    tokens, is_response = column("tokens"), column("is_response")
    found = response_logprob(column("logits"), tokens, is_response)
    torch.testing.assert_close(found, column("logps"))
    torch.testing.assert_close(per_token(found, is_response.sum(1)), column("mean logps"))


@pytest.mark.parametrize("beta", BETAS)
def test_dpo_is_trls_sigmoid(beta):
    assert dpo_loss(*FOUR, beta=beta).item() == theirs(beta, "sigmoid")


@pytest.mark.parametrize("beta", BETAS)
def test_ipo_is_trls_if_it_is_given_means(beta):
    means = [per_token(one, n) for one, n in zip(FOUR, (*LENGTHS.chunk(2), *LENGTHS.chunk(2)), strict=True)]
    assert ipo_loss(*means, tau=beta).item() == theirs(beta, "ipo")
    assert ipo_loss(*FOUR, tau=beta).item() != theirs(beta, "ipo")  # the paper's sums are something else


@pytest.mark.parametrize("beta", BETAS)
def test_the_hinge_is_trls(beta):
    win, lose, ref_win, ref_lose = FOUR
    margin = beta * ((win - ref_win) - (lose - ref_lose))
    assert loss_of_margin(margin, "hinge", target=1.0).mean().item() == theirs(beta, "hinge")


@pytest.mark.parametrize("beta", BETAS)
def test_flipped_labels_are_trls_label_smoothing(beta):
    """trl's CPO has no reference: the same as a reference of probability 1 for each."""
    zero = torch.zeros(4)
    assert cdpo_loss(*FOUR[:2], zero, zero, beta=beta, flipped=0.2).item() == theirs(beta, "smoothed 0.2")


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("gamma", [0.0, 0.7])
def test_simpo_is_trls(beta, gamma):
    assert simpo_loss(*MEANS, beta=beta, gamma=gamma).item() == theirs(beta, f"simpo {gamma}")


@pytest.mark.parametrize("beta", BETAS)
def test_the_preference_part_of_orpo_is_trls(beta):
    """Their beta is the paper's λ; they add its log σ and subtract the sum from the likelihood of the winners."""
    preference = orpo_loss(*MEANS, weight=beta) - orpo_loss(*MEANS, weight=0.0)
    assert -preference.item() == pytest.approx(TABLE[f"beta {beta}"]["orpo, to be subtracted"], rel=1e-5)
    assert orpo_loss(*MEANS, weight=0.0).item() == pytest.approx(-MEANS[0].mean().item())


@pytest.mark.parametrize("beta", BETAS)
def test_kto_is_trls(beta):
    z = kto_reference_point(column("other_policy") - column("other_ref"))
    assert z > 0
    found = kto_loss(POLICY - REF, column("liked"), beta=beta, reference_point=z, undesirable=1.3)
    assert found.item() == theirs(beta, "kto")
