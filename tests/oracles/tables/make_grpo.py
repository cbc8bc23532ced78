"""Make grpo.json with trl: in an environment with trl 1.16.0, python tests/oracles/tables/make_grpo.py

The losses are those of trl's own ``GRPOTrainer._compute_loss``, called without a trainer on random numbers; the
standard deviation is trl's own ``nanstd``, in the line of ``_generate_and_score_completions`` that uses it.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
from trl.trainer.grpo_trainer import GRPOTrainer, nanstd

RULES = {"own": "grpo", "all": "bnpo", "constant": "dr_grpo"}
LONGEST = 7


def loss(case: dict, divisor: str, high: float, beta: float) -> float:
    """trl's loss of this case."""
    logp, old, reference = (torch.tensor(case[name], dtype=torch.float64) for name in ("logp", "old", "reference"))
    mask = torch.tensor(case["is_response"]).long()
    trainer = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, torch.zeros_like(logp), None),
        aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None,
        importance_sampling_level="token", beta=beta, loss_type=RULES[divisor], epsilon_low=0.2, epsilon_high=high,
        args=SimpleNamespace(use_bias_correction_kl=False, delta=None), use_vllm=False,
        model=SimpleNamespace(training=False), max_completion_length=LONGEST, current_gradient_accumulation_steps=1,
        _entropy_bonus_enabled=False, _metrics=defaultdict(lambda: defaultdict(list)), use_adaptive_entropy=False,
        accelerator=SimpleNamespace(gather=lambda x: x, reduce=lambda x, reduction: x, num_processes=1),
    )  # fmt: skip
    inputs = {
        "prompt_ids": mask[:, :1], "prompt_mask": mask[:, :1], "completion_ids": mask, "completion_mask": mask,
        "advantages": torch.tensor(case["advantage"], dtype=torch.float64), "old_per_token_logps": old,
        "ref_per_token_logps": reference,
    }  # fmt: skip
    return GRPOTrainer._compute_loss(trainer, None, inputs).item()


def main() -> None:
    """Write the table."""
    generator = torch.Generator().manual_seed(0)
    rows, length = 6, 5
    lengths = torch.tensor([5, 3, 1, 4, 2, 5])
    case = {
        "logp": (-torch.rand(rows, length, generator=generator) * 3).tolist(),
        "advantage": torch.randn(rows, generator=generator).tolist(),
        "is_response": (torch.arange(length) < lengths[:, None]).tolist(),
    }
    for name in ("old", "reference"):
        moved = torch.tensor(case["logp"]) + 0.4 * torch.randn(rows, length, generator=generator)
        case[name] = moved.clamp(max=-0.01).tolist()
    losses = [
        {"divisor": divisor, "clip_high": high, "beta": beta, "loss": loss(case, divisor, high, beta)}
        for divisor in RULES
        for high in (0.2, 0.28)
        for beta in (0.0, 0.04)
    ]
    rewards = torch.cat((torch.rand(3, 5, generator=generator), torch.ones(1, 5))).double()
    spread = nanstd(rewards, dim=1)[:, None]
    advantages = (rewards - torch.nanmean(rewards, dim=1, keepdim=True)) / (spread + 1e-4)
    table = {"case": case, "constant": LONGEST, "losses": losses}
    table |= {"rewards": rewards.tolist(), "advantages": advantages.tolist()}
    Path(__file__).with_name("grpo.json").write_text(json.dumps(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
