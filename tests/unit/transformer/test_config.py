import copy
from dataclasses import FrozenInstanceError, replace

import pytest

from llmcourse.transformer import presets
from llmcourse.transformer.config import ModelConfig

CONFIG = ModelConfig(vocab=11, width=24, layers=2, heads=6, kv_heads=2, ffn_width=32, context=16)


def test_sizes_that_follow_from_others():
    assert (CONFIG.groups, CONFIG.head_width) == (2, 4)
    assert replace(CONFIG, kv_heads=None).groups == 6


def test_a_config_is_a_value():
    assert replace(CONFIG, width=48) != CONFIG == replace(CONFIG, width=24)
    assert len({CONFIG, replace(CONFIG)}) == 1
    with pytest.raises(FrozenInstanceError):
        CONFIG.width = 48  # pyright: ignore


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 7}, "width 24 is not a multiple of heads 7"),
        ({"kv_heads": 4}, "heads 6 is not a multiple of kv_heads 4"),
        ({"heads": 8, "kv_heads": None}, "the head width 3 is odd"),
        ({"layers": 0}, "layers must be positive, got 0"),
        ({"kv_heads": 0}, "kv_heads must be positive, got 0"),
        ({"context": -1}, "context must be positive, got -1"),
        ({"norm_eps": -1e-5}, "norm_eps must not be negative, got -1e-05"),
    ],
)
def test_refused_sizes(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)


@pytest.mark.parametrize(
    ("name", "choice", "allowed"),
    [
        ("norm", "batch", "rms, layer"),
        ("norm_place", "middle", "pre, post"),
        ("positions", "rope", "rotary, learned, none"),
        ("rope_pairs", "split", "interleaved, half"),
        ("activation", "relu", "swiglu, gelu"),
    ],
)
def test_refused_choices(name, choice, allowed):
    config = copy.copy(CONFIG)
    object.__setattr__(config, name, choice)  # past the type checker, which only the tests have
    with pytest.raises(ValueError, match=f"{name} must be one of {allowed}, got '{choice}'"):
        config.__post_init__()


def test_an_odd_head_width_is_fine_without_rotation():
    assert replace(CONFIG, heads=8, kv_heads=None, positions="none").head_width == 3


@pytest.mark.parametrize(
    ("d", "multiplier", "multiple_of", "width"),
    [
        (presets.LLAMA2_7B.width, 1, 256, presets.LLAMA2_7B.ffn_width),
        (presets.LLAMA2_13B.width, 1, 256, presets.LLAMA2_13B.ffn_width),
        (presets.LLAMA2_70B.width, 1.3, 4096, presets.LLAMA2_70B.ffn_width),
        (presets.LLAMA3_8B.width, 1.3, 1024, presets.LLAMA3_8B.ffn_width),
        (presets.LLAMA3_70B.width, 1.3, 4096, presets.LLAMA3_70B.ffn_width),
    ],
)
def test_llamas_feed_forward_widths_follow_metas_rule(d, multiplier, multiple_of, width):
    """Two thirds of 4d, times a multiplier, rounded up: meta-llama/llama3, model.py."""
    wanted = int(multiplier * int(2 * 4 * d / 3))
    assert width == -(-wanted // multiple_of) * multiple_of
