"""NextTokenExplorer in Python: what it refuses, what its picture says, what its samples are."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import traitlets

from llmcourse.explore.bundle import data_script
from llmcourse.explore.next_token import NextTokenExplorer, asset_text
from llmcourse.explore.prng import uniform
from llmcourse.language.ngram import AddK, KneserNey, NGramModel

TEXT = "the cat sat on the mat. the dog sat on the log.\nthe cat and the dog sat still.\n" * 3


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": 6}, "6"),
        ({"order": -1}, "-1"),
        ({"k": 0.0}, r"k must be between 0.001 and 100, got 0.0"),
        ({"k": 100.5}, r"k must be between 0.001 and 100, got 100.5"),
        ({"k": float("nan")}, "k must be between 0.001 and 100, got nan"),
        ({"text": ""}, "more than 6 characters to count in, got 0"),
        ({"text": "one two", "unit": "words", "order": 3}, "order 3 needs at least 4 words, the text has 2"),
        ({"unit": "bytes"}, "bytes"),
        ({"smoothing": "none"}, "none"),
        ({"generated": ["c", "Z"]}, r"not characters of the text: \['Z'\]"),
        ({"generated": ["c"] * 201}, "at most 200 generated tokens, got 201"),
        ({"seed": -1}, "-1"),
        ({"asset": "bible"}, "no text asset 'bible'; there are alice29"),
    ],
)
def test_states_that_a_view_could_not_show_are_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        NextTokenExplorer(**{"text": TEXT, **change})


@pytest.mark.parametrize("unit", ["characters", "words"])
@pytest.mark.parametrize(("smoothing", "how"), [("add-k", AddK(k=0.5)), ("kneser-ney", KneserNey())])
def test_the_picture_holds_the_models_numbers(unit, smoothing, how):
    widget = NextTokenExplorer(TEXT, unit=unit, order=2, smoothing=smoothing, k=0.5, context="the cat", top=4)
    shown = numbers_of(widget.html())
    p = NGramModel.fit(TEXT, order=2, unit=unit, smoothing=how).distribution("the cat")
    ranked = np.sort(p)[::-1]
    np.testing.assert_allclose([shown[f"p.{i}"] for i in range(4)], ranked[:4])
    assert shown["others"] == pytest.approx(ranked[4:].sum())
    assert shown["entropy"] == pytest.approx(-(p * np.log2(p)).sum())


def test_no_mass_is_dropped():
    shown = numbers_of(NextTokenExplorer(TEXT, top=3).html())
    assert sum(x for key, x in shown.items() if key.startswith("p.") or key == "others") == pytest.approx(1)


def test_steps_follow_the_chain_rule():
    widget = NextTokenExplorer(TEXT, order=3, context="the ", seed=7)
    widget.sample(12)
    steps = widget.steps()
    model = NGramModel.fit(TEXT, order=3)
    whole = "the " + "".join(widget.generated)
    expected = model.log_probabilities(whole)[4:]
    np.testing.assert_allclose([step.log for step in steps], expected / np.log(2))
    assert steps[-1].product == pytest.approx(np.exp(expected.sum()))
    shown = numbers_of(widget.html())
    assert shown["perplexity"] == pytest.approx(np.exp(-expected.mean()))
    assert shown["log_sum"] == pytest.approx(expected.sum() / np.log(2))


def test_the_same_seed_draws_the_same_tokens_and_another_seed_others():
    runs = []
    for seed in (1, 1, 2):
        widget = NextTokenExplorer(TEXT, order=1, seed=seed)
        widget.sample(30)
        runs.append(widget.generated)
    assert runs[0] == runs[1] != runs[2]


def test_greedy_takes_the_most_probable_token():
    widget = NextTokenExplorer(TEXT, order=4, context="the do")
    widget.greedy()
    assert widget.generated == ["g"]


def test_unknown_tokens_are_left_out_and_named():
    widget = NextTokenExplorer(TEXT, context="the çat<", order=2)
    assert widget.unknown() == ["ç", "<"]
    assert widget.model().vocabulary.decode(widget.history()) == "the at"
    html = widget.html()
    assert "“ç”, “&lt;”: no such character in this text" in html


def test_changing_the_unit_drops_samples_that_are_no_longer_tokens():
    widget = NextTokenExplorer(TEXT, generated=["c", "a"])
    widget.unit = "words"
    assert widget.generated == []


def test_small_products_have_three_digits_and_tiny_logarithms_fixed_decimals():
    widget = NextTokenExplorer(TEXT, order=0, smoothing="add-k", context="", generated=list("the"))
    html, last = widget.html(), widget.steps()[-1]
    assert 1e-4 < last.product < 0.01
    mantissa, power = f"{last.product:.2e}".split("e-0")
    assert html.count(f">{mantissa}·10⁻{'⁰¹²³⁴'[int(power)]}</span>") == 2  # in the table and as P
    certain = NextTokenExplorer("a" * 30_000 + "b", order=0, smoothing="add-k", k=0.001, context="", generated=["a"])
    assert ">−0.000</span>" in certain.html()


def test_words_are_joined_as_the_vocabulary_joins_them():
    widget = NextTokenExplorer(TEXT, unit="words", context="the cat", generated=["sat", ".", "\n"])
    assert "<span>the cat</span><mark> sat.\n</mark>" in widget.html()


def test_a_sampled_space_between_two_words_stays_a_token():
    widget = NextTokenExplorer(TEXT + "  x", unit="words", context="the", generated=[" ", "cat"], order=1)
    model = NGramModel.fit(TEXT + "  x", unit="words", order=1)
    assert widget.history().size == 3
    assert widget.steps()[0].p == pytest.approx(model.distribution("the")[model.vocabulary.ids[" "]])
    assert widget.steps()[1].p == pytest.approx(model.distribution(" ")[model.vocabulary.ids["cat"]])
    np.testing.assert_allclose(widget.distribution(), model.distribution("cat"))
    assert widget.seen() == model.counts("cat").sum()


def test_a_text_of_ones_own_is_in_the_page_and_an_asset_is_not(monkeypatch):
    own = NextTokenExplorer(TEXT)
    assert own.assets() == {}
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', own.html(), re.DOTALL).group(1))
    assert state["text"] == TEXT
    monkeypatch.setattr("llmcourse.explore.next_token.asset_text", lambda asset: TEXT)
    shipped = NextTokenExplorer()
    assert shipped.assets() == {"text": "alice29"}
    assert 'data-assets="{&quot;text&quot;: &quot;alice29&quot;}"' in shipped.html()
    assert "the cat sat" not in shipped.html()
    shipped.text = TEXT + "more"
    assert shipped.assets() == {}


@pytest.mark.network
def test_the_site_ships_the_text_that_a_notebook_counts():
    text = asset_text("alice29")
    assert (len(text), text.count("\r"), text.count("\x1a")) == (148_480, 0, 0)
    shipped = (Path(__file__).parents[3] / "book/assets/data/alice29.js").read_text(encoding="utf-8")
    assert shipped == data_script("alice29", text)  # else run tools/widget_data.py


def test_the_same_state_gives_the_same_html():
    assert NextTokenExplorer(TEXT).html() == NextTokenExplorer(TEXT).html()


def test_the_generator_is_uniform_enough_to_sample_with():
    draws = np.array([uniform(5, step) for step in range(20_000)])
    assert draws.min() >= 0
    assert draws.max() < 1
    counts = np.histogram(draws, bins=20, range=(0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 45  # chi-squared with 19 degrees of freedom: p > 0.0007
