"""The question set: its form, its balance, and each computed answer worked out again by another route."""

import calendar
import datetime
import importlib.util
import json
import re
import unicodedata
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from llmcourse.evaluation.questions import LETTERS, load_questions

ROOT = Path(__file__).parents[3]
QUESTIONS = load_questions()
COMPUTED = [q for q in QUESTIONS if q.made == "computed"]
SIZES = {"meters": 1, "kilometers": 1000, "centimeters": Fraction(1, 100), "inches": Fraction(254, 10_000)} | {
    "feet": Fraction(3048, 10_000), "yards": Fraction(9144, 10_000), "minutes": 60, "hours": 3600, "days": 86_400,
    "kilograms": 1, "grams": Fraction(1, 1000), "liters": 1, "milliliters": Fraction(1, 1000), "pieces": 1, "dozen": 12,
    "pounds": 16, "ounces": 1,
}  # fmt: skip


def test_there_are_at_least_300_and_at_most_a_third_is_computed():
    assert len(QUESTIONS) >= 300
    assert len(COMPUTED) <= len(QUESTIONS) / 3
    assert {q.made for q in QUESTIONS} == {"by hand", "computed"}


def test_ids_and_questions_are_unique_and_each_has_four_different_choices():
    assert len({q.id for q in QUESTIONS}) == len({q.question.casefold() for q in QUESTIONS}) == len(QUESTIONS)
    for q in QUESTIONS:
        assert len(q.choices) == len({choice.casefold() for choice in q.choices}) == 4, q.id
        assert all(text == text.strip() != "" for text in (q.question, *q.choices, q.why, q.source)), q.id
        assert q.id.startswith(q.topic.replace(" ", "-")), q.id


def test_texts_are_plain_letters_that_every_tokenizer_knows():
    for q in QUESTIONS:
        for text in (q.question, *q.choices):
            assert unicodedata.normalize("NFC", text) == text
            assert not re.search(r"[^\x20-\x7e\u00fc]", text), (q.id, text)


def test_the_right_answer_stands_equally_often_at_each_place_overall_and_almost_so_in_each_topic():
    counts = Counter(q.answer for q in QUESTIONS)
    assert max(counts.values()) - min(counts.values()) <= 1
    for topic in {q.topic for q in QUESTIONS}:
        places = [sum(q.answer == place for q in QUESTIONS if q.topic == topic) for place in range(4)]
        assert max(places) - min(places) <= 5, topic


def test_the_place_of_an_answer_does_not_tell_the_next_one():
    answers = np.array([q.answer for q in QUESTIONS])
    for lag in range(1, 9):
        same = float((answers[lag:] == answers[:-lag]).mean())
        assert abs(same - 0.25) < 0.1, lag


def test_the_longest_choice_is_not_a_guide_to_the_right_one():
    longest = [max(range(4), key=lambda i, q=q: len(q.choices[i])) == q.answer for q in QUESTIONS]
    assert np.mean(longest) < 0.4


@pytest.mark.parametrize("q", COMPUTED, ids=lambda q: q.id)
def test_computed_answers_are_right_and_the_others_wrong(q):
    fits = [_fits(q.question, choice) for choice in q.choices]
    assert fits == [place == q.answer for place in range(4)]


def test_the_committed_items_are_those_that_the_script_makes():
    spec = importlib.util.spec_from_file_location("make_questions", ROOT / "tools/make_questions.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rng = np.random.default_rng(script.SEED)
    stored = json.loads(script.PATH.read_text(encoding="utf-8"))["items"]
    items = [item for item in stored if item["made"] == "by hand"] + script.computed(rng)
    assert script.placed([{k: v for k, v in item.items() if k != "id"} for item in items], rng) == stored


def test_topics_select_and_an_unknown_one_is_refused():
    chosen = load_questions("units", "grammar")
    assert {q.topic for q in chosen} == {"units", "grammar"}
    assert all(q.letter == LETTERS[q.answer] and q.right == q.choices[q.answer] for q in chosen)
    with pytest.raises(ValueError, match="no question has the topic 'sport'"):
        load_questions("sport")


def _fits(question, choice):
    """Whether the choice answers the question, computed by means that the script does not use."""
    if m := re.fullmatch(r"What is (\d+) percent of (\d+)\?", question):
        return Fraction(m[1]) * Fraction(m[2]) == 100 * Fraction(choice)
    if m := re.fullmatch(r"What is ([\d+\- x]+|\d+ (?:times|divided by|to the power) \d+)\?", question):
        signs = {" x ": "*", " times ": "*", " divided by ": "/", " to the power ": "**"}
        expression = m[1]
        for words, sign in signs.items():
            expression = expression.replace(words, sign)
        return eval(expression, {"__builtins__": {}}) == int(choice)
    if m := re.fullmatch(r"How many (\w+) are in (\d+) (\w+)\?", question):
        return int(choice) * SIZES[m[1]] == int(m[2]) * SIZES[m[3]]
    if m := re.fullmatch(r"Today is (\w+)\. Which day is it in (\d+) days\?", question):
        start = datetime.date(2024, 1, 1) + datetime.timedelta(list(calendar.day_name).index(m[1]))  # 1 January: Monday
        return (start + datetime.timedelta(int(m[2]))).strftime("%A") == choice
    if m := re.fullmatch(r"How many days after (\w+ \d+) is (\w+ \d+) of the same year\?", question):
        first, last = (datetime.datetime.strptime(f"2023 {day}", "%Y %B %d").timetuple().tm_yday for day in m.groups())
        return last - first == int(choice)
    if m := re.fullmatch(r"Which number is (\w+) in Roman numerals\?", question):
        values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in m[1]]
        return sum(-v if any(w > v for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values)) == int(choice)
    m = re.fullmatch(r"A film starts at (\d+:\d+) and lasts (\d+) minutes\. When does it end\?", question)
    end = datetime.datetime.strptime(m[1], "%H:%M") + datetime.timedelta(minutes=int(m[2]))
    return end == datetime.datetime.strptime(choice, "%H:%M")
