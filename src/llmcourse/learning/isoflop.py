r"""Equal compute, different sizes: the best size of each budget, and the power law through them (numpy, scipy).

Runs of one budget lie near a parabola when their loss is drawn over $\log N$: too small a model on the left, too short
a training on the right. Its lowest point is the best size for that budget. Over several budgets the best sizes follow
$N = k\,C^a$, a straight line in the logarithms, which is then read off at a larger budget. Nothing of the law with five
unknowns is assumed (``scaling_fit``): this is the second of Hoffmann et al.'s three approaches.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from llmcourse.learning.scaling import check_positive
from llmcourse.learning.scaling_fit import Runs
from llmcourse.shapes import Array, Float


@dataclass(frozen=True)
class Optimum:
    """The lowest point of a parabola over log N: the best size, the tokens that it got, and its loss."""

    parameters: float
    tokens: float
    loss: float
    curvature: float  # of the loss, per squared natural logarithm of N: how much a wrong size costs


def optimum(runs: Runs) -> Optimum:
    r"""The best size among runs of one budget, from $L = l + \frac{c}{2} (\log N - \log N^*)^2$ by least squares.

    Raises:  ValueError for fewer than three sizes, for runs whose compute differs by more than a tenth, for a parabola
             that has no lowest point, or one whose lowest point lies outside the sizes that were tried.
    Source:  Hoffmann et al. (2022), section 3.2. {cite}`hoffmann2022`
    """
    sizes, compute = np.unique(runs.parameters), 6 * runs.parameters * runs.tokens
    if sizes.size < 3:
        raise ValueError(f"{sizes.size} sizes do not make a parabola; train at least 3 at each budget")
    if compute.max() > 1.1 * compute.min():
        raise ValueError(f"these runs took between {compute.min():.3g} and {compute.max():.3g} FLOP: not one budget")
    middle = np.log(sizes).mean()  # centered, so that the three columns of the fit differ enough
    square, slope, constant = np.polyfit(np.log(runs.parameters) - middle, runs.loss, 2)
    if not square > 0:
        raise ValueError(f"the parabola opens downward (curvature {2 * square:.3g}): these sizes have no best one")
    best = float(np.exp(middle - slope / (2 * square)))
    if not sizes[0] <= best <= sizes[-1]:
        side = "smaller" if best < sizes[0] else "larger"
        raise ValueError(
            f"the lowest point would be at {best:.3g} parameters, outside the {sizes[0]:.3g} to {sizes[-1]:.3g} "
            f"that were tried: train {side} ones"
        )
    budget = float(np.exp(np.log(compute).mean()))
    return Optimum(best, budget / (6 * best), float(constant - slope**2 / (4 * square)), float(2 * square))


def optima(runs: Runs, budgets: Float[Array, " N"]) -> dict[float, Optimum]:
    """The best size at each budget, smallest budget first. ``budgets`` says to which one each run belongs.

    Raises:  ValueError with the budget that has no optimum, and why.
    Source:  Hoffmann et al. (2022), section 3.2. {cite}`hoffmann2022`
    """
    found = {}
    for budget in np.unique(budgets):
        try:
            found[float(budget)] = optimum(runs.take(budgets == budget))
        except ValueError as error:
            raise ValueError(f"budget {budget:.3g}: {error}") from None
    return found


@dataclass(frozen=True)
class Line:
    r"""$y = k\,x^a$ through some points, and how sure a is."""

    factor: float  # k
    exponent: float  # a
    standard_error: float  # of the exponent
    count: int  # points

    def at(self, x: Float[Array, "*B"] | float | int) -> Float[Array, "*B"] | float:
        r"""$k\,x^a$.

        Source:  Hoffmann et al. (2022), section 3.2, table 2, approach 2. {cite}`hoffmann2022`
        """
        check_positive(x=x)
        return self.factor * x**self.exponent

    def interval(self, *, level: float | int = 0.9) -> tuple[float, float]:
        """Where the exponent lies, if the points scatter around a line as normal numbers do: Student's t.

        Raises:  ValueError for a level outside (0, 1).
        Source:  Davison & Hinkley (1997), section 6.2, the normal linear model. {cite}`davison1997`
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {level}; 0.9 leaves out 5% at each end")
        reach = float(stdtrit(self.count - 2, (1 + level) / 2)) * self.standard_error
        return self.exponent - reach, self.exponent + reach


def power_law(x: Float[Array, " N"], y: Float[Array, " N"]) -> Line:
    r"""The line of least squares through $(\log x, \log y)$.

    Raises:  ValueError for fewer than three points, different numbers of them, or a number that is not positive.
    Source:  Hoffmann et al. (2022), section 3.2. {cite}`hoffmann2022`

    >>> line = power_law(np.array([1.0, 10.0, 100.0]), np.array([2.0, 20.0, 200.0]))
    >>> round(line.factor, 6), round(line.exponent, 6)
    (2.0, 1.0)
    """
    check_positive(x=x, y=y)
    if x.size < 3:
        raise ValueError(f"{x.size} points: a line through them leaves nothing to judge it by; take at least 3")
    if np.ptp(np.log(x)) < 1e-9:
        raise ValueError(f"all points stand at x = {x[0]:.6g}: no line through them")
    u, v = np.log(x), np.log(y)
    away = u - u.mean()
    exponent = float(away @ v / (away @ away))
    left = v - v.mean() - exponent * away
    error = float(np.sqrt(left @ left / (x.size - 2) / (away @ away)))
    return Line(float(np.exp(v.mean() - exponent * u.mean())), exponent, error, x.size)
