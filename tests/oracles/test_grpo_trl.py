"""Oracle: trl 1.16.0's own GRPO losses and advantages, in a table that tables/make_grpo.py made."""

import json
from pathlib import Path

import pytest
import torch

from llmcourse.alignment.grpo import Variant, group_advantages, grpo_loss

TABLE = json.loads(Path(__file__).with_name("tables").joinpath("grpo.json").read_text(encoding="utf-8"))
CASE = TABLE["case"]


@pytest.mark.parametrize("row", TABLE["losses"], ids=lambda row: f"{row['divisor']}-{row['clip_high']}-{row['beta']}")
def test_the_loss_is_trls(row):
    logp, old, reference, advantage = (
        torch.tensor(CASE[name], dtype=torch.float64) for name in ("logp", "old", "reference", "advantage")
    )
    loss = grpo_loss(
        logp, old, advantage, torch.tensor(CASE["is_response"]), reference_logp=reference,
        variant=Variant(divisor=row["divisor"], clip_high=row["clip_high"], beta=row["beta"]),
        constant=TABLE["constant"],
    )  # fmt: skip
    assert loss.item() == pytest.approx(row["loss"], rel=1e-12)


def test_the_rows_of_the_table_differ():
    losses = [row["loss"] for row in TABLE["losses"]]
    assert len({round(loss, 8) for loss in losses}) == len(losses) == 12


def test_the_advantages_are_trls_with_its_ddof_and_eps():
    rewards = torch.tensor(TABLE["rewards"], dtype=torch.float64)
    expected = torch.tensor(TABLE["advantages"], dtype=torch.float64)
    torch.testing.assert_close(group_advantages(rewards, ddof=1, eps=1e-4), expected)
    assert (expected[-1] == 0).all()
