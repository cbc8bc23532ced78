"""torch's own counter of FLOP, and published parameters, FLOP and bytes."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from llmcourse.learning.cost import forward_flops, palm_flops, parameters, six_nd, training_flops
from llmcourse.learning.memory import activation_bytes, kv_cache_bytes, training_bytes
from llmcourse.transformer import presets
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.record import Record
from tests.oracles.published_sizes import PUBLISHED

SMALL = {
    "gpt2": replace(presets.GPT2_SMALL, vocab=61, width=24, layers=3, heads=4, ffn_width=40, context=20),
    "llama": replace(presets.LLAMA3_8B, vocab=61, width=24, layers=3, heads=6, kv_heads=2, ffn_width=40, context=20),
    "tied llama": replace(presets.SMOLLM2_135M, vocab=31, width=36, layers=2, heads=6, kv_heads=3, ffn_width=50),
}
NANOGPT = replace(presets.GPT2_SMALL, bias=False)


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("batch", [2, 3])
def test_a_step_of_training_is_what_torch_counts(family, batch):
    config = SMALL[family]
    model = Decoder(config)
    tokens = torch.randint(0, config.vocab, (batch, 11), generator=torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as counter:
        logits = model(tokens, record=Record())  # with a record: plain attention, whose products torch can see
    assert counter.get_total_flops() == forward_flops(config, 11, batch=batch).total
    with FlopCounterMode(display=False) as counter:
        logits.sum().backward()
    assert counter.get_total_flops() == 2 * forward_flops(config, 11, batch=batch).total


@pytest.mark.parametrize("family", SMALL)
def test_one_more_token_with_a_cache_is_what_torch_counts(family):
    config = SMALL[family]
    model, cache = Decoder(config), KVCache(config, batch=2, capacity=20)
    with torch.no_grad():
        model(torch.zeros(2, 9, dtype=torch.long), cache=cache)
        with FlopCounterMode(display=False) as counter:
            model(torch.zeros(2, 1, dtype=torch.long), cache=cache, record=Record())
    assert counter.get_total_flops() == forward_flops(config, 1, batch=2, past=9).total


def test_nanogpts_table_for_gpt2_small():
    """``transformer_sizing.ipynb`` in its repository, of a window of 1024 tokens, without biases."""
    n, flops = parameters(NANOGPT), forward_flops(NANOGPT, 1024)
    assert n.total == 124_337_664
    assert (n.positions, n.embedding, n.attention + n.ffn + n.norms) == (786_432, 38_597_376, 84_953_088 + 768)
    assert flops.attention == 12 * (3_623_878_656 + 1_207_959_552)
    assert flops.scores == 12 * (1_610_612_736 + 1_610_612_736)
    assert flops.ffn == 12 * 9_663_676_416
    assert flops.head == 79_047_426_048
    assert flops.total == 291_648_307_200
    assert training_flops(NANOGPT, 1024) == 874_944_921_600
    assert palm_flops(NANOGPT, 1024) == 879_894_724_608
    assert palm_flops(NANOGPT, 1024) / training_flops(NANOGPT, 1024) == pytest.approx(1.0057, abs=5e-5)


def test_megatrons_formula_for_a_training_step():
    """Narayanan et al. (2021), eq. 2 without its recomputation: 72 B s l h² (1 + s/6h + V/12lh)."""
    for batch, s, layers, h, vocab in ((4, 2048, 96, 12_288, 51_200), (3, 1024, 7, 640, 50_304)):
        gpt = replace(presets.GPT2_SMALL, vocab=vocab, width=h, layers=layers, heads=h // 64, ffn_width=4 * h)
        formula = 72 * batch * s * layers * h**2 * (1 + s / (6 * h) + vocab / (12 * layers * h))
        assert training_flops(gpt, s, batch=batch) == pytest.approx(formula, rel=1e-12)


def gpt3(**sizes):
    return replace(presets.GPT2_SMALL, vocab=50_257, context=2048, **sizes)


PYTHIA = {  # layers, width: non-embedding parameters (Biderman et al., 2023, table 1)
    (6, 512): 18_915_328,
    (12, 768): 85_056_000,
    (24, 1024): 302_311_424,
    (16, 2048): 805_736_448,
    (24, 2048): 1_208_602_624,
    (32, 2560): 2_517_652_480,
    (32, 4096): 6_444_163_072,
    (36, 5120): 11_327_027_200,
}


@pytest.mark.parametrize(("layers", "width"), PYTHIA)
def test_pythias_non_embedding_parameters(layers, width):
    pythia = ModelConfig(
        vocab=50_304, width=width, layers=layers, heads=8, ffn_width=4 * width, context=2048,
        norm="layer", activation="gelu", bias=True,
    )  # fmt: skip
    assert parameters(pythia).non_embedding == PYTHIA[layers, width]


def test_gpt3s_parameters_and_what_kaplan_counts():
    """Brown et al. (2020), table D.1 prints 174,600M."""
    gpt = gpt3(width=12_288, layers=96, heads=96, ffn_width=49_152)
    assert parameters(gpt).total == 174_604_259_328
    assert parameters(gpt).matrices == 12 * 96 * 12_288**2 == 173_946_175_488


def test_published_totals():
    for name, total in PUBLISHED.items():
        assert parameters(getattr(presets, name)).total == total


def test_published_training_compute():
    """Gopher (Hoffmann et al., 2022, table 3), Chinchilla, Llama 3 405B (Grattafiori et al., 2024, section 3.2.1)."""
    assert six_nd(67e9, 1.5e12) == pytest.approx(5.76e23, rel=0.05)  # their 67 and 1.5 are rounded
    assert six_nd(405e9, 15.6e12) == pytest.approx(3.8e25, rel=0.01)


def test_zeros_figure_1():
    """Rajbhandari et al. (2020): 7.5 billion parameters on 64 devices, in units of 10⁹ bytes."""
    parts = [training_bytes(7_500_000_000, devices=64, stage=stage).total / 1e9 for stage in range(4)]
    assert parts == [120, 31.40625, 16.640625, 1.875]


def test_korthikanti_and_others_activations():
    """Table 2's five rows, and the shares of section 5: without the term with s, 70% less for GPT-3, 65% for MT-NLG."""
    models = {"gpt3": (96, 96, 12_288, 0.70), "mt-nlg": (105, 128, 20_480, 0.65)}
    for layers, heads, h, saved in models.values():
        config = gpt3(width=h, layers=layers, heads=heads, ffn_width=4 * h)
        s, b, t = 2048, 2, 8
        unit, scores = s * b * h * layers, 5 * heads * s / h
        assert activation_bytes(config, s, batch=b) / unit == pytest.approx(34 + scores)
        given = {"batch": b, "tensor_parallel": t}
        assert activation_bytes(config, s, **given) / unit == pytest.approx(10 + 24 / t + scores / t)
        both = activation_bytes(config, s, sequence_parallel=True, **given) / unit
        assert both == pytest.approx((34 + scores) / t)
        selective = activation_bytes(config, s, sequence_parallel=True, recompute="attention", **given) / unit
        assert selective == pytest.approx(34 / t)
        assert 1 - selective / both == pytest.approx(saved, abs=0.005)
        assert activation_bytes(config, s, recompute="everything", **given) / unit == 2


def test_published_cache_sizes():
    """Bytes per token in 16 bits: Kwon et al. (2023), section 3, and arithmetic on released configs."""
    llama2_70b_without_groups = replace(presets.LLAMA2_70B, kv_heads=64)
    opt_13b = gpt3(width=5120, layers=40, heads=40, ffn_width=20_480)
    qwen_72b = replace(presets.LLAMA2_70B, vocab=152_064)  # 80 layers, 8 keys of 128
    llama3_405b = replace(presets.LLAMA3_70B, width=16_384, layers=126, heads=128)
    per_token = {
        presets.LLAMA2_7B: 524_288,
        presets.LLAMA2_70B: 327_680,
        llama2_70b_without_groups: 2_621_440,
        presets.LLAMA3_8B: 131_072,
        opt_13b: 819_200,
        qwen_72b: 327_680,
        llama3_405b: 516_096,
    }
    for config, expected in per_token.items():
        assert kv_cache_bytes(config, 1) == expected
    assert kv_cache_bytes(presets.LLAMA3_8B, 131_072) == 17_179_869_184
    assert kv_cache_bytes(opt_13b, 2048) == 1_677_721_600
