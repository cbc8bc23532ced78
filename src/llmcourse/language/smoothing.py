r"""How counts become probabilities: add-k and Kneser–Ney, as values with their parameters (numpy)."""

from dataclasses import dataclass

import numpy as np

from llmcourse.language.counts import Level


@dataclass(frozen=True)
class AddK:
    r"""Add ``k`` to every count: $P(w \mid h) = (c(hw) + k) / (c(h\,\bullet) + kV)$.

    Limits:  k → 0 gives the relative frequencies, k → ∞ the uniform distribution.
    Raises:  ValueError unless ``k`` is positive and finite.
    Source:  Chen & Goodman (1999), section 2.1, who call it additive smoothing. {cite}`chen1999`
    """

    k: float | int = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.k < np.inf:
            raise ValueError(f"k must be positive and finite, got {self.k}; for relative frequencies use model.counts")


@dataclass(frozen=True)
class KneserNey:
    r"""Interpolated Kneser–Ney smoothing; the recursion is at the top of ``llmcourse.language.ngram``.

    ``discount`` is one D for every level. Without it each level estimates its own, $D_j = n_1 / (n_1 + 2 n_2)$, where
    $n_1$ and $n_2$ are how many n-grams of the level have $a_j = 1$ and $a_j = 2$. If either is zero the estimate would
    be 0 or 1 (an unseen token impossible, or a single occurrence worthless), and that level takes ``fallback``.
    ``model.discounts`` shows what was used.

    Raises:  ValueError for a discount or fallback outside (0, 1).
    Source:  Kneser & Ney (1995) for the continuation counts; Chen & Goodman (1999), section 2.7 for the recursion in
             its interpolated form, section 2.6 for the estimate of D, due to Ney, Essen & Kneser (1994). The
             interpolation with 1/V below the lowest level, and ``fallback``, are ours.
             {cite}`kneser1995,chen1999,ney1994`
    """

    discount: float | None = None
    fallback: float = 0.5

    def __post_init__(self) -> None:
        for name, value in (("discount", self.discount), ("fallback", self.fallback)):
            if value is not None and not 0 < value < 1:
                raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}; 0.75 is a common choice")

    def of_level(self, level: Level) -> float:
        """The discount D of one level.

        Source:  Chen & Goodman (1999), section 2.6, after Ney, Essen & Kneser (1994). {cite}`chen1999,ney1994`
        """
        if self.discount is not None:
            return self.discount
        once, twice = int(np.sum(level.weights == 1)), int(np.sum(level.weights == 2))
        return once / (once + 2 * twice) if once and twice else self.fallback
