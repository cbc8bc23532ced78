r"""Positions as a number added to each score: T5's learned buckets and ALiBi's straight lines (torch).

Both leave the word vectors alone. The score of query t and key s gets a bias $b_h(s - t)$ that each head h has of its
own: looked up in a small learned table (T5), or $-m_h\,|t - s|$ with a slope $m_h$ fixed before training (ALiBi).
"""

import math

import torch
from torch import Tensor, nn

from llmcourse.shapes import Float, Int


def offsets(queries: int, keys: int) -> Int[Tensor, "T S"]:
    """How far key s stands from query t, s − t: negative for the past. The last query is aligned with the last key.

    Raises:  ValueError for more queries than keys, as for ``attention.causal_mask``.

    >>> offsets(2, 3).tolist()
    [[-1, 0, 1], [-2, -1, 0]]
    """
    if not 0 < queries <= keys:
        raise ValueError(f"there must be at least one query and no more queries than keys, got {queries} and {keys}")
    return torch.arange(keys) - torch.arange(keys - queries, keys)[:, None]


def t5_bucket(
    offsets: Int[Tensor, "*B"], *, buckets: int = 32, max_distance: int = 128, causal: bool
) -> Int[Tensor, "*B"]:
    r"""The row of T5's table for each offset s − t: one row per distance while near, then rows of growing width.

    Causal: with e = buckets/2, distances d = t − s below e have a row each; from there on the row is
    $e + \lfloor e \log(d/e) / \log(d_{\max}/e) \rfloor$, and everything from ``max_distance`` on shares the last one.
    The future counts as distance 0. Not causal: half of the rows for s ≤ t, half for s > t, each as above.

    Range:   0 to ``buckets`` − 1.
    Raises:  ValueError unless ``buckets`` is a multiple of 2 (4 if not causal) and ``max_distance`` is beyond the
             distances that have a row each.
    Source:  Raffel et al. (2020), section 2.1: 32 rows up to 128; the formula is in their code. {cite}`raffel2020`

    >>> t5_bucket(torch.tensor([0, -1, -15, -16, -127, -500, 3]), causal=True).tolist()
    [0, 1, 15, 16, 31, 31, 0]
    >>> t5_bucket(torch.tensor([-1, 1]), causal=False).tolist()
    [1, 17]
    """
    sides = 1 if causal else 2
    if buckets < 2 * sides or buckets % (2 * sides):
        raise ValueError(f"buckets must be a positive multiple of {2 * sides}, got {buckets}")
    rows = buckets // sides  # of one direction
    exact = rows // 2
    if max_distance <= exact:
        raise ValueError(f"max_distance must be above the {exact} distances with a row each, got {max_distance}")
    distance = (-offsets).clamp(min=0) if causal else offsets.abs()
    # At least `exact`: the logarithm of smaller distances is not used, and that of 0 does not exist.
    growth = (distance.clamp(min=exact).double() / exact).log() / math.log(max_distance / exact)
    # A distance that is exactly on a border must not fall below it by the last bit of a logarithm.
    far = (exact + (growth * (rows - exact) + 1e-9).floor().long()).clamp(max=rows - 1)
    bucket = torch.where(distance < exact, distance, far)
    return bucket if causal else bucket + rows * (offsets > 0).long()


class T5Bias(nn.Module):
    """A learned number for each head and bucket of distance, added to the scores. One table serves all layers.

    T5 does not divide its scores by √K; with ``attention.attention_scores``, which does, the table learns other values.

    Raises:  ValueError for buckets that do not divide.
    Source:  Raffel et al. (2020), section 2.1. {cite}`raffel2020`
    """

    def __init__(self, heads: int, *, buckets: int = 32, max_distance: int = 128, causal: bool) -> None:
        super().__init__()
        t5_bucket(torch.tensor([0]), buckets=buckets, max_distance=max_distance, causal=causal)  # refuses bad sizes now
        self.buckets, self.max_distance, self.causal = buckets, max_distance, causal
        self.table = nn.Embedding(buckets, heads)

    def forward(self, queries: int, keys: int) -> Float[Tensor, "H T S"]:
        """The bias of every query and key, the last query aligned with the last key."""
        away = offsets(queries, keys).to(self.table.weight.device)  # (T, S)
        rows = t5_bucket(away, buckets=self.buckets, max_distance=self.max_distance, causal=self.causal)
        return self.table(rows).permute(2, 0, 1)  # (T, S, H) -> (H, T, S)


def alibi_slopes(heads: int) -> Float[Tensor, " H"]:
    r"""How fast each head's score falls with distance: $m_h = 2^{-8h/H}$, h = 1 … H, if H is a power of two.

    Otherwise, with the power of two n below H: the n slopes of n heads, then every second slope of 2n heads, from the
    steepest, until there are H.

    Units:   score per token of distance, float64.
    Raises:  ValueError for less than one head.
    Source:  Press et al. (2022), section 3, for powers of two; their code for other counts. {cite}`press2022`

    >>> alibi_slopes(4).tolist(), alibi_slopes(3).tolist()
    ([0.25, 0.0625, 0.015625, 0.00390625], [0.0625, 0.00390625, 0.25])
    """
    if heads < 1:
        raise ValueError(f"there must be at least one head, got {heads}")
    power = 2 ** int(math.log2(heads))  # exact: the logarithm of a power of two is
    slopes = 2.0 ** (-8.0 * torch.arange(1, power + 1, dtype=torch.float64) / power)
    if power == heads:
        return slopes
    between = 2.0 ** (-8.0 * torch.arange(1, 2 * power + 1, 2, dtype=torch.float64) / (2 * power))
    return torch.cat((slopes, between[: heads - power]))


def alibi_bias(heads: int, T: int, S: int) -> Float[Tensor, "{heads} {T} {S}"]:
    r"""ALiBi's bias, $-m_h\,|t - s|$: nothing to learn. The last query is aligned with the last key.

    Under a causal mask this is the paper's $-m_h\,(t - s)$. Adding $m_h s$ instead, as Bloom's code does, differs by
    $m_h t$, which is the same for all keys of a query: softmax does not see it.

    Raises:  ValueError for less than one head, or more queries than keys.
    Source:  Press et al. (2022), section 3. {cite}`press2022`

    >>> alibi_bias(1, 1, 4).tolist()  # one head has the slope 1/256
    [[[-0.01171875, -0.0078125, -0.00390625, -0.0]]]
    """
    return -alibi_slopes(heads)[:, None, None] * offsets(T, S).abs()
