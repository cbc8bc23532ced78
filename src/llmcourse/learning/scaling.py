r"""The loss that a size and an amount of data buy, and the cheapest pair for a budget (numpy).

Hoffmann et al.'s law is a floor and two shortages, $L(N, D) = E + A/N^\alpha + B/D^\beta$. Training costs
$C = 6ND$, so a budget leaves one choice. With $D = C/6N$ the loss is a function of N alone, and where its derivative by
$\log N$ is zero the two shortages trade one for one:

$$\alpha A N^{-\alpha} = \beta B D^{-\beta} \quad\Longrightarrow\quad
N = G\,(C/6)^{a}, \quad D = G^{-1}(C/6)^{b}, \quad G = \Big(\frac{\alpha A}{\beta B}\Big)^{1/(\alpha+\beta)},\quad
a = \frac{\beta}{\alpha+\beta},\quad b = \frac{\alpha}{\alpha+\beta}$$
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.optimize import brentq

from llmcourse.shapes import Array, Float, Int

Numbers = Float[Array, "..."] | Int[Array, "..."] | float | int
Floats = Float[Array, "..."] | float


def check_positive(**values: Numbers) -> None:
    """Raise ValueError unless each value, by its name, is positive and finite."""
    for name, value in values.items():
        wrong = ~((np.asarray(value) > 0) & np.isfinite(value))  # written so that NaN is wrong
        if wrong.any():
            raise ValueError(f"{name} must be positive and finite, got {np.asarray(value)[wrong].flat[0]:.6g}")


@dataclass(frozen=True)
class LossLaw:
    r"""$L(N, D) = E + A/N^\alpha + B/D^\beta$: a floor, what a small model misses, what little data leaves unlearned.

    Units:   nats per token (or per byte, if it was fitted so); N in parameters, D in tokens (or bytes).
    Raises:  ValueError unless all but E are positive, and E is not negative.
    Source:  Hoffmann et al. (2022), eq. 2 and 10. {cite}`hoffmann2022`
    """

    floor: float | int  # E
    size_scale: float | int  # A
    data_scale: float | int  # B
    size_exponent: float | int  # α
    data_exponent: float | int  # β

    def __post_init__(self) -> None:
        check_positive(
            size_scale=self.size_scale,
            data_scale=self.data_scale,
            size_exponent=self.size_exponent,
            data_exponent=self.data_exponent,
        )
        if not 0 <= self.floor < math.inf:
            raise ValueError(f"the floor must not be negative, got {self.floor}")

    def loss(self, parameters: Numbers, tokens: Numbers) -> Floats:
        r"""$E + A/N^\alpha + B/D^\beta$.

        Source:  Hoffmann et al. (2022), eq. 10. {cite}`hoffmann2022`

        >>> LossLaw(1.0, 20.0, 30.0, 0.5, 0.5).loss(400.0, 900.0)
        3.0
        """
        check_positive(parameters=parameters, tokens=tokens)
        shortage = self.size_scale * _power(parameters, -self.size_exponent)
        return self.floor + shortage + self.data_scale * _power(tokens, -self.data_exponent)

    def isoflop(self, parameters: Numbers, compute: Numbers) -> Floats:
        """The loss of each size when all are trained with the same compute: fewer tokens for more parameters.

        Source:  Hoffmann et al. (2022), section 3.2 and figure 3. {cite}`hoffmann2022`
        """
        check_positive(parameters=parameters, compute=compute)
        return self.loss(parameters, compute / (6 * parameters))

    @property
    def growth(self) -> float:
        r"""$a = \beta/(\alpha+\beta)$: the optimal size grows as $C^a$, the optimal data as $C^{1-a}$.

        Source:  Hoffmann et al. (2022), eq. 4. {cite}`hoffmann2022`
        """
        return self.data_exponent / (self.size_exponent + self.data_exponent)

    def optimal_parameters(self, compute: Numbers) -> Floats:
        r"""The size of the lowest loss at a budget: $N = G\,(C/6)^a$.

        Source:  Hoffmann et al. (2022), eq. 4. {cite}`hoffmann2022`

        >>> LossLaw(1.0, 20.0, 20.0, 0.5, 0.5).optimal_parameters(6e10)  # a symmetric law shares the budget equally
        100000.0
        """
        check_positive(compute=compute)
        ratio = self.size_exponent * self.size_scale / (self.data_exponent * self.data_scale)
        g = ratio ** (1 / (self.size_exponent + self.data_exponent))
        return g * _power(compute / 6, self.growth)

    def optimal_tokens(self, compute: Numbers) -> Floats:
        r"""The data of the lowest loss at a budget: $D = C/6N$.

        Source:  Hoffmann et al. (2022), eq. 4. {cite}`hoffmann2022`
        """
        return compute / (6 * self.optimal_parameters(compute))

    def optimal_loss(self, compute: Numbers) -> Floats:
        r"""The lowest loss that a budget buys: $E + K\,(C/6)^{-\alpha\beta/(\alpha+\beta)}$.

        Derivation:  put the optimal N and D into the law; both shortages have the same power of C.
        """
        return self.loss(self.optimal_parameters(compute), self.optimal_tokens(compute))

    def tokens_per_parameter(self, compute: Numbers) -> Floats:
        r"""D/N at the optimum: $G^{-2}(C/6)^{b-a}$, constant only if the two exponents are equal.

        Derivation:  the quotient of ``optimal_tokens`` and ``optimal_parameters``.
        """
        return self.optimal_tokens(compute) / self.optimal_parameters(compute)

    def compute_for(self, loss: float | int) -> float:
        """The smallest budget that reaches a loss: ``optimal_loss`` the other way round.

        Raises:  ValueError for a loss that is not above the floor.
        Derivation:  what is above the floor is divided between the shortages of size and data as β to α.

        >>> LossLaw(1.0, 20.0, 20.0, 0.5, 0.5).compute_for(3.0)  # 400 parameters, 400 tokens
        960000.0
        """
        size, data = self._sizes(loss, self._fair)
        return 6 * size * data

    def tokens_for(self, loss: float | int, parameters: float | int) -> float:
        """The data with which a model of this size reaches a loss.

        Raises:  ValueError for a loss that this size does not reach with any amount of data.
        Derivation:  solve the law for D.

        >>> LossLaw(1.0, 20.0, 30.0, 0.5, 0.5).tokens_for(3.0, 400)
        900.0
        """
        check_positive(loss=loss, parameters=parameters)
        limit = self.floor + self.size_scale * float(parameters) ** -self.size_exponent
        if not loss > limit:
            raise ValueError(f"{parameters:.6g} parameters stay above {limit:.6g} with any data; {loss:.6g} needs more")
        return (self.data_scale / (loss - limit)) ** (1 / self.data_exponent)

    def overtraining_factor(self, loss: float | int, parameters: float | int) -> float:
        """How much more compute it takes to reach a loss with this size than with the best one: 1 or more.

        Raises:  ValueError for a loss that this size does not reach with any amount of data.
        Derivation:  the quotient of 6 N ``tokens_for`` and ``compute_for``.
        """
        return 6 * parameters * self.tokens_for(loss, parameters) / self.compute_for(loss)

    def cheapest_for(self, loss: float | int, *, served: float | int = 0) -> tuple[float, float]:
        r"""Size and training data that reach a loss at the least $6ND + 2N D_{served}$, training and use together.

        A model that will read and write many tokens (``served``) should be smaller, and trained for longer, than
        training alone would ask.

        Raises:  ValueError for a loss that is not above the floor, or a negative number of tokens.
        Source:  Sardana et al. (2024), section 2. {cite}`sardana2024`
        Derivation:  let the shortage of size be the share w of what is above the floor. Where the cost is least,
                     $6D\,(\frac{\alpha w}{\beta(1 - w)} - 1) = 2 D_{served}$; the left side grows with w.
        """
        if not 0 <= served < math.inf:
            raise ValueError(f"served must be a number of tokens, got {served}")
        if served == 0:
            return self._sizes(loss, self._fair)

        def excess(log_odds: float) -> float:
            data = self._sizes(loss, log_odds)[1]
            return 3 * data * math.expm1(log_odds - self._fair) - served

        high = self._fair + 1.0
        while excess(high) < 0:
            high += 1.0
        return self._sizes(loss, cast(float, brentq(excess, self._fair, high, xtol=1e-13)))

    def served_for(self, parameters: float | int, tokens: float | int) -> float:
        r"""The D_served for which this size and this much data are the cheapest way to their loss.

        Range:   0 where training alone is cheapest; negative for a model with less data than that, at any use.
        Source:  Sardana et al. (2024), section 2. {cite}`sardana2024`
        Derivation:  the condition of ``cheapest_for``, read from right to left.

        >>> law = LossLaw(1.0, 20.0, 20.0, 0.5, 0.5)  # 6D (w/(1 - w) - 1) = 2 D_served; here w/(1 - w) is 3
        >>> round(law.served_for(400, 3600), 6)
        21600.0
        """
        check_positive(parameters=parameters, tokens=tokens)
        of_size = self.size_scale * float(parameters) ** -self.size_exponent
        of_data = self.data_scale * float(tokens) ** -self.data_exponent
        return 3 * tokens * math.expm1(math.log(of_size / of_data) - self._fair)

    @property
    def _fair(self) -> float:
        """Log-odds of the size's share where training alone is cheapest: β to α."""
        return math.log(self.data_exponent / self.size_exponent)

    def _sizes(self, loss: float | int, log_odds: float) -> tuple[float, float]:
        """N and D that reach a loss with the shortages in this ratio of size to data."""
        above = loss - self.floor
        if not 0 < above < math.inf:
            raise ValueError(f"a loss of {loss:.6g} is not above the floor of {self.floor:.6g}: no budget reaches it")
        of_size, of_data = above / (1 + math.exp(-log_odds)), above / (1 + math.exp(log_odds))
        size = (self.size_scale / of_size) ** (1 / self.size_exponent)
        return size, (self.data_scale / of_data) ** (1 / self.data_exponent)


# Hoffmann et al. (2022), eq. 10 (appendix D.2): as printed, and before rounding, as a comment in the TeX has them
# (found by Besiroglu et al., 2024; it gives E, A and B by their logarithms).
HOFFMANN_PRINTED = LossLaw(1.69, 406.4, 410.7, 0.34, 0.28)
HOFFMANN_UNROUNDED = LossLaw(math.exp(0.5267228), math.exp(6.0073404), math.exp(6.0179186), 0.33917084, 0.2849083)
# Besiroglu et al. (2024), table 1: the law fitted again, to the points of Hoffmann's figure 4.
BESIROGLU = LossLaw(1.8172, 482.01, 2085.43, 0.3478, 0.3658)
# Muennighoff et al. (2023), for one pass through the data; the two exponents are set equal.
MUENNIGHOFF = LossLaw(1.87, 521.0, 1488.0, 0.353, 0.353)


def _power(base: Numbers, exponent: float) -> Floats:
    return np.power(base, exponent) if isinstance(base, np.ndarray) else float(base) ** exponent
