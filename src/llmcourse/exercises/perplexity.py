"""Exercises of page 11.1, perplexity (numpy)."""

import numpy as np

from llmcourse.evaluation.perplexity import bits_of_loss, bits_per, reshared
from llmcourse.evaluation.tokenizations import count_spellings
from llmcourse.exercises.checker import Exercise, Misconception, Number

__all__ = ["bits_of_a_byte", "bits_of_documents", "per_word", "spelled"]

bits_of_a_byte = Number(
    name="11.1.a",
    answer=bits_of_loss(2.4, 3000, 12000),
    unit="bits per byte",
    misconceptions=[
        (2.4 / 4, "This is in nats per byte. One bit is ln 2 = 0.693 nats: divide by it."),
        (2.4 * np.log(2) / 4, "You multiplied by ln 2. A bit is the smaller unit, so the number of bits is larger."),
        (2.4 / np.log(2), "This is in bits per token. A token has four bytes, which share its bill."),
        (2.4 / np.log(2) * 4, "You multiplied by the bytes per token. Four bytes share the bill of a token: divide."),
        (float(np.exp(2.4)), "This is the perplexity per token. Bits per byte is not an exponent but a mean surprise."),
    ],
)

per_word = Number(
    name="11.1.b",
    answer=reshared(20.0, 1.3, 1),
    unit="",
    misconceptions=[
        (26.0, "You multiplied the perplexity by 1.3. It is the logarithm that adds up: raise 20 to the power 1.3."),
        (
            20.0 ** (1 / 1.3),
            "You took the root. A word is more than a token, so its price is higher: the exponent is 1.3.",
        ),
        (20.0 / 1.3, "Dividing makes a word cheaper than a token. Raise 20 to the power 1.3."),
        (20.0, "This is still per token. A word costs 1.3 times as many nats."),
    ],
)


bits_of_documents = Exercise(
    name="11.1.d",
    signature="bits_of_documents(nats, sizes)",
    answer=lambda nats, sizes: bits_per(nats, sizes).value,
    cases=[(np.array([300.0, 20.0, 9.0]), np.array([200, 10, 30])), (np.array([100.0, 90.0]), np.array([50, 30]))],
    misconceptions=[
        Misconception(
            lambda nats, sizes: float((nats / sizes).mean() / np.log(2)),
            "You averaged the documents' own bits per byte, so a short document counts as much as a long one. Add up "
            "all nats, add up all bytes, then divide.",
        ),
        Misconception(lambda nats, sizes: float(nats.sum() / sizes.sum()), "This is in nats. Divide by ln 2 for bits."),
        Misconception(
            lambda nats, sizes: float(nats.sum() / sizes.sum() * np.log(2)),
            "You multiplied by ln 2. One bit is 0.693 nats, so there are more bits than nats: divide.",
        ),
        Misconception(
            lambda nats, sizes: float(np.exp(nats.sum() / sizes.sum())),
            "This is the perplexity per byte. Leave out the exponent, and change nats to bits.",
        ),
        Misconception(
            lambda nats, sizes: float(np.exp(nats / sizes).mean()),
            "This is a mean of perplexities. Average surprises, never their exponents; and it is bits that are asked.",
        ),
        Misconception(
            lambda nats, sizes: float(nats.sum() / np.log(2) / sizes.size),
            "This is bits per document. Divide by all bytes, not by the number of documents.",
        ),
    ],
)


def _no_overlap(text: str, tokens: list[str]) -> int:
    """Greedy: the longest token first, one row."""
    return 1


def _subsets(text: str, tokens: list[str]) -> int:
    """Every cut allowed, whatever the vocabulary."""
    return 2 ** (len(text) - 1)


def _right(text: str, tokens: list[str]) -> int:
    return count_spellings(text.encode(), [token.encode() for token in tokens])


def _tokens_inside(text: str, tokens: list[str]) -> int:
    return sum(token in text for token in tokens)


spelled = Exercise(
    name="11.1.e",
    signature="spelled(text, tokens)",
    answer=_right,
    cases=[
        ("the", ["t", "h", "e", "th", "he"]),
        ("abab", ["a", "b", "ab", "ba", "aba"]),
        ("aaaa", ["a", "aa"]),
        ("ab", ["a"]),
    ],
    misconceptions=[
        Misconception(_no_overlap, "You counted the tokenizer's own row only. Every other row that spells it counts."),
        Misconception(_subsets, "You allowed every cut. Only pieces that are tokens may stand between two cuts."),
        Misconception(
            _tokens_inside, "You counted the tokens that occur in the text. Count the rows that spell all of it."
        ),
    ],
)
