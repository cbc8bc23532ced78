"""RotaryExplorer in Python: what it refuses, what its picture says, that its numbers are transformers'."""

import math
import re

import numpy as np
import pytest
import torch
import traitlets
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb

from llmcourse.explore.rotary import RotaryExplorer


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": [1.0, 0.0, 1.0]}, "key has 64 numbers and query 3"),
        ({"query": [1.0] * 5, "key": [1.0] * 5}, "even, from 4 to 256, got 5"),
        ({"query": [1.0] * 2, "key": [1.0] * 2}, "even, from 4 to 256, got 2"),
        ({"width": 300}, "even, from 4 to 256, got 300"),
        ({"key": [math.nan] * 64}, "key holds .nan., which is no finite number"),
        ({"pair": 32}, "between 0 and 31, got 32"),
        ({"pair": -1}, "between 0 and 31, got -1"),
        ({"offset": 4097}, "offset must lie between 0 and 4,096, got 4097"),
        ({"position": -1}, "position must lie between 0 and 1,048,576, got -1"),
        ({"base": 1.0}, "base must lie between 10 and 10,000,000, got 1.0"),
        ({"factor": 0.5}, "factor must lie between 1 and 64, got 0.5"),
        ({"original_context": 3}, "original_context must lie between 64 and"),
        ({"scaling": "yarn"}, "yarn"),
        ({"span": 100}, "100"),
    ],
)
def test_what_is_out_of_range_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        RotaryExplorer(**change)


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = RotaryExplorer(pair=3)
    with pytest.raises(traitlets.TraitError, match="between 0 and 31"):
        widget.pair = 99
    assert widget.pair == 3


def test_arrays_and_tensors_are_taken(rng):
    q, k = rng.standard_normal((2, 8))
    assert RotaryExplorer(q, torch.tensor(k)).key == k.tolist()


def test_vectors_of_another_width_are_set_together():
    widget = RotaryExplorer(pair=30)
    with widget.hold_trait_notifications():
        widget.query, widget.key, widget.pair = [1.0] * 8, [0.5] * 8, 3
    assert widget.numbers()["score"] == pytest.approx(4 / math.sqrt(8))


def test_the_score_and_the_parts_are_those_of_transformers_gptj(rng):
    """Their code for interleaved pairs, with the query and the key at their own positions."""
    for _ in range(20):
        q, k = rng.standard_normal((2, 16))
        position, offset = int(rng.integers(5000)), int(rng.integers(4000))
        base = float(rng.choice([100, 1e4, 1e5]))
        theta = base ** (-torch.arange(0, 16, 2, dtype=torch.float64) / 16)
        turned = []
        for x, t in ((q, position + offset), (k, position)):
            angle = (t * theta)[None, None]
            turned.append(apply_rotary_pos_emb(torch.tensor(x)[None, None, None], angle.sin(), angle.cos())[0, 0, 0])
        products = (turned[0] * turned[1]).unflatten(0, (-1, 2)).sum(-1) / 4
        widget = RotaryExplorer(q, k, base=base, position=position, offset=offset, pair=5)
        assert widget.numbers()["score"] == pytest.approx(float(products.sum()), abs=1e-9)
        assert widget.numbers()["part"] == pytest.approx(float(products[5]), abs=1e-9)
        lengths = [np.hypot(*x[10:12]) for x in (q, k)]
        cosine = math.cos(math.radians(widget.numbers()["between"]))
        assert float(products[5]) == pytest.approx(lengths[0] * lengths[1] * cosine / 4)


def test_moving_both_changes_the_turns_and_no_score():
    widget = RotaryExplorer(offset=9, pair=2)
    before = widget.numbers()
    widget.position = 1000
    after = widget.numbers()
    for name in ("score", "part", "between", "theta", "wavelength"):
        assert after[name] == pytest.approx(before[name])
    assert after["key_turn"] != before["key_turn"] == 0


@pytest.mark.parametrize("scaling", ["interpolation", "NTK", "YaRN"])
def test_a_scaling_slows_the_last_clock_by_its_factor_and_keeps_the_turns_of_training(scaling):
    widget = RotaryExplorer(pair=31, scaling=scaling, factor=8.0)
    plain = RotaryExplorer(pair=31).numbers()
    assert widget.numbers()["theta"] == pytest.approx(plain["theta"] / 8)
    assert widget.numbers()["turns"] == plain["turns"]


def test_yarn_sharpens_scores_by_the_square_of_its_factor():
    widget = RotaryExplorer(scaling="YaRN", factor=8.0)
    assert widget.numbers()["score"] == pytest.approx(4 * 1.2079442**2)
    assert "YaRN multiplies scores by 1.459" in widget.html()


def test_the_picture_holds_the_numbers_and_the_same_state_gives_the_same_text():
    widget = RotaryExplorer(offset=40, position=3, pair=4, scaling="NTK")
    assert numbers_of(widget.html()) == pytest.approx(widget.numbers())
    assert widget.html() == RotaryExplorer(offset=40, position=3, pair=4, scaling="NTK").html()
    assert len(widget.html()) < 40_000


def test_an_offset_beyond_the_span_makes_room_for_itself():
    assert RotaryExplorer(offset=300, span=64).picture().count("L") > 1024
    assert "1000" in RotaryExplorer(offset=300, span=64).picture()


def test_arrows_of_no_length_are_drawn_and_add_nothing():
    widget = RotaryExplorer([0.0] * 8, [0.0] * 8, offset=3)
    assert (widget.numbers()["score"], widget.numbers()["part"]) == (0, 0)
    assert "NaN" not in widget.html()
