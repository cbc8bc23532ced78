"""transformers' GPT-2 and Llama with the same small random weights, and the published parameter counts."""

import warnings
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from llmcourse.transformer import presets
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.feedforward import Gelu, SwiGlu
from llmcourse.transformer.gpt2 import GPT2, gpt2_weights
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.llama import Llama, llama_weights
from llmcourse.transformer.record import Record
from llmcourse.transformer.rotary import permute_pairs
from tests.oracles.published_sizes import PUBLISHED

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import warns of what it will change one day
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

SMALL_GPT2 = replace(presets.GPT2_SMALL, vocab=61, width=24, layers=3, heads=4, ffn_width=40, context=20)
SMALL_LLAMA = replace(
    presets.LLAMA3_8B,
    vocab=61,
    width=24,
    layers=3,
    heads=6,
    kv_heads=2,
    ffn_width=40,
    context=20,
    rope_base=1000.0,
    rope_pairs="half",
)
DTYPES = [torch.float32, torch.float64]


@pytest.fixture
def tokens() -> torch.Tensor:
    return torch.randint(0, 61, (3, 9), generator=torch.Generator().manual_seed(1))


def randomize(model: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
    """Weights large enough that each part of the model matters, gains and biases too."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(dtype) * 0.4
    return model.eval().requires_grad_(False)


def their_gpt2(config: ModelConfig, dtype: torch.dtype) -> GPT2LMHeadModel:
    sizes = GPT2Config(
        vocab_size=config.vocab,
        n_positions=config.context,
        n_embd=config.width,
        n_layer=config.layers,
        n_head=config.heads,
        n_inner=config.ffn_width,
        bos_token_id=0,
        eos_token_id=None,
        attn_implementation="eager",
    )
    return randomize(GPT2LMHeadModel(sizes), dtype)


def their_llama(config: ModelConfig, dtype: torch.dtype) -> LlamaForCausalLM:
    sizes = LlamaConfig(
        vocab_size=config.vocab,
        hidden_size=config.width,
        intermediate_size=config.ffn_width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.groups,
        max_position_embeddings=config.context,
        rms_norm_eps=config.norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
        tie_word_embeddings=config.tied,
        bos_token_id=0,
        eos_token_id=None,
        attn_implementation="eager",
    )
    return randomize(LlamaForCausalLM(sizes), dtype)


def our_gpt2(theirs: GPT2LMHeadModel, config: ModelConfig, dtype: torch.dtype) -> GPT2:
    ours = GPT2(config).to(dtype)
    ours.load_state_dict(gpt2_weights(theirs.state_dict()))
    return ours.requires_grad_(False)


def our_llama(theirs: LlamaForCausalLM, config: ModelConfig, dtype: torch.dtype) -> Llama:
    ours = Llama(config).to(dtype)
    ours.load_state_dict(llama_weights(theirs.state_dict(), tied=config.tied))
    return ours.requires_grad_(False)


def pairs(dtype: torch.dtype) -> dict:
    theirs = {
        "gpt2": their_gpt2(SMALL_GPT2, dtype),
        "llama": their_llama(SMALL_LLAMA, dtype),
        "tied llama": their_llama(replace(SMALL_LLAMA, tied=True), dtype),
    }
    ours = {
        "gpt2": our_gpt2(theirs["gpt2"], SMALL_GPT2, dtype),
        "llama": our_llama(theirs["llama"], SMALL_LLAMA, dtype),
        "tied llama": our_llama(theirs["tied llama"], replace(SMALL_LLAMA, tied=True), dtype),
    }
    return {name: (ours[name], theirs[name]) for name in theirs}


@pytest.mark.parametrize("family", ["gpt2", "llama", "tied llama"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_are_theirs(family, dtype, tokens):
    ours, theirs = pairs(dtype)[family]
    expected = theirs(tokens).logits
    assert expected.std() > 0.5  # nothing is compared with zeros
    if dtype == torch.float64:
        # Their Llama takes the rotary angles, and its norm the squares, in float32 whatever the model's type.
        tolerance = {} if family == "gpt2" else {"atol": 1e-5, "rtol": 1e-5}
    else:
        tolerance = {"atol": 1e-4, "rtol": 1e-4}  # float32: the two add up the same numbers in another order
    assert_close(ours(tokens), expected, **tolerance)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_the_stream_and_the_weights_inside_are_theirs(family, tokens):
    ours, theirs = pairs(torch.float64)[family]
    record = Record()
    ours(tokens, record=record)
    inside = theirs(tokens, output_hidden_states=True, output_attentions=True)
    for mine, other in zip(record.residual[:-1], inside.hidden_states[:-1], strict=True):
        assert_close(mine, other, atol=1e-5, rtol=1e-5)  # their float32 angles, as above
    # Their last hidden state is after the final norm.
    assert_close(ours.final_norm(record.residual[-1]), inside.hidden_states[-1], atol=1e-5, rtol=1e-5)
    for mine, other in zip(record.weights, inside.attentions, strict=True):
        assert_close(mine, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "llama", "tied llama"])
def test_greedy_text_with_our_cache_is_theirs(family, tokens):
    ours, theirs = pairs(torch.float32)[family]
    expected = theirs.generate(tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=11, do_sample=False)
    cache = KVCache(ours.config, batch=3)
    text = [tokens]
    for _ in range(11):
        text.append(ours(text[-1], cache=cache, last_only=True).argmax(-1))
    assert torch.equal(torch.cat(text, dim=1), expected)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_padded_batches_are_theirs(family, tokens):
    """Filling on the left of rows 0 and 2, hidden there by an attention mask and moved positions."""
    ours, theirs = pairs(torch.float64)[family]
    padding = torch.tensor([2, 0, 4])
    theirs.set_attn_implementation("sdpa")  # their eager attention makes NaN of a row that may see nothing
    real = torch.arange(9) >= padding[:, None]
    positions = (real.cumsum(-1) - 1).clamp(min=0)
    expected = theirs(tokens, attention_mask=real.long(), position_ids=positions).logits
    assert_close(ours(tokens, padding=padding)[real], expected[real], atol=1e-5, rtol=1e-5)  # float32 angles, as above


def test_interleaved_pairs_with_permuted_rows_are_their_half_split_pairs(tokens):
    ours, theirs = pairs(torch.float64)["llama"]
    weights = {name: parameter.clone() for name, parameter in ours.state_dict().items()}
    for i in range(3):
        for which, heads in (("q", 6), ("k", 2)):
            name = f"blocks.{i}.attention.to_{which}.weight"
            weights[name] = permute_pairs(weights[name], heads, to="interleaved")
    other = Llama(replace(SMALL_LLAMA, rope_pairs="interleaved")).double()
    other.load_state_dict(weights)
    assert_close(other(tokens), ours(tokens))
    mixed_up = ours.reconfigured(replace(SMALL_LLAMA, rope_pairs="interleaved"))
    assert not torch.allclose(mixed_up(tokens), theirs(tokens).logits, atol=0.1)


def test_the_feed_forward_halves_are_torchs_formulas():
    x = torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gelu = Gelu(SMALL_GPT2).double()
    theirs = torch.nn.Sequential(gelu.up, torch.nn.GELU(approximate="tanh"), gelu.down)
    assert_close(gelu(x), theirs(x))
    swiglu = SwiGlu(SMALL_LLAMA).double()
    gate, up, down = (layer.weight for layer in (swiglu.gate, swiglu.up, swiglu.down))
    assert_close(swiglu(x), (torch.nn.SiLU()(x @ gate.T) * (x @ up.T)) @ down.T)
    assert not torch.allclose(gelu(x), gelu.down(F.gelu(gelu.up(x))), atol=1e-7)  # not the exact GELU


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(name):
    config = getattr(presets, name)
    with torch.device("meta"):
        model = (GPT2 if name.startswith("GPT2") else Llama)(config)
    assert model.parameter_count == PUBLISHED[name]


def test_gpt2_without_biases_has_nanogpts_count():
    with torch.device("meta"):
        model = GPT2(replace(presets.GPT2_SMALL, bias=False))
    assert model.parameter_count == 124_337_664
    assert sum(p.numel() for p in model.blocks[0].parameters()) == 7_079_424


def test_other_published_counts_follow_from_their_sizes():
    small = replace(presets.LLAMA3_8B, width=2048, layers=16, ffn_width=8192, tied=True)  # Llama 3.2 1B
    middle = replace(small, width=3072, layers=28, heads=24)  # Llama 3.2 3B
    mistral = replace(presets.LLAMA3_8B, vocab=32_000)  # Mistral 7B
    with torch.device("meta"):
        assert [Llama(config).parameter_count for config in (small, middle, mistral)] == [
            1_235_814_400,
            3_212_749_824,
            7_241_732_096,
        ]
