"""Exercises of page 5.3, relative and rotary positions (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

score_by_hand = Number(
    name="5.3.a",
    answer=6 * math.sin(1.5),
    misconceptions=[
        (-6 * math.sin(1.5), "The sign is that of the query 15 tokens *before* the key. Turn by +(t − s)θ = +1.5."),
        (6 * math.cos(1.5), "You took both arrows to start in the same direction. The key starts at a quarter turn."),
        (6 * math.sin(2.5), "You turned the query and forgot the key: it has turned too, by 10 · 0.1 = 1 radian."),
        (6 * math.sin(3.5), "You added the turns. The product with the *conjugate* subtracts them: 2.5 − 1."),
        (6 * math.sin(math.radians(1.5)), "The angle 1.5 is in radians; this is the sine of 1.5 degrees."),
        (6 * math.sin(1.5) / math.sqrt(2), "This is after the division by √K. The question asks for the dot product."),
    ],
)

whole_turns = Number(
    name="5.3.c",
    answer=46.0,
    unit="pairs",
    tolerance=1e-9,
    misconceptions=[
        (18.0, "These are the pairs that do not make it. The question asks for the others, out of 64."),
        (45.0, "Pairs count from 0: if the last that makes it is i = 45, there are 46."),
        (32.0, "That is with the base 500,000 of Llama 3. Llama 2 has 10,000: faster clocks, and more come round."),
        (64.0, "With the exponent −i/K the slowest pair is still fast. It is −2i/K: i counts pairs, K coordinates."),
        (58.0, "You left out the 2π: a whole turn is 2π radians, so Lθ must reach 2π and not 1."),
    ],
)


def _turned(x: np.ndarray, t: int, base: float, *, exponent: float = 2.0, sign: float = 1.0) -> np.ndarray:
    half = len(x) // 2
    angle = sign * t * base ** (-exponent * np.arange(half) / len(x))
    a, b = x[:half], x[half:]
    return np.concatenate((a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)))


def _interleaved(x: np.ndarray, t: int, base: float) -> np.ndarray:
    angle = t * base ** (-2 * np.arange(len(x) // 2) / len(x))
    a, b = x[0::2], x[1::2]
    return np.stack((a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)), -1).ravel()


def _written_back_in_pairs(x: np.ndarray, t: int, base: float) -> np.ndarray:
    return _turned(x, t, base).reshape(2, -1).T.ravel()


def _in_place(x: np.ndarray, t: int, base: float) -> np.ndarray:
    half = len(x) // 2
    angle = t * base ** (-2 * np.arange(half) / len(x))
    a = x[:half] * np.cos(angle) - x[half:] * np.sin(angle)
    return np.concatenate((a, a * np.sin(angle) + x[half:] * np.cos(angle)))


rotated = Exercise(
    name="5.3.d",
    signature="rotated(x, t, base)",
    answer=_turned,
    cases=[
        (np.array([1.0, 0.0, 0.0, 2.0]), 5, 100.0),
        (np.array([0.3, -1.0, 2.0, 0.5, 1.5, -0.7, 0.0, 1.0]), 1000, 10_000.0),
    ],
    misconceptions=[
        Misconception(
            _interleaved, "These are the pairs (0, 1), (2, 3), … In Hugging Face's layout i goes with i + K/2."
        ),
        Misconception(
            _written_back_in_pairs,
            "You paired i with i + K/2 when reading, and wrote the result as (0, 1), (2, 3), … Write back in halves.",
        ),
        Misconception(
            lambda x, t, base: _turned(x, t, base, sign=-1.0),
            "It turns the other way: a gets − b sin, and b gets + a sin.",
        ),
        Misconception(
            lambda x, t, base: _turned(x, t, base, exponent=1.0),
            "The frequencies are base^(−i/K). The exponent is −2i/K, so that the last of K/2 pairs comes near 1/base.",
        ),
        Misconception(
            lambda x, t, base: _turned(x, t, base, exponent=4.0),
            "The frequencies are base^(−4i/K): you divided by K/2 pairs and kept the 2. It is −2i/K or −i/(K/2).",
        ),
        Misconception(
            _in_place,
            "You used the new a to compute the new b. Both come from the old pair: keep it until you have both.",
        ),
    ],
)
