"""Compute the arithmetic, unit and calendar items of the question set, and put every right answer in its place.

    .venv/bin/python tools/make_questions.py

rewrites ``src/llmcourse/evaluation/questions.json``. The items marked "by hand" stay as they are written there, but for
the order of their choices; those marked "computed" are made anew, from a seed. A wrong choice is the result of a usual
slip (a carry forgotten, the neighbor in a table, the rule applied backwards). Of each sixteen items in a row
four have their right answer first, four second, four third and four last, in an order that the seed decides: whoever
always answers "A" is right one time in four, and nearly so in every subject.
"""

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from llmcourse.files import replacing

PATH = Path(__file__).parents[1] / "src/llmcourse/evaluation/questions.json"
SEED = 2024
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = "January February March April May June July August September October November December".split()
UNITS = (  # one of the first is ``factor`` of the second
    ("kilometer", "meters", 1000),
    ("meter", "centimeters", 100),
    ("foot", "inches", 12),
    ("yard", "feet", 3),
    ("hour", "minutes", 60),
    ("day", "hours", 24),
    ("kilogram", "grams", 1000),
    ("liter", "milliliters", 1000),
    ("pound", "ounces", 16),
    ("dozen", "pieces", 12),
)
WITHOUT_DIGITS = str.maketrans("", "", "0123456789")
Draft = tuple[str, str, list[str], str]  # question, right answer, candidates for wrong ones, reason


def addition(rng: np.random.Generator) -> Draft:
    a, b = (int(n) for n in rng.integers(13, 900, 2))
    return f"What is {a} + {b}?", f"{a + b}", [f"{a + b + d}" for d in (10, -10, 1, 100)], f"{a} + {b} = {a + b}"


def subtraction(rng: np.random.Generator) -> Draft:
    a, b = sorted((int(n) for n in rng.choice(np.arange(12, 700), 2, replace=False)), reverse=True)
    return f"What is {a} - {b}?", f"{a - b}", [f"{abs(a - b + d)}" for d in (10, 1, -10, 2)], f"{a} - {b} = {a - b}"


def multiplication(rng: np.random.Generator) -> Draft:
    a, b = int(rng.integers(3, 13)), int(rng.integers(6, 30))
    wrong = [a * (b + 1), (a + 1) * b, a * b + 10, a + b]
    return f"What is {a} times {b}?", f"{a * b}", [f"{n}" for n in wrong], f"{a} x {b} = {a * b}"


def division(rng: np.random.Generator) -> Draft:
    b, right = int(rng.integers(3, 13)), int(rng.integers(4, 40))
    wrong = [f"{right + d}" for d in (1, -1, 2, 10)]
    return f"What is {b * right} divided by {b}?", f"{right}", wrong, f"{b} x {right} = {b * right}"


def percentage(rng: np.random.Generator) -> Draft:
    share, whole = int(rng.choice([5, 10, 20, 25, 30, 40, 60, 75])), 20 * int(rng.integers(2, 30))
    right = share * whole // 100
    wrong = [f"{n}" for n in (2 * right, whole - right, right + share, right + 10)]
    return f"What is {share} percent of {whole}?", f"{right}", wrong, f"{share} / 100 x {whole} = {right}"


def precedence(rng: np.random.Generator) -> Draft:
    a, b, c = (int(n) for n in rng.integers(2, 12, 3))
    wrong = [f"{n}" for n in ((a + b) * c, a + b + c, a * b + c, a * b * c)]
    return f"What is {a} + {b} x {c}?", f"{a + b * c}", wrong, "Multiplication comes before addition."


def power(rng: np.random.Generator) -> Draft:
    a, n = int(rng.integers(2, 11)), int(rng.integers(2, 4))
    wrong = [f"{m}" for m in (a * n, a ** (n + 1), (a + 1) ** n, a + n)]
    return f"What is {a} to the power {n}?", f"{a**n}", wrong, f"{' x '.join([str(a)] * n)} = {a**n}"


def unit(rng: np.random.Generator) -> Draft:
    one, many, factor = UNITS[int(rng.integers(len(UNITS)))]
    plural, n = {"foot": "feet", "dozen": "dozen"}.get(one, one + "s"), int(rng.integers(2, 12))
    wrong = [f"{m}" for m in (n * factor * 10, n + factor, (n + 1) * factor, (n - 1) * factor)]
    return f"How many {many} are in {n} {plural}?", f"{n * factor}", wrong, f"{n} x {factor} = {n * factor}"


def weekday(rng: np.random.Generator) -> Draft:
    start, ahead = int(rng.integers(7)), int(rng.integers(8, 60))
    right = (start + ahead) % 7
    wrong = [DAYS[(right + d) % 7] for d in (1, -1, 2, 3)]
    why = f"{ahead} = {ahead // 7} x 7 + {ahead % 7}; whole weeks change nothing."
    return f"Today is {DAYS[start]}. Which day is it in {ahead} days?", DAYS[right], wrong, why


def days_between(rng: np.random.Generator) -> Draft:
    month, day, later = int(rng.integers(3, 12)), int(rng.integers(10, 28)), int(rng.integers(3, 10))
    first, last = datetime.date(2023, month, day), datetime.date(2023, month + 1, later)
    right = (last - first).days
    question = f"How many days after {MONTHS[month - 1]} {day} is {MONTHS[month]} {later} of the same year?"
    wrong = [f"{right + d}" for d in (1, -1, 2, 3)]
    return question, f"{right}", wrong, f"{MONTHS[month - 1]} has {right + day - later} days."


def roman(rng: np.random.Generator) -> Draft:
    n = int(rng.integers(4, 120))
    wrong = [f"{n + d}" for d in (2, 10, 1, 5)]
    return f"Which number is {numeral(n)} in Roman numerals?", f"{n}", wrong, _roman_why(n)


def clock(rng: np.random.Generator) -> Draft:
    hour, minute, ahead = int(rng.integers(1, 10)), 5 * int(rng.integers(1, 12)), 5 * int(rng.integers(4, 20))
    end = 60 * hour + minute + ahead
    wrong = [_time(end + d) for d in (60, 10, -10, -60)]
    question = f"A film starts at {hour}:{minute:02d} and lasts {ahead} minutes. When does it end?"
    return question, _time(end), wrong, f"{hour}:{minute:02d} and {ahead} minutes make {_time(end)}."


KINDS: dict[Callable[[np.random.Generator], Draft], tuple[str, int]] = {
    addition: ("arithmetic", 8),
    subtraction: ("arithmetic", 8),
    multiplication: ("arithmetic", 10),
    division: ("arithmetic", 8),
    percentage: ("arithmetic", 8),
    precedence: ("arithmetic", 6),
    power: ("arithmetic", 6),
    unit: ("units", 10),
    weekday: ("calendar and time", 6),
    days_between: ("calendar and time", 4),
    roman: ("arithmetic", 6),
    clock: ("calendar and time", 6),
}


def numeral(n: int) -> str:
    """Roman numerals of a number below 400."""
    tens = {100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X", 9: "IX", 5: "V", 4: "IV", 1: "I"}
    text = ""
    for value, letters in tens.items():
        text, n = text + letters * (n // value), n % value
    return text


def _roman_why(n: int) -> str:
    parts = [numeral(p) for p in (n // 10 * 10, n % 10) if p]
    values = [str(p) for p in (n // 10 * 10, n % 10) if p]
    return ", ".join(f"{letters} is {value}" for letters, value in zip(parts, values, strict=True)) + "."


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def computed(rng: np.random.Generator) -> list[dict]:
    """The computed items, each with its right answer first; no question twice, no choice twice, each unit once."""
    items: list[dict] = []
    for make, (topic, count) in KINDS.items():
        seen: set[str] = set()
        while len(seen) < count:
            question, right, wrong, why = make(rng)
            others = list(dict.fromkeys(w for w in wrong if w != right))[:3]
            key = question.translate(WITHOUT_DIGITS) if make is unit else question
            if len(others) == 3 and key not in seen:
                seen.add(key)
                items.append(
                    {"topic": topic, "question": question, "choices": [right, *others], "answer": 0}
                    | {"why": why, "source": f"computed: {make.__name__.replace('_', ' ')}", "made": "computed"}
                )
    return items


def placed(items: list[dict], rng: np.random.Generator) -> list[dict]:
    """The items with ids, their choices in an order that balances the place of the right one."""
    places = np.concatenate([rng.permutation(16) % 4 for _ in range(-(-len(items) // 16))])
    counts: dict[str, int] = {}
    found = []
    for item, place in zip(items, places.tolist(), strict=False):
        right = item["choices"][item["answer"]]
        choices = sorted(c for c in item["choices"] if c != right)
        choices = [choices[i] for i in rng.permutation(3)]
        choices.insert(place, right)
        counts[item["topic"]] = number = counts.get(item["topic"], 0) + 1
        name = f"{item['topic'].replace(' ', '-')}-{number:02d}"
        found.append({"id": name} | item | {"choices": choices, "answer": place})
    return found


def main() -> None:
    old = json.loads(PATH.read_text(encoding="utf-8"))
    rng = np.random.default_rng(SEED)
    items = [item for item in old["items"] if item["made"] == "by hand"] + computed(rng)
    items = placed([{k: v for k, v in item.items() if k != "id"} for item in items], rng)
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    with replacing(PATH) as path:
        path.write_text(f'{{"about": {json.dumps(old["about"])},\n"items": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
