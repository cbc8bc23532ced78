"""Flashcards: the file and its lines, the exports, the scheduler, the queue of a day, the deck and the review page."""

from tests.planted import Mutant

STUDY, EXPLORE = "src/llmcourse/study", "src/llmcourse/explore"
CARDS, EXPORTS, LINES = f"{STUDY}/cards.py", f"{STUDY}/card_exports.py", f"{STUDY}/yaml_lines.py"
FSRS, QUEUE, FACE = f"{EXPLORE}/fsrs.js", f"{EXPLORE}/card_queue.js", f"{EXPLORE}/card_face.js"
DECK, REVIEW, OVERVIEW = f"{EXPLORE}/flashcards.js", f"{EXPLORE}/review.js", f"{EXPLORE}/review_overview.js"
UNIT = "tests/unit/study"
SCHEDULE, DECK_TESTS, REVIEW_TESTS = (f"tests/site/test_{name}.py" for name in ("fsrs", "widget_flashcards", "review"))

MUTANTS = (
    # files
    Mutant(LINES, "if key in found:", "if False:", f"{UNIT}/test_yaml_lines.py"),
    Mutant(LINES, "lines[(*place, key)] = at", "pass", f"{UNIT}/test_yaml_lines.py"),
    Mutant(CARDS, "if card.id in known:", "if False:", f"{UNIT}/test_cards.py"),
    Mutant(CARDS, 'for math in ("tex", "mathml"):', 'for math in ("tex",):', f"{UNIT}/test_cards.py"),
    Mutant(CARDS, "for card in load(path) if card.page == page", "for card in load(path)", f"{UNIT}/test_cards.py"),
    Mutant(EXPORTS, 'guid_for("llmcourse", card.id)', "guid_for(card.front)", f"{UNIT}/test_card_exports.py"),
    Mutant(EXPORTS, "timestamp=when", "timestamp=None", f"{UNIT}/test_card_exports.py"),
    Mutant(EXPORTS, "MACROS.get(found[0], found[0])", "found[0]", f"{UNIT}/test_card_exports.py"),
    Mutant(EXPORTS, "due=count)", "due=0)", f"{UNIT}/test_card_exports.py"),
    # the scheduler
    Mutant(FSRS, "Math.floor((now - since) / DAY)", "(now - since) / DAY", f"{SCHEDULE} -k years"),
    Mutant(FSRS, "rating === AGAIN ? growth : Math.max(1, growth)", "growth", f"{SCHEDULE} -k years"),
    Mutant(FSRS, "Math.min(kept, stability / Math.exp(w[17] * w[18]))", "kept", f"{SCHEDULE} -k years"),
    Mutant(FSRS, "(steps[0] + steps[1]) / 2 };", "steps[0] };", f"{SCHEDULE} -k month"),
    Mutant(FSRS, "below + (below % 2)", "below + 1", f"{SCHEDULE} -k longest"),
    Mutant(
        FSRS, "state === REVIEW && rating === AGAIN ? 1 : 0),", "rating === AGAIN ? 1 : 0),", f"{SCHEDULE} -k years"
    ),
    # the queue of a day
    Mutant(QUEUE, " && now - Date.parse(card.reviewed) >= DAY)", ")", f"{REVIEW_TESTS} -k steps_come"),
    Mutant(QUEUE, "if (date.getHours() < NEW_DAY)", "if (false)", f"{REVIEW_TESTS} -k until_four"),
    Mutant(QUEUE, "return Math.max(0, perDay - today);", "return perDay;", f"{REVIEW_TESTS} -k overview"),
    Mutant(
        QUEUE,
        "const introduced = before ? before.introduced :",
        "const introduced =",
        f"{REVIEW_TESTS} -k as_a_new_card",
    ),
    Mutant(QUEUE, "dated && scaled ?", "dated ?", f"{DECK_TESTS} -k another_hand"),
    Mutant(QUEUE, "soonest(early.filter(({ id }) => id !== last)) ||", "", f"{REVIEW_TESTS} -k just_rated"),
    # decks and sessions
    Mutant(FACE, "if (event.repeat) return;", "", f"{DECK_TESTS} -k held_down"),
    Mutant(FACE, ' && String(getSelection()) === ""', "", f"{DECK_TESTS} -k selection"),
    Mutant(FACE, "Math.abs(x) < SWIPE || ", "", f"{DECK_TESTS} -k swipe"),
    Mutant(FACE, " && !event.shiftKey", "", f"{DECK_TESTS} -k arrows"),
    Mutant(FACE, 'closest("input, select, textarea")', 'closest("select")', f"{DECK_TESTS} -k arrows"),
    Mutant(FACE, 'node.classList.toggle("lc-main", !turned);', "", f"{DECK_TESTS} -k quiet"),
    Mutant(DECK, "round.clear();", "", f"{DECK_TESTS} -k last_card"),
    Mutant(
        DECK, "(isOver() ? end : faces[at]).focus(false);", "faces[at]?.focus(false);", f"{DECK_TESTS} -k last_card"
    ),
    Mutant(DECK, "if (!turned()) return;", "", f"{DECK_TESTS} -k keys"),
    Mutant(DECK, "const deaf = records.onChange(draw);", "const deaf = () => {};", f"{DECK_TESTS} -k another_tab"),
    Mutant(REVIEW, "records.get(current.id)?.reviewed !== current.reviewed", "false", f"{REVIEW_TESTS} -k two_tabs"),
    Mutant(
        REVIEW,
        "before ? records.put(id, before) : records.remove(id)",
        "before && records.put(id, before)",
        f"{REVIEW_TESTS} -k undo",
    ),
    Mutant(OVERVIEW, "fresh > 0 && left === 0", "left === 0", f"{REVIEW_TESTS} -k no_word"),
    Mutant(OVERVIEW, "if (!ids.length)", "if (false)", f"{REVIEW_TESTS} -k no_chapter"),
    Mutant(OVERVIEW, "isLimit(perDay) ? perDay : DEFAULTS.perDay", "perDay", f"{REVIEW_TESTS} -k another_hand"),
)
