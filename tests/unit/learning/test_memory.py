from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.learning.memory import activation_bytes, kv_cache_bytes, training_bytes
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.presets import GPT2_SMALL, LLAMA3_8B

SMALL = replace(GPT2_SMALL, vocab=13, width=24, layers=3, heads=4, ffn_width=96, context=20)


def test_sixteen_bytes_a_parameter_with_and_without_mixed_precision():
    mixed = training_bytes(1000)
    assert (mixed.weights, mixed.gradients, mixed.optimizer, mixed.total) == (2000, 2000, 12_000, 16_000)
    assert training_bytes(1000, weight=4, gradient=4, optimizer=8).total == 16_000


def test_float32_is_what_torch_keeps_after_a_step():
    parameter = torch.nn.Parameter(torch.zeros(50, 7))
    optimizer = torch.optim.AdamW([parameter])
    parameter.sum().backward()
    optimizer.step()
    counted = training_bytes(350, weight=4, gradient=4, optimizer=8)
    assert counted.weights == parameter.nbytes
    assert counted.gradients == parameter.grad.nbytes
    assert counted.optimizer == sum(v.nbytes for k, v in optimizer.state[parameter].items() if k.startswith("exp_avg"))


@given(st.integers(1, 10**12), st.integers(1, 5000), st.integers(0, 3))
def test_sharing_out_takes_parts_away_and_nothing_else(parameters, devices, stage):
    alone = training_bytes(parameters)
    shared = training_bytes(parameters, devices=devices, stage=stage)
    whole = [alone.weights, alone.gradients, alone.optimizer]
    parts = [shared.weights, shared.gradients, shared.optimizer]
    expected = [w / devices if stage >= first else w for w, first in zip(whole, (3, 2, 1), strict=True)]
    assert parts == pytest.approx(expected)


@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 8))
def test_activations_of_all_layers_add_up(tokens, batch, parts):
    for how in ("nothing", "attention", "everything"):
        many = activation_bytes(SMALL, tokens, batch=batch, tensor_parallel=parts, recompute=how)
        one = activation_bytes(replace(SMALL, layers=1), tokens, tensor_parallel=parts, recompute=how)
        assert many == pytest.approx(3 * batch * one)


def test_sequence_parallelism_shares_everything_out():
    alone = activation_bytes(SMALL, 20)
    assert activation_bytes(SMALL, 20, tensor_parallel=4, sequence_parallel=True) == pytest.approx(alone / 4)
    assert activation_bytes(SMALL, 20, tensor_parallel=4) > alone / 4


def test_the_cache_is_as_large_as_the_one_that_is_used():
    config = replace(LLAMA3_8B, width=64, layers=3, heads=8, kv_heads=2, ffn_width=16, context=50, vocab=9)
    for dtype, number in ((torch.float32, 4), (torch.bfloat16, 2)):
        cache = KVCache(config, batch=3, capacity=17, dtype=dtype)
        assert kv_cache_bytes(config, 17, batch=3, number=number) == cache.nbytes


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="parameters must be at least 1, got 0"):
        training_bytes(0)
    with pytest.raises(ValueError, match="devices must be at least 1, got 0"):
        training_bytes(1, devices=0)
    with pytest.raises(ValueError, match=r"stage must be 0 .* got 4"):
        training_bytes(1, stage=4)
    with pytest.raises(ValueError, match="got swiglu, F = 14336 for D = 4096, 8 keys for 32 heads"):
        activation_bytes(LLAMA3_8B, 1)
    with pytest.raises(ValueError, match="tensor_parallel must be at least 1, got 0"):
        activation_bytes(SMALL, 1, tensor_parallel=0)
    with pytest.raises(ValueError, match="number must be at least 1, got 0"):
        kv_cache_bytes(SMALL, 1, number=0)
