"""The widgets' pseudo-random numbers, step by step the same as in ngram.js (pure Python)."""

_MASK = 0xFFFFFFFF


def uniform(seed: int, step: int) -> float:
    """The number in [0, 1) that decides step ``step``: mulberry32, which can be entered at any step.

    Thirty-two bits are plenty to pick a token and to reproduce a run; statistics should use ``numpy.random``.

    >>> round(uniform(0, 0), 6), round(uniform(0, 1), 6)
    (0.266429, 0.00033)
    """
    a = (seed + (step + 1) * 0x6D2B79F5) & _MASK
    t = ((a ^ (a >> 15)) * (a | 1)) & _MASK
    t ^= (t + (t ^ (t >> 7)) * (t | 61)) & _MASK
    return (t ^ (t >> 14)) / 2**32
