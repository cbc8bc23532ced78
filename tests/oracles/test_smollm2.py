"""SmolLM2-135M-Instruct itself: transformers and tokenizers with the same weights and vocabulary, and what it says."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer as TheirTokenizer
from tokenizers import decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llmcourse import data
from llmcourse.gguf_file import open_gguf
from llmcourse.inference.chat import CHATML, chat, conversation_tokens
from llmcourse.inference.generate import generate, next_logits
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.presets import SMOLLM2_135M
from llmcourse.transformer.rotary import permute_pairs

pytestmark = pytest.mark.network

THEIR_NAMES = (
    ("final_norm", "norm"),
    ("embed", "embed_tokens"),
    ("blocks.", "layers."),
    ("attention_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attention.to_q", "self_attn.q_proj"),
    ("attention.to_k", "self_attn.k_proj"),
    ("attention.to_v", "self_attn.v_proj"),
    ("attention.to_out", "self_attn.o_proj"),
    ("ffn.", "mlp."),
    (".gate.", ".gate_proj."),
    (".up.", ".up_proj."),
    (".down.", ".down_proj."),
)
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def loaded():
    return load("smollm2-135m")


@pytest.fixture(scope="module")
def in_half_pairs(loaded):
    """The weights with the rows of queries and keys in the order that transformers rotates. The others are shared."""
    weights = dict(loaded.model.named_parameters())
    for name in weights:
        if name.endswith(("to_q.weight", "to_k.weight")):
            heads = 9 if name.endswith("to_q.weight") else 3
            weights[name] = permute_pairs(weights[name], heads, to="half")
    return weights


@pytest.fixture(scope="module")
def theirs(in_half_pairs):
    with torch.device("meta"):
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=49_152,
                hidden_size=576,
                intermediate_size=1536,
                num_hidden_layers=30,
                num_attention_heads=9,
                num_key_value_heads=3,
                max_position_embeddings=8192,
                rms_norm_eps=1e-5,
                rope_parameters={"rope_type": "default", "rope_theta": 100_000.0},
                tie_word_embeddings=True,
                attn_implementation="eager",
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=2,
            )
        )
    weights = {}
    for name, tensor in in_half_pairs.items():
        for ours, their in THEIR_NAMES:
            name = name.replace(ours, their)
        weights[f"model.{name}"] = tensor
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    model.load_state_dict(weights, assign=True)
    model.model.rotary_emb = type(model.model.rotary_emb)(model.config)  # its tables were made without numbers
    return model.eval()


@pytest.fixture(scope="module")
def their_tokenizer():
    """Of the tokenizers library, from the vocabulary and merges in the file; split as SmolLM2's tokenizer.json says."""
    metadata = open_gguf(data.fetch("smollm2-135m")).metadata
    vocabulary = {token: i for i, token in enumerate(metadata["tokenizer.ggml.tokens"])}
    merges = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = TheirTokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = metadata["tokenizer.ggml.token_type"]
    tokenizer.add_special_tokens([token for token, kind in zip(vocabulary, kinds, strict=True) if kind == 3])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    fast.chat_template = metadata["tokenizer.chat_template"]
    return fast


@pytest.fixture(scope="module")
def tokens(loaded):
    """The beginning of Alice's Adventures in Wonderland, its lines joined: 561 tokens."""
    text = data.read("alice29.txt")
    start = text.index("Alice was beginning")
    return loaded.tokenizer.encode(re.sub(r"\s+", " ", text[start : start + 2500]))


def bits_per_token(model, tokens):
    """Average surprise at each token of a text but the first."""
    row = torch.tensor([tokens])
    with torch.inference_mode():
        logp = model(row)[:, :-1].log_softmax(-1)
    return float(-logp.gather(-1, row[:, 1:, None]).mean() / np.log(2))


def test_the_file_is_the_model_that_we_think_it_is(loaded):
    assert loaded.config == SMOLLM2_135M
    assert loaded.model.parameter_count == 134_515_008
    assert loaded.chat_template == CHATML
    assert loaded.tokenizer.special["<|im_end|>"] == 2
    assert loaded.stop == (0, 2)


def test_it_knows_the_capital_of_france(loaded):
    assert "".join(chat(loaded, QUESTION, choose=greedy, max_new=40)) == "The capital of France is Paris."


def test_its_logits_are_those_of_transformers(loaded, theirs, tokens):
    """Two rows, so that a mix-up of rows would show. Float32 through 30 layers, summed in another order: to 1e-4."""
    row = torch.tensor([tokens[:60], tokens[-60:]])
    with torch.inference_mode():
        ours, expected = loaded.model(row), theirs(row).logits
    assert expected.abs().max() > 15  # so that 1e-4 is five digits
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-5)


def test_its_greedy_text_is_that_of_transformers(loaded, theirs):
    prompt = conversation_tokens(loaded.tokenizer, [{"role": "user", "content": "Why is the sky blue?"}])
    ours = list(generate(loaded.model, prompt, choose=greedy, max_new=40, stop=loaded.stop))
    row = torch.tensor([prompt])
    expected = theirs.generate(row, attention_mask=torch.ones_like(row), max_new_tokens=40, do_sample=False)
    assert len(ours) == 40
    assert ours == expected[0, len(prompt) :].tolist()


def test_reading_in_pieces_is_reading_at_once(loaded, tokens):
    """Pieces of 1, of 7, and of what is left, through one cache."""
    tokens, cache, rows = tokens[:48], KVCache(loaded.config, capacity=48), []
    with torch.inference_mode():
        whole = loaded.model(torch.tensor([tokens]))
        for start, end in ((0, 20), (20, 21), (21, 22), (22, 29), (29, 47), (47, 48)):
            rows.append(loaded.model(torch.tensor([tokens[start:end]]), cache=cache))
    torch.testing.assert_close(torch.cat(rows, dim=1), whole, atol=1e-4, rtol=1e-5)


def test_texts_of_different_lengths_side_by_side_are_read_as_alone(loaded, tokens):
    """Filled up on the left with a token that is nobody's. The next token then, through a cache, as well."""
    texts = [tokens[:40], tokens[40:57]]
    filled = torch.tensor([texts[0], [11] * 23 + texts[1]])
    padding, cache = torch.tensor([0, 23]), KVCache(loaded.config, batch=2, capacity=41)
    with torch.inference_mode():
        first = loaded.model(filled, padding=padding, cache=cache, last_only=True)[:, 0]
        second = loaded.model(torch.tensor([[500], [600]]), padding=padding, cache=cache)[:, 0]
    for row, text in enumerate(texts):
        alone = torch.from_numpy(next_logits(loaded.model, text))
        torch.testing.assert_close(first[row], alone, atol=1e-4, rtol=1e-5)
        alone = torch.from_numpy(next_logits(loaded.model, [*text, (500, 600)[row]]))
        torch.testing.assert_close(second[row], alone, atol=1e-4, rtol=1e-5)


def test_packed_it_is_the_same_model(loaded, tokens):
    packed = load("smollm2-135m", packed=True)
    with torch.inference_mode():
        row = torch.tensor([tokens[:60], tokens[-60:]])
        torch.testing.assert_close(packed.model(row), loaded.model(row), atol=1e-4, rtol=1e-5)
    prompt = conversation_tokens(loaded.tokenizer, QUESTION)
    texts = [list(generate(each.model, prompt, choose=greedy, max_new=40)) for each in (packed, loaded)]
    assert texts[0] == texts[1]
    assert "".join(chat(packed, QUESTION, choose=greedy, max_new=40)) == "The capital of France is Paris."


def test_the_other_pair_layout_turns_a_story_into_noise(loaded, in_half_pairs, tokens):
    """With the rows as they stand in the file; and with the rows reordered it is the same model again."""
    half = loaded.model.reconfigured(replace(loaded.config, rope_pairs="half"))
    right, wrong = bits_per_token(loaded.model, tokens), bits_per_token(half, tokens)
    assert right == pytest.approx(4.67, abs=0.01)
    assert wrong == pytest.approx(7.97, abs=0.01)  # the perplexity is ten times as high
    prompt = conversation_tokens(loaded.tokenizer, QUESTION)
    answer = generate(half, prompt, choose=greedy, max_new=8, stop=loaded.stop)
    assert "Paris" not in loaded.tokenizer.decode(list(answer))
    half.load_state_dict(in_half_pairs, assign=True)
    assert bits_per_token(half, tokens[:100]) == pytest.approx(bits_per_token(loaded.model, tokens[:100]), abs=1e-4)


def test_its_tokens_are_those_of_the_tokenizers_library(loaded, their_tokenizer):
    for name in ("alice29.txt", "asyoulik.txt"):
        text = data.read(name)[:60_000].replace("\x1a", "")
        assert loaded.tokenizer.encode(text) == their_tokenizer(text)["input_ids"]
    text = "1234 + 5,678 = naïve 😀 中文字 \u0301é\n\n\t  def f(x):\n    return x**2 '’s don't"
    assert loaded.tokenizer.encode(text) == their_tokenizer(text)["input_ids"]
    assert loaded.tokenizer.decode(loaded.tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "messages",
    [
        QUESTION,
        [{"role": "system", "content": "Be brief.\n"}, {"role": "user", "content": " Hi 😀"}],
        [*QUESTION, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of 12 others?"}],
    ],
)
def test_its_conversations_are_those_of_transformers(loaded, their_tokenizer, messages):
    expected = their_tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert conversation_tokens(loaded.tokenizer, messages) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
@pytest.mark.parametrize("packed", [False, True])
def test_loading_takes_little_more_memory_than_the_weights(packed):
    """In a fresh process: the peak of loading, reading 512 tokens and writing 8, above what the imports take."""
    code = f"""
import json, torch
from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.checkpoint import load
def peak():  # of this process alone; resource.getrusage would inherit that of its parent
    status = open("/proc/self/status").read().split()
    return 1024 * int(status[status.index("VmHWM:") + 1])
before = peak()
model = load("smollm2-135m", packed={packed}).model
list(generate(model, list(range(100, 612)), choose=greedy, max_new=8))
print(json.dumps([before, sum(p.nbytes for p in model.parameters()), peak()]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, weights, after = json.loads(done.stdout)
    assert weights == 4 * 134_515_008
    assert weights < after - before <= 1.3 * weights
