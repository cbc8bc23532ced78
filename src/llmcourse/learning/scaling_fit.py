r"""Fitting the law of sizes and data to runs, and how sure one can be of it (numpy, scipy).

The five numbers are sought as $e = \log E$, $a = \log A$, $b = \log B$, α and β, so that the prediction of a run is
$\log\hat L = \mathrm{logsumexp}(e,\; a - \alpha\log N,\; b - \beta\log D)$, and E, A and B cannot become negative. Each
run costs the Huber loss of $\log\hat L - \log L$: its square up to δ, and beyond that only its distance, so that a run
that went wrong does not pull the law to itself. The cost has valleys with a nearly flat floor (a lower E with a smaller
α fits almost as well), hence many starts, and hence the bootstrap: only the spread of the laws says what is settled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from llmcourse.learning.scaling import LossLaw, check_positive
from llmcourse.shapes import Array, Float

UNKNOWNS = 5


@dataclass(frozen=True)
class Runs:
    """Finished trainings: how large, on how much data, with what loss in the end.

    Raises:  ValueError for a number that is not positive.
    """

    parameters: Float[Array, " N"]
    tokens: Float[Array, " N"]
    loss: Float[Array, " N"]

    def __post_init__(self) -> None:
        check_positive(parameters=self.parameters, tokens=self.tokens, loss=self.loss)

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> "Runs":
        """The runs of a file of records with ``parameters``, ``tokens`` and ``loss``."""
        rows = [[record["parameters"], record["tokens"], record["loss"]] for record in records]
        return cls(*np.array(rows, dtype=float).reshape(-1, 3).T)

    def __len__(self) -> int:
        return self.loss.size

    def take(self, chosen: Array) -> "Runs":
        """Some of the runs, by their numbers or by a mask."""
        return Runs(self.parameters[chosen], self.tokens[chosen], self.loss[chosen])


def residuals(law: LossLaw, runs: Runs) -> Float[Array, " N"]:
    r"""$\log L - \log\hat L$ of each run: 0.01 is a loss 1% above the law.

    Source:  Hoffmann et al. (2022), appendix D.2, with the other sign. {cite}`hoffmann2022`
    """
    return np.log(runs.loss) - np.log(law.loss(runs.parameters, runs.tokens))


def huber(r: Float[Array, "*B"], delta: float) -> Float[Array, "*B"]:
    r"""$r^2/2$ up to δ, and $\delta\,(|r| - \delta/2)$ beyond it.

    Source:  Huber (1964), in the form of Hoffmann et al. (2022), appendix D.2. {cite}`huber1964,hoffmann2022`

    >>> huber(np.array([0.5, -3.0]), 1.0).tolist()
    [0.125, 2.5]
    """
    size = np.abs(r)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def fit_law(
    runs: Runs, *, delta: float = 1e-3, floor: bool = True, starts: Sequence[LossLaw] = (), attempts: int = 8
) -> LossLaw:
    r"""The law with the least total Huber loss of $\log\hat L - \log L$.

    L-BFGS sets out from the ``attempts`` best points of a grid and from ``starts``; the best end counts.
    ``floor=False`` fits with E = 0.

    Raises:  ValueError for fewer runs than unknowns, for runs all of one size or one amount of data, and if the best
             law has an exponent that is not positive: then these runs do not get better with size, or with data.
    Source:  Hoffmann et al. (2022), eq. 3 and appendix D.2. Their grid is for their data; ours stands around the mean
             of $\log N$ and $\log D$. The cost is in units of δ²: in their units it is so small that the optimizer's
             tolerance stops it early. {cite}`hoffmann2022`
    """
    if not 0 < delta < np.inf:
        raise ValueError(f"delta must be positive, got {delta}; a large one gives least squares")
    unknowns = UNKNOWNS if floor else UNKNOWNS - 1
    if len(runs) < unknowns:
        raise ValueError(f"{len(runs)} runs cannot tell {unknowns} unknowns; train more, of other sizes and lengths")
    x, y = np.log(runs.parameters), np.log(runs.tokens)
    for name, values in (("parameters", x), ("tokens", y)):
        if np.ptp(values) < 1e-9:
            raise ValueError(f"all runs have {np.exp(values[0]):.6g} {name}: they cannot tell how these matter")
    problem = _Problem(x - x.mean(), y - y.mean(), np.log(runs.loss), delta, floor)
    grid = sorted(problem.grid(), key=lambda point: problem.cost(point)[0])[:attempts]
    grid += [problem.from_law(law, x.mean(), y.mean()) for law in starts]
    ends = [minimize(problem.cost, point, jac=True, method="L-BFGS-B", options=OPTIONS) for point in grid]
    e, a, b, alpha, beta = min(ends, key=lambda end: end.fun).x
    for name, exponent in (("size", alpha), ("data", beta)):
        if not exponent > 0:
            raise ValueError(f"the best exponent of {name} is {exponent:.3g}: these runs do not improve with {name}")
    scales = np.exp(a + alpha * x.mean()), np.exp(b + beta * y.mean())
    return LossLaw(float(np.exp(e)) if floor else 0.0, *(float(v) for v in (*scales, alpha, beta)))


OPTIONS = {"maxiter": 5000, "maxfun": 20_000, "ftol": 1e-14, "gtol": 1e-8, "maxcor": 30}


@dataclass(frozen=True)
class _Problem:
    """The cost of a point (e, a, b, α, β) where a and b are the logarithms of the shortages at the mean of the logs."""

    x: Float[Array, " N"]
    y: Float[Array, " N"]
    log_loss: Float[Array, " N"]
    delta: float
    floor: bool

    def cost(self, point: np.ndarray) -> tuple[float, np.ndarray]:  # no shapes: it is called thousands of times
        """In units of δ², with its gradient."""
        e, a, b, alpha, beta = point
        terms = np.stack([np.full_like(self.x, e if self.floor else -np.inf), a - alpha * self.x, b - beta * self.y])
        predicted = np.logaddexp.reduce(terms, axis=0)  # (N,)
        r = (predicted - self.log_loss) / self.delta
        pull = np.clip(r, -1, 1)  # the derivative of the Huber loss, which is pull (r - pull / 2)
        slope = pull / self.delta * np.exp(terms - predicted)  # (3, N): of each term
        at = [slope[0].sum(), slope[1].sum(), slope[2].sum(), -slope[1] @ self.x, -slope[2] @ self.y]
        return float(pull @ (r - pull / 2)), np.array(at)

    def grid(self) -> Iterable[Float[Array, " P"]]:
        """The floor at some shares of the lowest loss; what is above it divided between size and data in some ways."""
        lowest, middle = np.exp(self.log_loss.min()), np.exp(np.median(self.log_loss))
        for share in (0.05, 0.5, 0.8, 0.95) if self.floor else (0.0,):
            above = middle - share * lowest
            for of_size in (0.1, 0.5, 0.9):
                for alpha in (0.1, 0.3, 0.6, 1.0):
                    for beta in (0.1, 0.3, 0.6, 1.0):
                        e = np.log(share * lowest) if self.floor else 0.0
                        yield np.array([e, np.log(of_size * above), np.log((1 - of_size) * above), alpha, beta])

    def from_law(self, law: LossLaw, x: float, y: float) -> Float[Array, " P"]:
        """The point of a law, for data with these means."""
        alpha, beta = law.size_exponent, law.data_exponent
        a, b = np.log(law.size_scale) - alpha * x, np.log(law.data_scale) - beta * y
        return np.array([np.log(max(law.floor, 1e-9)) if self.floor else 0.0, a, b, alpha, beta])


@dataclass(frozen=True)
class Bootstrap:
    """The laws of ``len(laws)`` resamples of the runs, and how many further resamples no law could be fitted to."""

    laws: tuple[LossLaw, ...]
    failed: int

    def interval(self, of: Any, *, level: float | int = 0.9) -> tuple[float, float]:
        """The range in which ``of(law)`` lies for the middle ``level`` of the laws.

        Raises:  ValueError for a level outside (0, 1).
        Source:  Efron & Tibshirani (1993), chapter 13, the percentile interval. {cite}`efron1993`
        """
        return percentiles([of(law) for law in self.laws], level)


def bootstrap(
    runs: Runs, law: LossLaw, *, rng: np.random.Generator, resamples: int = 200, delta: float = 1e-3, floor: bool = True
) -> Bootstrap:
    """Laws for runs drawn from ``runs`` with replacement, as many as there are; ``law`` is the one fitted to all.

    Raises:  ValueError for fewer than 2 resamples, or if most of them had no law: too few runs to tell.
    Source:  Efron & Tibshirani (1993), section 7.3, pairs bootstrap; used by Besiroglu et al. (2024).
             {cite}`efron1993,besiroglu2024`
    """
    if resamples < 2:
        raise ValueError(f"resamples must be at least 2, got {resamples}")
    laws, failed = [], 0
    while len(laws) < resamples:
        drawn = runs.take(rng.integers(len(runs), size=len(runs)))
        try:
            laws.append(fit_law(drawn, delta=delta, floor=floor, starts=[law], attempts=0))
        except ValueError:
            failed += 1
            if failed > resamples:
                raise ValueError(f"{failed} resamples of {len(runs)} runs had no law: train more runs") from None
    return Bootstrap(tuple(laws), failed)


def forecast(
    laws: Bootstrap, runs: Runs, law: LossLaw, parameters: float | int, tokens: float | int, *,
    rng: np.random.Generator, level: float | int = 0.9,
) -> tuple[float, float]:  # fmt: skip
    r"""Where the loss of a new run should lie: the laws' predictions, each with the residual of a run drawn at random.

    The residuals are stretched by $\sqrt{n/(n-5)}$, since five unknowns were chosen to make them small.

    Raises:  ValueError unless there are more runs than unknowns.
    Source:  Davison & Hinkley (1997), section 6.3.3, prediction by resampling. {cite}`davison1997`
    """
    if len(runs) <= UNKNOWNS:
        raise ValueError(f"{len(runs)} runs leave nothing over to judge {UNKNOWNS} unknowns by; train more")
    r = residuals(law, runs) * np.sqrt(len(runs) / (len(runs) - UNKNOWNS))
    predicted = np.array([one.loss(parameters, tokens) for one in laws.laws])
    return percentiles(predicted * np.exp(rng.choice(r, size=predicted.size)), level)


def percentiles(values: Sequence[float] | Float[Array, " N"], level: float | int) -> tuple[float, float]:
    """The ends of the middle ``level`` of some values.

    Raises:  ValueError for a level outside (0, 1).
    Derivation:  as many are left out below as above.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}; 0.9 leaves out 5% at each end")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
