"""The exercises of page 1.2, probability for language generation (numpy)."""

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.shapes import Array, Float, Int

_LONG = np.tile([0.4, 0.5, 0.25, 0.8], 300)  # 1200 tokens, probability 10^-419: below the smallest float64

_TURN = np.array([29 / 408, 9 / 51, 17 / 87, 757 / 977, 1096 / 4723, 126 / 1108])  # don't know . ␣ ` I
_WORDS = np.delete(_TURN, 3)  # the blank forgotten

one_turn = Number(
    name="1.2.a",
    answer=float(np.exp(-np.log(_TURN).mean())),
    unit="equally likely tokens",
    misconceptions=[
        (float(1 / np.prod(_TURN)),
         "This is 1 over the probability of the whole turn: the perplexity of six tokens taken as one choice. Take "
         "the sixth root, because perplexity is per token."),
        (float(np.exp(np.log(_TURN).mean())),
         "This is the geometric mean of the probabilities. Perplexity is its inverse: a count of equal choices, at "
         "least 1."),
        (float(1 / _TURN.mean()),
         "You averaged the probabilities and inverted. A text multiplies its probabilities, so the mean that belongs "
         "here is the geometric one; the blank's 757/977 must not cover for *don't*."),
        (float(np.exp(-np.log(_WORDS).mean())),
         "You left out the blank after the period. It is a token with a factor of its own, 757/977: one turn has six."),
        (float(np.exp(-np.log(_TURN).sum() / 5)),
         "All six factors are there, but you took the fifth root: one turn has six tokens."),
        (float(2 ** -np.log(_TURN).mean()),
         "You took logarithms to base e and then a power of 2. Use e with ln, or 2 with log₂."),
        (float(np.exp(-np.log2(_TURN).mean())),
         "You took logarithms to base 2 and then a power of e. Use 2 with log₂, or e with ln."),
        (float(-np.log(_TURN).sum()),
         "This is the negative log-likelihood in nats, of all six tokens. Divide by 6 and take e to that power."),
        (float(-np.log(_TURN).mean()),
         "This is the surprise per token in nats. One step is left: e to this power."),
    ],
)  # fmt: skip

mixed_text = Number(
    name="1.2.b",
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


def _score_without_length(p):
    with np.errstate(over="ignore"):
        return _score(p)[0], np.exp(_score(p)[0])


def _score_of_product(p):
    with np.errstate(divide="ignore"):
        nll = -np.log(np.prod(p))
    return nll, np.exp(nll / p.size)


def _score_with_root_of_product(p):
    with np.errstate(divide="ignore"):
        return _score(p)[0], np.prod(p) ** (-1 / p.size)


score = Exercise(
    name="1.2.d",
    signature="score(p)",
    answer=_score,
    cases=[(np.array(p),) for p in ([0.4, 0.5, 0.25, 0.8], [0.5, 0.1, 0.02], [1.0, 1.0, 0.3], _LONG)],
    misconceptions=[
        Misconception(lambda p: (-np.log(p.mean()) * p.size, 1 / p.mean()),
            "This averages the probabilities. A text multiplies them, so its logarithms add: take the logarithm of "
            "each probability first, then sum."),
        Misconception(lambda p: (-np.log(p).mean(), _score(p)[1]),
            "The perplexity is right, but the negative log-likelihood belongs to the whole text: the sum over its "
            "tokens, without the 1/T."),
        Misconception(_score_without_length,
            "The negative log-likelihood is right, but the perplexity forgets the 1/T: divide by the number of "
            "tokens before you exponentiate, or every longer text looks worse."),
        Misconception(lambda p: (_score(p)[0] / np.log(2), _score(p)[1]),
            "The perplexity is right, but the negative log-likelihood is in bits (log₂). The exercise asks for "
            "nats: use np.log."),
        Misconception(lambda p: (-np.log2(p).sum(), np.exp(-np.log2(p).mean())),
            "Two bases are mixed: log₂ on the way in, e on the way out. Use np.log with np.exp."),
        Misconception(lambda p: (_score(p)[0], 2 ** -np.log(p).mean()),
            "Two bases are mixed: np.log on the way in, 2 on the way out. The inverse of np.log is np.exp."),
        Misconception(_score_of_product,
            "Right for short texts. For 1200 tokens the product is smaller than the smallest float64, becomes 0, "
            "and its logarithm −∞. Take the logarithms first and add them."),
        Misconception(_score_with_root_of_product,
            "Right for short texts. For 1200 tokens np.prod is 0 in float64, and 0 to the power −1/T is infinite. Take"
            " the exponential of the mean negative logarithm instead of the root of the product."),
        Misconception(lambda p: (np.log(p).sum(), np.exp(np.log(p).mean())),
            "The sign is missing: logarithms of probabilities are negative, the *negative* log-likelihood is "
            "positive, and a perplexity is at least 1."),
        Misconception(lambda p: (np.log(p).sum(), _score(p)[1]),
            "The perplexity is right, but the other number has lost its minus: the *negative* log-likelihood is "
            "positive, since each logarithm of a probability is negative."),
        Misconception(lambda p: _score(p)[0],
            "This is the negative log-likelihood, and it is right. Return two numbers: nll, perplexity."),
        Misconception(lambda p: _score(p)[1],
            "This is the perplexity, and it is right. Return two numbers: nll, perplexity."),
    ],
)  # fmt: skip


def _pairs(ids: Int[Array, " T"], size: int) -> Int[Array, "V V"]:
    counts = np.zeros((size, size), dtype=int)
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _table(ids: Int[Array, " T"], size: int, k: float) -> Float[Array, "V V"]:
    weights = _pairs(ids, size) + k
    return weights / weights.sum(axis=1, keepdims=True)


def _table_without_k(ids, size, k):
    with np.errstate(invalid="ignore"):
        return _pairs(ids, size) / _pairs(ids, size).sum(axis=1, keepdims=True)


def _table_of_last_writes(ids, size, k):
    weights = np.full((size, size), float(k))
    weights[ids[:-1], ids[1:]] += 1
    return weights / weights.sum(axis=1, keepdims=True)


bigram_table = Exercise(
    name="1.2.e, the table",
    signature="bigram_table(ids, size, k)",
    answer=_table,
    cases=[
        (np.array([0, 1, 1, 2, 0, 1]), 3, 1.0),
        (np.array([2, 0, 2, 1, 1, 1, 3]), 4, 0.5),
        (np.array([1, 0, 1]), 4, 0.01),
    ],
    misconceptions=[
        Misconception(lambda ids, size, k: (w := _pairs(ids, size) + k) / w.sum(axis=0, keepdims=True),
            "The columns sum to 1, the rows do not. A column asks which token came *before*; we need what comes "
            "*after* each context, so divide each row by its own total (axis=1, keepdims=True)."),
        Misconception(lambda ids, size, k: (w := _pairs(ids, size) + k) / w.sum(axis=1),
            "The totals are those of the rows, but without keepdims=True numpy lays them along the *columns*: entry "
            "(a, b) is divided by the total of row b. Write sum(axis=1, keepdims=True)."),
        Misconception(lambda ids, size, k: (w := _pairs(ids, size) + k) / w.sum(),
            "The whole table sums to 1: these are joint probabilities of pairs. Zoom in on one context, which means"
            " dividing each row by its own total."),
        Misconception(lambda ids, size, k: _pairs(ids, size) + k,
            "These are the counts plus k, not yet probabilities: divide each row by its own total."),
        Misconception(_table_without_k,
            "These are the raw counts' shares: k is not in them, and a context that was never seen becomes 0/0. Add k "
            "to every cell before you divide."),
        Misconception(_table_of_last_writes,
            "numpy's c[a, b] += 1 adds 1 only once where an index pair is repeated, so a pair seen twice counts as one."
            " Use np.add.at(c, (ids[:-1], ids[1:]), 1)."),
        Misconception(lambda ids, size, k: _table(ids[::-1], size, k),
            "Rows and columns are exchanged: row = context (the token before), column = the token that follows it. "
            "The pair at place t is (ids[t], ids[t + 1])."),
        Misconception(lambda ids, size, k: (_pairs(ids, size) + k) / (_pairs(ids, size).sum(axis=1)[:, None] + k),
            "k was added to each of the V counts of a row but only once to its total, so the rows sum to more than "
            "1. The total grows by k·V."),
        Misconception(lambda ids, size, k:
                      (_pairs(ids, size) + k) / (np.bincount(ids, minlength=size)[:, None] + k * size),
            "You divided by how often the token occurs. Its last occurrence may end the text, and then nothing follows"
            " it: the last token was counted as a context. Divide by the sum of the row."),
    ],
)  # fmt: skip


def _write(table: Float[Array, "V V"], start: int, throws: Float[Array, " T"]) -> list[int]:
    ids = [start]
    for throw in throws:
        ids.append(int((table[ids[-1]].cumsum() <= throw).sum()))
    return ids[1:]


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
    name="1.2.e, the loop",
    signature="write(table, start, throws)",
    answer=_write,
    cases=[
        (_TABLE, 0, np.array([0.05, 0.65, 0.9, 0.3])),
        (_TABLE, 2, np.array([0.2, 0.99, 0.4, 0.55, 0.8])),
        (_TABLE, 1, np.array([0.6, 0.15, 0.9])),
    ],
    misconceptions=[
        Misconception(lambda table, start, throws: [start, *_write(table, start, throws)],
            "`start` was given, not written: return only the tokens that the throws drew, one for each."),
        Misconception(lambda table, start, throws: [int((table[start].cumsum() <= u).sum()) for u in throws],
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
