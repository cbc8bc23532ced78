"""Exercises of page 10.1, the loss of imitation; those about adapters are in ``lora`` (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.information import entropy, kl_divergence

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
            "You left out the mark that ends the answer. It counts: without it nothing teaches the model to stop.",
        ),
        (5 * math.log(2), "This is the sum. The loss is the mean over the three tokens that count."),
        (5 * math.log(2) / 5, "You divided by all five tokens. Divide by the number that count, three."),
        (
            4 * math.log(2),
            "This is the answer's sum without its end mark. Add the mark's ln 2, and divide by the three that count.",
        ),
        (8 * math.log(2) / 3, "The question's prices are in your sum. Only the last three count."),
        (2.0, "The end mark is missing, and this is in bits. Three tokens count, and 1 bit is ln 2 nats."),
        (8 * math.log(2), "This is the sum over all five tokens. The loss is the mean over the three that count."),
        (
            7 * math.log(2) / 4,
            "The question is in it, and the end is not. It is the other way round: the answer and its end count.",
        ),
        (
            3 * math.log(2) / 2,
            "This is the question's mean price. The question is given; the answer and its end count.",
        ),
        (4 * math.log(2) / 3, "The end mark is in your divisor and not in your sum. It costs ln 2."),
        (5 * math.log(2) / 2, "The end mark is in your sum and not in your divisor. Three tokens count."),
        (-math.log(1.125 / 3), "You took the logarithm of the mean probability. Take the mean of the tokens' prices."),
        (5.0, "This is the sum, and in bits. Asked for is the mean over three tokens, in nats: 1 bit is ln 2 of them."),
        (8 / 5, "This is the mean over all five tokens, in bits. Only three count, and 1 bit is ln 2 = 0.693 nats."),
        (5 * math.log10(2) / 3, "You used the logarithm of base 10. Nats are natural logarithms, ln."),
        (2 ** (5 / 3), "This is the perplexity, e to the loss. Asked for is the loss itself."),
        (5 / 3, "This is in bits. The loss of a training is in nats: use ln, or multiply by ln 2 = 0.693."),
        ((0.5 + 0.125 + 0.5) / 3, "You averaged the probabilities. The price of a token is −ln of its probability."),
        (-5 * math.log(2) / 3, "The sign: ln of a probability is negative, and the loss is minus that."),
    ],
)

CAREFUL, HURRIED = np.array([0.90, 0.05, 0.03, 0.02]), np.array([0.30, 0.30, 0.20, 0.20])
MIXED = 0.6 * CAREFUL + 0.4 * HURRIED
_apart = float(kl_divergence(CAREFUL, MIXED)), float(kl_divergence(HURRIED, MIXED))
_told = 0.6 * float(entropy(CAREFUL)) + 0.4 * float(entropy(HURRIED))
_cost = float(entropy(MIXED)) - _told

mixture_cost = Number(
    name="10.1.c",
    answer=_cost,
    unit="bits",
    tolerance=1e-2,
    misconceptions=[
        (_cost * math.log(2), "This is in nats. Asked for are bits: divide by ln 2 = 0.693."),
        (float(entropy(MIXED)), "This is all that the first model pays, H(q). Subtract what the second one pays."),
        (_told, "This is what the second model pays, the mean of the groups' entropies. Subtract it from H(q)."),
        (_apart[0], "This is the careful group's divergence alone. Weigh it by 0.6, and add 0.4 of the hurried one's."),
        (_apart[1], "This is the hurried group's divergence alone. Weigh it by 0.4, and add 0.6 of the careful one's."),
        (sum(_apart), "You added the two divergences. Weigh each by its group's share, 0.6 and 0.4."),
        (sum(_apart) / 2, "You weighed the groups alike. The shares are 0.6 and 0.4."),
        (0.4 * _apart[0] + 0.6 * _apart[1], "The shares are swapped: 0.6 are careful, 0.4 hurried."),
        (
            0.6 * float(kl_divergence(MIXED, CAREFUL)) + 0.4 * float(kl_divergence(MIXED, HURRIED)),
            "The divergences are the wrong way round. The answers come from the group: it is D(q_g‖q).",
        ),
        (
            float(entropy(np.array([0.6, 0.4]))),
            "This is the entropy of the name. The answer tells only a part of it; asked for is that part.",
        ),
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


def _wrong_way(logp, tokens):
    return -np.take_along_axis(logp[:, 1:], tokens[:, :-1, None], axis=2)[..., 0]


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
            lambda logp, tokens, counts: _wrong_way(logp, tokens)[counts[:, :-1]].mean(),
            "You shifted the wrong way: logp[:, 1:] has read the tokens that you look up. It is tokens[:, 1:] in "
            "logp[:, :-1].",
        ),
        Misconception(
            lambda logp, tokens, counts: (_prices(logp, tokens) * counts[:, 1:]).sum(1) / counts[:, 1:].sum(1),
            "This is one number a row. The loss is one number: a single mean over all counted tokens of all rows.",
        ),
        Misconception(lambda *case: np.exp(_answer_loss(*case)), "This is the perplexity. The loss is its logarithm."),
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
            lambda *case: _answer_loss(*case) / math.log(2), "This is in bits. The loss is in nats, as logp is."
        ),
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens)[counts[:, 1:]].sum(),
            "This is the sum of the prices. The loss is their mean over the tokens that count.",
        ),
        Misconception(
            lambda logp, tokens, counts: _prices(logp, tokens)[counts[:, 1:]],
            "These are the prices, one for each counted token. The loss is their mean.",
        ),
        Misconception(
            lambda logp, tokens, counts: _itself(logp[:, :-1], tokens[:, :-1], counts[:, 1:]),
            "You moved the mask and not the tokens: logp[:, :-1] prices tokens[:, 1:].",
        ),
        Misconception(
            lambda *case: -_answer_loss(*case), "The sign: the loss is minus the mean of the log-probabilities."
        ),
    ],
)
