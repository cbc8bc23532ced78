"""How typed answers are read: what does not matter in a text, and what counts as a number (standard library).

explore/answers.js has the same functions, and a test holds them equal.
"""

import re
import unicodedata

_ARTICLE = re.compile(r"^(?:a|an|the) (?=.)")
_PLAIN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"
_NUMBER = re.compile(rf"({_PLAIN})(?:/({_PLAIN})|\*10\^([+-]?[0-9]+))?(%)?")
_BLANKS = re.compile("[ \t\r\n\u00a0\u2009\u202f]+")
_THOUSANDS = re.compile(r"([0-9]),(?=[0-9]{3}(?![0-9]))")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_LONGEST = 40  # letters; no answer needs more, and no reading takes long


def normal_text(text: str) -> str:
    """A text without what does not matter in an answer: case, accents, signs between words, an article before them.

    >>> normal_text("The Kullback–Leibler  divergence!"), normal_text("Ménage à trois")
    ('kullback leibler divergence', 'menage a trois')
    """
    kept = []
    for letter in unicodedata.normalize("NFKD", text).lower():
        kind = unicodedata.category(letter)[0]
        kept.append(letter if kind in "LN" else "" if kind == "M" else " ")
    return _ARTICLE.sub("", " ".join("".join(kept).split()))


def read_numbers(text: str) -> tuple[float, ...]:
    """The number that a reader typed: in both readings if a comma allows two, and none if it is no number.

    Decimals after a point or a comma, thousands with commas or blanks, a fraction, a power of ten, a percent sign.

    >>> [read_numbers(text) for text in ("0.75", "−9/80", "8.4·10²²", "12 %", "54,410.5", "1,283", "many")]
    [(0.75,), (-0.1125,), (8.4e+22,), (0.12,), (54410.5,), (1283.0, 1.283), ()]
    """
    text = _BLANKS.sub("", text).lower().replace("−", "-")
    if len(text) > _LONGEST:
        return ()
    text = re.sub("(10)([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: f"{found[1]}^{found[2].translate(_RAISED)}", text)
    text = re.sub("[·×⋅]", "*", text)
    values = (_number(_THOUSANDS.sub(r"\1", text)), _number(text.replace(",", ".")))
    return tuple(dict.fromkeys(value for value in values if value is not None))


def is_within(value: float, target: float, tolerance: float) -> bool:
    """Whether a number is right: the tolerance itself included, in spite of rounding.

    >>> is_within(0.26, 0.25, 0.01), is_within(0.2601, 0.25, 0.01)
    (True, False)
    """
    return abs(value - target) <= tolerance + 1e-9 * abs(target)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if not found or (found[3] and "e" in found[1]):
        return None
    value = float(f"{found[1]}e{found[3]}") if found[3] else float(found[1])
    if found[2]:
        below = float(found[2])
        value = value / below if below else float("inf")
    if found[4]:
        value /= 100
    return value if abs(value) < float("inf") else None  # neither infinite nor undefined
