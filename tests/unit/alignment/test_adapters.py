"""A bottleneck that begins as nothing; a prefix that a real text could have left, and one that learns; their counts."""

import pytest
import torch

from llmcourse.alignment.adapters import Bottleneck, Prefix, bottleneck_count, prefix_count
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=48, width=32, layers=3, heads=4, kv_heads=2, ffn_width=64, context=16)


def seeded(n=0):
    return torch.Generator().manual_seed(n)


def test_a_bottleneck_begins_as_the_identity_and_its_way_up_learns_first():
    layer, x = Bottleneck(32, 5, generator=seeded()), torch.randn(3, 7, 32, generator=seeded(1))
    torch.testing.assert_close(layer(x), x, rtol=0, atol=0)
    layer(x).square().sum().backward()
    assert layer.up.weight.grad.abs().max() > 0
    assert layer.down.weight.grad.abs().max() == 0


def test_a_bottleneck_adds_what_it_says():
    layer, x = Bottleneck(32, 5, generator=seeded()), torch.randn(3, 32, generator=seeded(1))
    for parameter in layer.parameters():
        parameter.data.normal_(generator=seeded(2))
    inner = x @ layer.down.weight.T + layer.down.bias
    bent = inner * torch.distributions.Normal(0, 1).cdf(inner)
    torch.testing.assert_close(layer(x), x + bent @ layer.up.weight.T + layer.up.bias, rtol=1e-4, atol=1e-4)


def test_counts():
    layer, prefix = Bottleneck(32, 5, generator=seeded()), Prefix(CONFIG, 4, generator=seeded())
    assert sum(p.numel() for p in layer.parameters()) == bottleneck_count(32, 5)
    assert sum(p.numel() for p in prefix.parameters()) == prefix_count(CONFIG, 4) == 2 * 3 * 4 * 16


def test_the_keys_and_values_of_a_text_as_a_prefix_are_the_text_read_before():
    model, prefix = Llama(CONFIG).initialize(seeded(), std=0.3), Prefix(CONFIG, 5, generator=seeded())
    tokens = torch.randint(48, (2, 11), generator=seeded(1))
    tokens[:, :5] = tokens[:1, :5]  # the same beginning in both rows
    cache = KVCache(CONFIG, capacity=5)
    with torch.no_grad():
        model(tokens[:1, :5], cache=cache)
        for layer, keys, values in zip(cache.layers, prefix.keys, prefix.values, strict=True):
            keys.copy_(layer.keys[0])
            values.copy_(layer.values[0])
    torch.testing.assert_close(model(tokens[:, 5:], cache=prefix.cache()), model(tokens)[:, 5:])


def test_a_prefix_learns_while_the_model_is_frozen():
    model = Llama(CONFIG).initialize(seeded(), std=0.3).requires_grad_(False)
    prefix, tokens = Prefix(CONFIG, 4, generator=seeded()), torch.randint(48, (2, 6), generator=seeded(1))
    optimizer, losses = torch.optim.Adam(prefix.parameters(), lr=0.1), []
    for _ in range(15):
        logits = model(tokens[:, :-1], cache=prefix.cache())
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3


def test_refusals():
    with pytest.raises(ValueError, match="between 1 and the width of 8, got 9"):
        Bottleneck(8, 9, generator=seeded())
    with pytest.raises(ValueError, match="between 1 and 15 positions, got 16"):
        Prefix(CONFIG, 16, generator=seeded())
