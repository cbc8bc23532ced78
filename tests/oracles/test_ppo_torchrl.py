"""Oracle: torchrl 0.14.1's advantages and clipped losses, in a table that tables/make_ppo.py made."""

import json
from pathlib import Path

import pytest
import torch

from llmcourse.alignment.ppo import advantages, clipped_loss, is_clipped

TABLE = json.loads(Path(__file__).with_name("tables").joinpath("ppo.json").read_text(encoding="utf-8"))


def column(name: str) -> torch.Tensor:
    return torch.tensor(TABLE[name], dtype=torch.float64)


@pytest.mark.parametrize("row", TABLE["advantages"], ids=lambda row: f"{row['discount']}-{row['trace']}")
def test_the_advantages_are_torchrls(row):
    ours = advantages(column("reward"), column("value"), discount=row["discount"], trace=row["trace"])
    theirs = torch.tensor(row["advantages"], dtype=torch.float64)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)  # it keeps the discount in float32


@pytest.mark.parametrize("row", TABLE["losses"], ids=lambda row: str(row["clip"]))
def test_the_clipped_loss_and_its_gradient_are_torchrls(row):
    logits = column("logits").requires_grad_()
    logp = logits.log_softmax(1).gather(1, torch.tensor(TABLE["action"])[:, None])[:, 0]
    loss = clipped_loss(logp, column("old"), column("gain"), clip=row["clip"])
    loss.backward()
    assert loss.item() == pytest.approx(row["loss"], rel=1e-6)  # its bounds are float32
    gradient = torch.tensor(row["gradient"], dtype=torch.float64)
    torch.testing.assert_close(logits.grad, gradient)
    still = is_clipped(logp, column("old"), column("gain"), clip=row["clip"])
    assert torch.equal(still, (gradient == 0).all(1))
    assert 0 < still.sum() < len(still)
