"""AttentionExplorer in Python: packed weights, sentences, texts typed into a notebook, refusals, and its picture."""

import base64
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.explore.attention_explorer import AttentionExplorer
from llmcourse.explore.attention_sentences import SENTENCES
from llmcourse.explore.attention_trace import (
    FOLDER,
    check_trace,
    decode,
    encode,
    error_bound,
    model_weights,
    read_trace,
    trace_of,
)
from llmcourse.transformer import head_patterns
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.record import Record
from tests.unit.transformer.test_head_patterns import causal, looking_at

TINY = ModelConfig(vocab=128, width=24, layers=3, heads=4, kv_heads=2, ffn_width=16, context=80)


class Characters:
    """A tokenizer whose tokens are ASCII characters."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode("ascii"))

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode("ascii")


@pytest.fixture(scope="module")
def loaded() -> SimpleNamespace:
    """A small model with random weights, and what belongs to it."""
    model = Llama(TINY).initialize(torch.Generator().manual_seed(0), std=0.5).eval().requires_grad_(False)
    return SimpleNamespace(model=model, tokenizer=Characters())


def trace_from(weights: np.ndarray, ids: list[int] | None = None, **options: str) -> dict:
    ids = list(range(weights.shape[-1])) if ids is None else ids
    return encode(weights, [f"t{i}" for i in ids], ids, **options)


# ---- the trace ----


@given(st.integers(2, 64), st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.3, 1.0, 20.0]))
def test_no_weight_and_no_set_of_weights_is_off_by_more_than_the_bound(size, seed, concentration):
    rng = np.random.default_rng(seed)
    weights = rng.gamma(concentration, size=(2, 2, size, size)) * np.tri(size) + 1e-12 * np.tri(size)
    weights /= weights.sum(axis=-1, keepdims=True)
    error = decode(trace_from(weights)) - weights
    keys = np.arange(1, size + 1)
    assert (np.abs(error).max(axis=-1) <= np.sqrt(keys) / 510 + 1e-12).all()  # row t has t + 1 keys
    assert (np.abs(error).sum(axis=-1) / 2 <= np.sqrt(keys) / 510 + 1e-12).all()  # the worst set of keys
    assert np.abs(error).max() <= error_bound(size)


def test_rows_sum_to_one_again_and_no_query_sees_ahead(rng):
    decoded = decode(trace_from(causal(rng, 2, 3, queries=17, keys=17)))
    assert_allclose(decoded.sum(axis=-1), 1, rtol=1e-12)
    assert not np.triu(decoded, 1).any()


def test_whole_and_equal_weights_survive_exactly():
    weights = np.stack([looking_at([0, 0, 1, 3]), head_patterns.uniform_attention(4)])[None]
    assert_allclose(decode(trace_from(weights)), weights, rtol=1e-12)


def test_a_trace_is_the_plain_structure_that_its_module_describes(rng):
    weights = causal(rng, 2, 3, queries=5, keys=5)
    trace = json.loads(json.dumps(trace_from(weights, ids=[7, 8, 7, 9, 7], name="x")))
    packed = base64.b64decode(trace.pop("weights"))
    tokens = ["t7", "t8", "t7", "t9", "t7"]
    assert trace == {"name": "x", "tokens": tokens, "ids": [7, 8, 7, 9, 7], "layers": 2, "heads": 3}
    assert len(packed) == 2 * 3 * 5 * 6 // 2
    layer, head, t, s = 1, 2, 4, 3
    assert packed[(layer * 3 + head) * 15 + t * (t + 1) // 2 + s] == round(255 * weights[layer, head, t, s] ** 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": [1, 2, 3]}, "3 ids for 4 tokens"),
        ({"layers": 3}, "3 layers × 2 heads × 4 tokens need 60 bytes of weights, got 40"),
        ({"tokens": ["a"], "ids": [1]}, "2 to 64 tokens, got 1"),
        ({"heads": None}, "heads is missing"),
    ],
)
def test_what_is_not_a_trace_is_refused_with_its_numbers(rng, change, message):
    trace = trace_from(causal(rng, 2, 2, queries=4, keys=4)) | change
    trace = {key: value for key, value in trace.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        check_trace(trace)
    with pytest.raises(traitlets.TraitError, match=message):
        AttentionExplorer(trace=trace, sentences=())


def test_weights_that_cannot_be_packed_are_refused(rng):
    weights = causal(rng, 1, 1, queries=3, keys=3)
    with pytest.raises(ValueError, match="2 tokens and 3 ids for 3 rows"):
        encode(weights, ["a", "b"], [1, 2, 3])
    with pytest.raises(ValueError, match=r"the worst sums to 0\.5"):
        trace_from(weights * np.array([1, 1, 0.5])[:, None])
    with pytest.raises(ValueError, match="got 65"):
        trace_from(causal(rng, 1, 1, queries=65, keys=65))
    empty = trace_from(weights) | {"weights": base64.b64encode(bytes(6)).decode()}
    with pytest.raises(ValueError, match="no weight at all"):
        decode(empty)


# ---- the sentences ----


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: one["name"])
def test_each_sentence_ships_its_trace_of_all_heads_and_shows_a_head_that_exists(sentence):
    path = FOLDER / f"attention_{sentence['name']}.js"
    assert path.stat().st_size <= 300_000
    trace = read_trace(sentence["name"])
    check_trace(trace)
    assert (trace["name"], trace["layers"], trace["heads"]) == (sentence["name"], 30, 9)
    assert "".join(trace["tokens"]) == sentence["text"]
    assert len(trace["tokens"]) <= 32
    widget = AttentionExplorer(sentence["name"])
    assert {name: getattr(widget, name) for name in sentence["show"]} == sentence["show"]


def test_what_the_sentences_claim_is_measured_in_their_traces():
    def weight(name: str, look: str, at: str) -> float:
        """Of the last token ``look`` on the first token ``at``, in the head that the sentence shows."""
        widget = AttentionExplorer(name)
        tokens = widget.trace["tokens"]
        t = len(tokens) - 1 - tokens[::-1].index(look)
        assert t == widget.token
        return widget.weights()[t, tokens.index(at)]

    assert weight("repeat", "l", "ova") > 0.95
    assert weight("pronoun", " it", " watch") > 0.8
    assert weight("agreement", " are", " keys") > 0.6
    assert weight("code", "area", "(") > 0.9
    best = {name: AttentionExplorer(name).ranking()[0] for name in ("repeat", "refrain", "list")}
    for name, one in best.items():
        show = next(s["show"] for s in SENTENCES if s["name"] == name)
        assert (one.layer, one.head) == (show["layer"], show["head"])
    assert best["list"].score > 0.999
    sink = AttentionExplorer("list").scores("sink")
    assert (sink > 0.5).sum() > 135
    assert 3 <= (sink > 0.99).sum() <= 10
    widget = AttentionExplorer("pronoun")
    far = widget.scores("distance") > 5
    assert np.mean(widget.scores("sink")[far] > 0.5) > 0.6
    code = read_trace("code")
    assert code["ids"][code["tokens"].index("area")] != code["ids"][code["tokens"].index(" area")]


def test_choosing_a_sentence_in_python_reads_its_trace():
    widget = AttentionExplorer("code", token=22)
    widget.sentence = "repeat"
    assert widget.trace == read_trace("repeat")
    assert widget.token == 14  # its last
    assert widget.assets() == {"trace": "attention_repeat"}
    assert AttentionExplorer().sentence == SENTENCES[0]["name"]


def test_a_missing_trace_says_what_would_make_one(monkeypatch, tmp_path):
    monkeypatch.setattr("llmcourse.explore.attention_trace.FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no attention_unheard\.js .* tools/attention_traces\.py"):
        read_trace("unheard")


# ---- a text of the reader's ----


def test_a_text_gives_the_models_own_attention_within_the_bound(loaded):
    widget = AttentionExplorer.from_text(loaded, "abcabc, abc", layer=2, head=3)
    assert widget.trace["tokens"] == list("abcabc, abc")
    assert (widget.sentence, widget.can_type, widget.token) == ("", True, 10)
    own = model_weights(loaded, widget.trace["ids"])
    assert own.shape == (3, 4, 11, 11)
    assert np.abs(widget.weights() - own[2, 3]).max() <= error_bound(11)
    with torch.inference_mode():  # the same as asking the model by hand
        record = Record("weights")
        loaded.model(torch.tensor([widget.trace["ids"]]), record=record)
    assert_allclose(own[1], record.weights[1][0].numpy())


def test_typing_recomputes_and_a_text_that_does_not_fit_is_explained(loaded):
    widget = AttentionExplorer.from_text(loaded, "abcabc")
    widget.text = "xyz"
    assert (widget.trace["tokens"], widget.token, widget.problem) == (list("xyz"), 2, "")
    widget.text = "x" * 65
    assert widget.problem == "a trace holds 2 to 64 tokens, got 65."
    assert widget.trace["tokens"] == list("xyz")
    widget.text = "x"
    assert widget.problem == "a trace holds 2 to 64 tokens, got 1."
    widget.text = "xx yy"
    assert (widget.problem, len(widget.trace["ids"])) == ("", 5)
    with pytest.raises(ValueError, match="2 to 64 tokens, got 0"):
        trace_of(loaded, "")


def test_without_a_model_a_text_changes_nothing():
    widget = AttentionExplorer("repeat")
    widget.text = "anything"
    assert (widget.sentence, widget.can_type) == ("repeat", False)


# ---- the widget ----


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": 30}, "layer must be below 30, the number of layers, got 30"),
        ({"head": 9}, "head must be below 9, the number of heads, got 9"),
        ({"token": 15}, "token must be below 15, the number of tokens, got 15"),
        ({"token": -1}, "-1"),
        ({"statistic": "beauty"}, "beauty"),
        ({"sentence": "nowhere"}, "no sentence 'nowhere'; there are repeat, refrain"),
    ],
)
def test_what_does_not_exist_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        AttentionExplorer(**{"sentence": "repeat"} | change)
    widget = AttentionExplorer("repeat")
    (name, value) = next(iter(change.items()))
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert getattr(widget, name) != value


def test_the_numbers_are_those_of_head_patterns(rng):
    ids = rng.integers(0, 4, size=9).tolist()
    trace = trace_from(causal(rng, 2, 3, queries=9, keys=9), ids)
    widget = AttentionExplorer(trace=trace, sentences=(), layer=1, head=2, token=4, statistic="previous")
    A = decode(trace)
    numbers = widget.numbers()
    assert [numbers[f"to.{s}"] for s in range(5)] == A[1, 2, 4, :5].tolist()
    assert [numbers[f"from.{t}"] for t in range(5, 9)] == A[1, 2, 5:, 4].tolist()
    assert_allclose(numbers["stat.induction"], head_patterns.induction_score(A[1, 2], np.array(ids)))
    assert_allclose(numbers["stat.distance"], head_patterns.mean_distance(A[1, 2]))
    assert_allclose(numbers["even.sink"], head_patterns.sink_score(head_patterns.uniform_attention(9)))
    best = np.sort(head_patterns.previous_token_score(A), axis=None)[:0:-1]
    assert_allclose([numbers[f"rank.{i}"] for i in range(5)], best)
    assert {key.split(".")[0] for key in numbers} == {"to", "from", "stat", "even", "rank"}


def test_without_a_token_that_comes_twice_there_is_no_induction(rng):
    trace = trace_from(causal(rng, 2, 2, queries=4, keys=4))
    widget = AttentionExplorer(trace=trace, sentences=(), statistic="induction")
    assert widget.ranking() == []
    assert np.isnan(widget.scores()).all()
    assert not {"stat.induction", "even.induction", "rank.0"} & set(widget.numbers())
    assert "No token comes again" in widget.picture()


def test_the_picture_holds_the_numbers_and_the_page_not_the_trace():
    for sentence in SENTENCES:
        widget = AttentionExplorer(sentence["name"])
        html = widget.html()
        found = re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)
        assert {key: float(value) for key, value in found} == widget.numbers()
        assert widget.trace["weights"][:50] not in html
        assert len(html.encode()) < 40_000
        assert json.loads(re.search(r'data-assets="([^"]+)"', html)[1].replace("&quot;", '"')) == {
            "trace": f"attention_{sentence['name']}"
        }


def test_the_same_state_gives_the_same_page_and_a_short_name(rng):
    trace = trace_from(causal(rng, 1, 2, queries=3, keys=3))
    one, two = (AttentionExplorer(trace=trace, sentences=(), token=1) for _ in range(2))
    assert one.html() == two.html()
    assert one.assets() == {}
    assert repr(one).startswith("AttentionExplorer(")
    assert "weights" not in repr(one)


def test_tokens_from_a_text_are_escaped(rng):
    weights = causal(rng, 1, 1, queries=2, keys=2)
    trace = encode(weights, ["<b>", " &"], [1, 2])
    html = AttentionExplorer(trace=trace, sentences=()).html()
    assert "<b>" not in html.replace("<b>L0H0</b>", "")
    assert "&lt;b&gt;" in html
