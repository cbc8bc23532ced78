"""Exercises of page 10.2, rewards, the leash and policy gradients (numpy)."""

import numpy as np

from llmcourse.alignment.optimal import optimal_policy
from llmcourse.exercises.checker import Exercise, Misconception, Number

lead_for_nine_in_ten = Number(
    name="10.2.a",
    answer=float(np.log(9)),
    misconceptions=[
        (float(np.log(10)), "This is ln 10. Nine wins in ten are odds of 9 to 1, not of 10 to 1."),
        (float(-np.log(0.9)), "This is the loss of such a comparison, −ln 0.9. The lead is what gives σ(lead) = 0.9."),
        (float(np.log2(9)), "Right odds, but in bits: σ uses e, so take the natural logarithm."),
        (float(np.log10(9)), "Right odds, but the logarithm to base 10: σ uses e, so take the natural one."),
        (
            400 * float(np.log10(9)),
            "This is the lead in Elo points. Here ln 10 stands for 400 of them: multiply by ln 10 / 400.",
        ),
        (9.0, "These are the odds. The lead is their logarithm."),
        (0.9, "This is the probability itself. Solve σ(lead) = 0.9 for the lead."),
        (-float(np.log(9)), "The sign: this lead loses nine times in ten."),
    ],
)

turning_leash = Number(
    name="10.2.b",
    answer=2 / float(np.log(5)),
    misconceptions=[
        (float(np.log(5)) / 2, "This is 1/β: the leash is upside down. The weights hold e^(r/β)."),
        (1 / float(np.log(5)), "You solved e^(1/β) = 5. The rewards of the first and the last answer differ by 2."),
        (
            1 / float(np.log(4)),
            "Here the first two are equally likely, .5 = .4·e^(1/β). Where does the middle one peak?",
        ),
        (float(np.sqrt(5)), "This is u = e^(1/β). Take the logarithm and turn it over."),
        (5.0, "This is e^(2/β), the ratio .5/.1. Solve it for β."),
        (2 / float(np.log10(5)), "The natural logarithm is asked for: u = e^(1/β)."),
        (0.0, "At β = 0 the last answer has everything, and its true reward is 0. The peak is before that."),
    ],
)


def _weights(reference: np.ndarray, reward: np.ndarray, beta: float, *, peak: bool = True) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return reference * np.exp((reward - (reward.max() if peak else 0)) / beta)


def _shared(weights: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return weights / weights.sum()


def _tempered(reference: np.ndarray, reward: np.ndarray, beta: float) -> np.ndarray:
    """Divides the logarithm of the reference by β too: softmax((log π_ref + r)/β)."""
    inside = (np.log(reference) + reward) / beta
    return _shared(np.exp(inside - inside.max()))


def _added_logarithms(reference: np.ndarray, reward: np.ndarray, beta: float) -> np.ndarray:
    """Adds the reference where its logarithm belongs: softmax(π_ref + r/β)."""
    return _shared(np.exp(reference + (reward - reward.max()) / beta))


leashed = Exercise(
    name="10.2.d",
    signature="leashed(reference, reward, beta)",
    answer=lambda reference, reward, beta: optimal_policy(reference, reward, beta=beta),
    cases=[
        (np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0]), 0.5),
        (np.array([0.25, 0.75]), np.array([3.0, -1.0]), 4.0),
        (np.array([0.6, 0.3, 0.1]), np.array([2.0, 2.0, 2.5]), 1.0),
        (np.array([0.6, 0.3, 0.1]), np.array([1000.0, 1001.0, 999.0]), 0.5),
    ],
    misconceptions=[
        Misconception(
            lambda q, r, beta: _shared(_weights(q, r, 1 / beta)),
            "β is on the wrong side: you multiplied the reward by it. A large β, a short leash, must leave the "
            "reference nearly as it is; yours lets go.",
        ),
        Misconception(
            lambda q, r, beta: _shared(_weights(np.ones_like(q), r, beta)),
            "This is softmax(r/β): the reference is forgotten. As β grows, it must become the reference, not uniform.",
        ),
        Misconception(
            _tempered,
            "You divided the logarithm of the reference by β too. β divides the reward only: as β grows, yours becomes "
            "uniform, not the reference.",
        ),
        Misconception(
            lambda q, r, beta: _shared(_weights(q, r, 1.0)),
            "β does not come in: this is the policy for β = 1, however long the leash is.",
        ),
        Misconception(
            _added_logarithms,
            "You added the reference to the exponent. It multiplies the exponential; in the exponent stands its "
            "logarithm.",
        ),
        Misconception(
            lambda q, r, beta: _weights(q, r, beta),
            "These weights do not sum to 1. Divide by their sum; the peak that you subtracted cancels then.",
        ),
        Misconception(
            lambda q, r, beta: _weights(q, r, beta, peak=False),
            "These weights do not sum to 1, and the largest are infinite. Subtract the largest reward from all, then "
            "divide by the sum.",
        ),
        Misconception(
            lambda q, r, beta: _shared(_weights(q, r, beta, peak=False)),
            "NaN: e^2000 overflows. Subtract the largest reward first. A constant changes no policy.",
        ),
        Misconception(
            lambda q, r, beta: _shared(_weights(q, -r, beta)),
            "The sign: your policy prefers what is rewarded least.",
        ),
        Misconception(
            lambda q, r, beta: _shared(q * np.maximum(r, 0) / beta),
            "You weighted by the reward itself, in which β cancels. The exponential is what the divergence asks for.",
        ),
    ],
)


def _one(p: np.ndarray, y: int) -> np.ndarray:
    return np.eye(p.size)[y]


def _inside_the_logarithm(p: np.ndarray, y: int, reward: float, baseline: float) -> np.ndarray:
    """The slope of r log(π − b) by the logits: the baseline has slipped into the logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return reward * p[y] * (_one(p, y) - p) / (p[y] - baseline)


pull = Exercise(
    name="10.2.e",
    signature="pull(p, y, reward, baseline)",
    answer=lambda p, y, reward, baseline: (reward - baseline) * (_one(p, y) - p),
    cases=[
        (np.array([0.2, 0.5, 0.3]), 2, 1.0, 0.25),
        (np.array([0.2, 0.5, 0.3]), 0, -1.0, 0.5),
        (np.array([0.9, 0.1]), 1, 2.0, 2.0),
    ],
    misconceptions=[
        Misconception(
            lambda p, y, reward, baseline: reward * (_one(p, y) - p),
            "The baseline is missing: subtract it from the reward. A draw that is as good as usual pulls nowhere.",
        ),
        Misconception(
            lambda p, y, reward, baseline: reward * (_one(p, y) - p) - baseline,
            "The baseline is subtracted from the gradient. It belongs to the reward, and multiplies ∇log π too; "
            "only so does it average to zero.",
        ),
        Misconception(
            lambda p, y, reward, baseline: (reward + baseline) * (_one(p, y) - p),
            "The baseline is subtracted, not added: only better than usual is pushed up.",
        ),
        Misconception(
            lambda p, y, reward, baseline: _one(p, y) - p,
            "The reward is missing: every draw is pushed up alike, good or bad.",
        ),
        Misconception(
            _inside_the_logarithm,
            "The baseline has slipped inside the logarithm. It stands beside the reward: (r − b) ∇log π.",
        ),
        Misconception(
            lambda p, y, reward, baseline: (reward - baseline) * (p - _one(p, y)),
            "The sign: this is the slope of the loss. Asked is the pull, the direction in which log π(y) grows.",
        ),
        Misconception(
            lambda p, y, reward, baseline: (reward - baseline) * _one(p, y),
            "Only the drawn answer moves here. Raising its logit lowers all probabilities: subtract p.",
        ),
        Misconception(
            lambda p, y, reward, baseline: (reward - baseline) * p[y] * (_one(p, y) - p),
            "This is the slope of π(y), not of log π(y). The factor π(y) comes in by drawing: do not count it twice.",
        ),
        Misconception(
            lambda p, y, reward, baseline: (reward - baseline) * _one(p, y) / p[y],
            "This is the slope by the probabilities. The parameters are the logits, and a softmax lies between.",
        ),
        Misconception(
            lambda p, y, reward, baseline: float((reward - baseline) * (1 - p[y])),
            "This is the pull on the logit of the drawn answer. The others are pulled too: return all of them.",
        ),
    ],
)
