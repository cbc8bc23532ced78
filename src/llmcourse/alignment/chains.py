r"""A task whose answers a program can check: chains of sums and products modulo 10 (numpy).

    3+4*7+9*3=        from left to right, the last digit each time: 3+4 → 7, ·7 → 9, +9 → 8, ·3 → 4
    7984>4.           an answer with its working: the digit after each operation, then > and the result
    >4.               the same answer without

Each of these characters is a token. All questions of ``steps`` operations are equally long: no padding is needed.
"""

from collections.abc import Sequence

import numpy as np

from llmcourse.shapes import Array, Bool, Integer

__all__ = ["SYMBOLS", "decode", "demonstrations", "encode", "is_right", "questions", "results"]

SYMBOLS = "0123456789+*=>."
END = SYMBOLS.index(".")
ADD, TIMES, EQUALS, THEN = (SYMBOLS.index(symbol) for symbol in "+*=>")


def encode(text: str) -> list[int]:
    """The number of each character in ``SYMBOLS``.

    Raises:  ValueError for a character that the task does not have.

    >>> encode("3+4=")
    [3, 10, 4, 12]
    """
    if strange := sorted(set(text) - set(SYMBOLS)):
        raise ValueError(f"{strange[0]!r} is none of the task's characters {SYMBOLS}")
    return [SYMBOLS.index(symbol) for symbol in text]


def decode(tokens: Sequence[int] | Integer[Array, " T"]) -> str:
    """The characters of these numbers."""
    return "".join(SYMBOLS[token] for token in tokens)


def questions(
    count: int, *, steps: int, rng: np.random.Generator, without: Integer[Array, "N T"] | None = None
) -> Integer[Array, "C T"]:
    r"""Random questions, T = 2 · ``steps`` + 2 tokens each: a first digit, then operations with digits from 2 to 9.

    Those of ``without`` (held out) do not come, each other one comes equally often: $10 \cdot 16^{steps}$ in all.

    Raises:  ValueError for no questions or no steps, or if 1,000 draws in a row are all held out.
    """
    if count < 1 or steps < 1:
        raise ValueError(f"there must be at least 1 question of 1 step, got {count} of {steps}")
    held_out = set() if without is None else set(map(tuple, without.tolist()))
    made, missed = [], 0
    while len(made) < count and missed < 1000:
        block = np.full((count - len(made), 2 * steps + 2), EQUALS)
        block[:, 0] = rng.integers(0, 10, len(block))
        block[:, 1:-1:2] = rng.choice([ADD, TIMES], (len(block), steps))
        block[:, 2:-1:2] = rng.integers(2, 10, (len(block), steps))
        fresh = [row for row in block.tolist() if tuple(row) not in held_out]
        missed = 0 if fresh else missed + 1
        made += fresh
    if len(made) < count:
        raise ValueError(f"{len(held_out)} held-out questions leave none to draw in 1000 attempts")
    return np.array(made)


def results(asked: Integer[Array, "C T"]) -> Integer[Array, "C _"]:
    """The digit after each operation; the last column is the answer.

    >>> results(np.array([encode("3+4*7+9*3=")])).tolist()
    [[7, 9, 8, 4]]
    """
    found = [asked[:, 0]]
    for place in range(1, asked.shape[1] - 1, 2):
        found.append(_after(found[-1], asked[:, place], asked[:, place + 1]))
    return np.stack(found[1:], axis=1)


def demonstrations(
    asked: Integer[Array, "C T"], *, worked: float, slips: float, rng: np.random.Generator
) -> list[list[int]]:
    """An answer to each question by a demonstrator who is not perfect.

    A share ``worked`` is written with its working. Each digit of it is, with probability ``slips``, a random one, and
    what follows goes on from there; so is the answer that is written without.

    Raises:  ValueError for shares outside [0, 1].
    """
    for name, share in (("worked", worked), ("slips", slips)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is a share and must lie in [0, 1], got {share}")
    right = results(asked)
    shows, slipped = rng.random(len(asked)) < worked, rng.random(right.shape) < slips
    random = rng.integers(0, 10, right.shape)
    value, working = asked[:, 0], []
    for step in range(right.shape[1]):
        value = _after(value, asked[:, 2 * step + 1], asked[:, 2 * step + 2])
        value = np.where(slipped[:, step], random[:, step], value)
        working.append(value)
    told = np.where(slipped[:, 0], random[:, 0], right[:, -1])
    rows = np.stack(working, axis=1).tolist()
    return [
        [*row, THEN, row[-1], END] if shown else [THEN, int(answer), END]
        for row, shown, answer in zip(rows, shows, told, strict=True)
    ]


def is_right(asked: Integer[Array, "C T"], answers: Sequence[Sequence[int]]) -> Bool[Array, " C"]:
    """Whether each answer ends in >, the right digit and the end mark; whatever stands before is not looked at.

    Raises:  ValueError unless there is one answer to each question.

    >>> asked = np.array([encode("3+4*7+9*3=")] * 3)
    >>> is_right(asked, [encode("7984>4."), encode(">4."), encode("7984>44.")]).tolist()
    [True, True, False]
    """
    if len(asked) != len(answers):
        raise ValueError(f"{len(answers)} answers to {len(asked)} questions")
    right = results(asked)[:, -1].tolist() if len(asked) else []
    return np.array([list(row)[-3:] == [THEN, digit, END] for row, digit in zip(answers, right, strict=True)], bool)


def _after(value: np.ndarray, operation: np.ndarray, digit: np.ndarray) -> np.ndarray:
    return np.where(operation == ADD, value + digit, value * digit) % 10
