"""What no oracle states. The oracle is torch: tests/oracles/test_attention_oracles.py."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.attention import (
    SelfAttention,
    attention,
    attention_scores,
    attention_weights,
    causal_mask,
    fused_attention,
    merge_heads,
    padding_mask,
    split_heads,
    stack_heads,
    unstack_heads,
)
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.record import Record

CONFIG = ModelConfig(vocab=11, width=24, layers=1, heads=6, kv_heads=2, ffn_width=32, context=16)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer_of(config: ModelConfig = CONFIG) -> SelfAttention:
    layer = SelfAttention(config).double()
    for i, parameter in enumerate(layer.parameters()):
        parameter.data = 0.3 * random(*parameter.shape, seed=i)
    return layer.requires_grad_(False)


def test_three_keys_by_hand():
    """K = 4, so √K = 2: scores ln 2, ln 1 and ln 1 give weights ½, ¼, ¼."""
    q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    k = torch.tensor([[math.log(2), 5.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0], [0.0, 0.0, -7.0, 1.0]])
    v = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 4.0, 0.0, 0.0], [0.0, 0.0, 8.0, 0.0]])
    assert_close(attention_scores(q, k), torch.tensor([[math.log(2), 0.0, 0.0]]))
    assert_close(attention_weights(q, k), torch.tensor([[0.5, 0.25, 0.25]]))
    assert_close(attention(q, k, v), torch.tensor([[0.5, 1.0, 2.0, 0.0]]))


def test_the_last_query_is_aligned_with_the_last_key():
    assert causal_mask(1, 6).all()
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True, True, True, True]]


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 6))
def test_rows_are_distributions_over_what_may_be_seen(queries, past, width):
    q, k = random(2, queries, width), random(2, queries + past, width, seed=1)
    mask = causal_mask(queries, queries + past)
    weights = attention_weights(q, k, mask)
    assert_close(weights.sum(-1), torch.ones(2, queries, dtype=torch.float64))
    assert (weights[:, ~mask] == 0).all()
    assert (weights >= 0).all()


def test_equal_keys_are_averaged():
    q, v = random(2, 3, 8), random(2, 5, 8, seed=1)
    k = random(2, 1, 8, seed=2).expand(2, 5, 8)
    assert_close(attention(q, k, v), v.mean(dim=1, keepdim=True).expand(2, 3, 8))


def test_a_query_that_fits_one_key_much_better_copies_its_value():
    v = random(4, 8)
    assert_close(attention(1e6 * torch.eye(4, 8, dtype=torch.float64), torch.eye(4, 8, dtype=torch.float64), v), v)


def test_a_mask_that_leaves_a_query_nothing_is_refused():
    q, k, v = random(2, 3, 8), random(2, 5, 8, seed=1), random(2, 5, 8, seed=2)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1] = False
    with pytest.raises(ValueError, match="query 1 may see no key"):
        attention(q, k, v, mask)


def test_more_queries_than_keys_are_refused():
    with pytest.raises(ValueError, match="4 queries but only 3 keys"):
        causal_mask(4, 3)


def test_padding_is_on_the_left():
    lengths = torch.tensor([2, 4, 1])
    mask = padding_mask(lengths, 4)
    assert torch.equal(mask.sum(-1), lengths)
    assert mask[:, -1].all()


@pytest.mark.parametrize("lengths", [[0, 3], [2, 5]])
def test_rows_of_nothing_but_padding_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths must lie between 1 and 4, got \["):
        padding_mask(torch.tensor(lengths), 4)


def test_heads_are_equal_slices_of_the_width():
    x = random(2, 5, 24)
    heads = split_heads(x, 6)
    assert heads.shape == (2, 6, 5, 4)
    assert torch.equal(heads[:, 2], x[..., 8:12])
    assert torch.equal(merge_heads(heads), x)


def test_stacked_heads_belong_to_their_group():
    q = random(2, 6, 5, 4)
    stacked = stack_heads(q, 2)
    assert torch.equal(stacked[:, 1, 5:10], q[:, 4])  # the second head of the second group
    assert torch.equal(unstack_heads(stacked, 3), q)


@pytest.mark.parametrize("positions", ["rotary", "none"])
@pytest.mark.parametrize("kv_heads", [1, 2, 6])
def test_the_output_ignores_the_future(kv_heads, positions):
    layer = layer_of(replace(CONFIG, kv_heads=kv_heads, positions=positions))
    x = random(2, 6, 24)
    changed = x.clone()
    changed[:, 4:] += 1.0
    assert torch.equal(layer(x)[:, :4], layer(changed)[:, :4])
    assert not torch.allclose(layer(x)[:, 4:], layer(changed)[:, 4:])


def test_grouped_queries_are_full_heads_with_repeated_keys():
    grouped, full = layer_of(), layer_of(replace(CONFIG, kv_heads=None))
    weights = grouped.state_dict()
    for name in ("to_k.weight", "to_v.weight"):
        weights[name] = weights[name].unflatten(0, (2, 4)).repeat_interleave(3, dim=0).flatten(0, 1)
    full.load_state_dict(weights)
    x = random(2, 6, 24)
    assert_close(grouped(x), full(x))


def test_rotation_makes_order_matter_to_one_query_and_shifting_all_does_not():
    layer, x = layer_of(), random(2, 5, 24)
    everything = torch.ones(5, 5, dtype=torch.bool)
    swapped = x[:, [1, 0, 2, 3, 4]]
    assert not torch.allclose(layer(swapped, mask=everything)[:, 4], layer(x, mask=everything)[:, 4])
    unordered = layer_of(replace(CONFIG, positions="none"))
    assert_close(unordered(swapped, mask=everything)[:, 4], unordered(x, mask=everything)[:, 4])
    later = KVCache(CONFIG, batch=2, dtype=torch.float64).layers[0]
    later.extend(random(2, 2, 3, 4), random(2, 2, 3, 4))  # three others before: all positions move by three
    unseen = torch.cat([torch.zeros(5, 3, dtype=torch.bool), causal_mask(5, 5)], dim=1)
    assert_close(layer(x, cache=later, mask=unseen), layer(x))


def test_a_record_holds_what_the_output_is_made_of():
    layer, x, record = layer_of(), random(2, 5, 24), Record()
    out = layer(x, record=record)
    q, k, v, weights = (getattr(record, name)[0] for name in ("queries", "keys", "values", "weights"))
    assert (q.shape, k.shape, v.shape, weights.shape) == ((2, 6, 5, 4), (2, 2, 5, 4), (2, 2, 5, 4), (2, 6, 5, 5))
    k, v = k.repeat_interleave(3, dim=1), v.repeat_interleave(3, dim=1)  # head h belongs to group h // 3
    assert_close(weights, attention_weights(q, k, causal_mask(5, 5)))
    assert_close(out, layer.to_out(merge_heads(weights @ v)))


def test_a_mask_for_each_sequence():
    layer, x = layer_of(), random(2, 5, 24)
    mask = causal_mask(5, 5).repeat(2, 1, 1, 1)
    mask[1, 0, :, 0] = False
    mask[1, 0, 0, 0] = True
    out = layer(x, mask=mask)
    assert_close(out[0], layer(x)[0])
    assert not torch.allclose(out[1, 1:], layer(x)[1, 1:])


def test_meta_tensors_pass_through():
    with torch.device("meta"):
        layer = SelfAttention(CONFIG)
        assert layer(torch.empty(2, 5, 24)).shape == (2, 5, 24)


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 7), (3, 7), (6, 7), (7, 7)])
@pytest.mark.parametrize("masked", [False, True])
def test_the_fused_kernel_is_attention_of_each_head_with_its_group(queries, keys, masked):
    q, k, v = random(2, 6, queries, 4), random(2, 2, keys, 4, seed=1), random(2, 2, keys, 4, seed=2)
    mask = causal_mask(queries, keys).repeat(2, 1, 1, 1)
    if masked:
        mask[1, 0, :, 0] = queries == keys
    repeated = (each.repeat_interleave(3, dim=1) for each in (k, v))  # head h belongs to group h // 3
    assert_close(fused_attention(q, k, v, mask if masked else None), attention(q, *repeated, mask))


def test_without_a_record_the_output_is_the_recorded_one():
    layer, x = layer_of(), random(2, 7, 24)
    mask = random(2, 1, 7, 7) > -0.5
    mask |= torch.eye(7, dtype=torch.bool)
    assert_close(layer(x), layer(x, record=Record()))
    assert_close(layer(x, mask=mask), layer(x, mask=mask, record=Record()))
    caches = [KVCache(CONFIG, batch=2, dtype=torch.float64).layers[0] for _ in range(2)]
    for piece in (x[:, :2], x[:, 2:3], x[:, 3:]):
        assert_close(layer(piece, cache=caches[0]), layer(piece, cache=caches[1], record=Record()))


def test_the_fused_kernel_refuses_a_query_that_sees_nothing():
    with pytest.raises(ValueError, match="query 1 may see no key"):
        fused_attention(
            random(2, 2, 2, 4),
            random(2, 2, 3, 4),
            random(2, 2, 3, 4),
            causal_mask(2, 3) & torch.tensor([[True], [False]]),
        )
