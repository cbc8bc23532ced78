"""The quiz in a real browser: it grades as Python does, keeps what was answered, and can be used by ear and by key."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmcourse.explore.bundle import read_script
from llmcourse.explore.quiz import QuizWidget
from llmcourse.explore.quiz_markup import question_state, quiz_html
from llmcourse.study.grading import grade
from llmcourse.study.normal import normal_text, read_numbers
from llmcourse.study.quiz import Choice, Mistake, Question, Quiz, load
from tests.site.widgets import ROOT, focused, in_notebook, moving, widget_of

pytestmark = pytest.mark.browser

WHY = "This is why it is so."
SINGLE = Question(
    *("4.3-q1", "4.3", "single", "What is $e^0$?"),
    choices=(Choice("0", "Why not zero."), Choice("1", "Why $e^0 = 1$.", True), Choice("$e$", "Why not e.")),
)
MULTIPLE = Question(
    *("4.3-q2", "4.3", "multiple", "Which are even?"),
    choices=(
        Choice("two", "Why two is even.", True),
        Choice("three", "Why three is odd."),
        Choice("four", "Why four is even.", True),
        Choice("five", "Why five is odd."),
    ),
)
NUMERIC = Question(
    *("4.3-q3", "4.3", "numeric", "Half of a half?", WHY),
    mistakes=(Mistake("Why not one.", 1.0, "1.0"),),
    **{"value": 0.25, "tolerance": 0.001, "unit": "bits"},
)
TEXT = Question(
    *("4.3-q4", "4.3", "text", "Which function?", WHY),
    mistakes=(Mistake("Why not sigmoid.", answers=("sigmoid",)),),
    accept=("softmax", "soft-max"),
)
ORDER = Question(
    *("4.3-q5", "4.3", "order", "In which order?", WHY),
    choices=tuple(Choice(f"step {name}", f"Why {name} stands there.") for name in ("one", "two", "three", "four")),
)
QUIZ = Quiz("Attention", (SINGLE, MULTIPLE, NUMERIC, TEXT, ORDER))
STORE = '<script defer src="_static/js/record-format.js"></script><script defer src="_static/js/store.js"></script>'
MATHJAX = '<script defer src="_static/mathjax/tex-svg.js"></script>'
MOUNT = "Promise.all([...document.querySelectorAll('.lc-widget')].map(div => llmcourseHost.mount(div)))"
ANSWER_ALL = """() => {
  for (const box of document.querySelectorAll('.lc-question')) {
    const input = box.querySelector('input'), [check, reveal] = box.querySelectorAll(':scope > .lc-buttons button');
    if (input && input.type === 'text') input.value = '7';
    else if (input) input.click();
    check.click();
    if (!reveal.hidden) reveal.click();
  }
}"""
UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true;"
SPLIT = """[...document.querySelectorAll('.math')].filter(one => {
  const after = one.nextSibling;
  if (after?.nodeType !== 3 || !/^[,.;:?!)]/.test(after.data)) return false;
  const sign = document.createRange();
  sign.setStart(after, 0);
  sign.setEnd(after, 1);
  return sign.getBoundingClientRect().left < one.getBoundingClientRect().left;
}).map(one => one.closest('.lc-question').textContent)"""
RIGHT = {"4.3-q1": 1, "4.3-q2": [0, 2], "4.3-q3": "0.25", "4.3-q4": "soft max", "4.3-q5": [0, 1, 2, 3]}
WRONG = {"4.3-q1": 0, "4.3-q2": [0, 1], "4.3-q3": "1", "4.3-q4": "Sigmoid", "4.3-q5": [1, 0, 2, 3]}
KEPT = "() => llmcourseStore.all('quiz')"
CHOSEN = "[...document.querySelectorAll('input')].map(one => one.type === 'text' ? one.value : one.checked)"


@pytest.fixture
def open_quiz(open_page):
    """The quiz of all kinds on a page with a record of the reader's own."""
    return lambda *, quiz=QUIZ, **options: open_page(STORE + quiz_html(quiz), **options)


def question(page, name):
    return page.locator(f'.lc-question[data-id="{name}"]')


def heading(page, name) -> str:
    return question(page, name).locator(".lc-count").inner_text()


def verdict(page, name) -> str:
    return question(page, name).locator(".lc-verdict").inner_text()


def give(page, name, answer):
    """Answer as a reader does, and press Check."""
    box = question(page, name)
    if isinstance(answer, str):
        box.get_by_role("textbox").fill(answer)
    elif name == "4.3-q5":
        for place, step in enumerate(answer):
            row = box.locator("li", has_text=f"step {['one', 'two', 'three', 'four'][step]}")
            for _ in range(4):  # to the top, then down to its place
                row.locator("button").first.click(force=True)
            for _ in range(place):
                row.locator("button").last.click(force=True)
    else:
        chosen = [answer] if isinstance(answer, int) else answer
        for place, one in enumerate(box.locator("input").all()):
            if place in chosen:
                one.check()
            elif one.get_attribute("type") == "checkbox":
                one.uncheck()
    box.get_by_role("button", name="Check").click()


# ---- grading ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin(browser):
    """answers.js by itself."""
    page = browser.new_page()
    page.evaluate(
        """async source => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          window.twin = await import(url);
        }""",
        read_script("answers.js"),
    )
    yield page
    page.close()


LETTERS = st.text(alphabet="abZÉßñİΣς τ√²½-–—'’_.,!?\t0１a the", max_size=14)
DIGITS = st.text(alphabet="0123456789.,/e+-−*·×^%⁻²¹0 10", max_size=14)
ONE_PAGE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@ONE_PAGE
@given(texts=st.lists(LETTERS, min_size=20, max_size=60))
def test_words_are_read_as_python_reads_them(twin, texts):
    assert twin.evaluate("texts => texts.map(twin.normalText)", texts) == [normal_text(text) for text in texts]


@ONE_PAGE
@given(texts=st.lists(DIGITS, min_size=20, max_size=60))
def test_numbers_are_read_as_python_reads_them(twin, texts):
    fixed = ["1,283", "54,410", "8.4·10²²", "1/0", "0/0", "1e999", "-1/3", "12%", "1,234,567.5", "0,5/0,25"]
    found = twin.evaluate("texts => texts.map(twin.readNumbers)", [*texts, *fixed])
    assert [tuple(numbers) for numbers in found] == [read_numbers(text) for text in [*texts, *fixed]]


def answers_to(question: Question, rng) -> list:
    """Right ones, the usual mistakes and nonsense."""
    places = len(question.choices)
    if question.kind == "single":
        return list(range(places))
    if question.kind == "multiple":
        return [[i for i in range(places) if bits >> i & 1] for bits in range(2**places)]
    if question.kind == "order":
        return [list(range(places)), *(rng.permutation(places).tolist() for _ in range(20))]
    if question.kind == "text":
        known = [*question.accept, *(answer for one in question.mistakes for answer in one.answers)]
        return [*known, *(f" THE {one}!" for one in known), "", "?", "nonsense"]
    around = [question.value, *(one.value for one in question.mistakes)]
    numbers = [
        x * (1 + d) + t for x in around for d in (0, 0.004, 0.006, -0.004) for t in (0, question.tolerance, -0.1)
    ]
    return [*(repr(float(x)) for x in numbers), f"{question.value:,}", "", "many", "1/3", "50 %"]


@pytest.mark.parametrize("path", sorted(ROOT.glob("chapters/*/quiz.yml")), ids=lambda path: path.parent.name)
def test_every_question_of_the_course_is_graded_as_in_python(twin, path, rng):
    for one in load(path).questions:
        answers = answers_to(one, rng)
        found = twin.evaluate("([q, answers]) => answers.map(a => twin.grade(q, a))", [question_state(one), answers])
        for answer, result in zip(answers, found, strict=True):
            expected = grade(one, answer)
            assert result == (expected and {"right": expected.right, "notes": list(expected.notes)}), (one.id, answer)


@pytest.mark.parametrize("answer", [7, -1, "x", [0, 0], None, {"a": 1}, 1.5])
def test_what_is_no_answer_is_refused_by_both(twin, answer):
    run = "([q, a]) => { try { twin.grade(q, a); return 'graded'; } catch (error) { return error.message; } }"
    assert twin.evaluate(run, [question_state(MULTIPLE), answer]).startswith("no answer to 4.3-q2")


# ---- answering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RIGHT)
def test_right_and_wrong_answers_are_told_apart_and_explained(open_quiz, name):
    page = open_quiz()
    give(page, name, WRONG[name])
    told = verdict(page, name)
    assert told.startswith("Not yet.")
    assert {
        "4.3-q1": "Why not zero.",
        "4.3-q2": "1 of your ticks does not belong here, 1 is missing.\nthree: Why three is odd.",
        "4.3-q3": "Why not one.",
        "4.3-q4": "Why not sigmoid.",
        "4.3-q5": "Another step comes first.\nstep two: Why two stands there.",
    }[name] in re.sub(r"\n+", "\n", told)
    assert "Why four" not in told  # what the reader did not choose is not given away
    entry = page.evaluate(KEPT)[name]
    assert (entry["tries"], entry["first"], entry["right"], entry["answer"]) == (1, False, False, WRONG[name])
    question(page, name).get_by_role("button", name="Try again").click()
    assert verdict(page, name) == ""
    give(page, name, RIGHT[name])
    assert verdict(page, name).startswith("Right.")
    entry = page.evaluate(KEPT)[name]
    assert (entry["tries"], entry["first"], entry["right"], entry["answer"]) == (2, False, True, RIGHT[name])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["answered"])
    assert list(page.evaluate(KEPT)) == [name]


def test_the_first_try_and_a_right_answer_are_remembered_for_good(open_quiz):
    page = open_quiz()
    give(page, "4.3-q4", "softmax")
    assert heading(page, "4.3-q4") == "Question 4 of 5: right at once"
    question(page, "4.3-q4").get_by_role("button", name="Answer again").click()
    give(page, "4.3-q4", "sigmoid")
    entry = page.evaluate(KEPT)["4.3-q4"]
    assert (entry["tries"], entry["first"], entry["right"], entry["answer"]) == (2, True, True, "sigmoid")


@pytest.mark.parametrize(
    ("answers", "words"),
    [(["softmax"], "right at once"), (["sigmoid", "softmax"], "right before")],
    ids=["at once", "later"],
)
def test_a_wrong_answer_after_a_right_one_is_told_apart_from_what_is_kept(open_quiz, answers, words):
    """The heading tells of the record, the verdict of the latest answer: both are true together, after a reload too."""
    page = open_quiz()
    for answer in answers:
        give(page, "4.3-q4", answer)
    score = page.locator(".lc-score").inner_text()
    give(page, "4.3-q4", "sigmoid")
    for _ in range(2):
        assert heading(page, "4.3-q4") == f"Question 4 of 5: {words}; the latest answer is not right"
        assert verdict(page, "4.3-q4") == "Not this time.\n\nWhy not sigmoid."
        assert page.locator(".lc-score").inner_text() == score
        page.reload()
        page.evaluate(MOUNT)
    latest, kept = page.locator(".lc-latest"), page.locator(".lc-question[data-state=right] .lc-state")
    color = "one => getComputedStyle(one).color"
    assert latest.evaluate(color) != kept.evaluate(color)  # green is for what is right
    give(page, "4.3-q4", "softmax")
    assert heading(page, "4.3-q4") == f"Question 4 of 5: {words.replace(' before', '')}"
    assert verdict(page, "4.3-q4").startswith("Right.")


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("4.3-q1", [], "Choose one first."),
        ("4.3-q2", [], "Tick at least one first."),
        ("4.3-q3", "", "Type an answer first."),
        ("4.3-q3", "a quarter", "This could not be read as a number."),
        ("4.3-q4", "?!", "There are no letters in this answer."),
    ],
)
def test_what_cannot_be_read_is_no_try(open_quiz, name, answer, words):
    page = open_quiz()
    give(page, name, answer)
    assert verdict(page, name).startswith(words)
    assert page.evaluate(KEPT) == {}
    give(page, name, RIGHT[name])
    assert page.evaluate(KEPT)[name]["tries"] == 1


def test_an_unknown_number_or_word_says_so(open_quiz):
    page = open_quiz()
    give(page, "4.3-q3", "7")
    assert "none of the usual slips" in verdict(page, "4.3-q3")
    give_up = question(page, "4.3-q3").get_by_role("button", name="Show the answer")
    give_up.click()
    assert verdict(page, "4.3-q3") == f"The answer: 0.25 bits. {WHY}"
    assert page.evaluate(KEPT)["4.3-q3"]["right"] is False


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("4.3-q1", ["1: Why e", "0: Why not zero.", "Why not e."]),
        ("4.3-q2", ["two: Why two is even.", "four: Why four is even.", "five: Why five is odd."]),
        ("4.3-q4", [f"The answer: softmax. {WHY}"]),
        ("4.3-q5", [WHY, "step one: Why one stands there.", "step four: Why four stands there."]),
    ],
)
def test_the_answer_is_told_with_every_explanation(open_quiz, name, parts):
    page = open_quiz()
    give(page, name, WRONG[name])
    box = question(page, name)
    box.get_by_role("button", name="Show the answer").click()
    for summary in box.locator("summary").all():
        summary.click()
    told = verdict(page, name).replace("\\(e^0 = 1\\)", "e").replace("\\(e\\)", "e")
    assert [part for part in parts if part not in told] == []


def test_after_a_right_answer_every_choice_is_explained(open_quiz):
    page = open_quiz()
    for name in RIGHT:
        give(page, name, RIGHT[name])
        for summary in question(page, name).locator("summary").all():
            summary.click()
    for one in (SINGLE, MULTIPLE, ORDER):
        told = verdict(page, one.id)
        assert [choice.why for choice in one.choices if choice.why.split("$")[0].strip() not in told] == []
    assert WHY in verdict(page, "4.3-q3")
    assert WHY in verdict(page, "4.3-q4")


def test_the_score_counts_and_leads_back_to_what_is_wrong(open_quiz):
    page = open_quiz()
    score, missing = page.locator(".lc-score"), page.locator(".lc-missing")
    assert score.inner_text() == "Nothing answered yet."
    assert page.get_by_role("button", name="Start over").is_hidden()
    give(page, "4.3-q1", 1)
    assert score.inner_text() == "1 of 5 right, all at the first try. 4 not answered yet."
    assert missing.is_hidden()
    give(page, "4.3-q3", "1")
    give(page, "4.3-q4", "sigmoid")
    assert score.inner_text() == "1 of 5 right, all at the first try. 2 not answered yet."
    assert missing.inner_text() == "Look again at question 3, question 4."
    page.get_by_role("button", name="question 4").click()
    assert page.evaluate("document.activeElement.dataset.id") == "4.3-q4"
    question(page, "4.3-q4").get_by_role("button", name="Try again").click()
    give(page, "4.3-q4", "softmax")
    assert score.inner_text() == "2 of 5 right, 1 at the first try. 2 not answered yet."


def test_starting_over_asks_first_and_then_forgets_these_answers_only(open_quiz):
    page = open_quiz()
    page.evaluate("llmcourseStore.put('quiz', '9.9-q1', { answered: new Date().toISOString(), tries: 1 })")
    give(page, "4.3-q1", 1)
    page.get_by_role("button", name="Start over").click()
    assert focused(page).startswith("Delete|")
    page.get_by_role("button", name="Keep").click()
    assert focused(page).startswith("Start over|")
    assert set(page.evaluate(KEPT)) == {"4.3-q1", "9.9-q1"}
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Delete").click()
    assert set(page.evaluate(KEPT)) == {"9.9-q1"}
    assert page.evaluate("document.activeElement.dataset.id") == "4.3-q1"
    assert verdict(page, "4.3-q1") == ""
    assert question(page, "4.3-q1").locator("input:checked").count() == 0
    assert page.locator(".lc-score").inner_text() == "Nothing answered yet."
    assert page.get_by_role("button", name="Start over").is_hidden()
    assert page.get_by_role("button", name="Delete").is_hidden()


def test_changing_an_answer_takes_the_verdict_back(open_quiz):
    page = open_quiz()
    for name in ("4.3-q1", "4.3-q2", "4.3-q3", "4.3-q5"):
        give(page, name, WRONG[name])
        assert verdict(page, name)
    question(page, "4.3-q1").locator("input").nth(2).check()
    question(page, "4.3-q2").locator("input").nth(3).check()
    question(page, "4.3-q3").get_by_role("textbox").fill("0.2")
    question(page, "4.3-q5").locator("li button").nth(1).click()
    assert [verdict(page, name) for name in ("4.3-q1", "4.3-q2", "4.3-q3", "4.3-q5")] == [""] * 4
    assert page.locator(".lc-hit, .lc-miss").count() == 0


# ---- keeping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["http", "file"])
def test_after_a_reload_everything_stands_as_it_was(open_quiz, how):
    page = open_quiz(how=how)
    for name in RIGHT:
        give(page, name, (RIGHT if name in ("4.3-q1", "4.3-q5", "4.3-q3") else WRONG)[name])
    texts = page.locator(".lc-verdict, .lc-count, .lc-score, .lc-missing, .lc-step, .lc-buttons")
    before = [texts.all_inner_texts(), page.evaluate(KEPT)]
    inputs = page.evaluate(CHOSEN)
    page.reload()
    page.evaluate(MOUNT)
    page.wait_for_timeout(20)
    assert [texts.all_inner_texts(), page.evaluate(KEPT)] == before
    assert page.evaluate(CHOSEN) == inputs
    assert page.locator(".lc-score").inner_text().startswith("3 of 5 right")


def test_two_quizzes_with_the_same_question_agree(open_page):
    """A question stands on its page and in the chapter's quiz."""
    page = open_page(STORE + quiz_html(QUIZ), quiz_html(Quiz("x", (TEXT,))))
    page.locator(".lc-widget").last.get_by_role("textbox").fill("softmax")
    page.locator(".lc-widget").last.get_by_role("button", name="Check").click()
    page.wait_for_timeout(20)
    assert page.locator(".lc-score").all_inner_texts() == [
        "1 of 5 right, all at the first try. 4 not answered yet.",
        "1 of 1 right, all at the first try.",
    ]
    assert page.locator(".lc-widget").first.get_by_role("textbox").last.input_value() == "softmax"
    page.evaluate("llmcourseStore.wipe()")
    page.wait_for_timeout(20)
    assert page.locator(".lc-score").all_inner_texts() == ["Nothing answered yet."] * 2


@pytest.mark.parametrize("answer", [99, "x", [0, 0], None, {"a": [1]}, [[1]]])
def test_a_kept_answer_that_is_none_is_not_shown_but_its_score_counts(open_page, answer):
    """Records are imported from files, and questions change."""
    page = open_page(STORE, mount=False)
    entry = {"answered": "2026-01-02T03:04:05Z", "tries": 3, "first": False, "right": True, "answer": answer}
    for name in ("4.3-q1", "4.3-q2", "4.3-q5"):
        page.evaluate("([name, entry]) => llmcourseStore.put('quiz', name, entry)", [name, entry])
    page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", quiz_html(QUIZ))
    page.evaluate(MOUNT)
    assert widget_of(page)
    assert page.locator(".lc-score").inner_text().startswith("3 of 5 right")
    assert page.locator(".lc-verdict:not(:empty)").count() == 0
    assert heading(page, "4.3-q1") == "Question 1 of 5: right"
    give(page, "4.3-q1", 1)
    assert page.evaluate(KEPT)["4.3-q1"]["tries"] == 4


def test_without_a_record_the_answers_last_as_long_as_the_page(open_page):
    page = open_page(quiz_html(QUIZ))
    give(page, "4.3-q4", "softmax")
    assert page.locator(".lc-score").inner_text().startswith("1 of 5 right")
    assert page.evaluate("document.querySelector('.lc-widget').lcModel.get('answers')['4.3-q4'].right") is True


def test_taking_it_down_leaves_nothing_behind(open_quiz):
    page = open_quiz()
    give(page, "4.3-q4", "softmax")
    page.evaluate("llmcourseHost.unmount(document.querySelector('.lc-widget'))")
    page.evaluate("llmcourseStore.wipe()")
    assert page.locator("details").count() == 5
    page.evaluate(MOUNT)
    assert page.locator(".lc-score").inner_text() == "Nothing answered yet."


# ---- eye, ear, hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("answers", [{}, WRONG, RIGHT], ids=["fresh", "wrong", "right"])
def test_axe_finds_nothing(open_quiz, theme, answers):
    page = open_quiz(theme=theme)
    for name, answer in answers.items():
        give(page, name, answer)
    if answers == WRONG:
        for one in page.get_by_role("button", name="Show the answer").all()[:3]:
            one.click()
        page.get_by_role("button", name="Start over").click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_axe_finds_nothing_in_the_form_without_scripts(open_quiz):
    page = open_quiz()  # axe is a script itself
    page.evaluate("llmcourseHost.unmount(document.querySelector('.lc-widget'))")
    page.evaluate(UNFOLD)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_everything_can_be_answered_with_keys_alone(open_quiz):
    page = open_quiz()
    press = page.keyboard.press
    press("Tab")
    assert focused(page) == "0|true"
    press("ArrowDown")  # radio buttons: the arrow chooses
    press("Enter")
    assert verdict(page, "4.3-q1").startswith("Right.")
    for key in ("Tab", "Tab", "Tab"):  # its button, the fold with the other choices, the next question
        press(key)
    assert focused(page) == "two|true"
    for key in ("Space", "Tab", "Tab", "Space", "Enter"):
        press(key)
    assert verdict(page, "4.3-q2").startswith("Right.")
    for key in ("Tab", "Tab", "Tab"):
        press(key)
    page.keyboard.type("1/4")
    press("Enter")
    assert verdict(page, "4.3-q3").startswith("Right.")
    for key in ("Tab", "Tab"):
        press(key)
    page.keyboard.type("softmax")
    press("Enter")
    assert verdict(page, "4.3-q4").startswith("Right.")
    for step in ("one", "two", "three"):  # each to its place from wherever it stands
        row = question(page, "4.3-q5").locator("li", has_text=f"step {step}")
        row.locator("button").first.focus()
        press("Home")
        for _ in range(("one", "two", "three").index(step)):
            press("ArrowDown")
        assert row.locator("button").first.evaluate("node => node === document.activeElement")
    question(page, "4.3-q5").get_by_role("button", name="Check").focus()
    press("Enter")
    assert verdict(page, "4.3-q5").startswith("Right.")
    assert page.locator(".lc-score").inner_text() == "5 of 5 right, all at the first try."


def test_names_and_groups_say_what_a_screen_reader_needs(open_quiz):
    page = open_quiz()
    assert page.get_by_role("group", name="Question 1 of 5").get_by_role("radio").count() == 3
    assert page.get_by_role("group", name="Which are even?").get_by_role("checkbox", name="four").count() == 1
    line = page.get_by_role("textbox", name="Your answer (bits)")
    assert line.evaluate("one => document.getElementById(one.getAttribute('aria-describedby')).textContent") == (
        "Within ±0.001 counts as right. Fractions and powers of ten are read too."
    )
    first = question(page, "4.3-q5").locator("li").first
    step = first.locator(".lc-step").inner_text()
    up, down = (page.get_by_role("button", name=f"Move {way}: {step}", exact=True) for way in ("up", "down"))
    assert up.get_attribute("aria-disabled") == "true"
    down.click()
    assert question(page, "4.3-q5").locator(".lc-sr[role=status]").inner_text() == "Now in place 2 of 4."
    assert up.get_attribute("aria-disabled") is None
    assert page.locator(".lc-verdict[role=status][aria-live=polite]").count() == 5


@pytest.mark.parametrize(("given", "words"), [(WRONG, "Try again"), (RIGHT, "Answer again")], ids=["wrong", "right"])
@pytest.mark.parametrize("name", RIGHT)
def test_answering_again_leads_to_the_answer_and_keeps_it(open_quiz, name, given, words):
    page = open_quiz()
    box = question(page, name)
    give(page, name, given[name])
    stands = [box.locator(".lc-step").all_inner_texts(), page.evaluate(CHOSEN), page.evaluate(KEPT)]
    box.get_by_role("button", name=words, exact=True).click()
    assert [box.locator(".lc-step").all_inner_texts(), page.evaluate(CHOSEN), page.evaluate(KEPT)] == stands
    assert page.evaluate("document.activeElement.closest('.lc-question').dataset.id") == name
    assert page.evaluate("document.activeElement.matches('input, li button')")
    assert verdict(page, name) == ""
    assert box.locator(".lc-hit, .lc-miss, [data-checked]").count() == 0
    box.get_by_role("button", name="Check").click()  # the same answer, the same verdict
    assert verdict(page, name).startswith("Right." if given is RIGHT else "Not yet.")


def test_a_wrong_order_is_mended_by_one_move(open_quiz):
    page = open_quiz()
    box = question(page, "4.3-q5")
    give(page, "4.3-q5", WRONG["4.3-q5"])
    box.get_by_role("button", name="Try again").click()
    box.get_by_role("button", name="Move up: step one").click()
    box.get_by_role("button", name="Check").click()
    assert verdict(page, "4.3-q5").startswith("Right.")


def test_the_button_is_quiet_only_after_a_right_answer(open_quiz):
    page = open_quiz()
    box = question(page, "4.3-q4")
    main = box.locator(":scope > .lc-buttons .lc-main")
    quiet = box.locator(":scope > .lc-buttons .lc-button:not(.lc-main):visible")
    assert main.all_inner_texts() == ["Check"]
    give(page, "4.3-q4", "sigmoid")
    assert main.all_inner_texts() == ["Try again"]
    give(page, "4.3-q4", "softmax")
    assert [main.all_inner_texts(), quiet.all_inner_texts()] == [[], ["Answer again"]]
    page.reload()
    page.evaluate(MOUNT)
    assert [main.all_inner_texts(), quiet.all_inner_texts()] == [[], ["Answer again"]]
    box.get_by_role("textbox").fill("sigmoid")
    assert [main.all_inner_texts(), quiet.all_inner_texts()] == [["Check"], []]


@pytest.mark.parametrize("width", [320, 390, 900])
def test_nothing_is_wider_than_the_screen_and_no_line_begins_with_a_comma(open_page, width):
    every = [one for path in sorted(ROOT.glob("chapters/*/quiz.yml")) for one in load(path).questions]
    page = open_page(MATHJAX + STORE + quiz_html(Quiz("x", tuple(every))), width=width)
    page.wait_for_function("!document.querySelector('.math:not(:has(mjx-container))')")
    page.evaluate(ANSWER_ALL)
    page.wait_for_function("!document.querySelector('.math:not(:has(mjx-container))')")
    page.evaluate(UNFOLD)
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SPLIT) == []
    sizes = page.locator(".lc-options label, .lc-quiz button:visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 24  # WCAG 2.2, target size


def test_a_formula_wider_than_the_screen_scrolls_and_short_ones_stay_in_their_line(open_page):
    long = Question(
        "4.3-q9", "4.3", "text", f"Is ${' + '.join('abcdefghijklmnop')}$ more than $a$?", WHY, accept=("yes",)
    )
    page = open_page(MATHJAX + STORE + quiz_html(Quiz("x", (long,))), width=320)
    page.wait_for_selector("mjx-container.lc-long[tabindex='0']")
    assert page.locator("mjx-container").count() == 2
    assert page.locator("mjx-container.lc-long").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("form", ["page", "still", "notebook"])
def test_steps_with_formulas_keep_their_numbers(open_page, form):
    """A list item that scrolls cuts off its number, which stands outside of it."""
    long = "$" + " + ".join("abcdefghijklmnopqrstuvwxyz") + "$"
    steps = [Choice(f"step {name}: {long}", f"As {long}.") for name in ("one", "two", "three", "four")]
    quiz = Quiz("x", (Question("4.3-q5", "4.3", "order", "In which order?", f"Since {long}.", choices=tuple(steps)),))
    still = form == "still"
    html = [MATHJAX + STORE + quiz_html(quiz)] if form != "notebook" else []
    page = open_page(*html, width=320, java_script_enabled=not still)
    if form == "notebook":
        in_notebook(page, QuizWidget(quiz))
    if not still:
        give(page, "4.3-q5", WRONG["4.3-q5"])
        page.get_by_role("button", name="Show the answer").click()
        page.wait_for_function("!document.querySelector('.lc-solution .math:not(:has(mjx-container))')")
        page.wait_for_function("document.querySelector('.lc-solution').offsetWidth")
    page.evaluate(UNFOLD)
    items = page.locator(".lc-solution > li")
    assert items.count() == 4
    read = "all => all.map(getComputedStyle).map(s => [s.display, s.listStyleType, s.overflowX, s.overflowY])"
    assert items.evaluate_all(read) == [["list-item", "decimal", "visible", "visible"]] * 4
    clipped = "all => all.filter(one => getComputedStyle(one).overflow !== 'visible').length"
    assert page.locator("ol > li").evaluate_all(clipped) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    scrolls = """all => all.map(one => [...one.querySelectorAll('*')]
        .some(x => getComputedStyle(x).overflowX === 'auto' && x.scrollWidth > x.clientWidth + 50))"""
    assert items.evaluate_all(scrolls) == [True] * 4  # the formulas are wide indeed, and can be read to their end


def test_units_break_between_words_only_on_a_phone(open_page):
    every = [one for path in sorted(ROOT.glob("chapters/*/quiz.yml")) for one in load(path).questions if one.unit]
    page = open_page(STORE + quiz_html(Quiz("x", tuple(every))), width=320)
    lines = """one => {
      const range = document.createRange(), word = one.textContent.trim().split(/\\s+/)[0];
      range.setStart(one.firstChild, 0);
      range.setEnd(one.firstChild, word.length);
      return new Set([...range.getClientRects()].map(box => box.top)).size;
    }"""
    found = [one.evaluate(lines) for one in page.locator(".lc-question .lc-unit").all()]
    assert len(found) >= 10
    assert set(found) == {1}
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_scripts_no_formula_is_wider_than_a_phone(open_page):
    every = [one for path in sorted(ROOT.glob("chapters/*/quiz.yml")) for one in load(path).questions]
    page = open_page(quiz_html(Quiz("x", tuple(every))), width=320, java_script_enabled=False)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_formulas_are_typeset_in_questions_and_in_verdicts(open_page):
    page = open_page(MATHJAX + STORE + quiz_html(QUIZ))
    page.wait_for_function("document.querySelectorAll('legend mjx-container').length === 1")
    assert page.locator(".lc-option mjx-container").count() == 1
    give(page, "4.3-q1", 1)
    page.wait_for_function("document.querySelectorAll('.lc-verdict mjx-container').length === 2")
    assert "\\(" not in page.locator(".lc-view").inner_text()


def test_a_page_whose_formulas_are_slow_or_missing_is_still_a_quiz(open_page):
    page = open_page("<script>window.MathJax = { tex: {} };</script>" + STORE + quiz_html(QUIZ))
    give(page, "4.3-q1", 1)
    assert "\\(e^0 = 1\\)" in verdict(page, "4.3-q1")


def test_nothing_moves_for_readers_who_asked_for_that(open_quiz):
    assert moving(open_quiz(reduced_motion="reduce")) == 0


# ---- without scripts, on paper, in a notebook ------------------------------------------------------------------------


def test_without_scripts_the_questions_can_be_read_and_the_answers_unfolded(open_quiz):
    page = open_quiz(java_script_enabled=False)
    text = page.locator(".lc-view").inner_text()
    assert [one.text for one in QUIZ.questions if one.text.split("$")[0] not in text] == []
    assert "Why" not in text
    assert page.locator("details").count() == 5
    for summary in page.locator("summary").all():
        summary.click()
    text = page.locator(".lc-view").inner_text()
    for one in QUIZ.questions:
        reasons = [one.why, *(x.why for x in (*one.choices, *one.mistakes))]
        assert [why for why in reasons if why.split("$")[0].strip() not in text] == []
    assert "0.25 bits" in text


def test_on_paper_there_are_questions_and_no_buttons(open_quiz):
    page = open_quiz()
    page.emulate_media(media="print")
    assert page.get_by_role("button").locator("visible=true").count() == 0
    assert page.locator("legend:visible").count() == 5


def test_a_notebooks_model_shows_mathml_and_python_takes_what_it_sends(open_page):
    widget = QuizWidget(QUIZ)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    assert div.locator("legend math").count() == 1
    give(page, "4.3-q3", "0.25")
    give(page, "4.3-q5", [1, 0, 2, 3])
    widget.answers = page.evaluate("sent.at(-1).answers")
    assert widget.score == (1, 5)
    assert widget.answers["4.3-q5"]["answer"] == [1, 0, 2, 3]
    page.evaluate("cell.lcModel.set('answers', {})")  # Python forgets them
    page.wait_for_timeout(20)
    assert div.locator(".lc-score").inner_text() == "Nothing answered yet."
    assert verdict(page, "4.3-q3") == ""
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0


def test_the_state_on_the_page_is_the_same_text_each_time():
    assert quiz_html(QUIZ) == quiz_html(QUIZ)
    state = re.search(r"<script[^>]*>(.*?)</script>", quiz_html(QUIZ))[1]
    assert [one["id"] for one in json.loads(state)["questions"]] == list(RIGHT)
