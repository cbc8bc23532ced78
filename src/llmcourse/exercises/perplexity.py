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
        (2.4 * 4, "You multiplied by the bytes per token, and these are nats. Divide by 4, and by ln 2 for bits."),
        (float(np.exp(2.4 / 4)), "This is the perplexity per byte. Leave out the exponent, and change nats to bits."),
        (float(np.exp(2.4)), "This is the perplexity per token. Bits per byte is not an exponent but a mean surprise."),
        (
            float(np.exp(2.4)) / 4,
            "You divided the perplexity by 4. It is the loss, 2.4, that four bytes share; then bits.",
        ),
        (4 * np.log(2) / 2.4, "This is upside down: bytes per bit. A token's bits are divided by its bytes."),
        (2.4 * 3000 / np.log(2), "These are the bits of the whole text. Its 12,000 bytes share them."),
        (2.4 * 3000, "These are the nats of the whole text. Its 12,000 bytes share them, and a bit is ln 2 nats."),
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
        (1.3**20.0, "Base and exponent have changed places. It is the perplexity that is raised to the power 1.3."),
        (1.3 * float(np.log(20.0)), "This is a word's surprise in nats. Its exponent is the perplexity."),
        (1.3 * float(np.log2(20.0)), "This is a word's surprise in bits. Two to that power is the perplexity."),
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
        Misconception(
            lambda nats, sizes: float((nats / sizes).mean()),
            "You averaged the documents' own ratios, and in nats. Add up all nats and all bytes, then divide; a bit is "
            "ln 2 nats.",
        ),
        Misconception(
            lambda nats, sizes: nats / np.log(2) / sizes,
            "This is one number for each document. One is wanted for all: add up the nats and the bytes first.",
        ),
        Misconception(lambda nats, sizes: float(nats.sum() / sizes.sum()), "This is in nats. Divide by ln 2 for bits."),
        Misconception(
            lambda nats, sizes: float(nats.sum() / np.log(2)),
            "These are the bits of all documents together. Divide them by all bytes.",
        ),
        Misconception(
            lambda nats, sizes: -float(nats.sum() / np.log(2) / sizes.sum()),
            "The sign is wrong. A surprise is minus a log-probability already: at least 0.",
        ),
        Misconception(
            lambda nats, sizes: float(sizes.sum() * np.log(2) / nats.sum()),
            "This is upside down: bytes per bit. Divide the bits by the bytes.",
        ),
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
        Misconception(
            lambda nats, sizes: float((nats / sizes).sum() / np.log(2)),
            "You added up the documents' own bits per byte, so every further document makes the text dearer. Add up "
            "all nats, add up all bytes, then divide.",
        ),
        *(
            Misconception(
                mistake,
                "You took the logarithm of the nats. They are logarithms already: divide by ln 2 to have bits.",
            )
            for mistake in (
                lambda nats, sizes: float(np.log2(nats).sum() / sizes.sum()),
                lambda nats, sizes: float(np.log2(nats.sum()) / sizes.sum()),
                lambda nats, sizes: float(np.log2(nats.sum() / sizes.sum())),
            )
        ),
    ],
)


def _longest_first(text: str, tokens: list[str]) -> list[str]:
    """The greedy row: always the longest token that fits; empty if it gets stuck."""
    row: list[str] = []
    while text:
        fitting = [token for token in tokens if text.startswith(token)]
        if not fitting:
            return []
        row.append(max(fitting, key=len))
        text = text[len(row[-1]) :]
    return row


def _rows(text: str, tokens: list[str]) -> list[list[str]]:
    first = [token for token in tokens if text.startswith(token)]
    return [[token, *rest] for token in first for rest in _rows(text[len(token) :], tokens)] if text else [[]]


def _without_order(text: str, tokens: list[str]) -> int:
    return len({tuple(sorted(row)) for row in _rows(text, tokens)})


def _dead_ends_too(text: str, tokens: list[str]) -> int:
    return sum(_dead_ends_too(text[len(token) :], tokens) for token in tokens if text.startswith(token)) or 1


def _subsets(text: str, tokens: list[str]) -> int:
    """Every cut allowed, whatever the vocabulary."""
    return 2 ** (len(text) - 1)


def _powers(text: str, tokens: list[str]) -> int:
    return 2 ** len(text)


def _tokens_of_all_rows(text: str, tokens: list[str]) -> int:
    return sum(map(len, _rows(text, tokens)))


def _two_pieces(text: str, tokens: list[str]) -> int:
    return sum(text[:cut] in tokens and text[cut:] in tokens for cut in range(1, len(text)))


def _right(text: str, tokens: list[str]) -> int:
    return count_spellings(text.encode(), [token.encode() for token in tokens])


def _greedy_after_each_first(text: str, tokens: list[str]) -> int:
    rests = [text[len(token) :] for token in tokens if text.startswith(token)]
    return sum(not rest or bool(_longest_first(rest, tokens)) for rest in rests)


def _occurrences(text: str, tokens: list[str]) -> int:
    return sum(text.startswith(token, i) for i in range(len(text)) for token in tokens)


def _occurrences_apart(text: str, tokens: list[str]) -> int:
    return sum(map(text.count, tokens))


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
        Misconception(
            lambda text, tokens: int(bool(_longest_first(text, tokens))),
            "You counted one row, that of the longest tokens. Every other row that spells the text counts.",
        ),
        Misconception(
            lambda text, tokens: len(_longest_first(text, tokens)),
            "You counted the tokens of one row, that of the longest tokens. Count the rows.",
        ),
        Misconception(
            lambda text, tokens: 0,
            "Nothing was counted. When all of the text is spelled, what is left is empty, and that has one row.",
        ),
        Misconception(_rows, "These are the rows themselves. Their number is asked."),
        Misconception(
            _without_order, "You counted collections of tokens. A row has an order: b, ab and ab, b are two."
        ),
        Misconception(
            _dead_ends_too, "You counted a row that gets stuck before the end. Only rows that spell all of it count."
        ),
        Misconception(_subsets, "You allowed every cut. Only pieces that are tokens may stand between two cuts."),
        Misconception(
            _powers,
            "This is two to the number of letters. A text has one place fewer to cut, and not every piece is a token.",
        ),
        Misconception(
            _tokens_of_all_rows,
            "You added up the tokens of all rows. Each row counts once, however many tokens it has.",
        ),
        Misconception(
            _two_pieces, "You cut the text once only. A row may have one token, or as many as the text has letters."
        ),
        Misconception(
            _tokens_inside, "You counted the tokens that occur in the text. Count the rows that spell all of it."
        ),
        Misconception(
            _greedy_after_each_first,
            "You tried every first token, but went on with the longest only. What is left has many spellings, too.",
        ),
        *(
            Misconception(mistake, "You counted the places of the tokens. Count the rows that spell all of the text.")
            for mistake in (_occurrences, _occurrences_apart)
        ),
    ],
)
