"""AttentionSteps in Python: what it refuses, and that its numbers and sentences are those of attention itself."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets

from llmcourse.explore.attention_steps import COMPUTED, AttentionSteps
from llmcourse.explore.attention_steps_picture import brief, explain, sources
from llmcourse.transformer.attention import attention, attention_scores, attention_weights, causal_mask

Q, K, V, LABELS = [[1, 0], [0, 2], [2, 1]], [[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1], [2, 2]], ["the", "cat", "sat"]


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


def random_widget(rng: np.random.Generator, **options: object) -> AttentionSteps:
    n, width = rng.integers(2, 5), rng.integers(1, 5)
    q, k, v = rng.normal(size=(3, n, width), scale=2)
    return AttentionSteps(q, k, v[:, : rng.integers(1, width + 1)], list("abcd")[:n], **options)


@pytest.mark.parametrize("causal", [True, False])
def test_its_numbers_are_those_of_the_torch_functions(rng, causal):
    for _ in range(20):
        widget = random_widget(rng, causal=causal)
        q, k, v = (torch.tensor(getattr(widget, name), dtype=torch.float64) for name in "qkv")
        mask = causal_mask(len(q), len(k)) if causal else None
        steps = {name: torch.from_numpy(table) for name, table in widget.steps().items()}
        torch.testing.assert_close(steps["divided"], attention_scores(q, k))
        torch.testing.assert_close(steps["weight"], attention_weights(q, k, mask))
        wide = F.pad(v, (0, q.shape[1] - v.shape[1]))  # the package's values are as wide as its keys
        torch.testing.assert_close(steps["output"], attention(q, k, wide, mask)[:, : v.shape[1]])
        torch.testing.assert_close(steps["output"], F.scaled_dot_product_attention(q, k, v, is_causal=causal))
        torch.testing.assert_close(steps["exp"] / steps["sum"], steps["weight"])


def test_without_the_scale_it_is_torchs_attention_with_scale_one(rng):
    widget = random_widget(rng, causal=False, scaled=False)
    q, k, v = (torch.tensor(getattr(widget, name), dtype=torch.float64) for name in "qkv")
    expected = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    torch.testing.assert_close(torch.from_numpy(widget.steps()["output"]), expected)


def test_the_picture_shows_every_number(rng):
    for causal in (True, False):
        widget = random_widget(rng, causal=causal)
        assert numbers_of(widget.html()) == widget.cells()
    assert {key.split(".")[0] for key in widget.numbers()} == set(COMPUTED)


def test_the_largest_entries_still_give_numbers():
    widget = AttentionSteps(np.full((4, 4), 10), np.full((4, 4), -10), np.ones((4, 1)), list("abcd"), scaled=False)
    assert np.isfinite(widget.steps()["sum"]).all()
    np.testing.assert_allclose(widget.steps()["output"], 1.0)


def test_the_future_has_weight_zero_and_the_first_token_looks_at_itself(rng):
    weight = random_widget(rng).steps()["weight"]
    assert (np.triu(weight, k=1) == 0).all()
    assert weight[0, 0] == 1


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("score.2.0", "Score of “sat” for “the”, the query times the key: 2·1 + 1·0 = 2."),
        ("divided.2.0", "Score of “sat” for “the”, divided by √2: 2 / 1.414 ≈ 1.414."),
        ("masked.1.2", "“sat” comes after “cat”: its score becomes −∞, because e to the power −∞ is 0."),
        ("masked.1.1", "“cat” does not come after “cat”, so it may be seen: the score stays 1.414."),
        ("exp.1.0", "For “cat” and “the”: e to the power 0 = 1."),
        ("exp.1.2", "For “cat” and “sat”: e to the power −∞ = 0."),
        ("sum.1.0", "Sum of the row of “cat”: 1 + 4.113 + 0 ≈ 5.113."),
        ("weight.1.0", "Weight of “cat” on “the”, its share of the row’s sum: 1 / 5.113 ≈ 0.196."),
        ("output.1.1", "Output of “cat”, entry 2, the values by their weights: 0.196·0 + 0.804·1 + 0·2 ≈ 0.804."),
        ("q.2.0", "Query of “sat”, entry 1: 2. It is a factor in each score of “sat”: 2, 1, 3."),
        ("k.2.0", "Key of “sat”, entry 1: 1. It is a factor in each score for “sat”: 1, 2, 3."),
        ("v.0.0", "Value of “the”, entry 1: 1. Each output takes it times the weight on “the”: 1, 0.196, 0.284."),
    ],
)
def test_the_chosen_number_is_explained_with_its_arithmetic(key, sentence):
    widget = AttentionSteps(Q, K, V, LABELS, selected=key)
    assert explain(key, widget) == sentence
    assert sentence in widget.html()


def test_the_sentences_follow_the_two_switches():
    widget = AttentionSteps([[1, -2], [0, 1]], [[-1, 1], [2, 2]], [[1], [2]], ["a", " "], scaled=False, causal=False)
    assert explain("score.0.0", widget) == "Score of “a” for “a”, the query times the key: 1·(−1) + (−2)·1 = −3."
    assert explain("divided.0.1", widget) == "Not divided: the score of “a” for space stays −2."
    assert explain("masked.0.1", widget) == "No mask: “a” sees every token, and the score for space stays −2."
    widget.causal = True
    assert explain("masked.0.1", widget).startswith("Space comes after “a”: its score becomes −∞")


def test_a_tiny_weight_is_written_with_a_power_of_ten_and_never_called_exact():
    widget = AttentionSteps([[4], [0]], [[2], [-2]], [[1], [2]], ["a", "b"], scaled=False, causal=False)
    sentence = "Weight of “a” on “b”, its share of the row’s sum: 3.4·10⁻⁴ / 2981 ≈ 1.1·10⁻⁷."
    assert explain("weight.0.1", widget) == sentence


def test_the_highlighted_numbers_are_exactly_those_that_change_the_chosen_one(rng):
    """Nudge each number that can be typed: the chosen one moves if and only if it depends on it, step by step."""
    widget = random_widget(rng, causal=False)
    reach = {key: {key} for key in widget.cells() if key[0] in "qkv"}
    for key in widget.numbers():
        reach[key] = set().union(*(reach[source] for group in sources(key, widget) for source in group))
    for typed in [key for key in reach if key[0] in "qkv"]:
        name, i, j = typed.split(".")
        rows = np.array(getattr(widget, name))
        rows[int(i), int(j)] += 0.5
        nudged = AttentionSteps(**{**widget.state(), name: rows, "selected": "score.0.0"}).cells()
        moved = {key for key, x in widget.cells().items() if abs(x - nudged[key]) > 1e-12}
        assert moved == {key for key, roots in reach.items() if typed in roots}


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (2.0, "2"),
        (-0.0005, "−0.001"),
        (0.00049, "4.9·10⁻⁴"),
        (0.0000999, "1.0·10⁻⁴"),
        (9.9996, "10"),
        (99.996, "100"),
        (1234.5, "1235"),
        (99999.5, "1.0·10⁵"),
        (np.inf, "∞"),
    ],
)
def test_numbers_are_written_briefly(x, text):
    assert brief(x) == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": Q[:1], "k": K[:1], "v": V[:1], "labels": ["the"]}, "1 rows; there may be 2 to 4 tokens"),
        ({"q": [[1, 2], [1], [0, 0]]}, r"q needs rows of one length, 1 to 4; it has \[1, 2\]"),
        ({"v": [[0] * 5] * 3}, r"v needs rows of one length, 1 to 4; it has \[5\]"),
        ({"k": [[1, 2, 3]] * 3}, "q has width 2 and k 3"),
        ({"v": [[0, 1]] * 2}, "v has 2 rows for 3 labels"),
        ({"q": [[0, 0], [0, -10.5], [0, 0]]}, "q has the entry -10.5; entries lie between −10 and 10"),
        ({"k": [[0, 0], [0, float("nan")], [0, 0]]}, "k has the entry nan"),
        ({"labels": ["a", "b", "a"]}, "labels must differ"),
        ({"selected": "score.3.0"}, "no number is named 'score.3.0'"),
        ({"selected": "scores"}, "no number is named 'scores'"),
        ({"q": [["a", 1], [1, 1], [1, 1]]}, "float"),
    ],
)
def test_what_cannot_be_attended_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        AttentionSteps(**{"q": Q, "k": K, "v": V, "labels": LABELS} | change)


def test_a_refused_value_leaves_the_widget_as_it_was_and_a_smaller_text_can_be_set_at_once():
    widget = AttentionSteps(np.array(Q), tuple(map(tuple, K)), V, LABELS)
    with pytest.raises(traitlets.TraitError, match="entry 11"):
        widget.q = [[11, 0]] * 3
    assert widget.q == Q
    with widget.hold_trait_notifications():
        widget.q, widget.k, widget.v, widget.labels = Q[:2], K[:2], V[:2], LABELS[:2]
    assert len(widget.numbers()) == 5 * 4 + 2 + 4


def test_the_same_state_gives_the_same_html_and_holds_only_its_own_traits():
    html = AttentionSteps(Q, K, V, LABELS).html()
    assert html == AttentionSteps(Q, K, V, LABELS).html()
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))
    typed = {"q": Q, "k": K, "v": V, "labels": LABELS}
    assert state == {**typed, "scaled": True, "causal": True, "selected": "score.1.0"}


def test_the_module_does_not_load_torch():
    command = "import sys, llmcourse.explore.attention_steps; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", command], check=True)
