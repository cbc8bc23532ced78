"""EntropyExplorer in Python: what it refuses, what its picture says, what a notebook stores."""

import json
import re

import numpy as np
import pytest
import scipy.stats
import traitlets

from llmcourse.explore.entropy import EntropyExplorer, letter_presets

P, Q, LABELS = [0.7, 0.2, 0.1], [0.5, 0.3, 0.2], ["cat", "dog", "fish"]


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": [0.7, 0.4, -0.1]}, "negative entry: -0.1"),
        ({"p": [0.7, 0.2, 0.2]}, "sums to 1.1"),
        ({"p": [0.7, 0.3]}, "p has 2 probabilities for 3 labels"),
        ({"p": [float("nan"), 0.5, 0.5]}, "1 NaN of 3"),
        ({"p": [float("inf"), 0.5, 0.5]}, "sums to inf"),
        ({"q": [0.5, 0.5]}, "q has 2 probabilities for 3 labels"),
        ({"q": [0.5, 0.3, 0.1]}, "q must sum to 1"),
        ({"labels": ["a", "a", "b"]}, "labels must differ"),
        ({"p": [1.0], "labels": ["a"]}, "at least two outcomes, got 1"),
        ({"p": [1 / 65] * 65, "labels": [str(i) for i in range(65)]}, "65 outcomes are too many"),
        ({"unit": "bans"}, "bans"),
        ({"presets": {"x": [0.5, 0.4, 0.0]}}, "p of preset 'x' must sum to 1"),
        ({"presets": {"uniform": P}}, "cannot be named 'uniform'"),
        ({"presets": {"x": {"labels": LABELS}}}, "preset 'x' needs p"),
        ({"presets": {"x": {"p": P, "r": Q}}}, r"it has \['p', 'r'\]"),
    ],
)
def test_what_is_not_a_distribution_over_the_labels_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        EntropyExplorer(**{"p": P, "labels": LABELS, **change})


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = EntropyExplorer(P, LABELS)
    with pytest.raises(traitlets.TraitError, match="sums to 2"):
        widget.p = [1.0, 0.5, 0.5]
    assert widget.p == P


def test_numpy_vectors_and_lists_are_taken():
    widget = EntropyExplorer(np.array(P), tuple(LABELS), q=tuple(Q))
    widget.p = np.array([1, 0, 0])
    assert (widget.p, widget.q) == ([1.0, 0.0, 0.0], Q)


def test_a_preset_sets_labels_and_both_distributions_at_once():
    presets = {"coin": {"labels": ["head", "tail"], "p": [0.5, 0.5], "q": [0.75, 0.25]}, "even": [0.25, 0.25, 0.5]}
    widget = EntropyExplorer(P, LABELS, q=Q, presets=presets)
    widget.pick("even")
    assert (widget.p, widget.q) == ([0.25, 0.25, 0.5], Q)
    widget.pick("coin")
    assert (widget.p, widget.q, widget.labels) == ([0.5, 0.5], [0.75, 0.25], ["head", "tail"])
    assert widget.numbers()["kl"] == pytest.approx(0.2075187)
    with pytest.raises(ValueError, match="no preset named 'dice'; there are 'coin', 'even'"):
        widget.pick("dice")


@pytest.mark.parametrize("unit", ["bits", "nats"])
def test_the_picture_holds_scipys_numbers(rng, unit):
    base = 2 if unit == "bits" else np.e
    for _ in range(20):
        p, q = rng.dirichlet([0.5, 1, 2, 3], size=2)
        shown = numbers_of(EntropyExplorer(p, list("abcd"), q=q, unit=unit).html())
        assert shown["entropy"] == pytest.approx(scipy.stats.entropy(p, base=base))
        assert shown["perplexity"] == pytest.approx(np.exp(scipy.stats.entropy(p)))
        assert shown["kl"] == pytest.approx(scipy.stats.entropy(p, q, base=base))
        assert shown["kl_reverse"] == pytest.approx(scipy.stats.entropy(q, p, base=base))
        assert shown["cross_entropy"] == pytest.approx(shown["entropy"] + shown["kl"])
        np.testing.assert_allclose([shown[f"p.{i}"] for i in range(4)], p)
        np.testing.assert_allclose([shown[f"surprise_q.{i}"] for i in range(4)], -np.log(q) / np.log(base))


def test_infinities_are_shown_with_their_reason():
    html = EntropyExplorer([0.5, 0.5, 0.0], ["a", "<b>", "c"], q=[0.5, 0.0, 0.5]).html()
    shown = numbers_of(html)
    assert shown["kl"] == shown["kl_reverse"] == shown["cross_entropy"] == np.inf
    assert shown["surprise.2"] == np.inf
    assert "q gives 0 to “&lt;b&gt;”, which happens under p" in html
    assert "p gives 0 to “c”, which happens under q" in html
    assert "<b>" not in html


def test_a_long_list_of_reasons_is_cut_and_says_so():
    labels = [f"x{i}" for i in range(9)]
    html = EntropyExplorer([1 / 9] * 9, labels, q=[1.0] + [0.0] * 8).html()
    assert "q gives 0 to “x1”, “x2”, “x3” and 5 more, which happens under p" in html


def test_infinities_are_marked_on_wide_blocks_and_counted_where_blocks_are_narrow():
    wide = EntropyExplorer([0.5, 0.3, 0.2], LABELS, q=[0.0, 1.0, 0.0]).html()
    assert wide.count(">↑ ∞</text>") == 2
    narrow = EntropyExplorer([1 / 9] * 9, [f"x{i}" for i in range(9)], q=[1.0] + [0.0] * 8).html()
    assert narrow.count("↑ ∞") == narrow.count("↑ ∞ for 8 outcomes") == 1


def test_a_still_picture_does_not_ask_to_be_dragged_and_keeps_the_places_of_q():
    html = EntropyExplorer(P, LABELS).html()
    assert "drag:" not in html
    assert [html.count(f'data-key="{key}">—') for key in ("cross_entropy", "kl", "kl_reverse")] == [1, 1, 1]


def test_the_same_state_gives_the_same_html_and_no_address_is_stored():
    one, two = (EntropyExplorer(P, LABELS, q=Q, presets={"flat": [1 / 3] * 3}) for _ in range(2))
    (data, _), (again, _) = one._repr_mimebundle_(), two._repr_mimebundle_()
    view = "application/vnd.jupyter.widget-view+json"
    assert set(data) == {"text/plain", "text/html", view}
    assert {k: v for k, v in data.items() if k != view} == {k: v for k, v in again.items() if k != view}
    assert "0x" not in data["text/plain"]
    assert one.model_id not in data["text/html"] + data["text/plain"]


def test_the_state_in_the_page_is_the_widgets_own_traits():
    html = EntropyExplorer(P, LABELS, q=Q).html()
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))
    assert state == {"labels": LABELS, "p": P, "presets": [], "q": Q, "unit": "bits"}


def test_letter_presets_count_overlaps_and_sum_to_one():
    presets = letter_presets("aaa ab", contexts=["", "a"])
    assert presets["letters"][:2] == [0.8, 0.2]
    assert presets["letter after “a”"][:2] == [2 / 3, 1 / 3]
    with pytest.raises(ValueError, match="no letter follows 'q'"):
        letter_presets("aaa", contexts=["q"])
