"""The digest: 24 topics in their order, doors that lead somewhere, numbers that hold, snippets that run."""

import contextlib
import functools
import io
import json
import math
import re

import pytest
import yaml

from llmcourse.alignment.lora import lora_count
from llmcourse.learning.cost import six_nd
from llmcourse.study.cards import load as load_cards
from llmcourse.study.course import Page, everything, page_id, read
from llmcourse.study.grading import grade
from llmcourse.study.page_text import minutes_of, to_read
from llmcourse.study.quiz import load as load_quiz
from llmcourse.study.script import read as read_script
from tests.chapters.pages import ROOT

FOLDER = ROOT / "book/digest"
METADATA, TEXT = read(FOLDER / "index.md")
HEADINGS = {  # of each topic of book/topics.yml
    "history": "History",
    "transformer": "Transformer",
    "self-attention": "Attention",
    "tokenization": "Tokenization",
    "objectives": "Objectives",
    "scaling-laws": "Scaling",
    "data": "Data",
    "pretraining": "Pretraining",
    "instruction-tuning": "Instruction tuning",
    "fine-tuning": "Fine-tuning",
    "capabilities": "Capabilities",
    "emergence": "Emergence",
    "prompting": "Prompting",
    "rag": "Retrieval (RAG)",
    "tools": "Tools",
    "chain-of-thought": "Chain of thought",
    "compression": "Compression",
    "benchmarks": "Benchmarks",
    "limitations": "Limitations",
    "applications": "Applications",
    "landscape": "Landscape",
    "future": "Future",
    "snippets": "Snippets",
    "summary": "Summary",
}
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_PLANNED = re.compile(r"\*Planned: (.*?)\*")
_IDS = re.compile(r"(\d+)\.(\d+)(?: to \d+\.(\d+))?")


@functools.cache
def course() -> dict[str, Page]:
    return {page.id: page for page in everything(ROOT)}


def sections() -> dict[str, str]:
    """The text of each numbered section, by its heading."""
    parts = re.split(r"^### \d+ · (.*)$", TEXT.split("\n## Resources")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def linked(text: str) -> set[str]:
    return {page for target in _LINK.findall(text) if (page := page_id(target.removeprefix("../../")))}


def planned(text: str) -> set[str]:
    """The pages that a section calls planned; "13.1 to 13.3" are three."""
    found = set()
    for words in _PLANNED.findall(text):
        for chapter, first, last in _IDS.findall(words):
            found |= {f"{chapter}.{page}" for page in range(int(first), int(last or first) + 1)}
    return found


each_topic = pytest.mark.parametrize("topic", HEADINGS)


def test_the_24_topics_are_there_in_their_order():
    sources = yaml.safe_load((ROOT / "book/topics.yml").read_text(encoding="utf-8"))["sources"]
    (article,) = [source for source in sources if "24 topics" in source["title"]]
    assert [topic for group in article["groups"] for topic in group["topics"]] == list(HEADINGS)
    numbered = re.findall(r"^### (\d+) · (.*)$", TEXT, re.MULTILINE)
    assert numbered == [(str(i), name) for i, name in enumerate(HEADINGS.values(), 1)]
    assert METADATA["topics"] == list(HEADINGS)


@each_topic
def test_a_section_ends_with_doors_to_the_pages_that_carry_its_topic(topic):
    text = sections()[HEADINGS[topic]]
    doors = [line for line in text.strip().splitlines() if line][-1]
    if doors.startswith("## "):  # the next part's heading
        doors = [line for line in text.strip().splitlines() if line][-2]
    assert doors.startswith("→ ")
    assert _LINK.search(doors)
    carriers = {page.id for page in course().values() if topic in page.topics and page.id != "0"}
    assert topic == "summary" or carriers & (linked(doors) | planned(doors)), f"{topic} is carried by {carriers}"


@each_topic
def test_what_a_section_calls_planned_is_not_written_and_what_it_links_is(topic):
    text = sections()[HEADINGS[topic]]
    known = course()
    written = [page for page in planned(text) if not known[page].is_planned]
    assert not written, f"the digest calls {written} planned; make them links"
    assert all(not known[page].is_planned for page in linked(text))
    for target in _LINK.findall(text):
        assert target.startswith("http") or (FOLDER / target).is_file(), target


def test_it_takes_about_twenty_minutes():
    minutes = minutes_of(to_read(FOLDER / "index.md"))
    assert 15 <= minutes <= 25
    assert abs(METADATA["minutes"] - minutes) <= 1


def test_fifteen_cards_twelve_questions_of_all_kinds_and_a_script_of_three_and_a_half_minutes():
    assert [card.id for card in load_cards(FOLDER / "cards.yml")] == [f"0-c{i}" for i in range(1, 16)]
    questions = load_quiz(FOLDER / "quiz.yml").questions
    assert [question.id for question in questions] == [f"0-q{i}" for i in range(1, 13)]
    assert {question.kind for question in questions} == {"single", "multiple", "numeric", "text", "order"}
    script = read_script(FOLDER / "podcast.md")
    assert 500 <= script.words() <= 600
    assert 4 <= len(script.parts) <= 5


SLIPS = [  # what is typed for the ± of 0-q9, in points and as a share of 1, and how the answer to it begins
    ("4.9 %", "As a share of 1 the ±"),
    ("0.05", "As a share of 1 the ±"),
    ("2.5", "This is one standard error. 95 %"),
    ("2.5 %", "This is one standard error, as a share of 1."),
    ("0.0245", "This is one standard error, as a share of 1."),
    ("9.8", "That is the whole width. The"),
    ("9.8 %", "That is the whole width, as a share of 1."),
    ("0.1", "That is the whole width, as a share of 1."),
    ("0.1225", "A root is missing: variances"),
    ("0.001225", "A root is missing, since errors"),
]


@pytest.mark.parametrize(("typed", "told"), SLIPS)
def test_each_slip_with_an_error_bar_is_told_its_own_reason(typed, told):
    (question,) = (one for one in load_quiz(FOLDER / "quiz.yml").questions if one.id == "0-q9")
    graded = grade(question, typed)
    assert not graded.right
    assert [question.mistakes[note].why.startswith(told) for note in graded.notes] == [True]


def test_every_citation_is_in_the_bibliography():
    keys = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE))
    cited = {key for group in re.findall(r"\{cite\}`([^`]+)`", TEXT) for key in group.split(",")}
    assert len(cited) > 30
    assert cited <= keys


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_snippet_prints_what_stands_below_it(number):
    snippets = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", TEXT, re.DOTALL)
    assert len(snippets) == TEXT.count("```python") == 3
    code, shown = snippets[number]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, f"snippet {number + 1}", "exec"), {})
    assert printed.getvalue() == shown


WORKED = [
    f"{12 * 96 * 12288**2 / 1e9:.0f} billion",
    f"At $p=0.5$ that is {-math.log(0.5):.2f}, at $p=0.01$ it is {-math.log(0.01):.1f}",
    f"\\ln 50{{,}}257={math.log(50257):.2f}",
    f"\\ln1024={math.log(1024):.2f}",
    f"{six_nd(70e9, 1.4e12) / 1e23:.2f}\\cdot10^{{23}}",
    f"1/(1+e^{{-1}})={100 / (1 + math.exp(-1)):.0f}\\,\\%",
    f"={lora_count(4096, 4096, 8):,}".replace(",", "{,}"),
    f"instead of {4096**2 / 1e6:.1f} million: {100 * lora_count(4096, 4096, 8) / 4096**2:.2f} %",
    f"0.5^5={0.5**5:.2f}$; at 0.8 it is {0.8**5:.2f}, at 0.95 already {0.95**5:.2f}",
    f"{384 * 27:,}",
    f"0.95^{{20}}={100 * 0.95**20:.0f}\\,\\%",
    f"80 ± {196 * math.sqrt(0.16 / 100):.1f} points, on 1,000 ± {196 * math.sqrt(0.16 / 1000):.1f}",
    f"on 10,000 ± {196 * math.sqrt(0.16 / 10000):.1f}",
    f"between {round(1.4e12 / 3e6, -4):,.0f} and {round(1.4e12 / 1.5e6, -4):,.0f}",
]


@pytest.mark.parametrize("number", WORKED)
def test_worked_numbers_are_right(number):
    assert number in TEXT


def test_the_landscapes_last_column_is_the_quotient_of_the_two_before():
    rows = [line.split("|")[2:5] for line in TEXT.splitlines() if line.startswith("| ") and "{cite}" in line]
    told = [row for row in rows if "not told" not in row[0]]
    quotients = [float(quotient.replace(",", "")) for _, _, quotient in told]
    exact = [1000 * float(tokens.split()[0]) / float(size.split()[0]) for size, tokens, _ in told]
    assert quotients == pytest.approx(exact, rel=0.02)
    assert len(quotients) == 5
    assert min(quotients) > 1  # "Not even GPT-3 had more parameters than tokens"


MEASURED = {  # on the page, and here
    "1.2": [("stands there 34 times and 26 different words", "stand 34 times, and 26 different words")],
    "4.1": [("the shares are 0.212, 0.212 and", "shares of 0.212, 0.212 and 0.576")],
    "8.3": [("somewhere between 8 and 28", "anything from 8 to 28")],
    "9.4": [
        ("4,200 steps of 16 windows of 256: 17.2 million tokens", "17.2 million tokens in 4,200 such steps"),
        ("1.73   2.18   3.21   3.10   2.52", "1.73 bits for each byte of *Alice* that it had not read; the packer xz"),
        ("The packers get the training text before it", "given the same texts before, 2.52; counts of byte"),
        ("bits per byte    GPT n-gram   gzip  bzip2     xz", "counts of byte sequences, 2.18"),
        ("0         1.84         1.85", "1.84 to 1.43"),
        ("64         1.43         1.91", "1.85 to 1.91"),
    ],
    "10.1": [("37 of 40", "37 of 40"), ("from 0.80 to 0.97", "(95 %: 80 to 97 %)")],
    "10.4": [
        ("pass@1 from 0.39 to 0.91", "from 39 to 91 % at the first try"),
        ("0.524 [0.508, 0.541]", "a gain of 52 ± 2 points"),
        ("0.518 [0.502, 0.535]", "from two other starts 52 and"),
        ("0.460 [0.442, 0.477]", "and 46), because"),
    ],
    "11.1": [
        ("counts of bytes win with 4.4, the course GPT follows with 17.6, and SmolLM2 has 29.8", "4.4, 17.6 and 29.8"),
        ("in reverse: 1.37, 1.78, 2.14 bits", "2.14, 1.78 and 1.37 bits"),
        ("byte n-gram minus course GPT: 0.365 ± 0.042", "standard errors of 0.04 and"),
        ("course GPT minus SmolLM2: 0.410 ± 0.120", "and 0.12; and SmolLM2"),
    ],
    "11.3": [
        ("54.8 against 50.6", "54.8 % of our questions"),
        ("50.6%   45.4% to 55.8%", "(50.6 when scored in another way; each ± 5)"),
        ("at 25 %", "guessing gives 25"),
    ],
    "11.4": [
        ("Of the 109 wrong answers 79 are repeated by at most two", "wrong on 109 of 192"),
        ("26 of 83 are repeated by at most two", "of its 83 right ones 26, too"),
        ("2 by eight or more", "two mistakes it repeated at least eight times"),
    ],
}


@pytest.mark.parametrize("page", MEASURED)
def test_what_the_course_measured_stands_on_the_page_that_is_named(page):
    cells = json.loads((ROOT / course()[page].path).read_text(encoding="utf-8"))["cells"]
    printed = [out.get("text", "") for cell in cells for out in cell.get("outputs", [])]
    whole = "\n".join("".join(lines) for lines in [*(cell["source"] for cell in cells), *printed])
    for there, here in MEASURED[page]:
        assert there in whole
        assert here in TEXT
