"""Exercises of page 5.4: a folded angle, slow clocks counted, amplitudes and phases of a score (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

folded_angle = Number(
    name="5.4.a",
    answer=80.0,
    unit="degrees",
    misconceptions=[
        (100.0, "You took off half a turn, which flips the sign of every second position. Only whole turns are free."),
        (280.0, "280° is what it does. The question asks for a slower clock, of at most 180°, with the same cosines."),
        (140.0, "Halving the angle changes the cosines. Use cos(360° − x) = cos x."),
        (-80.0, "Same cosines, yes, and even the same clock. As an angle from 0° to 180° it is the mirror image."),
    ],
)

_THETA = 1e5 ** (-np.arange(32) / 32)

slow_clocks = Number(
    name="5.4.b",
    answer=float((2 * math.pi / _THETA > 2048).sum()),
    unit="pairs",
    misconceptions=[
        (float((2 * math.pi / _THETA <= 2048).sum()), "These are the pairs that do come round. Subtract from 32."),
        (16.0, "Pair 16 takes 2π · 100,000^(1/2) = 1,987 tokens: it comes round. Start at pair 17."),
        (14.0, "31 − 17 = 14, but both ends count: pairs 17 to 31 are fifteen."),
        (float((1 / _THETA > 2048).sum()), "1/θ is the time for one radian. A whole turn takes 2π/θ."),
        (
            float((2 * math.pi / 1e4 ** (-np.arange(32) / 32) > 2048).sum()),
            "This is for base 10,000. The model of this question has base 100,000.",
        ),
    ],
)


def _waves(q: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = (q[0::2] + 1j * q[1::2]) * (k[0::2] - 1j * k[1::2])
    return np.abs(product) / math.sqrt(q.size), np.angle(product)


def _halves(q: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = q.size // 2
    product = (q[:n] + 1j * q[n:]) * (k[:n] - 1j * k[n:])
    return np.abs(product) / math.sqrt(q.size), np.angle(product)


def _cases() -> list[tuple]:
    rng = np.random.default_rng(54)
    return [tuple(rng.standard_normal((2, width)).round(2)) for width in (4, 8)]


amplitudes_and_phases = Exercise(
    name="5.4.d",
    signature="amplitudes_and_phases(q, k)",
    answer=_waves,
    cases=_cases(),
    misconceptions=[
        Misconception(
            lambda q, k: (_waves(q, k)[0], -_waves(q, k)[1]),
            "The phases have the wrong sign: conjugate the key, not the query. The query is the later of the two.",
        ),
        Misconception(
            lambda q, k: (_waves(q, k)[0], np.angle((q[0::2] + 1j * q[1::2]) * (k[0::2] + 1j * k[1::2]))),
            "You multiplied without a conjugate, so the phases add. A dot product depends on the difference.",
        ),
        Misconception(
            lambda q, k: (_waves(q, k)[0] * math.sqrt(q.size), _waves(q, k)[1]),
            "The phases are right. A score is the dot product over √K, and so is each amplitude.",
        ),
        Misconception(
            lambda q, k: (_waves(q, k)[0], np.degrees(_waves(q, k)[1])),
            "Right, but in degrees. The offset enters as kθ in radians, and so must the phase: np.angle gives radians.",
        ),
        Misconception(_halves, "You paired i with i + K/2. Here the pairs are neighbors: (0, 1), (2, 3), …"),
    ],
)
