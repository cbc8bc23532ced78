"""GPTPlayground in Python: what it refuses, what its picture says, what it hands over, and what a reading holds."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
import traitlets
from numpy.testing import assert_allclose

from llmcourse.explore import gpt_playground
from llmcourse.explore.gpt_playground import GPTPlayground
from llmcourse.explore.gpt_reading import lens_ranks, read, window_start
from llmcourse.explore.gpt_weights import quantized
from llmcourse.inference.reading import token_surprises
from llmcourse.transformer.record import Record
from tests.unit.explore.tiny_gpt import tiny_gpt


@pytest.fixture(scope="module")
def loaded():
    return tiny_gpt()


@pytest.fixture
def widget(loaded):
    return GPTPlayground("The cat sat", loaded=loaded, layer=1, head=1)


# ---- traits ----


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": 3}, "layer must be below 3, the number of layers, got 3"),
        ({"head": 2}, "head must be below 2, the number of heads, got 2"),
        ({"generated": [4, 300]}, r"must be below 300, the size of the vocabulary, got \[300\]"),
        ({"generated": [-1]}, r"got \[-1\]"),
        ({"temperature": 0.0}, r"temperature must lie between 0.05 and 5.0, got 0\.0"),
        ({"temperature": float("nan")}, "got nan"),
        ({"top_k": -1}, "-1"),
        ({"top_p": 0.0}, r"top_p must lie above 0 and not above 1 \(which leaves it out\), got 0\.0"),
        ({"seed": -1}, "-1"),
        ({"position": -2}, "-2"),
        ({"shade": "beauty"}, "beauty"),
    ],
)
def test_what_does_not_exist_is_refused_and_changes_nothing(loaded, widget, change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        GPTPlayground("The cat", loaded=loaded, **change)
    (name, value) = next(iter(change.items()))
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_a_model_that_the_scripts_cannot_compute_is_refused():
    with pytest.raises(ValueError, match="as many key heads as query heads, got 1 for 2"):
        GPTPlayground("The cat", loaded=tiny_gpt(kv_heads=1))


# ---- numbers ----


def test_the_tokens_begin_with_the_mark_and_end_with_what_was_written(loaded, widget):
    widget.generated = [70, 5]
    assert widget.ids() == [0, *loaded.tokenizer.encode("The cat sat"), 70, 5]
    widget.text = ""
    assert widget.ids() == [0, 70, 5]


def test_a_text_longer_than_the_context_loses_its_beginning_a_quarter_at_a_time(loaded, widget):
    widget.text = "the cat " * 30
    ids = [0, *loaded.tokenizer.encode(widget.text)]
    start = window_start(len(ids), 32)
    assert start % 8 == 0
    assert widget.ids() == ids[start:]
    assert 24 < len(widget.ids()) <= 32
    for count in range(1, 200):
        kept = count - window_start(count, 32)
        assert kept == count if count <= 32 else 24 < kept <= 32
    assert window_start(33, 32) == 8
    widget.position = start + 3
    assert widget.focus() == 3
    widget.position = 2  # out of sight: the first that is left
    assert widget.focus() == 0
    widget.position = -1
    assert widget.focus() == len(widget.ids()) - 1


def test_the_numbers_are_those_of_the_model(widget):
    widget.temperature, widget.top_k, widget.top_p, widget.position = 0.7, 5, 0.9, 2
    record = Record("residual")
    model = widget._loaded.model
    with torch.inference_mode():
        z = model(torch.tensor([widget.ids()]), record=record)[0, 2].double()
        lens = torch.stack([model.logits(x)[0, 2] for x in record.residual]).double()
    p, numbers = z.softmax(-1), widget.numbers()
    best = p.sort(descending=True, stable=True)
    assert_allclose([numbers[f"p.{i}"] for i in range(10)], best.values[:10], rtol=1e-6)
    assert numbers["others"] == pytest.approx(float(best.values[10:].sum()), rel=1e-6)
    heated = (z / 0.7).softmax(-1)
    kept = heated.topk(5)
    five = kept.values / kept.values.sum()
    count = int((five.cumsum(-1) < 0.9).sum()) + 1
    nucleus = five[:count] / five[:count].sum()
    assert numbers["left"] == count
    assert_allclose([numbers[f"drawn.{i}"] for i in range(10)], [*nucleus, *[0] * (10 - count)], rtol=1e-6)
    assert numbers["cut"] == pytest.approx(1 - float(kept.values[:count].sum()), rel=1e-6)
    assert numbers["entropy"] == pytest.approx(float(-(nucleus * nucleus.log2()).sum()), abs=1e-9)
    for layer in range(4):
        assert_allclose(
            [numbers[f"lens.{layer}.{i}"] for i in range(3)], lens[layer].softmax(-1).topk(3).values, rtol=1e-5
        )
        order = lens[layer].sort(descending=True, stable=True).indices.tolist()
        assert numbers[f"rank.{layer}"] == 1 + order.index(int(z.argmax()))
    assert set(numbers) >= {"p.9", "drawn.0", "others", "drawn_others", "entropy", "left", "cut", "lens.3.2", "rank.0"}


def test_a_reading_is_what_the_model_records(loaded):
    ids = [0, *loaded.tokenizer.encode("The cat sat on the mat.")]
    reading = read(loaded.model, ids)
    record = Record("weights")
    with torch.inference_mode():
        logits = loaded.model(torch.tensor([ids]), record=record)
    assert_allclose(reading.logits, logits[0], rtol=1e-6)
    assert_allclose(reading.lens[-1], logits[0], rtol=1e-5, atol=1e-6)
    assert_allclose(reading.weights[2], record.weights[2][0])
    assert reading.lens.shape == (4, len(ids), 300)
    assert_allclose(reading.surprises(), token_surprises(loaded.model, ids), rtol=1e-5)


def test_ranks_of_the_lens_count_from_one_and_let_the_earlier_of_equals_go_first(rng):
    lens = rng.integers(0, 4, size=(200, 4, 7)).astype(float)
    for one in lens:
        final = int(one[-1].argmax())
        orders = [sorted(range(7), key=lambda i, row=row: (-row[i], i)) for row in one]
        assert lens_ranks(one) == [order.index(final) + 1 for order in orders]
        assert lens_ranks(one)[-1] == 1


def test_writing_with_one_seed_writes_the_same_and_a_single_candidate_is_the_best(loaded, widget):
    widget.write(6)
    twin = GPTPlayground("The cat sat", loaded=loaded)
    twin.write(6)
    assert widget.generated == twin.generated
    twin.generated, twin.seed = [], 5
    twin.write(6)
    assert widget.generated != twin.generated
    widget.generated, widget.top_k = [], 1
    widget.write(2)
    ids = [0, *loaded.tokenizer.encode("The cat sat")]
    first = int(read(loaded.model, ids).logits[-1].argmax())
    second = int(read(loaded.model, [*ids, first]).logits[-1].argmax())
    assert widget.generated == [first, second]


# ---- what the page gets ----


def test_the_page_holds_the_sample_and_not_the_weights(widget):
    html = widget.html()
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert state["sample"]["text"] == "The cat sat"
    assert len(html.encode()) < 12_000
    found = {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}
    rounded = replace(widget._loaded, model=quantized(widget._loaded.model))  # what the scripts will have
    numbers = GPTPlayground("The cat sat", loaded=rounded).numbers()
    for i in range(10):
        assert found[f"p.{i}"] == pytest.approx(numbers[f"p.{i}"], abs=6e-6)  # the page has five digits
    assert found["others"] == pytest.approx(numbers["others"], abs=6e-6)
    assert "Load the model (0." in html
    assert html == GPTPlayground("The cat sat", loaded=widget._loaded, layer=1, head=1).html()
    assert repr(widget).startswith("GPTPlayground(")


def test_text_is_escaped(loaded):
    html = GPTPlayground("<b>&", loaded=loaded).html()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;</textarea>" in html


def test_only_the_course_gpt_has_files_on_the_site(monkeypatch, loaded):
    assert GPTPlayground("x", loaded=loaded).asset == ""
    monkeypatch.setattr(gpt_playground, "course_gpt", lambda: loaded)
    widget = GPTPlayground("x")
    assert widget.asset == "course_gpt"
    assert widget.about["tolerance"] is not None


def test_python_hands_the_weights_over_when_asked_and_only_then(widget):
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._answer(widget, {"kind": "hello"}, [])
    assert sent == []
    widget._answer(widget, {"kind": "load"}, [])
    ((content, (data,)),) = sent
    assert content["kind"] == "weights"
    assert (content["description"]["bytes"], len(data)) == (len(data), len(widget._data))
    assert "_data" not in widget.state()


def test_other_weights_give_other_samples(loaded):
    model = tiny_gpt().model
    with torch.no_grad():
        model.embed.weight.mul_(0.5)
    one, two = (GPTPlayground("The cat", loaded=x) for x in (loaded, replace(loaded, model=model)))
    assert one.sample["tokens"] == two.sample["tokens"]
    assert not np.isclose(one.sample["rows"][0][1], two.sample["rows"][0][1])
