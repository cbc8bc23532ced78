"""Exercises of page 4.2, heads, the residual stream, and normalization (numpy)."""

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

normalized_entry = Number(
    name="4.2.a",
    answer=1.4,
    misconceptions=[
        (1.0, "This is LayerNorm: you took off the mean, 3, first. RMSNorm leaves it in; the mean square is 25."),
        (0.7, "You divided by the length of the row, √100 = 10. RMSNorm divides by the root of the mean square, √25."),
        (0.28, "You divided by the mean square, 25. Its root is missing."),
        (7 / 3, "You divided by the mean of the row. It is the mean of the squares, and then the root."),
        (1.75, "You divided by the standard deviation, 4, without taking off the mean. RMS² = 3² + 4²."),
    ],
)

D, T, H = 768, 1000, 12
multiplications = Number(
    name="4.2.b",
    answer=(4 * T * D**2 + 2 * T**2 * D) / 1e9,
    unit="billion multiplications",
    misconceptions=[
        (
            (4 * T * D**2 + 2 * H * T**2 * D) / 1e9,
            "You let each of the 12 heads work at the full width. A head is only D/H = 64 wide: H times T² times D/H.",
        ),
        ((3 * T * D**2 + 2 * T**2 * D) / 1e9, "W_O is missing: it is a fourth D × D matrix, used once for each token."),
        ((4 * T * D**2 + T**2 * D) / 1e9, "You counted the scores, or the mixing, but not both: each costs T²·D."),
        (4 * T * D**2 / 1e9, "These are the four projections. The scores and the mixing of values are missing."),
        ((4 * T * D**2 // H + 2 * T**2 * D // H) / 1e9, "This is one head's share. There are 12 of them."),
        (
            2 * (4 * T * D**2 + 2 * T**2 * D) / 1e9,
            "You counted a multiplication and its addition as two. The question asks for multiplications.",
        ),
    ],
)


def _writes(mixed: np.ndarray, w_out: np.ndarray) -> np.ndarray:
    heads, _, width = mixed.shape
    return np.stack([mixed[h] @ w_out[:, h * width : (h + 1) * width].T for h in range(heads)])


def _rows(mixed: np.ndarray, w_out: np.ndarray) -> np.ndarray:
    heads, _, width = mixed.shape
    return np.stack([mixed[h] @ w_out[h * width : (h + 1) * width] for h in range(heads)])


def _every_hth(mixed: np.ndarray, w_out: np.ndarray) -> np.ndarray:
    heads = len(mixed)
    return np.stack([mixed[h] @ w_out[:, h::heads].T for h in range(heads)])


def _shared(mixed: np.ndarray, w_out: np.ndarray) -> np.ndarray:
    total = _writes(mixed, w_out).sum(axis=0)
    return np.broadcast_to(total / len(mixed), (len(mixed), *total.shape))


def _total(mixed: np.ndarray, w_out: np.ndarray) -> np.ndarray:
    return _writes(mixed, w_out).sum(axis=0)


def _case(heads: int, length: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((heads, length, width)), rng.standard_normal((heads * width, heads * width))


head_writes = Exercise(
    name="4.2.d",
    signature="head_writes(mixed, w_out)",
    answer=_writes,
    cases=[_case(2, 3, 2, 0), _case(3, 2, 4, 1)],
    misconceptions=[
        Misconception(
            _rows,
            "You cut W_O into rows. A row of W_O is one number of the output; a head feeds K neighboring columns.",
        ),
        Misconception(
            _every_hth,
            "You gave each head every H-th column. Concatenation puts the K numbers of a head side by side: a slice.",
        ),
        Misconception(_total, "This is the sum, the output of the layer. Keep the H terms apart, head axis first."),
        Misconception(_shared, "You split the total evenly. Each head has its own part; only their sum is the total."),
    ],
)
