import numpy as np
import pytest
import torch
import torch.nn.functional as F

from llmcourse.exercises import attention as exercises


def test_right_solutions_written_another_way_pass():
    def by_torch(q, k, v, visible):
        q, k, v, visible = map(torch.from_numpy, (q, k, v, visible))
        return F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=visible)[0].numpy()

    def by_hand(q, k, v, visible):
        out = []
        for query, row in zip(q, visible, strict=True):
            weights = [np.exp(query @ key / len(query) ** 0.5) * seen for key, seen in zip(k, row, strict=True)]
            out.append(sum(w * value for w, value in zip(weights, v, strict=True)) / sum(weights))
        return np.array(out)

    def by_rows(f, x, t):
        edited = np.concatenate([x[: t + 1], x[t + 1 :] + 1])
        return max(np.abs(a - b).max() for a, b in zip(f(x)[: t + 1], f(edited), strict=False))

    assert exercises.attend.check(by_torch).passed
    assert exercises.attend.check(by_hand).passed  # masked after e^score and renormalized: the same value
    assert exercises.leak.check(by_rows).passed


def test_the_first_case_is_the_exercise_on_paper():
    q, k, _, _ = exercises.attend.cases[0]
    np.testing.assert_allclose(q @ k.T, exercises._SCORES[None])
    assert exercises.weight_on_the_first.check(0.731).passed


def test_the_spread_across_keys_is_measured(rng):
    q, k = 1 + rng.standard_normal((400, 1, 64)), 1 + rng.standard_normal((400, 500, 64))
    across = (q @ k.transpose(0, 2, 1)).std(axis=-1)
    assert exercises.spread_across_keys.answer == pytest.approx(float(np.sqrt((across**2).mean())), rel=0.02)


def test_only_the_honest_example_has_no_leak():
    honest, by_one, from_all = (exercises.leak.answer(*case) for case in exercises.leak.cases)
    assert honest == 0
    assert by_one == 1
    assert from_all == pytest.approx(0.5)  # two of four rows moved by 1
