"""Losses of trl's own trainers on random log-probabilities, for test_preferences_trl.py.

    python -m venv /tmp/trl && /tmp/trl/bin/pip install torch==2.13.0 transformers==5.23.0 trl==1.16.0
    /tmp/trl/bin/python tests/oracles/tables/make_preferences.py > tests/oracles/tables/preferences.json

trl needs datasets, accelerate and pandas, so that it is no library of this project. Its trainers compute a loss from
what a model returns; here the "model" returns random numbers, and the trainer is its class without its files.
"""

import contextlib
import json
from types import SimpleNamespace
from unittest.mock import MagicMock

import torch
import trl
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_trainer import KTOTrainer

PAIRS, LENGTH, VOCAB = 4, 9, 7
GENERATOR = torch.Generator().manual_seed(20261126)


def stub(**options):
    """What a trainer needs of itself to compute one loss in one process."""
    self = MagicMock(**options)
    self.accelerator.device = torch.device("cpu")
    self.accelerator.gather_for_metrics = lambda x: x
    self.accelerator.unwrap_model = lambda x: x
    self.aux_loss_enabled = False
    return self


def per_token(mask):
    """Random log-probabilities of the tokens that count, 0 elsewhere, as a fused head returns them."""
    drawn = -3 * torch.rand(mask[:, 1:].shape, generator=GENERATOR)
    return torch.where(mask[:, 1:].bool(), drawn, 0.0)


def model_of(*answers):
    """A model that returns these log-probabilities, one after the other."""
    left = list(answers)

    def model(**_):
        logps = left.pop(0)
        unused = {"entropy": logps, "mean_logits": logps, "is_top1": logps < 0}  # for its statistics
        return SimpleNamespace(log_probs=logps, **unused)

    return model


def completion_mask(rows):
    mask = torch.zeros(rows, LENGTH, dtype=torch.long)
    for row in range(rows):
        start, end = 2 + row % 2, 5 + row % 5
        mask[row, start:end] = 1
    return mask


def dpo(loss_type, policy, ref, mask, **options):
    self = stub(
        loss_types=[loss_type], loss_weights=[1.0], ld_alpha=None, precompute_ref_logps=False, use_weighting=False,
        f_divergence_type="reverse_kl", ref_model=model_of(ref), **options,
    )  # fmt: skip
    inputs = {"input_ids": torch.ones_like(mask), "attention_mask": torch.ones_like(mask), "completion_mask": mask}
    return DPOTrainer._compute_loss(self, model_of(policy), inputs, False).item()


def kto(policy, ref, other, ref_other, mask, liked, **options):
    self = stub(loss_type="kto", calculate_KL=True, precompute_ref_logps=False, **options)
    sums = [other.sum(-1), ref_other.sum(-1)]
    self._compute_kl_logps = lambda *_: sums.pop(0)
    self.ref_model = model_of(ref)
    inputs = {"input_ids": torch.ones_like(mask), "attention_mask": torch.ones_like(mask)}
    inputs |= {"completion_mask": mask, "label": torch.tensor(liked)}
    return KTOTrainer._compute_loss(self, model_of(policy), inputs, False).item()


def main() -> None:
    """Random inputs and what trl makes of them, as JSON."""
    mask = completion_mask(2 * PAIRS)
    policy, ref, other, ref_other = (per_token(mask) for _ in range(4))
    sums, ref_sums, lengths = policy.sum(-1), ref.sum(-1), mask[:, 1:].sum(-1)
    means = sums / lengths
    table = {"trl": trl.__version__, "lengths": lengths.tolist()}
    table |= {"policy": sums.tolist(), "ref": ref_sums.tolist()}
    table |= {"other_policy": other.sum(-1).tolist(), "other_ref": ref_other.sum(-1).tolist()}
    for beta in (0.05, 0.5):
        found = {name: dpo(name, policy, ref, mask, beta=beta) for name in ("sigmoid", "ipo", "hinge")}
        for gamma in (0.0, 0.7):
            self = stub(alpha=0.0, beta=beta, simpo_gamma=gamma, label_smoothing=0.0, loss_type="simpo")
            found[f"simpo {gamma}"] = CPOTrainer.cpo_loss(self, *means.chunk(2))[0].mean().item()
        self = stub(alpha=0.0, beta=beta, label_smoothing=0.2, loss_type="sigmoid")
        found["smoothed 0.2"] = CPOTrainer.cpo_loss(self, *sums.chunk(2))[0].mean().item()  # without a reference
        self = stub(beta=beta)
        found["orpo, to be subtracted"] = ORPOTrainer.odds_ratio_loss(self, *means.chunk(2))[0].mean().item()
        liked = [True, False, True, True, False, True, False, True]
        weights = {"desirable_weight": 1.0, "undesirable_weight": 1.3}
        # losses come back as a mean over the batch, the liked ones first
        found["kto"] = kto(policy, ref, other, ref_other, mask, liked, beta=beta, **weights)
        table[f"beta {beta}"] = found
    table["liked"] = liked
    logits = torch.randn(3, LENGTH, VOCAB, generator=GENERATOR)
    tokens = torch.randint(VOCAB, (3, LENGTH), generator=GENERATOR)
    labels = tokens.masked_fill(completion_mask(3) == 0, -100)
    table["logits"], table["tokens"] = (
        [[[round(x, 4) for x in row] for row in one] for one in logits.tolist()],
        tokens.tolist(),
    )
    logits = torch.tensor(table["logits"])
    table["is_response"] = completion_mask(3).bool().tolist()
    table["logps"] = ORPOTrainer.get_batch_logps(logits, labels).tolist()
    table["mean logps"] = ORPOTrainer.get_batch_logps(logits, labels, average_log_prob=True).tolist()
    print(json.dumps(table))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
