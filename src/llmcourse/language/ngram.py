r"""N-gram models of text: add-k and interpolated Kneser–Ney (numpy).

The order n is the number of context tokens: order 0 looks at nothing, order 1 at one token (a bigram model). V is the
size of the vocabulary, c(h w) how often token w follows context h in the training text, • stands for any one token.

**Add-k.**  P(w | h) = (c(h w) + k) / (c(h •) + k V), where h is the last n tokens.

**Interpolated Kneser–Ney.**  For j = 0, 1, …, n let h be the last j tokens, and h′ be h without its first token:

    a_n(h w) = c(h w)                                  the highest level counts occurrences,
    a_j(h w) = number of distinct v with c(v h w) > 0  each level below counts the tokens seen just before h w;
    A_j(h)   = Σ_w a_j(h w)        K_j(h) = number of w with a_j(h w) > 0

    P_j(w | h) = max(a_j(h w) − D_j, 0) / A_j(h)  +  D_j K_j(h) / A_j(h) · P_{j−1}(w | h′)      if A_j(h) > 0,
    P_j(w | h) = P_{j−1}(w | h′)                                                                otherwise,
    P_{−1}(w)  = 1 / V.

The model's answer is P_n. The last line gives every token of the vocabulary a positive probability.

**The first tokens of a text** have fewer than n tokens before them. There are no padding symbols: with j < n tokens of
context, add-k uses the counts of that shorter context, and Kneser–Ney answers P_j, a lower level of its own recursion.
For the same reason an n-gram that occurs only at the very start of the training text has nothing before it, and
a_j = 0 for j < n.
"""

from dataclasses import dataclass, field

import numpy as np

from llmcourse.language.counts import Level, count_ngrams
from llmcourse.language.probability import sample
from llmcourse.language.smoothing import AddK, KneserNey
from llmcourse.language.vocabulary import Vocabulary
from llmcourse.shapes import Float, Int

__all__ = ["MAX_ORDER", "AddK", "KneserNey", "NGramModel", "Vocabulary"]

MAX_ORDER = 6


@dataclass(frozen=True, eq=False)
class NGramModel:
    """A distribution over the next token given the last ``order`` tokens, estimated by counting. Build it with ``fit``.

    >>> model = NGramModel.fit("abab", order=1, smoothing=AddK(k=1.0))
    >>> model.distribution("a")  # b followed a twice, a never: (0 + 1) / (2 + 2) and (2 + 1) / (2 + 2)
    array([0.25, 0.75])
    """

    vocabulary: Vocabulary = field(repr=False)
    order: int
    smoothing: AddK | KneserNey
    levels: tuple[Level, ...] = field(repr=False)
    discounts: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        text: str,
        *,
        order: int,
        unit: str = "characters",
        smoothing: AddK | KneserNey | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> "NGramModel":
        """The model of ``text``: Kneser–Ney unless ``smoothing`` differs, the text's own tokens unless given others.

        Raises:  ValueError if ``order`` is outside 0 … 6, or the text is empty, has fewer than order + 1 tokens, or
                 has tokens outside the vocabulary.
        Derivation: counting, and the formulas at the top of this module.
        """
        if not 0 <= order <= MAX_ORDER:
            raise ValueError(f"order must lie in 0 … {MAX_ORDER}, got {order}; it is the number of context tokens")
        if not text:
            raise ValueError("the text is empty (0 characters); there is nothing to count")
        if vocabulary is None:
            vocabulary = Vocabulary.from_text(text, unit=unit)
        if vocabulary.unit != unit:
            raise ValueError(
                f"the vocabulary has unit {vocabulary.unit!r}, not {unit!r}; pass unit={vocabulary.unit!r}"
            )
        ids, size = vocabulary.encode(text), len(vocabulary)
        if isinstance(smoothing, AddK):
            return cls(vocabulary, order, smoothing, count_ngrams(ids, size=size, order=order, continuation=False), ())
        smoothing = KneserNey() if smoothing is None else smoothing
        levels = count_ngrams(ids, size=size, order=order, continuation=True)
        return cls(vocabulary, order, smoothing, levels, tuple(smoothing.of_level(level) for level in levels))

    def distribution(self, context: str) -> Float[np.ndarray, " V"]:
        r"""$P(w \mid h)$ for every token w of the vocabulary; h is the last ``order`` tokens of ``context``, or fewer.

        Raises:  ValueError if the context has a token outside the vocabulary.
        Derivation: the module's formulas; for Kneser–Ney from the empty context upward.
        """
        return self.distribution_after(self.vocabulary.encode(context))

    def counts(self, context: str) -> Int[np.ndarray, " V"]:
        """How often each token follows the last ``order`` tokens of ``context``, or fewer, in the training text.

        Raises:  ValueError if the context has a token outside the vocabulary.
        Derivation: a definition; there is no smoothing here and there are no continuation counts.
        """
        return self.counts_after(self.vocabulary.encode(context))

    def counts_after(self, ids: Int[np.ndarray, " T"]) -> Int[np.ndarray, " V"]:
        """The same as ``counts``, for a context that is given as token ids."""
        history, size = self._history(ids), len(self.vocabulary)
        level = self.levels[history.size]
        return level.counts[level.find(self._node(history) * size + np.arange(size))]

    def log_probabilities(self, text: str) -> Float[np.ndarray, " T"]:
        """Natural logarithm of the probability of each token of ``text``, given the at most ``order`` tokens before it.

        Their sum is the logarithm of the probability of the text. The probability itself is too small for a float
        after a few hundred tokens.

        Units:   nats; one number per token.
        Raises:  ValueError for an empty text, and for tokens outside the vocabulary.
        Derivation: the chain rule, with the module's formula for each factor.
        """
        ids = self._encode_some(text)
        p = np.full(ids.size, 1 / len(self.vocabulary))
        context = np.zeros(ids.size, dtype=np.int64)  # node of the `length` tokens before positions length, …
        for length, level in enumerate(self.levels):
            node = level.find(context * len(self.vocabulary) + ids[length:])
            p[length:] = self._mix(length, node, context, p[length:])
            context = node[:-1]
        return np.log(p)

    def perplexity(self, text: str) -> float:
        r"""$\exp(-\frac{1}{T} \sum_t \log P(w_t \mid h_t))$: as hard as a choice among this many equally likely tokens.

        An unknown word is one token like any other here, so a small vocabulary looks better than it is.

        Range:   at least 1; V for a uniform model.
        Raises:  ValueError as ``log_probabilities``.
        Source:  Chen & Goodman (1999), section 1.1. {cite}`chen1999`
        """
        return float(np.exp(-self.log_probabilities(text).mean()))

    def bits_per_character(self, text: str) -> float:
        r"""$-\frac{1}{C} \sum_t \log_2 P(w_t \mid h_t)$, C being the characters of ``text`` whatever the unit.

        What an ideal coder that owns the model sends for the text; tokens of all three units spell all of it. Not
        included: the model itself (counts and vocabulary), the text's length, the rounding of a real coder.

        Units:   bits per character (Unicode code point).
        Raises:  ValueError as ``log_probabilities``, and for a text with unknown words, whose spelling nobody pays for.
        Derivation: the chain rule, and log₂ x = ln x / ln 2.
        """
        unit, unknown = self.vocabulary.unit, self.vocabulary.unknown
        if unknown is not None:
            count = int(np.sum(self._encode_some(text) == self.vocabulary.ids[unknown]))
            if count:
                raise ValueError(
                    f"{count} of the text's {unit} are {unknown!r}, and how those are spelled is not in the sum; "
                    "use perplexity, or a model with unit='bytes'"
                )
        return float(-self.log_probabilities(text).sum() / np.log(2) / len(text))

    def generate(self, context: str, length: int, *, rng: np.random.Generator) -> str:
        """``length`` tokens as text, each drawn given those before it; ``context`` itself is not repeated.

        Raises:  ValueError for a negative length, or a context with tokens outside the vocabulary.
        Derivation: the chain rule, read from left to right.
        """
        if length < 0:
            raise ValueError(f"length must not be negative, got {length}; 0 gives an empty text")
        start = self.vocabulary.encode(context)
        ids = np.append(start, np.zeros(length, dtype=np.int64))
        for t in range(start.size, ids.size):
            ids[t] = sample(self.distribution_after(ids[:t]), rng=rng, size=1)[0]
        return self.vocabulary.decode(ids[start.size :])

    def distribution_after(self, ids: Int[np.ndarray, " T"]) -> Float[np.ndarray, " V"]:
        """The same as ``distribution``, for a context that is given as token ids."""
        history, size = self._history(ids), len(self.vocabulary)
        p = np.full(size, 1 / size)
        for length in range(history.size + 1):
            context = self._node(history[history.size - length :])
            node = self.levels[length].find(context * size + np.arange(size))
            p = self._mix(length, node, context, p)
        return p

    def _mix(self, length: int, node: np.ndarray, context: np.ndarray | int, lower: np.ndarray) -> np.ndarray:
        """P with ``length`` tokens of context, from P with one token less."""
        level = self.levels[length]
        weight, total = level.weights[node], level.totals[context]
        if isinstance(self.smoothing, AddK):  # needs no lower level
            return (weight + self.smoothing.k) / (total + self.smoothing.k * len(self.vocabulary))
        discount = self.discounts[length]
        share = np.maximum(weight - discount, 0) + discount * level.kinds[context] * lower
        return np.divide(share, total, out=lower.copy(), where=total > 0)

    def _history(self, ids: Int[np.ndarray, " T"]) -> Int[np.ndarray, " S"]:
        return ids[max(0, ids.size - self.order) :]

    def _node(self, ids: Int[np.ndarray, " T"]) -> int:
        """The node of an n-gram, found by walking from its first token; -1 if it was never seen."""
        node = 0
        for level, token in zip(self.levels, ids, strict=False):
            node = int(level.find(np.asarray(node * len(self.vocabulary) + token)))
        return node

    def _encode_some(self, text: str) -> Int[np.ndarray, " T"]:
        if not text:
            raise ValueError("the text is empty (0 characters); there is nothing to score")
        return self.vocabulary.encode(text)
