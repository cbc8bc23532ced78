"""Make ppo.json with torchrl: in an environment with torchrl 0.14.1, python tests/oracles/tables/make_ppo.py

The advantages are those of its ``generalized_advantage_estimate``, which takes the value after each step; the losses
those of its ``ClipPPOLoss``, for a policy whose logits are the case's.
"""

import json
from pathlib import Path

import torch
from tensordict import TensorDict
from tensordict.nn import ProbabilisticTensorDictModule, ProbabilisticTensorDictSequential, TensorDictModule
from torch.distributions import Categorical
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value.functional import generalized_advantage_estimate


def advantages(reward: torch.Tensor, value: torch.Tensor, discount: float, trace: float) -> torch.Tensor:
    """torchrl's, for episodes that end with their last step."""
    following = torch.cat((value[:, 1:], torch.full_like(value[:, :1], 99.0)), dim=1)  # behind the end: not to be used
    ended = torch.zeros(reward.shape, dtype=torch.bool)
    ended[:, -1] = True
    columns = (one[..., None] for one in (value, following, reward, ended))
    return generalized_advantage_estimate(discount, trace, *columns)[0][..., 0]


def loss(logits: torch.Tensor, action: torch.Tensor, old: torch.Tensor, gain: torch.Tensor, clip: float) -> dict:
    """torchrl's clipped loss, and its gradient for the logits."""
    logits = logits.clone().requires_grad_()
    actor = ProbabilisticTensorDictSequential(
        TensorDictModule(torch.nn.Identity(), in_keys=["seen"], out_keys=["logits"]),
        ProbabilisticTensorDictModule(
            in_keys=["logits"], out_keys=["action"], distribution_class=Categorical, return_log_prob=True
        ),
    )
    module = ClipPPOLoss(actor, None, clip_epsilon=clip, entropy_bonus=False)
    batch = TensorDict(
        {"seen": logits, "action": action, "action_log_prob": old, "advantage": gain[:, None]}, batch_size=len(action)
    )
    value = module(batch)["loss_objective"]
    value.backward()
    return {"clip": clip, "loss": value.item(), "gradient": logits.grad.tolist()}


def main() -> None:
    """Write the table."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    reward, value = normal(3, 6), normal(3, 6)
    logits, gain = normal(40, 5), normal(40)
    action = torch.randint(5, (40,), generator=generator)
    old = (logits + 0.4 * normal(40, 5)).log_softmax(1).gather(1, action[:, None])[:, 0]
    weights = [(1.0, 0.95), (0.99, 0.9), (0.9, 0.0), (1.0, 1.0)]
    table = {
        "reward": reward.tolist(), "value": value.tolist(),
        "advantages": [
            {"discount": discount, "trace": trace, "advantages": advantages(reward, value, discount, trace).tolist()}
            for discount, trace in weights
        ],
        "logits": logits.tolist(), "action": action.tolist(), "old": old.tolist(), "gain": gain.tolist(),
        "losses": [loss(logits, action, old, gain, clip) for clip in (0.1, 0.2, 0.4)],
    }  # fmt: skip
    Path(__file__).with_name("ppo.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
