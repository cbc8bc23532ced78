"""The exercises of page 1.2, probability for language generation (numpy)."""

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.shapes import Array, Float, Int

_LONG = np.tile([0.4, 0.5, 0.25, 0.8], 300)  # 1200 tokens, probability 10^-419: below the smallest float64

three_tokens = Number(
    name="1.2.a, first part",
    answer=10.0,
    unit="equally likely tokens",
    misconceptions=[
        (1000.0,
         "This is 1 over the probability of the whole text: the perplexity of three tokens taken as one choice. "
         "Take the cube root, because perplexity is per token."),
        (0.1,
         "This is the geometric mean of the probabilities. Perplexity is its inverse: a count of equal choices, at "
         "least 1."),
        (3 / 0.62,
         "You averaged the probabilities and inverted. A text multiplies its probabilities, so the mean that "
         "belongs here is the geometric one; the 0.02 must hurt more than this."),
        (float(2 ** (np.log(1000) / 3)),
         "You took logarithms to base e and then a power of 2. Use e with ln, or 2 with log₂."),
        (float(np.exp(np.log2(1000) / 3)),
         "You took logarithms to base 2 and then a power of e. Use 2 with log₂, or e with ln."),
        (float(np.log(1000)),
         "This is the negative log-likelihood in nats, of all three tokens. Divide by 3 and take e to that power."),
        (float(np.log(1000) / 3),
         "This is the surprise per token in nats. One step is left: e to this power."),
    ],
)  # fmt: skip

mixed_text = Number(
    name="1.2.a, second part",
    answer=float(2**3.5),
    unit="equally likely tokens",
    misconceptions=[
        (13.0,
         "This is the average of 4 and 16 weighted by length. Log-probabilities add up, so average the logarithms, "
         "100 parts of ln 4 and 300 of ln 16, and only then take the exponential."),
        (10.0,
         "This averages 4 and 16 as if both parts were equally long. Average their logarithms, weighted by length."),
        (8.0,
         "The geometric mean is right, but the parts are not equally long: 300 of the 400 tokens have perplexity "
         "16."),
        (float(2**2.5),
         "The weights are exchanged: 300 of the 400 tokens have perplexity 16, not 4."),
        (64.0,
         "This is the product of the two. Products belong to probabilities of whole texts; perplexity is per token."),
    ],
)  # fmt: skip


def _score(p: Float[Array, " T"]) -> tuple[float, float]:
    nll = -np.log(p).sum()
    return float(nll), float(np.exp(nll / p.size))


def _score_from_mean_probability(p):
    return float(-np.log(p.mean()) * p.size), float(1 / p.mean())


def _score_without_length(p):
    nll = -np.log(p).sum()
    with np.errstate(over="ignore"):
        return float(nll), float(np.exp(nll))


def _score_in_bits(p):
    bits = -np.log2(p).sum()
    return float(bits), float(2 ** (bits / p.size))


def _score_in_two_bases(p):
    bits = -np.log2(p).sum()
    return float(bits), float(np.exp(bits / p.size))


def _score_with_power_of_two(p):
    nll = -np.log(p).sum()
    return float(nll), float(2 ** (nll / p.size))


def _score_of_product(p):
    with np.errstate(divide="ignore"):
        nll = -np.log(np.prod(p))
    return float(nll), float(np.exp(nll / p.size))


def _score_without_minus(p):
    log_likelihood = np.log(p).sum()
    return float(log_likelihood), float(np.exp(log_likelihood / p.size))


score = Exercise(
    name="1.2.c",
    signature="score(p)",
    answer=_score,
    cases=[
        (np.array([0.4, 0.5, 0.25, 0.8]),),
        (np.array([0.5, 0.1, 0.02]),),
        (np.array([1.0, 1.0, 0.3]),),
        (_LONG,),
    ],
    misconceptions=[
        Misconception(_score_from_mean_probability,
            "This averages the probabilities. A text multiplies them, so its logarithms add: take the logarithm of "
            "each probability first, then sum."),
        Misconception(_score_without_length,
            "The negative log-likelihood is right, but the perplexity forgets the 1/T: divide by the number of "
            "tokens before you exponentiate, or every longer text looks worse."),
        Misconception(_score_in_bits,
            "The perplexity is right, but the negative log-likelihood is in bits (log₂). The exercise asks for "
            "nats: use np.log."),
        Misconception(_score_in_two_bases,
            "Two bases are mixed: log₂ on the way in, e on the way out. Use np.log with np.exp."),
        Misconception(_score_with_power_of_two,
            "Two bases are mixed: np.log on the way in, 2 on the way out. The inverse of np.log is np.exp."),
        Misconception(_score_of_product,
            "Right for short texts. For 1200 tokens the product is smaller than the smallest float64, becomes 0, "
            "and its logarithm −∞. Take the logarithms first and add them."),
        Misconception(_score_without_minus,
            "The sign is missing: logarithms of probabilities are negative, the *negative* log-likelihood is "
            "positive, and a perplexity is at least 1."),
    ],
)  # fmt: skip


def _pairs(ids: Int[Array, " T"], size: int) -> Int[Array, "V V"]:
    counts = np.zeros((size, size), dtype=int)
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _table(ids: Int[Array, " T"], size: int, k: float) -> Float[Array, "V V"]:
    weights = _pairs(ids, size) + k
    return weights / weights.sum(axis=1, keepdims=True)


def _table_of_columns(ids, size, k):
    weights = _pairs(ids, size) + k
    return weights / weights.sum(axis=0, keepdims=True)


def _table_of_pairs(ids, size, k):
    weights = _pairs(ids, size) + k
    return weights / weights.sum()


def _table_backward(ids, size, k):
    return _table(ids[::-1], size, k)


def _table_with_k_once(ids, size, k):
    counts = _pairs(ids, size)
    return (counts + k) / (counts.sum(axis=1, keepdims=True) + k)


bigram_table = Exercise(
    name="1.2.d",
    signature="bigram_table(ids, size, k)",
    answer=_table,
    cases=[
        (np.array([0, 1, 1, 2, 0, 1]), 3, 1.0),
        (np.array([2, 0, 2, 1, 1, 1, 3]), 4, 0.5),
        (np.array([1, 0, 1]), 4, 0.01),
    ],
    misconceptions=[
        Misconception(_table_of_columns,
            "The columns sum to 1, the rows do not. A column asks which token came *before*; we need what comes "
            "*after* each context, so divide each row by its own total (axis=1, keepdims=True)."),
        Misconception(_table_of_pairs,
            "The whole table sums to 1: these are joint probabilities of pairs. Zoom in on one context, which means"
            " dividing each row by its own total."),
        Misconception(_table_backward,
            "Rows and columns are exchanged: row = context (the token before), column = the token that follows it. "
            "The pair at place t is (ids[t], ids[t + 1])."),
        Misconception(_table_with_k_once,
            "k was added to each of the V counts of a row but only once to its total, so the rows sum to more than "
            "1. The total grows by k·V."),
    ],
)  # fmt: skip


def _write(table: Float[Array, "V V"], start: int, throws: Float[Array, " T"]) -> list[int]:
    ids = [start]
    for throw in throws:
        ids.append(int((table[ids[-1]].cumsum() <= throw).sum()))
    return ids[1:]


def _write_from_one_row(table, start, throws):
    return [int((table[start].cumsum() <= throw).sum()) for throw in throws]


def _write_greedily(table, start, throws):
    ids = [start]
    for _ in throws:
        ids.append(int(table[ids[-1]].argmax()))
    return ids[1:]


def _write_from_columns(table, start, throws):
    ids = [start]
    for throw in throws:
        edges = table[:, ids[-1]].cumsum()
        ids.append(int(min((edges <= throw).sum(), len(table) - 1)))
    return ids[1:]


def _write_without_running_total(table, start, throws):
    ids = [start]
    for throw in throws:
        ids.append(int((table[ids[-1]] > throw).argmax()))
    return ids[1:]


_TABLE = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.25, 0.25, 0.5]])

write = Exercise(
    name="1.2.e",
    signature="write(table, start, throws)",
    answer=_write,
    cases=[
        (_TABLE, 0, np.array([0.05, 0.65, 0.9, 0.3])),
        (_TABLE, 2, np.array([0.2, 0.99, 0.4, 0.55, 0.8])),
        (_TABLE, 1, np.array([0.6, 0.15, 0.9])),
    ],
    misconceptions=[
        Misconception(_write_from_one_row,
            "Each token was drawn from the row of ``start``. The loop must feed what it has written back in: the "
            "next row is the row of the token just drawn."),
        Misconception(_write_greedily,
            "This takes the largest entry of each row and never looks at the throws: greedy, not sampling. Find the"
            " segment of the stick in which the throw lands."),
        Misconception(_write_from_columns,
            "You read columns. The distribution after token i is the *row* table[i]."),
        Misconception(_write_without_running_total,
            "The throw is compared with single probabilities. Lay them end to end first: compare it with the "
            "running total, table[i].cumsum()."),
    ],
)  # fmt: skip
