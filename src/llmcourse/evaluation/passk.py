r"""pass@k: the chance that at least one of k samples solves a problem, estimated from n ≥ k samples (numpy, scipy).

A model solves a problem with probability p in one sample, so pass@k is $1 - (1 - p)^k$. From c right ones among n
samples there are two ways to guess it:

    plug in c/n for p:                 $1 - (1 - c/n)^k$. Too low on average: $(1 - x)^k$ is convex (Jensen).
    draw k of the n without return:    $1 - \binom{n - c}{k} / \binom{n}{k}$. Right on average, for every p.
"""

import numpy as np
from scipy import stats

from llmcourse.shapes import Array, Float, Integer

Count = int | Integer[Array, "..."]


def pass_at_k(n: Count, c: Count, k: int) -> Float[Array, "..."]:
    r"""The share of all k-subsets of n samples that hold a right one: $1 - \binom{n-c}{k}/\binom{n}{k}$.

    Computed as $1 - \prod_{i=n-c+1}^{n}(1 - k/i)$, whose factors lie in [0, 1]: no binomial can overflow.

    Range:   1 if fewer than k samples are wrong, c/n for k = 1.
    Raises:  ValueError for k outside 1 ... n or c outside 0 ... n.
    Source:  Chen et al. (2021), equation 1 and figure 3. {cite}`chen2021codex`

    >>> [round(float(pass_at_k(20, 4, k)), 3) for k in (1, 10, 17)]
    [0.2, 0.957, 1.0]
    """
    n, c = _checked(n, c, k)
    result = np.ones(n.shape)  # with fewer than k wrong samples every k-subset holds a right one
    for place in np.ndindex(n.shape):
        last, right = int(n[place]), int(c[place])
        if last - right >= k:
            result[place] = 1 - np.prod(1 - k / np.arange(last - right + 1, last + 1))
    return result[()]


def plugged_in_pass_at_k(n: Count, c: Count, k: int) -> Float[Array, "..."]:
    r"""The biased guess $1 - (1 - c/n)^k$, too low on average.

    Raises:  ValueError for k outside 1 ... n or c outside 0 ... n.
    Source:  Chen et al. (2021), section 2.1 and appendix A. {cite}`chen2021codex`

    >>> float(plugged_in_pass_at_k(4, 2, 2)), round(float(pass_at_k(4, 2, 2)), 4)
    (0.75, 0.8333)
    """
    n, c = _checked(n, c, k)
    return (1 - (1 - c / n) ** k)[()]


def moments(p: float, n: int, k: int, *, plugged_in: bool = False) -> tuple[float, float]:
    r"""Mean and standard deviation of the estimate from n samples of a model that is right with probability p.

    Exact, by visiting every count with its $\binom{n}{c} p^c (1-p)^{n-c}$. ``pass_at_k`` has the mean $1 - (1 - p)^k$.

    Raises:  ValueError for a p outside [0, 1] or k outside 1 ... n.
    Derivation: an expectation over a finite set is a sum.

    >>> [round(x, 4) for x in moments(0.5, 2, 2)]  # 0 with probability 1/4, else 1
    [0.75, 0.433]
    """
    if not 0 <= p <= 1:
        raise ValueError(f"a probability must lie in [0, 1], got {p}")
    c = np.arange(n + 1)
    values = (plugged_in_pass_at_k if plugged_in else pass_at_k)(np.full_like(c, n), c, k)
    weights = stats.binom.pmf(c, n, p)
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights @ (values - mean) ** 2))


def _checked(n: Count, c: Count, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, if they are counts."""
    samples, right = np.broadcast_arrays(np.asarray(n), np.asarray(c))
    if samples.size == 0:
        raise ValueError("there are 0 problems")
    if not 1 <= k <= samples.min():
        raise ValueError(f"k must lie in 1 ... n, got k = {k} for n = {samples.min()} samples")
    wrong = (right < 0) | (right > samples)
    if wrong.any():
        raise ValueError(f"right samples must lie in 0 ... {samples[wrong].flat[0]}, got c = {right[wrong].flat[0]}")
    return samples, right
