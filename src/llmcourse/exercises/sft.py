"""Exercises of page 10.1, fine-tuning (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

LAYERS, MATRICES, WIDTH, RANK = 32.0, 4, 4096, 16

adapter_size = Number(
    name="10.1.a",
    answer=LAYERS * MATRICES * RANK * 2 * WIDTH,
    unit="numbers",
    tolerance=1e-6,
    misconceptions=[
        (
            LAYERS * MATRICES * RANK * WIDTH,
            "This counts one thin matrix. There are two for each: A with r·I, B with O·r.",
        ),
        (RANK * 2.0 * WIDTH, "This is one matrix. Each of the 32 layers has four of them."),
        (MATRICES * RANK * 2.0 * WIDTH, "This is one layer. There are 32 of them."),
        (LAYERS * RANK * 2 * WIDTH, "This is one matrix a layer. Four of them get an adapter."),
        (LAYERS * MATRICES * WIDTH**2, "These are the frozen numbers. The adapter learns r·(I + O) for each matrix."),
        (
            MATRICES * 1.0 * WIDTH**2,
            "These are the frozen numbers of one layer. The adapter learns r·(I + O) for each matrix.",
        ),
        (LAYERS * MATRICES * RANK**2, "The thin matrices are not r × r: one side of each is as long as the width."),
    ],
)

answer_surprise = Number(
    name="10.1.b",
    answer=5 * math.log(2) / 3,
    unit="nats per counted token",
    misconceptions=[
        (
            8 * math.log(2) / 5,
            "You averaged over all five tokens. The question is given: only the answer and its end count.",
        ),
        (
            4 * math.log(2) / 2,
            "You left out the mark that ends the answer. It counts: without it the model never stops.",
        ),
        (5 * math.log(2), "This is the sum. The loss is the mean over the three tokens that count."),
        (5 * math.log(2) / 5, "You divided by all five tokens. Divide by the number that count, three."),
        (8 * math.log(2), "This is the sum over all five tokens. The loss is the mean over the three that count."),
        (
            7 * math.log(2) / 4,
            "The question is in it, and the end is not. It is the other way round: the answer and its end count.",
        ),
        (
            3 * math.log(2) / 2,
            "This is the question's mean price. The question is given; the answer and its end count.",
        ),
        (2 ** (5 / 3), "This is the perplexity, e to the loss. Asked for is the loss itself."),
        (5 / 3, "This is in bits. The loss of a training is in nats: use ln, or multiply by ln 2 = 0.693."),
        ((0.5 + 0.125 + 0.5) / 3, "You averaged the probabilities. The price of a token is −ln of its probability."),
        (-5 * math.log(2) / 3, "The sign: ln of a probability is negative, and the loss is minus that."),
    ],
)


def _prices(logp: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Of the tokens from the second on, (B, T − 1)."""
    return -np.take_along_axis(logp[:, :-1], tokens[:, 1:, None], axis=2)[..., 0]


def _answer_loss(logp, tokens, counts):
    return _prices(logp, tokens)[counts[:, 1:]].mean()


def _mean_of_means(logp, tokens, counts):
    prices, counted = _prices(logp, tokens), counts[:, 1:]
    return ((prices * counted).sum(1) / counted.sum(1)).mean()


def _itself(logp, tokens, counts):
    return -np.take_along_axis(logp, tokens[..., None], axis=2)[..., 0][counts].mean()


def _unshifted(logp, tokens, counts):
    return _itself(logp[:, :-1], tokens[:, :-1], counts[:, :-1])


def _case(seed: int, length: int, firsts: tuple[int, ...]) -> tuple:
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((len(firsts), length, 6))
    logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    counts = np.arange(length) >= np.array(firsts)[:, None]
    counts[0, -1] = False  # the first row is shorter, and filled up
    return logp, rng.integers(6, size=(len(firsts), length)), counts


masked_loss = Exercise(
    name="10.1.d",
    signature="masked_loss(logp, tokens, counts)",
    answer=_answer_loss,
    cases=[_case(0, 5, (2, 4)), _case(1, 7, (1, 5, 3)), _case(2, 4, (1, 2))],
    misconceptions=[
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens)[counts[:, :-1]].mean(),
            "The mask is off by one. Row t of logp prices token t + 1, so what decides is whether token t + 1 counts: "
            "counts[:, 1:].",
        ),
        Misconception(
            _itself,
            "You look up each token in the row of logp at its own place. That row has read the token already; the one "
            "before it made the prediction.",
        ),
        Misconception(
            _unshifted,
            "You cut off the last place, but moved nothing: each token is still looked up in the row that has read it. "
            "tokens[:, 1:] and counts[:, 1:] belong to logp[:, :-1].",
        ),
        Misconception(
            _mean_of_means,
            "This is the mean of each row's mean. A token of a short answer then weighs more than one of a long one; "
            "take one mean over all counted tokens.",
        ),
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens).mean(),
            "All tokens count here, the question's and the filling's as well. Use the mask.",
        ),
        Misconception(
            lambda logp, tokens, counts: (_prices(logp, tokens) * counts[:, 1:]).mean(),
            "The sum is right, but you divide it by all places. Divide by the number of tokens that count.",
        ),
        Misconception(
            lambda logp, tokens, counts: (_prices(logp, tokens) * counts[:, 1:]).sum() / counts.size,
            "The sum is right, but you divide it by the size of the mask, which counts each False as well. Divide by "
            "counts[:, 1:].sum().",
        ),
        Misconception(
            lambda logp, tokens, counts: (_prices(logp, tokens) * counts[:, 1:]).sum() / len(tokens),
            "The sum is right, but you divide it by the number of rows. Divide by the number of tokens that count.",
        ),
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens)[~counts[:, 1:]].mean(),
            "The mask is upside down: these are the tokens that do not count.",
        ),
        Misconception(
            lambda logp, tokens, counts: _answer_loss(logp, tokens, counts) / math.log(2),
            "This is in bits. The loss is in nats, as logp is.",
        ),
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens)[counts[:, 1:]].sum(),
            "This is the sum of the prices. The loss is their mean over the tokens that count.",
        ),
        Misconception(
            lambda logp, tokens, counts: -_answer_loss(logp, tokens, counts),
            "The sign: log-probabilities are negative, and the loss is minus their mean.",
        ),
    ],
)


def _lora(x, w, a, b, alpha):
    return x @ (w + alpha / len(a) * b @ a).T


_rng = np.random.default_rng(3)


def _adapter(batch: int, inputs: int, outputs: int, rank: int, alpha: float) -> tuple:
    shapes = ((batch, inputs), (outputs, inputs), (rank, inputs), (outputs, rank))
    return (*(_rng.standard_normal(shape) for shape in shapes), alpha)


adapted = Exercise(
    name="10.1.e",
    signature="adapted(x, w, a, b, alpha)",
    answer=_lora,
    cases=[_adapter(2, 4, 3, 2, 6.0), _adapter(3, 5, 5, 4, 1.0), _adapter(1, 3, 6, 1, 2.0)],
    misconceptions=[
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + len(a) / alpha * b @ a).T,
            "The scale is upside down: it is α/r, the rank below.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha * b @ a).T,
            "You multiplied by α alone. Divide by the rank, the number of rows of A.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha * len(a) * b @ a).T,
            "You multiplied by the rank. Divide by it: the scale is α/r.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ w.T,
            "This is the frozen layer alone. The product of the thin matrices is added to it.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (alpha / len(a) * (w + b @ a)).T,
            "You scaled the frozen matrix too. The scale α/r belongs to the product alone.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / len(b) * b @ a).T,
            "You divided by the number of outputs. The rank is the other side of B, or the number of rows of A.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + b @ a).T,
            "The scale α/r is missing.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / math.sqrt(len(a)) * b @ a).T,
            "You divided by √r. That is a later variant (rsLoRA); LoRA divides by r.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (alpha / len(a) * b @ a).T,
            "The frozen matrix is missing: the product is added to W, it does not replace it.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / a.shape[1] * b @ a).T,
            "You divided by the number of inputs. The rank is the other side of A, its number of rows.",
        ),
    ],
)
