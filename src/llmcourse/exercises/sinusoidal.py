"""Exercises of page 5.2, sinusoidal positions (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

product_by_hand = Number(
    name="5.2.a",
    answer=math.cos(2) + math.cos(0.2),
    misconceptions=[
        (math.cos(8) + math.cos(0.8), "You used 3 + 5. The product of two rows is a cosine of the difference, 5 − 3."),
        (
            math.cos(math.radians(2)) + math.cos(math.radians(0.2)),
            "Your calculator is set to degrees. The clocks turn by radians: cos 2 = −0.416.",
        ),
        (
            math.cos(2) + math.cos(2 * 100**-0.25),
            "The second clock's frequency is 100^(−2/4) = 0.1. You took 100^(−1/4): the exponent is −2i/D.",
        ),
        (
            (math.cos(2) + math.cos(0.2)) / 2,
            "This is the cosine between the rows. The dot product is D/2 = 2 times as large.",
        ),
        (
            math.cos(2) + math.cos(0.02),
            "You used b = 10,000. Here b = 100, so the second clock turns by 0.1 per place.",
        ),
        (math.cos(2), "This is the first clock alone. A row of four dimensions has two."),
        (math.sin(2) + math.sin(0.2), "The pair gives sin·sin + cos·cos, which is the cosine of the difference."),
    ],
)

longest_wavelength = Number(
    name="5.2.b",
    answer=2 * math.pi * 1e4 ** (1 - 2 / 64),
    unit="positions",
    misconceptions=[
        (2e4 * math.pi, "This is 2π · 10,000, the limit of large D. The last pair has 2i = D − 2, not D."),
        (1e4 ** (1 - 2 / 64), "This is 1/ω, the places for one radian. A whole turn is 2π radians, so multiply by 2π."),
        (
            2 * math.pi * 1e4 ** (1 - 1 / 64),
            "The last pair's exponent is 2i/D with i = D/2 − 1 = 31: 62/64, not 63/64.",
        ),
        (2 * math.pi, "This is the shortest one, of the first pair."),
        (1e4 ** -(1 - 2 / 64), "This is the frequency. The wavelength is 2π divided by it."),
    ],
)


def _row(t: float | int, width: int, base: float | int) -> np.ndarray:
    angle = t * base ** (-2 * np.arange(width // 2) / width)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).ravel()


def _slow_steps(t: float | int, width: int, base: float | int) -> np.ndarray:
    angle = t * base ** (-np.arange(width // 2) / width)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).ravel()


def _fast(t: float | int, width: int, base: float | int) -> np.ndarray:
    angle = t * base ** (2 * np.arange(width // 2) / width)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).ravel()


def _from_one(t: float | int, width: int, base: float | int) -> np.ndarray:
    angle = t * base ** (-2 * np.arange(1, width // 2 + 1) / width)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).ravel()


def _each_dimension(t: float | int, width: int, base: float | int) -> np.ndarray:
    angle = t * base ** (-2 * np.arange(width) / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle))


def _halves(t: float | int, width: int, base: float | int) -> np.ndarray:
    row = _row(t, width, base)
    return np.concatenate((row[0::2], row[1::2]))


def _swapped(t: float | int, width: int, base: float | int) -> np.ndarray:
    return _row(t, width, base).reshape(-1, 2)[:, ::-1].ravel()


sinusoid_row = Exercise(
    name="5.2.d",
    signature="sinusoid_row(t, width, base)",
    answer=_row,
    cases=[(1, 4, 100.0), (7, 6, 10_000.0), (0, 2, 50.0)],
    misconceptions=[
        Misconception(_halves, "All sines come before all cosines. In the paper each sine has its cosine next to it."),
        Misconception(_swapped, "Sine and cosine are swapped: dimension 0 is a sine, so position 0 begins with 0."),
        Misconception(
            _slow_steps, "The exponent is −2i/D for pair i. You have −i/D, and the last clock is far too fast."
        ),
        Misconception(
            _fast, "The sign of the exponent: each clock is slower than the one before, so divide by b^(2i/D)."
        ),
        Misconception(_from_one, "Pairs count from i = 0, so that the first clock turns by 1 radian per position."),
        Misconception(
            _each_dimension,
            "Each dimension got a frequency of its own. The two of a pair share one, so that a rotation can move them.",
        ),
    ],
)


def _shift(row: np.ndarray, k: float | int, base: float | int, *, sign: int = 1) -> np.ndarray:
    width = row.size
    angle = sign * k * base ** (-2 * np.arange(width // 2) / width)
    sin, cos = row[0::2], row[1::2]
    moved = sin * np.cos(angle) + cos * np.sin(angle), cos * np.cos(angle) - sin * np.sin(angle)
    return np.stack(moved, axis=-1).ravel()


def _one_angle(row: np.ndarray, k: float | int, base: float | int) -> np.ndarray:
    sin, cos = row[0::2], row[1::2]
    moved = sin * np.cos(k) + cos * np.sin(k), cos * np.cos(k) - sin * np.sin(k)
    return np.stack(moved, axis=-1).ravel()


shifted_row = Exercise(
    name="5.2.e",
    signature="shifted_row(row, k, base)",
    answer=_shift,
    cases=[(_row(3, 4, 100.0), 2, 100.0), (_row(20, 6, 1e4), 5, 1e4), (_row(9, 6, 1e4), -4, 1e4)],
    misconceptions=[
        Misconception(
            lambda row, k, base: _shift(row, k, base, sign=-1),
            "You moved backward: this is PE(t − k). In a pair the sine stands first: a step forward turns clockwise.",
        ),
        Misconception(_one_angle, "Every pair was turned by k radians. Pair i is slower: it turns by k · b^(−2i/D)."),
        Misconception(
            lambda row, k, base: row + _row(k, row.size, base),
            "Rows do not add: sin(a + b) is not sin a + sin b. Use the addition theorem, pair by pair.",
        ),
        Misconception(
            lambda row, k, base: _row(k, row.size, base),
            "This is PE(k), whatever the row was. Turn the given row further by k positions.",
        ),
    ],
)
