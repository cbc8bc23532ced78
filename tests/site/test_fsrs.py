"""The scheduler of the flashcards gives the dates of the reference implementation, py-fsrs 6, review for review."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fsrs import Card, Rating, Scheduler
from fsrs.scheduler import DEFAULT_PARAMETERS

from llmcourse.explore import bundle

pytestmark = pytest.mark.browser

START = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
RUN = """async ([source, histories]) => {
  const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return histories.map(history => {
    let card;
    return history.map(([now, rating]) => (card = twin.review(card, rating, now)));
  });
}"""
ASK = """async ([source, calls]) => {
  const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return calls.map(([name, ...values]) => {
    try { return twin[name](...values); } catch (error) { return error.message; }
  });
}"""


@pytest.fixture(scope="module")
def tab(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def ask(tab, *calls):
    return tab.evaluate(ASK, [bundle.read_script("fsrs.js"), calls])


def milliseconds(when: datetime) -> int:
    return round((when - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def theirs(history: list[tuple[datetime, int]]) -> list[dict]:
    """What py-fsrs keeps after each review, under our names."""
    scheduler, card, kept, lapses = Scheduler(enable_fuzzing=False), Card(card_id=1, due=START), [], 0
    for count, (when, rating) in enumerate(history, 1):
        lapses += card.state == 2 and rating == 1
        card, _ = scheduler.review_card(card, Rating(rating), when)
        kept.append(
            {"due": milliseconds(card.due), "reviewed": milliseconds(when), "stability": card.stability}
            | {"difficulty": card.difficulty, "state": int(card.state), "step": card.step}
            | {"reviews": count, "lapses": lapses}
        )
    return kept


def ours(tab, histories: list[list[tuple[datetime, int]]]) -> list[list[dict]]:
    calls = [[[milliseconds(when), rating] for when, rating in one] for one in histories]
    kept = tab.evaluate(RUN, [bundle.read_script("fsrs.js"), calls])
    for card in (card for one in kept for card in one):
        for name in ("due", "reviewed"):
            assert card[name].endswith("Z")  # UTC
            card[name] = milliseconds(datetime.fromisoformat(card[name]))
    return kept


def same_cards(actual: list[list[dict]], expected: list[list[dict]]) -> None:
    for one, other in zip(actual, expected, strict=True):
        for card, theirs_ in zip(one, other, strict=True):
            exact = {name: value for name, value in card.items() if name not in ("stability", "difficulty")}
            assert exact == {name: theirs_[name] for name in exact}
            assert set(card) == set(theirs_)
            for name in ("stability", "difficulty"):
                assert math.isclose(card[name], theirs_[name], rel_tol=1e-9), name


def on_time(ratings: np.ndarray) -> list[tuple[datetime, int]]:
    """Each review at the minute when the card is due."""
    history, scheduler, card = [], Scheduler(enable_fuzzing=False), Card(card_id=1, due=START)
    for rating in ratings.tolist():
        history.append((card.due, rating))
        card, _ = scheduler.review_card(card, Rating(rating), card.due)
    return history


def test_the_parameters_are_the_published_ones(tab):
    assert tab.evaluate(
        """async source => [...(await import(URL.createObjectURL(
        new Blob([source], { type: "text/javascript" })))).PARAMETERS]""",
        bundle.read_script("fsrs.js"),
    ) == list(DEFAULT_PARAMETERS)


def test_a_month_of_reviews_when_due_has_the_reference_dates(tab, rng):
    histories = []
    for _ in range(200):
        history = on_time(rng.choice([1, 2, 3, 4], size=40, p=[0.15, 0.15, 0.5, 0.2]))
        histories.append([one for one in history if one[0] < START + timedelta(days=31)])
    assert min(map(len, histories)) >= 2
    same_cards(ours(tab, histories), [theirs(one) for one in histories])


def test_years_of_late_early_and_repeated_reviews_have_the_reference_dates(tab, rng):
    histories = []
    for _ in range(300):
        when, history = START, []
        for _ in range(30):
            history.append((when, int(rng.integers(1, 5))))
            kind = rng.integers(4)  # seconds, hours, days, or months later, to the millisecond
            longest = [600, 86400, 20 * 86400, 400 * 86400][kind]
            when += timedelta(milliseconds=int(rng.uniform(0, 1000 * longest)))
        histories.append(history)
    assert {state["state"] for one in histories for state in theirs(one)} == {1, 2, 3}
    same_cards(ours(tab, histories), [theirs(one) for one in histories])


@pytest.mark.parametrize("seconds", [86399, 86400, 86401, 0, -5])
def test_where_a_day_ends_and_when_the_clock_was_set_back(tab, seconds):
    histories = []
    for first in (1, 2, 3, 4):
        for then in (1, 2, 3, 4):
            later = START + timedelta(seconds=seconds)
            histories.append([(START, first), (later, then), (later + timedelta(seconds=seconds), then)])
    same_cards(ours(tab, histories), [theirs(one) for one in histories])


def test_every_way_of_four_ratings_has_the_reference_dates(tab):
    ways = np.array(np.meshgrid(*[[1, 2, 3, 4]] * 4)).reshape(4, -1).T
    histories = [on_time(way) for way in ways]
    assert len(histories) == 256
    same_cards(ours(tab, histories), [theirs(one) for one in histories])


def test_the_longest_and_the_shortest_interval(tab):
    _, longest = (histories := theirs([(START, 4), (START + timedelta(days=300_000), 4)]))
    assert ours(tab, [[(START, 4), (START + timedelta(days=300_000), 4)]])[0][-1]["due"] == longest["due"]
    assert histories[0]["stability"] > 1
    scheduler = Scheduler(enable_fuzzing=False)
    days = [0.001, 0.4, 1.49, 1.51, 2.5, 3.5, 700.49, 36_499.9, 1e6]
    assert ask(tab, *(["intervalDays", x] for x in days)) == [scheduler._next_interval(stability=x) for x in days]


def test_recall_is_ninety_percent_at_the_stability_and_falls(tab):
    values = ask(tab, *(["recall", days, 12.0] for days in (0, 6, 12, 24, 1000)))
    assert values[0] == 1
    assert math.isclose(values[2], 0.9, rel_tol=1e-12)
    assert values == sorted(values, reverse=True)
    card = Card(card_id=1, state=2, stability=12.0, difficulty=5.0, due=START, last_review=START)
    reference = Scheduler().get_card_retrievability(card, START + timedelta(days=24))
    assert math.isclose(values[3], reference, rel_tol=1e-12)


def test_what_was_kept_is_left_as_it_is_and_a_wrong_rating_is_refused(tab):
    found = tab.evaluate(
        """async source => {
          const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
          const card = Object.freeze(twin.review(undefined, 3, 0));
          const before = JSON.stringify(card);
          twin.review(card, 1, 1e9);
          return before === JSON.stringify(card);
        }""",
        bundle.read_script("fsrs.js"),
    )
    assert found
    for wrong in (0, 5, 2.5, "3"):
        assert ask(tab, ["review", None, wrong, 0]) == [f"a rating is 1, 2, 3 or 4, not {wrong}"]
