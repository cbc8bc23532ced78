import numpy as np
import pytest
import torch

from llmcourse.alignment.group_signal import silent_share
from llmcourse.alignment.grpo import Variant, group_advantages, grpo_loss
from llmcourse.exercises import grpo as exercises


@pytest.mark.parametrize("case", exercises.advantages.cases)
def test_the_advantages_are_the_packages(case):
    np.testing.assert_allclose(exercises.advantages.answer(*case), group_advantages(torch.from_numpy(case[0])).numpy())


@pytest.mark.parametrize("case", exercises.token_weights.cases)
def test_the_weights_are_those_of_the_packages_gradient(case):
    lengths = torch.from_numpy(case[0])
    kept = torch.arange(int(lengths.max())) < lengths[:, None]
    logp = torch.zeros(kept.shape, dtype=torch.float64, requires_grad=True)
    grpo_loss(logp, logp.detach(), torch.ones(len(lengths)).double(), kept, variant=Variant()).backward()
    np.testing.assert_allclose(exercises.token_weights.answer(*case), -logp.grad[:, 0].numpy())


def test_the_numbers_are_the_packages():
    group = torch.tensor([[1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    assert exercises.best_of_a_group.answer == pytest.approx(group_advantages(group)[0, 0].item())
    assert exercises.silent_groups.answer == pytest.approx(silent_share(np.float64(0.3), 3))


def test_right_solutions_written_another_way_pass():
    def by_rows(rewards):
        rows = []
        for row in rewards:
            spread = np.sqrt(np.mean((row - row.mean()) ** 2))
            rows.append((row - row.mean()) / spread if spread else 0 * row)
        return np.array(rows)

    assert exercises.advantages.check(by_rows).passed
    assert exercises.token_weights.check(lambda lengths: 1 / lengths / lengths.size).passed
    assert exercises.best_of_a_group.check(1.732).passed


def test_the_likely_wrong_answers_are_told_why():
    for value, why in ((2.309, "mean of the group"), (3, "divided by the mean"), (0.577, "a wrong answer, 1/4")):
        assert why in exercises.best_of_a_group.check(value).message
    assert "turned around" in exercises.best_of_a_group.check(-1.732).message
    assert "in the loss, −J" in exercises.token_weights.check(lambda lengths: -1 / (len(lengths) * lengths)).message
    assert "larger weight" in exercises.token_weights.check(lambda lengths: lengths / lengths.sum()).message
