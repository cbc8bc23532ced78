import json

import pytest

from llmcourse.learning.plan import NAME, Plan
from llmcourse.transformer.config import ModelConfig


def test_the_defaults_are_the_shape_of_the_courses_gpt():
    config = Plan(files=("kjv",), width=192, context=256).config(1024)
    assert config == ModelConfig(vocab=1024, width=192, layers=4, heads=6, ffn_width=512, context=256, tied=True)


@pytest.mark.parametrize(("width", "heads", "ffn_width"), [(16, 1, 64), (64, 2, 192), (128, 4, 352), (256, 8, 704)])
def test_heads_are_32_wide_and_the_network_eight_thirds_in_whole_32s(width, heads, ffn_width):
    config = Plan(files=("kjv",), width=width).config(300)
    assert (config.heads, config.ffn_width) == (heads, ffn_width)
    chosen = Plan(files=("kjv",), width=width, heads=2, ffn_width=10).config(300)
    assert (chosen.heads, chosen.ffn_width) == (2, 10)


def test_the_recipe_has_the_settings_and_what_follows_from_them():
    recipe = Plan(files=("kjv",), steps=500, schedule="wsd", rate=1e-3, batch=6, context=32).recipe(micro_batch=3)
    assert (recipe.warmup, recipe.decay, recipe.length, recipe.micro_batch) == (50, 100, 32, 3)
    assert Plan(files=("kjv",), steps=5000).recipe().warmup == 100
    assert Plan(files=("kjv",), steps=1).recipe().warmup == 0
    assert Plan(files=("kjv",), steps=500, warmup=0, decay=7).recipe().decay == 7


def test_a_plan_comes_back_from_its_folder(tmp_path):
    plan = Plan(files=("kjv", "a text.txt"), layers=2, schedule="constant", tokenizer="t.json")
    plan.save(tmp_path)
    assert Plan.load(tmp_path, {}) == plan
    assert Plan.load(tmp_path, {"layers": 2, "files": ("kjv", "a text.txt")}) == plan


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layers": 3}, "was begun with layers = 4, not 3; leave the option out"),
        ({"files": ("kjv",)}, "files = .*, not"),
    ],
)
def test_going_on_with_something_else_is_refused(tmp_path, given, message):
    Plan(files=("alice29.txt",)).save(tmp_path)
    with pytest.raises(ValueError, match=message):
        Plan.load(tmp_path, given)


def test_a_folder_without_a_plan_or_with_a_damaged_one_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"has no plan\.json, so there is nothing to go on with"):
        Plan.load(tmp_path, {})
    for content in ("{", "{}", json.dumps({"files": ["kjv"], "colour": "red"}), json.dumps({"files": 3})):
        (tmp_path / NAME).write_text(content)
        with pytest.raises(ValueError, match=r"plan\.json is damaged: .*; begin again in another folder"):
            Plan.load(tmp_path, {})
