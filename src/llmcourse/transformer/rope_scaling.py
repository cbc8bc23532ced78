r"""Longer contexts for rotary models by slower clocks: interpolation, NTK-aware base, YaRN, Llama 3's rule (torch).

Pair i of a head turns by $\theta_i = b^{-2i/K}$ radians a token. A model trained on L positions has seen each angle
that those positions make, and no other. Each value of this module answers one question, what $\theta_i$ should
become so that s·L positions make angles that are not too strange: ``linear`` slows every pair by s, ``ntk`` changes
the base so that the fast pairs keep their speed, ``yarn`` decides pair by pair and sharpens the attention as well.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from llmcourse.shapes import Float


def frequencies(width: int, *, base: float | int = 10_000.0) -> Float[Tensor, " {width//2}"]:
    r"""Angle that each pair turns by from one token to the next: $\theta_i = b^{-2i/K}$, in float64.

    Units:   radians per token; ``2 * math.pi / frequencies(width)`` are the wavelengths in tokens.
    Range:   1 for the first pair, down to $b^{-(K-2)/K}$, a little faster than 1/b, for the last.
    Raises:  ValueError for a width that is not even and positive, or a base not above 1.
    Source:  Su et al. (2021), section 3.2.2, eq. 15. {cite}`su2021`

    >>> frequencies(4, base=100.0).tolist()
    [1.0, 0.1]
    """
    if width < 2 or width % 2:
        raise ValueError(f"rotary positions turn pairs, so the head width must be even and positive, got {width}")
    if not 1 < base < math.inf:
        raise ValueError(f"the base must be a finite number above 1, got {base}")
    return base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)


def _check_factor(factor: float | int) -> None:
    if not 1 <= factor < math.inf:
        raise ValueError(f"the factor is new length / trained length, finite and at least 1, got {factor}")


def _check_context(original_context: int) -> None:
    if original_context < 1:
        raise ValueError(f"original_context is the trained length in tokens, at least 1, got {original_context}")


@dataclass(frozen=True)
class Linear:
    r"""Position interpolation, $\theta_i / s$: position t turns as position t/s did in training.

    Source:  Chen et al. (2023), section 2.3, eq. 4. {cite}`chen2023`
    """

    factor: float | int
    attention_factor: float | int = 1.0

    def __post_init__(self) -> None:
        _check_factor(self.factor)

    def frequencies(self, width: int, base: float | int) -> Float[Tensor, " {width//2}"]:
        """Each pair ``factor`` times slower."""
        return frequencies(width, base=base) / self.factor


@dataclass(frozen=True)
class Ntk:
    r"""NTK-aware base change, $b' = b \, s^{K/(K-2)}$: the first pair keeps its speed, the last is s times slower.

    Derivation: ask that the last pair be interpolated in full, $b'^{-(K-2)/K} = b^{-(K-2)/K} / s$, and solve for b'.

    Source:  bloc97 (2023); Peng et al. (2024), appendix A.2, eq. 19 to 22. {cite}`bloc97,peng2024`
    """

    factor: float | int
    attention_factor: float | int = 1.0

    def __post_init__(self) -> None:
        _check_factor(self.factor)

    def base(self, width: int, base: float | int) -> float:
        """The base that takes the place of ``base``."""
        if width < 4:
            raise ValueError(f"the NTK-aware base needs two pairs or more, so a head width of 4 or more, got {width}")
        return base * self.factor ** (width / (width - 2))

    def frequencies(self, width: int, base: float | int) -> Float[Tensor, " {width//2}"]:
        """Frequencies of the larger base."""
        return frequencies(width, base=self.base(width, base))


@dataclass(frozen=True)
class Yarn:
    r"""YaRN: pairs that turn often in training keep their speed, pairs that turn less than once are interpolated.

    With $r_i = L \theta_i / 2\pi$, the turns that pair i makes in the trained length L, the new frequency is
    $(1 - \gamma_i)\, \theta_i / s + \gamma_i\, \theta_i$, where $\gamma$ climbs from 0 at ``slow`` turns to 1 at
    ``fast`` turns. The scores are multiplied by $1/t = (0.1 \ln s + 1)^2$, as a factor on queries and keys.

    Ramp:    the paper lets γ climb linearly in the number of turns, ``ramp="turns"``. Its authors' code, and all
             released checkpoints with it, climb linearly in the pair's index, with rounded ends: ``ramp="index"``.
    Source:  Peng et al. (2024), eq. 10 to 15, with α = ``slow`` and β = ``fast``. {cite}`peng2024`
    """

    factor: float | int
    original_context: int
    slow: float = 1.0
    fast: float = 32.0
    ramp: Literal["index", "turns"] = "index"
    temper: bool = True

    def __post_init__(self) -> None:
        _check_factor(self.factor)
        _check_context(self.original_context)
        if not 0 < self.slow < self.fast:
            raise ValueError(f"the ramp needs 0 < slow < fast, got slow {self.slow} and fast {self.fast}")
        if self.ramp not in ("index", "turns"):
            raise ValueError(f"ramp must be 'index' or 'turns', got {self.ramp!r}")

    @property
    def attention_factor(self) -> float:
        r"""$\sqrt{1/t} = 0.1 \ln s + 1$, or 1 without ``temper`` (NTK-by-parts alone)."""
        return 0.1 * math.log(self.factor) + 1 if self.temper else 1.0

    def kept(self, width: int, base: float | int) -> Float[Tensor, " {width//2}"]:
        r"""$\gamma_i$: 1 for a pair that keeps its speed, 0 for one that is interpolated in full."""
        theta = frequencies(width, base=base)
        if self.ramp == "turns":
            turns = self.original_context * theta / (2 * math.pi)
            return ((turns - self.slow) / (self.fast - self.slow)).clamp(0, 1)

        def index(turns: float) -> float:  # the (fractional) pair that makes so many turns in the trained length
            return width * math.log(self.original_context / (2 * math.pi * turns)) / (2 * math.log(base))

        first = max(math.floor(index(self.fast)), 0)
        last = min(math.ceil(index(self.slow)), width - 1)
        climb = (torch.arange(width // 2, dtype=torch.float64) - first) / max(last - first, 1e-3)
        return 1 - climb.clamp(0, 1)

    def frequencies(self, width: int, base: float | int) -> Float[Tensor, " {width//2}"]:
        """A mixture, pair by pair, of the trained frequency and the interpolated one."""
        theta, kept = frequencies(width, base=base), self.kept(width, base)
        return (1 - kept) * theta / self.factor + kept * theta


@dataclass(frozen=True)
class Llama3:
    r"""Llama 3.1's rule: as YaRN's ``turns`` ramp, with its own ends (1 and 4 turns) and no temperature.

    Source:  ``apply_scaling`` in Meta's published code of the Llama 3.1 models (2024).
    """

    factor: float | int = 8.0
    original_context: int = 8192
    slow: float = 1.0
    fast: float = 4.0
    attention_factor: float | int = 1.0

    def __post_init__(self) -> None:
        Yarn(self.factor, self.original_context, self.slow, self.fast)  # the same refusals

    def frequencies(self, width: int, base: float | int) -> Float[Tensor, " {width//2}"]:
        """The frequencies of NTK-by-parts with these ends."""
        parts = Yarn(self.factor, self.original_context, self.slow, self.fast, ramp="turns", temper=False)
        return parts.frequencies(width, base)


# What ``rotary.cos_sin`` takes. ``attention_factor`` multiplies each rotated query and each rotated key, hence the
# scores by its square; ``frequencies(width, base)`` is what each pair turns by a token.
Scaling = Linear | Ntk | Yarn | Llama3


def linear(factor: float | int) -> Linear:
    """Position interpolation by ``factor``."""
    return Linear(factor)


def ntk(factor: float | int) -> Ntk:
    """NTK-aware base change by ``factor``."""
    return Ntk(factor)


def dynamic_ntk(factor: float | int, original_context: int, length: int) -> Ntk:
    r"""NTK-aware base change for the present ``length`` ℓ: its factor is $s\,\ell/L - (s - 1)$, and 1 up to ℓ = L.

    A cache that holds *rotated* keys holds those of the factor they were written with; start anew when it changes.

    Source:  Peng et al. (2024), section 3.4, in the form of transformers' ``dynamic`` rule. {cite}`peng2024`

    >>> dynamic_ntk(2.0, 1000, 1500).factor
    2.0
    """
    _check_factor(factor)
    _check_context(original_context)
    return Ntk(max(factor * length / original_context - (factor - 1), 1.0))


def yarn(factor: float | int, original_context: int, *, slow: float = 1.0, fast: float = 32.0) -> Yarn:
    """YaRN by ``factor`` over a trained length of ``original_context`` tokens."""
    return Yarn(factor, original_context, slow, fast)


def llama3(factor: float | int = 8.0, original_context: int = 8192) -> Llama3:
    """Llama 3.1's rule by ``factor`` over a trained length of ``original_context`` tokens."""
    return Llama3(factor, original_context)
