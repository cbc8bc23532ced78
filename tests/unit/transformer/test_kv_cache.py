"""That cached decoding equals uncached: tests/unit/transformer/test_decoder.py."""

import pytest
import torch

from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache

CONFIG = ModelConfig(vocab=11, width=24, layers=3, heads=6, kv_heads=2, ffn_width=32, context=16)


def rows(length: int, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 2, length, 4, generator=torch.Generator().manual_seed(length))


def test_what_is_written_comes_back_in_order():
    layer = KVCache(CONFIG, batch=2).layers[1]
    layer.extend(rows(3), -rows(3))
    keys, values = layer.extend(rows(2), -rows(2))
    assert torch.equal(keys, torch.cat([rows(3), rows(2)], dim=2))
    assert torch.equal(values, -keys)
    assert layer.length == 5


def test_nothing_is_copied():
    layer = KVCache(CONFIG, batch=2).layers[0]
    keys, values = layer.extend(rows(3), rows(3))
    assert keys.untyped_storage().data_ptr() == layer.keys.untyped_storage().data_ptr()
    assert values.untyped_storage().data_ptr() == layer.values.untyped_storage().data_ptr()


def test_forgetting_makes_room_for_something_else():
    cache = KVCache(CONFIG, batch=2, capacity=4)
    for layer in cache.layers:
        layer.extend(rows(4), rows(4))
    cache.truncate(1)
    keys, _ = cache.layers[2].extend(rows(2), rows(2))
    assert torch.equal(keys, torch.cat([rows(4)[:, :, :1], rows(2)], dim=2))
    assert [layer.length for layer in cache.layers] == [1, 1, 3]


def test_bytes_of_a_published_model():
    """Llama-2-7B: 524,288 bytes a token in 16 bits; Llama-3-8B with its 8 groups a quarter of that."""
    from llmcourse.transformer.presets import LLAMA2_7B, LLAMA3_8B

    sizes = [KVCache(c, capacity=10, dtype=torch.float16, device="meta").nbytes for c in (LLAMA2_7B, LLAMA3_8B)]
    assert sizes == [10 * 524_288, 10 * 131_072]


def test_refusals():
    cache = KVCache(CONFIG, batch=2, capacity=4)
    with pytest.raises(ValueError, match="5 positions do not fit into a cache of capacity 4"):
        cache.layers[0].extend(rows(5), rows(5))
    with pytest.raises(ValueError, match="a cache for 2 sequences was given 3"):
        cache.layers[0].extend(rows(1, batch=3), rows(1, batch=3))
    with pytest.raises(ValueError, match=r"under torch\.no_grad"):
        cache.layers[0].extend(rows(1).requires_grad_(), rows(1))
    with pytest.raises(ValueError, match="cannot keep 1 positions of 0"):
        cache.truncate(1)
    for capacity in (0, 17):
        with pytest.raises(ValueError, match=f"between 1 and the context of 16, got {capacity}"):
            KVCache(CONFIG, capacity=capacity)
