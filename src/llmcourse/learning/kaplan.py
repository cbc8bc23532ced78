r"""Kaplan et al.'s laws of 2020: one power law for each resource, when the others are plentiful (numpy).

A power law $L = (x_c/x)^\alpha$ is a straight line of slope −α on paper with logarithmic axes: doubling x multiplies
the loss by $2^{-\alpha}$, always by the same factor. There is no floor: a law for a range, not for ever. N counts
the weights inside the blocks (``cost.Parameters.matrices``), and losses are nats per token of their WebText2 test set.
"""

from dataclasses import dataclass

from llmcourse.learning.scaling import Floats, Numbers, check_positive

PF_DAY = 1e15 * 24 * 3600  # FLOP of a petaflop/s for a day: 8.64e19


@dataclass(frozen=True)
class PowerLaw:
    r"""$(x_c/x)^{\alpha}$.

    Raises:  ValueError unless both numbers are positive.
    Source:  Kaplan et al. (2020), eq. 1.1 to 1.3. {cite}`kaplan2020`
    """

    scale: float | int  # x_c, where the law would give a loss of 1
    exponent: float | int  # α

    def __post_init__(self) -> None:
        check_positive(scale=self.scale, exponent=self.exponent)

    def loss(self, resource: Numbers) -> Floats:
        r"""$(x_c/x)^{\alpha}$.

        Source:  Kaplan et al. (2020), eq. 1.1 to 1.3. {cite}`kaplan2020`

        >>> PowerLaw(100.0, 0.5).loss(25.0)
        2.0
        """
        check_positive(resource=resource)
        return (self.scale / resource) ** self.exponent

    @property
    def of_doubling(self) -> float:
        r"""The factor on the loss for twice as much: $2^{-\alpha}$.

        Derivation:  $L(2x)/L(x)$.
        """
        return 2.0**-self.exponent


# Eq. 1.1 (N, with data enough), 1.2 (D, models large enough), 1.3 (compute in PF-days, well divided), all of 2020.
BY_PARAMETERS = PowerLaw(8.8e13, 0.076)
BY_TOKENS = PowerLaw(5.4e13, 0.095)
BY_COMPUTE = PowerLaw(3.1e8, 0.050)


@dataclass(frozen=True)
class JointLaw:
    r"""$L(N, D) = \big[(N_c/N)^{\alpha_N/\alpha_D} + D_c/D\big]^{\alpha_D}$.

    Limits:  the law of N alone for D → ∞, that of D alone for N → ∞.
    Source:  Kaplan et al. (2020), eq. 1.5. {cite}`kaplan2020`
    """

    by_parameters: PowerLaw
    by_tokens: PowerLaw

    def loss(self, parameters: Numbers, tokens: Numbers) -> Floats:
        r"""$\big[(N_c/N)^{\alpha_N/\alpha_D} + D_c/D\big]^{\alpha_D}$.

        Source:  Kaplan et al. (2020), eq. 1.5. {cite}`kaplan2020`
        """
        check_positive(parameters=parameters, tokens=tokens)
        n, d = self.by_parameters, self.by_tokens
        return ((n.scale / parameters) ** (n.exponent / d.exponent) + d.scale / tokens) ** d.exponent


JOINT = JointLaw(PowerLaw(6.4e13, 0.076), PowerLaw(1.8e13, 0.103))  # table 2: fitted together, so other numbers


def optimal_parameters(compute: Numbers) -> Floats:
    r"""The best size for a budget as they had it in 2020: $1.3 \cdot 10^9\, C^{0.73}$, C in PF-days.

    Units:   weights inside the blocks; PF-days of $6NBS$, at a batch far below the critical one (their $C_{min}$).
    Source:  Kaplan et al. (2020), section 6.1 and table 5 (appendix A). {cite}`kaplan2020`

    >>> optimal_parameters(1.0)
    1300000000.0
    """
    check_positive(compute=compute)
    return 1.3e9 * compute**0.73


def optimal_tokens(compute: Numbers) -> Floats:
    r"""The tokens to go with it: $2 \cdot 10^{10}\, C^{0.27}$, C in PF-days.

    Source:  Kaplan et al. (2020), section 6.1 and table 5 (appendix A). {cite}`kaplan2020`
    """
    check_positive(compute=compute)
    return 2e10 * compute**0.27
