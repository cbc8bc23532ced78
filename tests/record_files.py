"""Records of progress for the tests of both who read them, the site's script and llmcourse.study.record_format."""

import json

import numpy as np

KEY = "llmcourse-progress"
EMPTY = {"format": KEY, "version": 1, "pages": {}, "exercises": {}, "quiz": {}, "cards": {}}
READ, LATER = {"read": "2026-11-01T08:00:00Z"}, {"read": "2026-11-02T08:00:00.250Z"}
WHEN = {"pages": "read", "exercises": "passed", "quiz": "answered", "cards": "reviewed"}
NAMES = ["__proto__", "constructor", "0", "toString", "1.1.a (ii)", "é “τ”\u2028", "a b", "<b>", "hasOwnProperty"]
ANSWERS = [0, 'text \\ "quoted" 😉 $x<y$', [2, 0, 1], {"a": [None, True, 1e-12]}, 0.1 + 0.2, None]

# What is refused, and the reason that is given.
REFUSED = {
    "": "it is not JSON, or it is cut off",
    "{": "it is not JSON, or it is cut off",
    "null": "it is not a record of progress in this course",
    "[]": "it is not a record of progress in this course",
    '"llmcourse-progress"': "it is not a record of progress in this course",
    '{"cells": [], "metadata": {}}': "it is not a record of progress in this course",
    json.dumps({**EMPTY, "version": 2}): "it was written by a newer version of this course",
    json.dumps({**EMPTY, "version": "1"}): "it does not say in which version of the format it is",
    json.dumps({**EMPTY, "version": True}): "it does not say in which version of the format it is",
    json.dumps({"format": KEY}): "it does not say in which version of the format it is",
    json.dumps({**EMPTY, "notes": {}}): "it has a part that this course does not know, “notes”",
    json.dumps({**EMPTY, "pages": []}): "its part “pages” is damaged",
    json.dumps({**EMPTY, "pages": {"1.1": READ, "1.2": {"read": 5}}}): "the entry 1.2 in “pages” has no valid “read”",
    json.dumps({**EMPTY, "pages": {"1.1": []}}): "the entry 1.1 in “pages” is not an entry",
    json.dumps({**EMPTY, "pages": {"": READ}}): "a name in “pages” is not one",
    json.dumps({**EMPTY, "pages": {"x" * 101: READ}}): "a name in “pages” is not one",
    json.dumps({**EMPTY, "pages": {"1.1": READ}})[:-9]: "it is not JSON, or it is cut off",
    json.dumps(
        {**EMPTY, "quiz": {"q": {"answered": READ["read"], "answer": float("nan")}}}
    ): "it is not JSON, or it is cut off",
}

# Entries that no file may hold: section, entry, and the field at fault.
WRONG = [
    ("pages", {"read": "yesterday"}, "read"),
    ("pages", {}, "read"),
    ("pages", {"read": "2026-13-01T00:00:00Z"}, "read"),
    ("pages", {"read": "2026-11-01T08:00:00"}, "read"),  # whose eight o'clock?
    ("exercises", READ, "passed"),
    ("quiz", {"answered": READ["read"], "tries": -1}, "tries"),
    ("quiz", {"answered": READ["read"], "tries": 1.5}, "tries"),
    ("quiz", {"answered": READ["read"], "right": 1}, "right"),
    ("cards", {"reviewed": READ["read"], "due": "soon"}, "due"),
    ("cards", {"reviewed": READ["read"], "state": 4}, "state"),
    ("cards", {"reviewed": READ["read"], "stability": "1"}, "stability"),
    ("cards", {"reviewed": READ["read"], "step": False}, "step"),
]


def random_date(rng: np.random.Generator) -> str:
    """Some millisecond of the three years from 2026 on."""
    return f"{np.datetime64('2026-01-01T00:00:00.000') + np.timedelta64(int(rng.integers(0, 10**11)), 'ms')}Z"


def random_name(rng: np.random.Generator) -> str:
    """A name of the course's form, or one that a program may stumble over."""
    return str(rng.choice(NAMES)) if rng.random() < 0.2 else f"{rng.integers(17)}.{rng.integers(9)}-{rng.integers(99)}"


def random_record(rng: np.random.Generator) -> dict:
    """A file in the format with any number of entries, odd names and unknown fields among them."""
    value = json.loads(json.dumps(EMPTY))
    for _ in range(int(rng.integers(0, 60))):
        value["pages"][random_name(rng)] = {"read": random_date(rng)}
        value["exercises"][random_name(rng)] = {"passed": random_date(rng)}
        value["quiz"][random_name(rng)] = {
            "answered": random_date(rng), "tries": int(rng.integers(1, 9)), "first": bool(rng.random() < 0.5),
            "right": True, "answer": ANSWERS[int(rng.integers(len(ANSWERS)))], "of a later course": {"x": 1},
        }  # fmt: skip
        value["cards"][random_name(rng)] = {
            "reviewed": random_date(rng), "due": random_date(rng), "stability": float(rng.exponential(30)),
            "difficulty": float(rng.uniform(1, 10)), "state": int(rng.integers(4)), "reviews": 4, "lapses": 0,
            "step": None if rng.random() < 0.5 else int(rng.integers(3)),
        }  # fmt: skip
    return value
