"""Scaled dot-product attention, written for reading (torch)."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Complex
from torch import Tensor, nn

from llmcourse.shapes import Bool, Float, Int
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import LayerCache
from llmcourse.transformer.linear import project_together
from llmcourse.transformer.record import Record
from llmcourse.transformer.rotary import cos_sin, turn

Rotation = Complex[Tensor, "T _"]  # what rotary.cos_sin gives: for each position its K/2 turns


def causal_mask(queries: int, keys: int) -> Bool[Tensor, "T S"]:
    """True where query t may look at key s: at itself and at what came before.

    The last query is aligned with the last key, so that fewer queries than keys are the newest tokens of a text.

    Raises:  ValueError for more queries than keys, whose first rows would see nothing.
    Source:  Vaswani et al. (2017), section 3.2.3. {cite}`vaswani2017`

    >>> causal_mask(2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    if queries > keys:
        raise ValueError(f"{queries} queries but only {keys} keys: the first queries could see nothing")
    return torch.ones(queries, keys, dtype=torch.bool).tril(diagonal=keys - queries)


def padding_mask(lengths: Int[Tensor, " B"], size: int) -> Bool[Tensor, "B S"]:
    """True where a key is a real token, in rows filled up to ``size`` *on the left*.

    On the left, so that the last column holds the last real token of each row, and the next one goes behind it.

    Raises:  ValueError for a length outside 1 ... size.

    >>> padding_mask(torch.tensor([1, 3]), 3).tolist()
    [[False, False, True], [True, True, True]]
    """
    if lengths.min() < 1 or lengths.max() > size:
        raise ValueError(f"lengths must lie between 1 and {size}, got {lengths.tolist()}")
    return torch.arange(size, device=lengths.device) >= size - lengths[:, None]


def attention_scores(q: Float[Tensor, "*B T K"], k: Float[Tensor, "*B S K"]) -> Float[Tensor, "*B T S"]:
    r"""How well each query matches each key: $q_t \cdot k_s / \sqrt{K}$.

    Why √K:  for independent unit-variance coordinates the dot product has variance K.
    Source:  Vaswani et al. (2017), eq. 1 and its footnote on the variance. {cite}`vaswani2017`

    >>> attention_scores(torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[3.0, 1.0, 1.0, 1.0]])).tolist()
    [[3.0]]
    """
    return q @ k.mT / math.sqrt(q.shape[-1])


def attention_weights(
    q: Float[Tensor, "*B T K"], k: Float[Tensor, "*B S K"], mask: Bool[Tensor, "*#B T S"] | None = None
) -> Float[Tensor, "*B T S"]:
    r"""Row t is a distribution over the S keys: $\mathrm{softmax}_s(q_t \cdot k_s / \sqrt{K})$; masked keys get 0.

    Raises:  ValueError if the mask leaves a query no key at all: nothing to distribute over.
    Source:  Vaswani et al. (2017), eq. 1. {cite}`vaswani2017`
    """
    scores = attention_scores(q, k)  # (*B, T, S)
    if mask is not None:
        check_mask(mask)
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def attention(
    q: Float[Tensor, "*B T K"],
    k: Float[Tensor, "*B S K"],
    v: Float[Tensor, "*B S K"],
    mask: Bool[Tensor, "*#B T S"] | None = None,
) -> Float[Tensor, "*B T K"]:
    """Each output row is the average of the value rows under that query's weights.

    Raises:  ValueError if the mask leaves a query no key at all.
    Source:  Vaswani et al. (2017), eq. 1. {cite}`vaswani2017`
    """
    return attention_weights(q, k, mask) @ v


def fused_attention(
    q: Float[Tensor, "B H T K"],
    k: Float[Tensor, "B G S K"],
    v: Float[Tensor, "B G S K"],
    mask: Bool[Tensor, "*#B T S"] | None = None,
) -> Float[Tensor, "B H T K"]:
    """The same value as ``attention``, of each query head with the keys of its group, from torch's own kernel.

    It keeps no weights, so that a long text does not need T × S of them. Without a mask: itself and the past.

    Raises:  ValueError if the mask leaves a query no key at all.
    Source:  Dao et al. (2022), algorithm 1, is how it works. {cite}`dao2022`
    """
    queries, keys = q.shape[2], k.shape[2]
    if mask is not None:
        check_mask(mask)
    elif 1 < queries < keys:  # torch's own causal mask would align the first query with the first key
        mask = causal_mask(queries, keys).to(q.device)
    causal = mask is None and queries > 1  # a single query is the newest token and may see every key
    return F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, enable_gqa=q.shape[1] != k.shape[1])


def check_mask(mask: Bool[Tensor, "*B T S"]) -> None:
    """Raise ValueError unless each query may see at least one key. (A meta tensor has no entries to check.)"""
    if mask.is_meta:
        return
    blind = ~mask.any(dim=-1)
    if blind.any():
        raise ValueError(f"query {blind.nonzero()[0, -1].item()} may see no key; a mask is True where it may look")


def split_heads(x: Float[Tensor, "B T HK"], heads: int) -> Float[Tensor, "B {heads} T K"]:
    """Cut the last axis into ``heads`` equal slices and move them next to the batch axis."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: Float[Tensor, "B H T K"]) -> Float[Tensor, "B T HK"]:
    """Undo ``split_heads``: the heads of each position side by side again."""
    return x.transpose(1, 2).flatten(2)


def stack_heads(q: Float[Tensor, "B H T K"], groups: int) -> Float[Tensor, "B {groups} RT K"]:
    """The query heads of each group one below the other, as if they were more positions of one head."""
    return q.unflatten(1, (groups, -1)).flatten(2, 3)


def unstack_heads(x: Float[Tensor, "B G RT K"], share: int) -> Float[Tensor, "B H T K"]:
    """Undo ``stack_heads``, for groups of ``share`` query heads."""
    return x.unflatten(2, (share, -1)).flatten(1, 2)


def rotation_from(config: ModelConfig, past: int, length: int, dtype: torch.dtype, device: torch.device) -> Rotation:
    """The turns of ``length`` positions that follow ``past`` others, the same in all layers of a forward pass."""
    positions = torch.arange(past, past + length, device=device)
    return cos_sin(positions, config.head_width, base=config.rope_base, scaling=config.rope_scaling, dtype=dtype)


class SelfAttention(nn.Module):
    """Grouped-query attention: H query heads share G key/value heads.

    G = H is multi-head attention (Vaswani et al., 2017); G = 1 is multi-query attention (Shazeer, 2019).
    Source:  Ainslie et al. (2023), section 2.2. {cite}`ainslie2023`
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        kv_width = config.groups * config.head_width
        self.to_q = nn.Linear(config.width, config.width, bias=config.bias)
        self.to_k = nn.Linear(config.width, kv_width, bias=config.bias)
        self.to_v = nn.Linear(config.width, kv_width, bias=config.bias)
        self.to_out = nn.Linear(config.width, config.width, bias=config.bias)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        *,
        rotation: Rotation | None = None,
        mask: Bool[Tensor, "*#B T S"] | None = None,
        cache: LayerCache | None = None,
        record: Record | None = None,
    ) -> Float[Tensor, "B T D"]:
        """What each position gathers from those it may see. Without a mask: itself and the past.

        ``rotation`` and ``mask`` are the same in each layer, so a model computes them once and hands them down.
        """
        c, length = self.config, x.shape[1]
        q, k, v = project_together(x, (self.to_q, self.to_k, self.to_v))
        q = split_heads(q, c.heads)  # (B, H, T, K)
        k, v = split_heads(k, c.groups), split_heads(v, c.groups)  # (B, G, T, K)
        if c.positions == "rotary":
            past = 0 if cache is None else cache.length
            rotation = rotation_from(c, past, length, x.dtype, x.device) if rotation is None else rotation
            q, k = turn(q, rotation, pairs=c.rope_pairs), turn(k, rotation, pairs=c.rope_pairs)
        if cache is not None:
            k, v = cache.extend(k, v)  # (B, G, S, K)
        if record is None:
            return self.to_out(merge_heads(fused_attention(q, k, v, mask)))  # (B, T, H K) -> (B, T, D)
        if mask is None and length > 1:  # a single query is the newest token and may see every key
            mask = causal_mask(length, k.shape[2]).to(x.device)
        # The R query heads of a group look at the same keys: to those they are R T queries of one head.
        share = c.heads // c.groups  # R
        if mask is not None and share > 1:
            mask = torch.cat([mask] * share, dim=-2)  # (..., R T, S)
        weights = attention_weights(stack_heads(q, c.groups), k, mask)  # (B, G, R T, S)
        mixed = unstack_heads(weights @ v, share)  # (B, H, T, K)
        record.add(queries=q, keys=k, values=v, weights=unstack_heads(weights, share))
        return self.to_out(merge_heads(mixed))  # (B, T, H K) -> (B, T, D)
