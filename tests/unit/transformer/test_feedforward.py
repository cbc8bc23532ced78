import torch
from torch.testing import assert_close

from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.feedforward import Gelu, SwiGlu, feedforward_from

CONFIG = ModelConfig(vocab=11, width=2, layers=1, heads=1, ffn_width=3, context=8)
GPT = ModelConfig(vocab=11, width=2, layers=1, heads=1, ffn_width=3, context=8, activation="gelu", bias=True)


def test_the_config_chooses_the_network_and_its_biases():
    assert type(feedforward_from(CONFIG)) is SwiGlu
    assert type(feedforward_from(GPT)) is Gelu
    assert {name for name, _ in feedforward_from(CONFIG).named_parameters()} == {
        "gate.weight",
        "up.weight",
        "down.weight",
    }
    assert {name for name, _ in feedforward_from(GPT).named_parameters()} == {
        "up.weight",
        "up.bias",
        "down.weight",
        "down.bias",
    }


def test_swiglu_by_hand():
    """One unit: gate 1, up 2. silu(1) = 1/(1 + e⁻¹) = 0.7311; times 2; the other units are closed at gate 0."""
    network = SwiGlu(CONFIG)
    network.gate.weight.data = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    network.up.weight.data = torch.tensor([[2.0, 0.0], [5.0, 5.0], [5.0, 5.0]])
    network.down.weight.data = torch.tensor([[1.0, 1.0, 1.0], [-1.0, 0.0, 0.0]])
    out = network(torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]))
    assert_close(out, torch.tensor([[[1.4621172, -1.4621172]], [[0.0, 0.0]]]))


def test_gelu_by_hand():
    """gelu(1) ≈ 0.841192 with the tanh form, 0.841345 with the exact one; gelu(0) = 0 leaves the biases."""
    network = Gelu(GPT)
    network.up.weight.data = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    network.up.bias.data.zero_()
    network.down.weight.data = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    network.down.bias.data = torch.tensor([0.0, 7.0])
    out = network(torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]))
    assert_close(out, torch.tensor([[[0.8411920, 7.0]], [[0.0, 7.0]]]), atol=1e-6, rtol=0)  # digits of the source


def test_each_position_is_on_its_own():
    for config in (CONFIG, GPT):
        network = feedforward_from(config)
        x = torch.randn(2, 5, 2, generator=torch.Generator().manual_seed(0))
        assert_close(network(x)[:, [3]], network(x[:, [3]]))
