"""SoftmaxTemperature in Python: what it refuses, what its picture says, what its draws are, how prompts are stored."""

import json
import re

import numpy as np
import pytest
import scipy.special
import scipy.stats
import traitlets

from llmcourse.explore import softmax_prompts
from llmcourse.explore.bundle import data_script
from llmcourse.explore.prng import uniform
from llmcourse.explore.softmax_prompts import decode, encode, shipped, shipped_logits
from llmcourse.explore.softmax_temperature import SoftmaxTemperature
from llmcourse.inference.sampling import next_distribution, top_p
from llmcourse.language.softmax import softmax

SMALL = encode(np.linspace(-3, 4, 60), [f"t{i}" for i in range(50)], name="small")


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, r"temperature must lie between 0.05 and 20.0, got 0\.0"),
        ({"temperature": 30.0}, r"got 30\.0"),
        ({"temperature": float("nan")}, "got nan"),
        ({"top_k": -1}, "-1"),
        ({"top_p": 0.0}, r"top_p must lie above 0 and not above 1 \(which leaves it out\), got 0\.0"),
        ({"top_p": 1.2}, r"got 1\.2"),
        ({"min_p": 1.5}, r"1\.5"),
        ({"logits": [1.0], "labels": ["a"]}, "2 to 12 logits can be dragged, got 1"),
        ({"logits": [1.0, 2.0]}, "2 logits for 3 labels"),
        ({"logits": [1.0, 2.0, 11.0]}, r"between -10 and 10, got \[11\.0\]"),
        ({"logits": [1.0, 2.0, float("nan")]}, r"got \[nan\]"),
        ({"labels": ["a", "a", "b"]}, "labels must differ"),
        ({"prompt": "nowhere"}, "no prompt is named 'nowhere'; there are 'small', and ''"),
        ({"prompts": [SMALL, SMALL]}, r"names that differ, got \['small', 'small'\]"),
        ({"prompts": [{"name": "x"}]}, "prompt 'x': a prompt needs .*; tokens, size, top, falls is missing"),
        ({"prompts": [{**SMALL, "size": 61}]}, "61 logits need 60 differences, got 59"),
        ({"draws": 100_001}, "100001"),
        ({"seed": -1}, "-1"),
        ({"rows": 11}, "11"),
    ],
)
def test_states_that_a_view_could_not_show_are_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        SoftmaxTemperature(**{"prompts": [SMALL], **change})


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = SoftmaxTemperature(prompts=[])
    with pytest.raises(traitlets.TraitError, match="got 99"):
        widget.temperature = 99
    assert widget.temperature == 1


@pytest.mark.parametrize("prompt", ["", "small"])
def test_the_picture_holds_scipys_numbers(rng, prompt):
    for _ in range(10):
        tau, z = float(rng.uniform(0.3, 3)), rng.normal(0, 2, size=3).round(2)
        widget = SoftmaxTemperature(z, prompts=[SMALL], prompt=prompt, temperature=tau, top_k=2)
        shown = numbers_of(widget.html())
        scores = decode(SMALL) if prompt else z
        before = scipy.special.softmax(scores / tau)
        order = np.argsort(-before)
        p = np.where(before >= before[order[1]], before, 0)
        assert shown["cut"] == pytest.approx(1 - p.sum())
        p /= p.sum()
        assert shown["entropy"] == pytest.approx(scipy.stats.entropy(p, base=2))
        assert shown["perplexity"] == pytest.approx(np.exp(scipy.stats.entropy(p)))
        assert (shown["left"], shown["draws"]) == (2, 0)
        np.testing.assert_allclose([shown[f"p.{i}"] for i in range(3)], p[:3], atol=1e-12)
        np.testing.assert_allclose([shown[f"z.{i}"] for i in range(3)], scores[:3])


def test_no_mass_is_dropped():
    for prompt in shipped():
        shown = numbers_of(SoftmaxTemperature(prompt=prompt["name"], temperature=1.7, rows=25, draws=500).html())
        assert sum(x for key, x in shown.items() if re.match(r"p\.\d+|others", key)) == pytest.approx(1)
        assert sum(x for key, x in shown.items() if re.match(r"drawn\.\d+|drawn_others", key)) == pytest.approx(1)


def test_the_nucleus_is_one_of_the_whole_vocabulary():
    """Counted over the fifty tokens with a name, it would be far too small."""
    widget = SoftmaxTemperature(prompt="Her name was …", top_p=0.9)
    z = shipped_logits("Her name was")
    assert widget.numbers()["left"] == (top_p(softmax(z), 0.9) > 0).sum() > 1000
    assert (top_p(softmax(z[:50]), 0.9) > 0).sum() < 50


def test_settings_that_leave_a_filter_out_leave_the_softmax():
    widget = SoftmaxTemperature([3.0, 1.0, -2.0], prompts=[], temperature=0.7)
    np.testing.assert_allclose(widget.distribution(), softmax(np.array([3.0, 1.0, -2.0]), temperature=0.7))
    widget.top_k, widget.top_p, widget.min_p = 2, 0.9, 0.001
    expected = next_distribution(np.array(widget.logits), temperature=0.7, top_k=2, top_p=0.9, min_p=0.001)
    np.testing.assert_allclose(widget.distribution(), expected)
    widget.top_k, widget.top_p, widget.min_p = 0, 1, 0.5  # the second has e^(−2/0.7) = 0.057 of the first
    assert widget.distribution().tolist() == [1, 0, 0]


def test_draws_follow_the_seed_and_come_as_often_as_the_bars_say():
    widget = SoftmaxTemperature(prompts=[], draws=4, seed=7)
    edges = widget.distribution().cumsum()
    assert (
        widget.counts().tolist()
        == np.bincount(
            [int(np.searchsorted(edges, uniform(7, step), "right")) for step in range(4)], minlength=3
        ).tolist()
    )
    widget.draws = 20_000
    assert widget.counts().sum() == 20_000
    assert scipy.stats.chisquare(widget.counts(), 20_000 * widget.distribution()).pvalue > 0.001
    assert widget.numbers()["distance"] < 0.01
    assert SoftmaxTemperature(prompts=[], top_k=1, draws=100).counts().tolist() == [100, 0, 0]


def test_a_cut_token_says_so_and_one_that_is_too_small_to_see_does_not():
    html = SoftmaxTemperature([10.0, 0.0, -10.0], prompts=[], top_k=2).html()
    assert ">cut</span>" in html
    assert html.count(">cut</span>") == 1 + 1  # a row, and the name of the number
    assert SoftmaxTemperature([10.0, 0.0, -10.0], prompts=[], temperature=0.05).html().count(">cut</span>") == 1


def test_two_widgets_can_be_linked_and_a_change_observed():
    one, two, seen = SoftmaxTemperature(prompts=[]), SoftmaxTemperature(prompts=[]), []
    traitlets.link((one, "temperature"), (two, "temperature"))
    two.observe(lambda change: seen.append(change["new"]), "temperature")
    one.temperature = 2
    assert (two.temperature, seen) == (2.0, [2.0])


def test_the_state_in_the_page_leaves_the_prompts_to_the_site():
    html = SoftmaxTemperature(prompt="The capital of France is …").html()
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))
    assert "prompts" not in state
    assert state["prompt"] == "The capital of France is …"
    assert 'data-assets="{&quot;prompts&quot;: &quot;softmax_prompts&quot;}"' in html
    assert len(html) < 30_000
    own = SoftmaxTemperature(prompts=[SMALL]).html()
    assert "data-assets" not in own
    assert "falls" in own
    changed = SoftmaxTemperature()
    changed.prompts = [SMALL]
    assert "falls" in changed.html()


# ---- the stored logits ----


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("scale", [1e-5, 1.0, 40.0])
def test_stored_logits_come_back_sorted_and_rounded(rng, size, scale):
    z = scale * rng.standard_normal(size)
    back = decode(encode(z, [], name="x"))
    assert np.abs(back - np.sort(z)[::-1]).max() <= 2**-17
    assert (np.diff(back) <= 0).all()


def test_a_wide_gap_takes_several_bytes():
    z = np.array([100.0, -100.0, -100.0, -100.5])
    assert decode(encode(z, [], name="x")).tolist() == z.tolist()


def test_refused_logits_and_names():
    with pytest.raises(ValueError, match="1 of 2 logits are not finite"):
        encode(np.array([0.0, -np.inf]), [], name="x")
    with pytest.raises(ValueError, match="2 tokens are named, but there are 1 logits"):
        encode(np.array([0.0]), ["a", "b"], name="x")
    with pytest.raises(ValueError, match="no logits are stored after 'zzz'; there are 'The capital of France is'"):
        shipped_logits("zzz")


def test_what_the_site_ships_is_whole(monkeypatch, tmp_path):
    assert [prompt["size"] for prompt in shipped()] == [49_152] * 5
    assert all(len(prompt["tokens"]) == 50 for prompt in shipped())
    assert softmax_prompts.FILE.read_text(encoding="utf-8") == data_script(softmax_prompts.ASSET, shipped())
    assert softmax_prompts.FILE.stat().st_size < 350_000
    monkeypatch.setattr(softmax_prompts, "FILE", tmp_path / "nothing.js")
    shipped.cache_clear()
    with pytest.raises(FileNotFoundError, match=r"run tools/softmax_data\.py"):
        shipped()


@pytest.mark.network
def test_the_shipped_logits_are_the_models():
    from llmcourse.transformer.checkpoint import load

    shipped.cache_clear()
    loaded = load("smollm2-135m")
    for stored, (text, chat) in zip(
        shipped(),
        [*((t, False) for t in softmax_prompts.TEXTS), *((q, True) for q in softmax_prompts.QUESTIONS)],
        strict=True,
    ):
        fresh = softmax_prompts.prompt_of(loaded, text, chat=chat)
        assert fresh["name"] == stored["name"]
        assert fresh["tokens"][:5] == stored["tokens"][:5]
        np.testing.assert_allclose(decode(fresh), decode(stored), atol=2e-3)  # float32 on another machine
