"""Adapters: nothing changes at first, merged is unmerged, the old model stays within reach, and counts."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from llmcourse.alignment.lora import (
    LoRALinear,
    adapters,
    eject,
    frozen_base,
    inject,
    load_adapter,
    lora_count,
    merge,
    save_adapter,
    trainable_count,
    unmerge,
)
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.linear import pack
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=48, width=32, layers=2, heads=4, kv_heads=2, ffn_width=64, context=16)
ALL = ("to_q", "to_k", "to_v", "to_out", "gate", "up", "down")


def seeded(n=0):
    return torch.Generator().manual_seed(n)


def make(**changes):
    return Llama(replace(CONFIG, **changes)).initialize(seeded(), std=0.3).double()


def tuned(model, *, rank=3, targets=("to_q", "to_v"), alpha=5.0):
    """With an adapter that has something to say."""
    inject(model, rank=rank, alpha=alpha, targets=targets, generator=seeded(1))
    for layer in adapters(model).values():
        layer.b.data.normal_(generator=seeded(2))
    return model


@pytest.fixture
def tokens():
    return torch.randint(48, (3, 7), generator=seeded(3))


def test_a_new_adapter_changes_nothing(tokens):
    model = make()
    before = model(tokens)
    inject(model, rank=4, targets=ALL, generator=seeded(1))
    torch.testing.assert_close(model(tokens), before, rtol=0, atol=0)
    assert all(layer.a.abs().min() > 0 for layer in adapters(model).values())


def test_the_first_gradient_goes_to_b_alone_and_none_to_the_model(tokens):
    model = inject(make(), rank=4, targets=("to_q", "to_v"), generator=seeded(1))
    model(tokens).square().sum().backward()
    for layer in adapters(model).values():
        assert layer.b.grad.abs().max() > 0
        assert layer.a.grad.abs().max() == 0
    others = [p for name, p in model.named_parameters() if not name.endswith((".a", ".b"))]
    assert len(others) == len(list(make().parameters()))
    assert all(not p.requires_grad and p.grad is None for p in others)


def test_the_layer_is_the_matrix_with_the_product_added():
    base = nn.Linear(6, 4).double()
    layer = LoRALinear(base, rank=2, alpha=3.0, generator=seeded())
    layer.b.data.normal_(generator=seeded(1))
    x = torch.randn(5, 3, 6, generator=seeded(2), dtype=torch.float64)
    by_hand = torch.einsum("bti,oi->bto", x, base.weight) + base.bias
    by_hand = by_hand + 1.5 * torch.einsum("bti,ri,or->bto", x, layer.a, layer.b)
    torch.testing.assert_close(layer(x), by_hand)
    torch.testing.assert_close(layer.weight, base.weight + layer.delta)
    assert torch.linalg.matrix_rank(layer.delta) == 2


def test_a_has_entries_of_variance_one_over_the_inputs():
    a = LoRALinear(nn.Linear(400, 50), rank=50, alpha=1.0, generator=seeded()).a.detach()
    assert a.shape == (50, 400)
    assert float(a.std()) == pytest.approx(1 / 20, rel=0.02)  # 20,000 numbers: half a percent is one deviation
    assert float(a.mean()) == pytest.approx(0, abs=0.002)


def test_merged_is_unmerged_and_unmerge_brings_the_old_matrices_back(tokens):
    model, plain = tuned(make(), targets=ALL), make()
    expected = model(tokens)
    assert (expected - plain(tokens)).abs().max() > 0.1
    merge(model)
    merge(model)  # once is enough
    torch.testing.assert_close(model(tokens), expected)
    unmerge(model)
    unmerge(model)
    torch.testing.assert_close(model(tokens), expected)
    torch.testing.assert_close(dict(eject(model).named_parameters()), dict(plain.named_parameters()))


def test_ejected_after_merging_it_is_a_plain_model_that_was_tuned(tokens):
    model = tuned(make())
    expected = model(tokens)
    merge(model)
    eject(model)
    assert not any(isinstance(module, LoRALinear) for module in model.modules())
    assert dict(model.named_parameters()).keys() == dict(make().named_parameters()).keys()
    torch.testing.assert_close(model(tokens), expected)


def test_inside_frozen_base_it_is_the_old_model_also_after_an_error(tokens):
    model, plain = tuned(make()), make()
    expected = model(tokens)
    with frozen_base(model):
        torch.testing.assert_close(model(tokens), plain(tokens), rtol=0, atol=0)
        assert all(layer.weight is layer.base.weight for layer in adapters(model).values())
        with frozen_base(model):
            pass
        torch.testing.assert_close(model(tokens), plain(tokens), rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="mine"), frozen_base(model):
        raise RuntimeError("mine")
    torch.testing.assert_close(model(tokens), expected, rtol=0, atol=0)
    merge(model)
    with pytest.raises(ValueError, match="merged"), frozen_base(model):
        pass


@pytest.mark.parametrize("rank", [1, 2, 16])
def test_the_count_is_what_asks_for_gradients(rank):
    model = inject(make(), rank=rank, targets=ALL, generator=seeded())
    shapes = [layer.base.weight.shape for layer in adapters(model).values()]
    assert len(shapes) == 14
    assert trainable_count(model) == sum(lora_count(i, o, rank) for o, i in shapes)
    assert trainable_count(model) == rank * 2 * (2 * 32 + 2 * (32 + 16) + 2 * 32 + 3 * (32 + 64))


def test_full_rank_can_say_anything():
    """r = min(I, O): for each ΔW there are A and B, here from its singular values."""
    base = nn.Linear(5, 4, bias=False).double()
    layer = LoRALinear(base, rank=4, alpha=4.0, generator=seeded())
    wanted = torch.randn(4, 5, generator=seeded(1), dtype=torch.float64)
    u, s, v = torch.linalg.svd(wanted, full_matrices=False)
    layer.b.data, layer.a.data = u * s, v
    torch.testing.assert_close(layer.delta, wanted)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_saved_and_loaded_it_answers_the_same(tmp_path, tokens, dtype):
    model = tuned(make())
    save_adapter(tmp_path / "style.safetensors", model, {"style": "brief"}, dtype=dtype)
    other = make()
    assert load_adapter(tmp_path / "style.safetensors", other) == {"style": "brief"}
    assert {(layer.rank, layer.alpha) for layer in adapters(other).values()} == {(3, 5.0)}
    tolerance = {"rtol": 0, "atol": 0} if dtype == torch.float64 else {"rtol": 0.02, "atol": 0.02}  # 11 bits in half
    torch.testing.assert_close(other(tokens), model(tokens), **tolerance)


def test_an_adapter_of_another_model_or_file_is_refused_and_leaves_the_model_plain(tmp_path, tokens):
    save_adapter(tmp_path / "style.safetensors", tuned(make()), {})
    other = make(width=64)
    with pytest.raises(ValueError, match=r"to_q.a has shape \(3, 32\), but the place for it \(3, 64\)"):
        load_adapter(tmp_path / "style.safetensors", other)
    deeper = make(layers=3)
    with pytest.raises(ValueError, match=r"blocks.2.attention.to_q.a has shape None"):
        load_adapter(tmp_path / "style.safetensors", deeper)
    assert not any(isinstance(module, LoRALinear) for module in (*other.modules(), *deeper.modules()))
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match="no safetensors file"):
        load_adapter(tmp_path / "broken.safetensors", make())
    with pytest.raises(FileNotFoundError, match=r"nowhere.safetensors"):
        load_adapter(tmp_path / "nowhere.safetensors", make())


def test_refusals():
    model = make()
    with pytest.raises(ValueError, match="'to_x'"):
        inject(model, rank=2, targets=("to_q", "to_x"), generator=seeded())
    with pytest.raises(ValueError, match="between 1 and 16 for 16 × 32, got 17"):
        inject(model, rank=17, targets=("to_q", "to_v"), generator=seeded())
    with pytest.raises(ValueError, match="got 0"):
        inject(model, rank=0, targets=("to_v",), generator=seeded())
    with pytest.raises(ValueError, match=r"alpha must be positive, got -1.0"):
        inject(model, rank=1, alpha=-1.0, targets=("to_v",), generator=seeded())
    with pytest.raises(ValueError, match="0 adapters"):
        merge(model)
    assert all(p.requires_grad for p in model.parameters())  # a refusal leaves the model as it was
    inject(model, rank=2, targets=("to_v",), generator=seeded())
    with pytest.raises(ValueError, match="already"):
        inject(model, rank=2, targets=("to_q",), generator=seeded())
    packed = make().float()
    pack(packed)
    with pytest.raises(ValueError, match="packed=False"):
        inject(packed, rank=2, targets=("to_q",), generator=seeded())
