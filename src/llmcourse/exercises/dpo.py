"""Exercises of page 10.3, direct preference optimization (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.shapes import Array


def _minus_log_sigmoid(u: Array | float) -> Array:
    return np.logaddexp(0.0, -np.asarray(u))


loss_by_hand = Number(
    name="10.3.a",
    answer=float(_minus_log_sigmoid(1.0)),  # 0.2 · (2 − (−3)) = 1
    unit="nats",
    misconceptions=[
        (float(_minus_log_sigmoid(2.0)), "You left out the reference: each log-probability is compared with its own."),
        (float(_minus_log_sigmoid(-1.0)), "The sign: this is the price if the loser had been preferred."),
        (float(_minus_log_sigmoid(5.0)), "You left out β: the margin is 0.2 times the difference of the log-ratios."),
        (float(_minus_log_sigmoid(-0.2)), "You added the two log-ratios. The loser's is subtracted: 2 − (−3) = 5."),
        (1.0, "This is the margin. The loss is −ln σ of it."),
        (1 / (1 + math.exp(-1)), "This is σ(u), the probability of the preference. The loss is minus its logarithm."),
        (
            float(_minus_log_sigmoid(1.0)) / math.log(2),
            "This is in bits; the loss is in nats: use the natural logarithm.",
        ),
        (
            1 / (1 + math.exp(1)),
            "This is σ(−u), the probability of the wrong answer. The loss is −ln of the right one's.",
        ),
        (
            0.2 / (1 + math.exp(1)),
            "This is the weight in the gradient, β σ(−u). The loss is the price before any derivative, −ln σ(u).",
        ),
        (
            -float(_minus_log_sigmoid(1.0)),
            "The minus is missing: the logarithm of a probability is below 0, a loss is not.",
        ),
        (
            float(_minus_log_sigmoid(0.4)),
            "You looked at the winner alone. The loser's log-ratio, −3, is subtracted from 2.",
        ),
        (5.0, "This is the winner's lead in nats. Times β it is the margin u, and the loss is −ln σ(u)."),
    ],
)

reward_of_policy = Number(
    name="10.3.b",
    answer=0.5 * (math.log(0.6 / 0.2) - math.log(0.1 / 0.5)),
    unit="",
    misconceptions=[
        (0.5 * math.log(0.6 / 0.1), "You left out the reference: 0.6 is three times what C had, 0.1 a fifth of A's."),
        (math.log(0.6 / 0.2) - math.log(0.1 / 0.5), "You left out β: r = β log(π/π_ref) + β log Z."),
        (
            (math.log(0.6 / 0.2) - math.log(0.1 / 0.5)) / 0.5,
            "You divided by β. π ∝ π_ref e^(r/β), so that solving for r multiplies by it.",
        ),
        (
            -0.5 * (math.log(0.6 / 0.2) - math.log(0.1 / 0.5)),
            "This is A's lead over C. C gained, so its reward is higher.",
        ),
        (0.5 * (0.6 / 0.2 - 0.1 / 0.5), "You subtracted the ratios themselves. The reward is β times their logarithm."),
        (
            0.5 * math.log(0.6 / 0.2),
            "This compares C with itself before. It holds β log Z, which only a difference loses.",
        ),
        (
            -0.5 * math.log(0.1 / 0.5),
            "This is A alone, with the sign turned. C has gained too: subtract A's β ln(π/π_ref) from C's.",
        ),
        (15.0, "The ratios are right: 3 is fifteen times 0.2. The reward is β times the logarithm of that."),
    ],
)


def _logprob(logp, tokens, is_response, *, shift=1, mask_shift=1, mean=False, masked=True):
    steps = len(tokens) - 1
    told = logp[np.arange(steps), tokens[1:]] if shift else logp[np.arange(1, steps + 1), tokens[1:]]
    mask = is_response[1:] if mask_shift else is_response[:-1]
    counted = told[mask] if masked else told
    return float(counted.mean() if mean else counted.sum())


def _per_token(logp, tokens, is_response):
    return logp[np.arange(len(tokens) - 1), tokens[1:]][is_response[1:]]


def _table(seed: int, length: int) -> np.ndarray:
    z = np.random.default_rng(seed).normal(size=(length, 5))
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


response_logprob = Exercise(
    name="10.3.c",
    signature="answer_logprob(logp, tokens, is_response)",
    answer=_logprob,
    cases=[
        (_table(0, 5), np.array([3, 1, 4, 2, 0]), np.array([False, False, True, True, False])),
        (_table(1, 4), np.array([0, 2, 2, 1]), np.array([False, True, True, True])),
        (_table(2, 6), np.array([4, 4, 0, 1, 3, 2]), np.array([False, False, False, False, True, True])),
    ],
    misconceptions=[
        Misconception(
            lambda *args: _logprob(*args, mean=True),
            "You took the mean over the tokens. log π(y|x) is the sum: with a mean, a long response and a short one of "
            "equal probability would not count alike.",
        ),
        Misconception(
            lambda *args: _logprob(*args, mask_shift=0),
            "The mask is not shifted: it leaves out the first token of the response and counts what follows the last "
            "one (padding, or nothing). Row t is about token t + 1: the mask loses its first entry, as the tokens do.",
        ),
        Misconception(
            lambda logp, tokens, counted: _logprob(logp, tokens, np.append(counted[1:], False)),
            "The mask is shifted twice: it counts the last token of the prompt and leaves out the response's last.",
        ),
        Misconception(
            lambda logp, tokens, counted: float(logp[np.arange(len(tokens) - 1), tokens[:-1]][counted[1:]].sum()),
            "The mask is shifted and the tokens are not: row t is asked for token t. It is about token t + 1.",
        ),
        Misconception(
            lambda *args: _logprob(*args, shift=0),
            "You read the probability of a token after the model has seen it: logp[t] is about token t + 1.",
        ),
        Misconception(
            lambda *args: _logprob(*args, masked=False),
            "The prompt counts as well. It is given: it would appear in the winner and in the loser, and padding too.",
        ),
        Misconception(lambda *args: -_logprob(*args), "The sign: this is the surprise, minus the log-probability."),
        Misconception(
            lambda *args: -_logprob(*args, mean=True),
            "This is the mean surprise per token, as on page 10.1. Asked for is the sum of the log-probabilities.",
        ),
        Misconception(lambda *args: math.exp(_logprob(*args)), "This is the probability. Its logarithm is asked for."),
        Misconception(
            lambda *args: _per_token(*args),
            "These are the right log-probabilities, one for each token of the answer. Add them up.",
        ),
    ],
)


def _dpo(policy_win, policy_lose, ref_win, ref_lose, beta):
    return float(_minus_log_sigmoid(beta * ((policy_win - ref_win) - (policy_lose - ref_lose))).mean())


def _difference(policy_win, policy_lose, ref_win, ref_lose, beta):
    return (policy_win - ref_win) - (policy_lose - ref_lose)


dpo_loss = Exercise(
    name="10.3.d",
    signature="own_loss(policy_win, policy_lose, ref_win, ref_lose, beta)",
    answer=_dpo,
    cases=[
        (np.array([-10.0]), np.array([-14.0]), np.array([-12.0]), np.array([-11.0]), 0.1),
        (np.array([-10.0, -3.0]), np.array([-12.0, -9.0]), np.array([-11.0, -3.0]), np.array([-11.5, -7.0]), 0.5),
        (np.array([-900.0, -5.0]), np.array([-20.0, -6.0]), np.array([-30.0, -6.0]), np.array([-25.0, -4.0]), 1.0),
    ],
    misconceptions=[
        Misconception(
            lambda w, lo, rw, rl, beta: float(_minus_log_sigmoid(beta * (w - lo)).mean()),
            "You left out the reference. Without it the loss asks for a likely winner, not for one that has gained.",
        ),
        Misconception(
            lambda w, lo, rw, rl, beta: float(_minus_log_sigmoid(-beta * _difference(w, lo, rw, rl, beta)).mean()),
            "The sign: this loss falls when the loser gains.",
        ),
        Misconception(
            lambda w, lo, rw, rl, beta: float(_minus_log_sigmoid(beta * ((w - rw) + (lo - rl))).mean()),
            "You added the loser's log-ratio. It is subtracted.",
        ),
        Misconception(
            lambda w, lo, rw, rl, beta: float(_minus_log_sigmoid(beta * ((w - rl) - (lo - rw))).mean()),
            "The references are exchanged, or their difference is added: each is compared with its own.",
        ),
        Misconception(
            lambda *args: float(_beta_outside(*args)),
            "β stands outside σ. It multiplies the margin; outside, it would only be a learning rate.",
        ),
        Misconception(
            lambda *args: float(_minus_log_sigmoid(args[4] * _difference(*args).mean())),
            "You averaged the margins first. Each pair has its own σ; the losses are averaged.",
        ),
        Misconception(
            lambda *args: float(_minus_log_sigmoid(args[4] * _difference(*args)).sum()),
            "You added the losses up. The loss of a batch is their mean.",
        ),
        Misconception(
            lambda *args: float(np.exp(-_minus_log_sigmoid(-args[4] * _difference(*args))).mean()),
            "This is 1 − σ(u), the probability of the wrong answer. The loss is −log σ(u).",
        ),
        Misconception(
            lambda *args: float(_minus_log_sigmoid(_difference(*args)).mean()),
            "You left out β: the margin is β times the difference of the log-ratios.",
        ),
        Misconception(
            lambda *args: -_dpo(*args),
            "The minus is missing: the logarithm of a probability is below 0, a loss is not.",
        ),
        Misconception(
            lambda *args: float(np.exp(-_minus_log_sigmoid(args[4] * _difference(*args))).mean()),
            "This is σ(u), the probability of the preference. The loss is minus its logarithm.",
        ),
        Misconception(
            lambda *args: float((args[4] * np.exp(-_minus_log_sigmoid(-args[4] * _difference(*args)))).mean()),
            "This is the weight in the gradient, β σ(−u). The loss is the price before any derivative, −ln σ(u).",
        ),
        Misconception(
            lambda w, lo, rw, rl, beta: float(_minus_log_sigmoid(beta * (w - rw)).mean()),
            "You looked at the winners alone. The loser's log-ratio is subtracted.",
        ),
        Misconception(lambda *args: _dpo(*args) / math.log(2), "This is in bits; use the natural logarithm."),
        Misconception(
            lambda *args: float(_minus_log_sigmoid(_difference(*args) / args[4]).mean()),
            "You divided by β. The margin is β times the difference of the log-ratios.",
        ),
        Misconception(lambda *args: args[4] * _difference(*args), "This is the margin u. The loss is −ln σ(u)."),
        Misconception(
            lambda *args: _minus_log_sigmoid(args[4] * _difference(*args)),
            "These are the right losses, one for each pair. The loss of a batch is their mean.",
        ),
        Misconception(
            lambda *args: _naive(*args, least=0.0),
            "e⁸⁷⁵ overflows: σ(u) rounds to 0 and its logarithm is −∞. Use ln(1 + e⁻ᵘ) = np.logaddexp(0, −u).",
        ),
        Misconception(
            lambda *args: _naive(*args, least=1e-12),
            "You kept σ(u) from reaching 0. The loss is then finite, and wrong: the pair costs 875 nats and not 28. "
            "Use ln(1 + e⁻ᵘ) = np.logaddexp(0, −u).",
        ),
    ],
)


def _beta_outside(policy_win, policy_lose, ref_win, ref_lose, beta):
    return beta * _minus_log_sigmoid(_difference(policy_win, policy_lose, ref_win, ref_lose, beta)).mean()


def _naive(policy_win, policy_lose, ref_win, ref_lose, beta, *, least):
    u = beta * _difference(policy_win, policy_lose, ref_win, ref_lose, beta)
    with np.errstate(over="ignore", divide="ignore"):
        return float(-np.log(np.maximum(1 / (1 + np.exp(-u)), least)).mean())
