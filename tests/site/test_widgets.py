"""Widgets in a real browser, moved through their model and by hand: what they show is what llmcourse computes."""

import functools
import math
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore import bundle
from llmcourse.explore.entropy import EntropyExplorer
from llmcourse.explore.next_token import NextTokenExplorer
from llmcourse.language.information import cross_entropy, entropy, kl_divergence, perplexity, surprise
from llmcourse.language.ngram import AddK, KneserNey, NGramModel
from llmcourse.language.vocabulary import Vocabulary, tokenize
from tests.site.widgets import (
    READ,
    SET,
    focused,
    in_notebook,
    moving,
    same,
    same_without_scripts,
    shown,
    state_of,
    swipe,
    widget_of,
)

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
TEXT = (
    "Alice was not a bit hurt, and she jumped up. “Don’t go,” said the Queen!\n"
    "The cat's tail was the last; the cat's grin the first.\tOh 😉 dear, oh dear…\n"
) * 4 + "The end of the tail: the Queen was the cat_9 of the Ünder-Land."


# ---- EntropyExplorer ----

P, Q, LABELS = [0.7, 0.2, 0.1], [0.5, 0.3, 0.2], ["cat", "dog", "fish"]
PRESETS = {"even": [0.25, 0.25, 0.5], "coin": {"labels": ["head", "tail"], "p": [0.5, 0.5]}}


def entropy_numbers(p: list[float], q: list[float] | None, unit: str) -> dict[str, float]:
    """What the widget must show, from llmcourse.language.information."""
    base, p = 2.0 if unit == "bits" else np.e, np.array(p, dtype=float)
    values = {"entropy": entropy(p, base=base), "perplexity": perplexity(p)}
    rows = {"p": p, "surprise": surprise(p, base=base)}
    if q is not None:
        q = np.array(q, dtype=float)
        values["cross_entropy"] = cross_entropy(p, q, base=base)
        values["kl"], values["kl_reverse"] = kl_divergence(p, q, base=base), kl_divergence(q, p, base=base)
        rows |= {"q": q, "surprise_q": surprise(q, base=base)}
    values |= {f"{name}.{i}": x for name, row in rows.items() for i, x in enumerate(row)}
    return {key: float(value) for key, value in values.items()}


def check_entropy(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    same(shown(div), entropy_numbers(*state_of(div, "p", "q", "unit")))


def test_random_distributions_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(EntropyExplorer(P, LABELS).html()))
    check_entropy(div)
    for trial in range(60):
        n = int(rng.integers(2, 20))
        p, q = rng.dirichlet(np.full(n, rng.choice([0.05, 1.0])), size=2)
        for one in (p, q):
            if trial % 2 and n > 2:  # exact zeros, in different places
                one[rng.integers(n)] = 0
                one /= one.sum()
        state = {"labels": [f"{i}" for i in range(n)], "p": p.tolist(), "unit": ["bits", "nats"][trial % 2]}
        div.evaluate(SET, state | {"q": None if trial % 5 == 0 else q.tolist()})
        check_entropy(div)


@pytest.mark.parametrize(
    ("p", "q", "infinite"),
    [
        ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5], {"cross_entropy", "kl", "kl_reverse"}),
        ([0.5, 0.5, 0.0], [0.2, 0.3, 0.5], {"kl_reverse"}),
        ([0.2, 0.3, 0.5], [0.0, 0.5, 0.5], {"cross_entropy", "kl"}),
        ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], set()),
        ([1e-300, 1.0, 0.0], [1.0, 1e-300, 0.0], set()),
    ],
)
def test_zeros_and_infinities_are_shown_as_they_are_with_the_reason(open_page, p, q, infinite):
    div = widget_of(open_page(EntropyExplorer(p, LABELS, q=q).html()))
    check_entropy(div)
    texts = div.evaluate(READ)
    assert {
        key for key in ("entropy", "perplexity", "cross_entropy", "kl", "kl_reverse") if texts[key][1] == "∞"
    } == infinite
    assert ("infinite" in div.locator(".lc-reason").inner_text()) == bool(infinite)


def test_keys_move_a_bar_and_the_others_keep_their_proportions(open_page):
    page = open_page(EntropyExplorer(P, LABELS).html())
    div = widget_of(page)
    bar = div.get_by_role("slider", name="p of “cat”")
    bar.focus()
    for key, expected in [
        ("ArrowRight", 0.71),
        ("ArrowLeft", 0.70),
        ("Shift+ArrowUp", 0.80),
        ("PageDown", 0.70),
        ("End", 1.0),
        ("Home", 0.0),
        ("ArrowUp", 0.01),
    ]:
        page.keyboard.press(key)
        p = state_of(div, "p")[0]
        assert p[0] == pytest.approx(expected)
        assert sum(p) == pytest.approx(1)
        if key not in (
            "Home",
            "ArrowUp",
        ):  # after 1, 0, 0 there are no proportions left, and the rest is shared equally
            assert p[1] == pytest.approx(2 * p[2])
        else:
            assert p[1] == pytest.approx(p[2])
        page.wait_for_timeout(0)
        check_entropy(div)
    assert bar.get_attribute("aria-valuetext") == "0.01, surprise 6.64 bits"


def test_a_bar_follows_the_pointer_and_the_finger(open_page):
    page = open_page(EntropyExplorer(P, LABELS, q=Q).html())
    div = widget_of(page)
    for which, name in (("p", "p of “dog”"), ("q", "q of “fish”")):
        box = div.get_by_role("slider", name=name).bounding_box()
        x = lambda share, box=box: box["x"] + 5 + share * (box["width"] - 10)  # noqa: E731
        i = 1 if which == "p" else 2
        before = state_of(div, which)[0]
        page.mouse.move(x(before[i]), box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(x(0.9), box["y"] + box["height"] / 2, steps=5)
        page.mouse.move(x(2.0), box["y"] + box["height"] / 2, steps=3)
        assert state_of(div, which)[0][i] == 1
        page.mouse.move(x(0.5), box["y"] + box["height"] / 2, steps=3)
        page.mouse.up()
        after = state_of(div, which)[0]
        assert after[i] == pytest.approx(0.5, abs=0.03)
        others = [j for j in range(3) if j != i]  # during one drag even 1 and back restores the proportions
        assert after[others[0]] / after[others[1]] == pytest.approx(before[others[0]] / before[others[1]])
        check_entropy(div)
    touch = open_page(EntropyExplorer(P, LABELS).html(), has_touch=True, is_mobile=True, width=360)
    div = widget_of(touch)
    box = div.get_by_role("slider", name="p of “fish”").bounding_box()
    touch.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert state_of(div, "p")[0][2] == pytest.approx(0.5, abs=0.03)
    check_entropy(div)


def test_menus_unit_swap_and_reset(open_page):
    page = open_page(EntropyExplorer(P, LABELS, presets=PRESETS).html())
    div = widget_of(page)
    assert div.get_by_role("button", name="Swap p and q").is_disabled()
    first, second = div.get_by_label("Distribution p"), div.get_by_label("Compare with q")
    assert first.input_value() == "your own"
    second.select_option("uniform")
    first.select_option("even")
    assert state_of(div, "p", "q") == [[0.25, 0.25, 0.5], [1 / 3] * 3]
    assert first.input_value() == "even"
    div.get_by_role("button", name="Swap p and q").click()
    assert state_of(div, "p", "q") == [[1 / 3] * 3, [0.25, 0.25, 0.5]]
    assert (first.input_value(), second.input_value()) == ("your own", "even")
    div.get_by_role("radio", name="nats").check()
    check_entropy(div)
    assert state_of(div, "unit") == ["nats"]
    first.select_option("coin")
    assert state_of(div, "labels", "q") == [["head", "tail"], [0.5, 0.5]]
    check_entropy(div)
    second.select_option("none")
    check_entropy(div)
    div.get_by_role("button", name="Reset").click()
    assert state_of(div, "p", "q", "labels", "unit") == [P, None, LABELS, "bits"]
    check_entropy(div)


def test_many_small_bars_get_a_scale_that_is_written_down(open_page):
    n = 26
    page = open_page(EntropyExplorer([1 / n] * n, [chr(97 + i) for i in range(n)]).html())
    div = widget_of(page)
    bar = div.get_by_role("slider", name="p of “c”")
    assert bar.get_attribute("max") == "0.25"
    assert "drag: 0 to 0.25" in div.locator(".lc-head").inner_text()
    bar.focus()
    page.keyboard.press("End")
    assert state_of(div, "p")[0][2] == 1
    assert "drag: 0 to 1" in div.locator(".lc-head").inner_text()


@pytest.mark.parametrize("width", [390, 640])
def test_the_numbers_of_many_bars_stay_in_sight_and_a_keyboard_can_pass_the_bars(open_page, width):
    many = EntropyExplorer([0.04] * 25, [chr(97 + i) for i in range(25)], q=[0.04] * 25).html()
    page = open_page(many, width=width)
    div = widget_of(page)
    numbers = div.locator(".lc-numbers")
    assert numbers.bounding_box()["height"] < 200
    assert numbers.bounding_box()["y"] < div.locator(".lc-rows").bounding_box()["y"]
    div.get_by_role("slider", name="p of “y”").evaluate("node => node.scrollIntoView({ block: 'center' })")
    assert 0 <= numbers.bounding_box()["y"] < 300
    div.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip the bars|true"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "FIGURE"
    page.keyboard.press("Shift+Tab")
    assert focused(page).startswith("q of “y”")


def test_a_finger_that_scrolls_past_a_bar_changes_nothing_and_one_that_drags_it_does(open_page):
    many = [1 / 25] * 25
    page = open_page(
        EntropyExplorer(many, [chr(97 + i) for i in range(25)], q=[0.04] * 25).html(),
        has_touch=True,
        is_mobile=True,
        width=390,
    )
    div = widget_of(page)
    for which in "pq":
        page.evaluate("scrollTo(0, 0)")
        page.evaluate(
            "window.moved = 0; document.querySelector('.lc-widget').lcModel.on('change:p change:q', () => moved++)"
        )
        box = div.get_by_role("slider", name=f"{which} of “e”").bounding_box()
        x, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2
        swipe(page, [(x, y - 12 * step) for step in range(25)])
        assert page.evaluate("scrollY") > 100
        assert state_of(div, "p", "q") == [many, many]
        check_entropy(div)
    page.wait_for_timeout(600)  # until the page has stopped gliding
    page.evaluate("scrollTo(0, 0)")
    box = div.get_by_role("slider", name="p of “a”").bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + share * box["width"], y) for share in np.linspace(0.2, 0.8, 12)])
    assert page.evaluate("scrollY") == 0
    assert state_of(div, "p")[0][0] == pytest.approx(0.8 * 0.25, abs=0.02)
    check_entropy(div)


# ---- NextTokenExplorer ----

CONTEXTS = ["", "A", "Alice was th", "the Queen's tail", "zzz qqq", "é§the ", "the cat ", "\n\n", "Queen! “Oh dear, oh"]


@functools.cache
def fitted(text: str, unit: str, order: int, smoothing: str, k: float) -> NGramModel:
    return NGramModel.fit(text, order=order, unit=unit, smoothing=AddK(k=k) if smoothing == "add-k" else KneserNey())


def spell(vocabulary: Vocabulary, tokens: list[str]) -> str | None:
    """The text of these tokens, or None if it would not be read as these tokens again."""
    ids = np.array([vocabulary.ids[token] for token in tokens], dtype=np.int64)
    text = vocabulary.decode(ids)
    return text if np.array_equal(vocabulary.encode(text), ids) else None


def next_token_numbers(state: dict) -> dict[str, float]:
    """What the widget must show, from llmcourse.language.ngram."""
    model = fitted(state["text"], state["unit"], state["order"], state["smoothing"], state["k"])
    vocabulary, base = model.vocabulary, 2 if state["measure"] == "bits" else math.e
    start = [token for token in tokenize(state["context"], state["unit"]) if token in vocabulary.ids]

    def after(n: int) -> str:
        return spell(vocabulary, [*start, *state["generated"][:n]])

    values, product, total = {}, 1.0, 0.0
    for i, token in enumerate(state["generated"]):
        p = float(model.distribution(after(i))[vocabulary.ids[token]])
        product, total = product * p, total + math.log(p, base)
        values |= {f"step.{i}.p": p, f"step.{i}.product": product}
        values |= {f"step.{i}.log": math.log(p, base), f"step.{i}.sum": total}
    count, history = len(state["generated"]), after(len(state["generated"]))
    values |= {"product": product, "log_sum": total, "perplexity": base ** (-total / count) if count else math.nan}
    p = model.distribution(history)
    ranked = np.sort(p)[::-1]
    top = min(state["top"], p.size)
    values |= {f"p.{i}": ranked[i] for i in range(top)} | {"others": ranked[top:].sum()}
    values |= {"seen": model.counts(history).sum(), "entropy": -(p * np.log(p)).sum() / np.log(base)}
    values |= {f"discount.{j}": d for j, d in enumerate(model.discounts)}
    return {key: float(value) for key, value in values.items()}


def check_next_token(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    same(shown(div), next_token_numbers(div.evaluate("div => ({ ...div.lcModel.state })")))


@pytest.mark.parametrize("unit", ["characters", "words"])
@pytest.mark.parametrize("smoothing", ["add-k", "kneser-ney"])
def test_every_order_shows_the_models_numbers_in_every_context(open_page, rng, unit, smoothing):
    div = widget_of(open_page(NextTokenExplorer(TEXT, unit=unit, order=0, context="the").html()))
    vocabulary = fitted(TEXT, unit, 0, "add-k", 1.0).vocabulary

    def continuation(context: str, length: int) -> list[str]:
        """Random tokens that stay tokens when they are written after the context."""
        known = [token for token in tokenize(context, unit) if token in vocabulary.ids]
        while True:
            tokens = rng.choice(vocabulary.tokens, size=length).tolist()
            if all(spell(vocabulary, known + tokens[:n]) is not None for n in range(length + 1)):
                return tokens

    for order in range(6):
        for i, context in enumerate(CONTEXTS):
            state = {
                "order": order,
                "context": context,
                "smoothing": smoothing,
                "k": [1.0, 0.01, 3.5][i % 3],
                "measure": ["bits", "nats"][i % 2],
                "top": [8, 3, 20][i % 3],
                "generated": continuation(context, i % 4),
            }
            div.evaluate(SET, state)
            check_next_token(div)


@pytest.mark.network
@pytest.mark.parametrize("unit", ["characters", "words"])
def test_a_whole_distribution_over_alice_is_the_models(open_page, unit):
    widget = NextTokenExplorer(unit=unit, context="Alice was beginning to")
    page = open_page(widget.html())
    div = widget_of(page)
    check_next_token(div)
    run = """async ([source, text, unit, cases]) => {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const twin = await import(url);
      const corpus = twin.readCorpus(text, unit);
      return [corpus.tokens, cases.map(([context, order, smoothing]) =>
        Array.from(twin.distribution(corpus, twin.encode(corpus, context).ids, { order, smoothing, k: 0.3 }).p))];
    }"""
    contexts = ["", "the Queen of", "Alice was beginning to"]
    cases = [(c, order, smoothing) for c in contexts for order in range(6) for smoothing in ("add-k", "kneser-ney")]
    ngram = bundle.join({"shared.js": bundle.read_script("shared.js")}, bundle.read_script("ngram.js"))
    tokens, rows = page.evaluate(run, [ngram, widget.text, unit, cases])
    assert tuple(tokens) == fitted(widget.text, unit, 0, "add-k", 0.3).vocabulary.tokens
    for (context, order, smoothing), row in zip(cases, rows, strict=True):
        np.testing.assert_allclose(
            row, fitted(widget.text, unit, order, smoothing, 0.3).distribution(context), rtol=1e-9, atol=1e-15
        )


def test_buttons_draw_the_same_tokens_as_python(open_page):
    twin = NextTokenExplorer(TEXT, order=2, context="the ", seed=4_000_000_000)
    page = open_page(twin.html())
    div = widget_of(page)
    button = functools.partial(div.get_by_role, "button", exact=True)
    assert button(name="Undo").is_disabled()
    button(name="Sample").click()
    button(name="Sample 10").click()
    twin.sample(11)
    button(name="Greedy").click()
    twin.greedy()
    assert state_of(div, "generated") == [twin.generated]
    check_next_token(div)
    button(name="Undo").click()
    assert state_of(div, "generated") == [twin.generated[:-1]]
    check_next_token(div)
    bar = div.locator("button.lc-token").nth(3)
    token = bar.get_attribute("data-token")
    bar.click()
    assert state_of(div, "generated") == [[*twin.generated[:-1], token]]
    check_next_token(div)
    assert div.locator(".lc-prose").inner_text().replace("\n", "") == (
        "the " + "".join(twin.generated[:-1]) + token
    ).replace("\n", "")
    button(name="Reset").click()
    assert state_of(div, "generated", "context", "order") == [[], "the ", 2]
    for _ in range(20):
        button(name="Sample 10").click()
    assert len(state_of(div, "generated")[0]) == 200
    assert button(name="Sample").is_disabled()
    assert "200 steps" in div.locator(".lc-message").inner_text()
    assert focused(page).startswith("Sample 10|")  # off, but the keyboard is still there
    page.keyboard.press("Enter")
    assert len(state_of(div, "generated")[0]) == 200
    page.wait_for_timeout(50)
    assert div.locator(".lc-prose").evaluate("box => box.scrollTop + box.clientHeight >= box.scrollHeight - 1")
    check_next_token(div)


def test_typing_changes_the_context_and_unknown_characters_get_a_message(open_page):
    page = open_page(NextTokenExplorer(TEXT, order=3, context="").html())
    div = widget_of(page)
    div.get_by_label("Context: type the beginning").focus()
    page.keyboard.type("the c")
    assert state_of(div, "context") == ["the c"]
    check_next_token(div)
    assert div.locator(".lc-message").inner_text() == ""
    page.keyboard.type("ñ<")
    message = div.locator(".lc-message").inner_text()
    assert message.startswith("“ñ”, “<”: no such character in this text")
    check_next_token(div)
    for label, trait, value in [
        ("word", "unit", "words"),
        ("5", "order", 5),
        ("add-k", "smoothing", "add-k"),
        ("ln", "measure", "nats"),
    ]:
        div.get_by_role("radio", name=label, exact=True).check()
        assert state_of(div, trait) == [value]
        check_next_token(div)
    div.get_by_label("k", exact=True).fill("0.125")
    div.get_by_label("Seed").fill("77")
    assert state_of(div, "k", "seed") == [0.125, 77]
    div.get_by_label("Context: type the beginning").fill("the Queen")
    message = div.locator(".lc-message")
    for label, trait, wrong, right, says in [
        (
            "k",
            "k",
            ["0", "-3", "100.5", "1e300", ""],
            "0.001",
            "k must be a number from 0.001 to 100; it is still 0.125.",
        ),
        ("Seed", "seed", ["-1", "1.5", "4294967296", ""], "5", "from 0 to 4,294,967,295; it is still 77."),
    ]:
        box = div.get_by_label(label, exact=True)
        before = state_of(div, trait)
        for text in wrong:
            box.fill(text)
            assert state_of(div, trait) == before
            assert says in message.inner_text()
            assert box.get_attribute("aria-invalid") == "true"
        box.fill(right)
        assert state_of(div, trait) == [float(right)]
        assert (message.inner_text(), box.get_attribute("aria-invalid")) == ("", None)
    check_next_token(div)
    box.fill("-1")
    div.get_by_role("button", name="Reset").click()
    assert (box.input_value(), message.inner_text(), state_of(div, "seed")) == ("0", "", [0])
    assert div.get_by_label("k", exact=True).is_hidden()


# ---- both: access, looks, hosts ----


def both() -> list[str]:
    sampled = NextTokenExplorer(TEXT, order=2, context="the c§")
    sampled.sample(5)
    many = EntropyExplorer([0.04] * 25, [chr(97 + i) for i in range(25)], q=[1.0] + [0.0] * 24, unit="nats")
    return [EntropyExplorer(P, LABELS, q=[0.5, 0.0, 0.5], presets=PRESETS).html(), sampled.html(), many.html()]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*both(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_a_keyboard_walk_visits_every_control_of_the_entropy_explorer_with_a_visible_ring(open_page):
    page = open_page(EntropyExplorer(P, LABELS, q=Q, presets=PRESETS).html())
    div = widget_of(page)
    walk = []
    for _ in range(11):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk == [
        f"{name}|true"
        for name in ["Distribution p", "Compare with q", "bits", "Swap p and q", "Reset"]
        + [f"{which} of “{label}”" for label in LABELS for which in "pq"]
    ]
    page.keyboard.press("ArrowRight")
    assert state_of(div, "q")[0][2] == pytest.approx(0.21)
    div.get_by_role("radio", name="bits").focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "unit") == ["nats"]
    div.get_by_role("button", name="Swap p and q").focus()
    page.keyboard.press("Enter")
    assert state_of(div, "q")[0] == P
    div.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Space")
    assert state_of(div, "p", "q", "unit") == [P, Q, "bits"]
    check_entropy(div)


def test_a_keyboard_walk_visits_every_control_of_the_next_token_explorer(open_page):
    page = open_page(NextTokenExplorer(TEXT, order=2, context="the", smoothing="add-k", top=3, generated=["n"]).html())
    div = widget_of(page)
    walk = []
    for _ in range(17):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert all(one.endswith("|true") for one in walk), walk
    names = [one.removesuffix("|true") for one in walk]
    controls = ["Context: type the beginning", "character", "log₂", "2", "Seed", "add-k", "k"]
    assert names[:12] == [*controls, "Sample", "Sample 10", "Greedy", "Undo", "Reset"]
    assert all(", append" in name for name in names[12:15])
    assert names[15:] == ["The text so far", "Steps of the chain rule"]
    div.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(0)
    assert focused(page) == "Undo|true"  # nothing is left to undo, and the focus is not lost
    page.keyboard.press("Enter")
    assert state_of(div, "generated") == [[]]
    div.locator("button.lc-token").first.click()
    div.locator("button.lc-token").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert len(state_of(div, "generated")[0]) == 3
    check_next_token(div)


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(EntropyExplorer([0.5, 0.5], ["a", "b"]).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    div.get_by_role("slider").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        assert status.text_content() == ""  # waits until the reader pauses
    page.wait_for_function("document.querySelector('.lc-sr').textContent.startsWith('Entropy 0.993 bits')")
    page = open_page(NextTokenExplorer(TEXT, order=1, context="the").html())
    page.get_by_role("button", name="Sample", exact=True).click()
    page.wait_for_function(
        "/^(“|space|line).*probability .* Most likely next: /.test(document.querySelector('.lc-sr').textContent)"
    )


def test_at_the_sites_width_the_next_token_explorer_fits_one_screen_side_by_side(open_page):
    page = open_page(NextTokenExplorer(TEXT, order=2, context="the ").html(), width=606 + 16)
    div = widget_of(page)
    assert div.bounding_box()["width"] == 606
    assert div.bounding_box()["height"] <= 800
    bars, table = div.locator(".lc-tokens").bounding_box(), div.locator(".lc-steps").bounding_box()
    assert bars["x"] + bars["width"] < table["x"]


@pytest.mark.parametrize("width", [390, 622, 900])
def test_nothing_jumps_when_q_goes_or_a_message_comes(open_page, width):
    page = open_page(
        EntropyExplorer(P, LABELS, q=Q).html(), NextTokenExplorer(TEXT, order=2, context="the ").html(), width=width
    )
    one, two = page.locator(".lc-widget").all()
    height = lambda div: div.bounding_box()["height"]  # noqa: E731
    before = height(one), height(two)
    for q in (None, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]):
        one.evaluate(SET, {"q": q})
        assert height(one) == pytest.approx(before[0], abs=1)
    for state in ({"context": "ñ§¶÷×åæ"}, {"order": 5}, {"order": 0}, {"smoothing": "add-k"}, {"unit": "words"}):
        two.evaluate(SET, state)
        assert height(two) == pytest.approx(before[1], abs=1), state


@pytest.mark.parametrize("width", [320, 390, 622])
def test_two_hundred_steps_do_not_overlap(open_page, width):
    steps = list("the cat's tail ") * 13
    page = open_page(NextTokenExplorer(TEXT, order=0, smoothing="add-k", generated=steps).html(), width=width)
    wide = """cells => cells.filter(cell => cell.offsetParent && cell.scrollWidth > cell.clientWidth + 1)
        .map(cell => cell.textContent)"""
    assert page.locator(".lc-steps :is(th, td)").evaluate_all(wide) == []


@pytest.mark.parametrize("width", [360, 600, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    same_without_scripts(open_page, *both(), width=width)


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*both(), reduced_motion="reduce")
    assert moving(page) == 0


@pytest.mark.network
def test_a_page_opened_as_a_file_mounts_lazily_and_loads_alice(open_page):
    html = f'{EntropyExplorer(P, LABELS).html()}<div style="height:3000px"></div>{NextTokenExplorer().html()}'
    page = open_page(html, how="file", mount=False)
    page.wait_for_selector(".lc-widget[data-widget=entropy][data-ready=true]")
    assert page.locator("[data-widget=next_token]").get_attribute("data-ready") is None
    assert page.evaluate("Object.keys(llmcourseWidgets)") == ["entropy"]
    page.locator("#end").scroll_into_view_if_needed()
    page.wait_for_selector(".lc-widget[data-widget=next_token][data-ready=true]")
    check_next_token(page.locator("[data-widget=next_token]"))


def test_the_host_unmounts_cleans_up_and_mounts_again(open_page):
    page = open_page(EntropyExplorer(P, LABELS).html())
    div = widget_of(page)
    div.evaluate("div => { window.kept = div.lcModel; llmcourseHost.unmount(div); }")
    assert page.evaluate("kept.listeners.length") == 0
    assert div.locator(".lc-static").count() == 1
    assert div.get_attribute("data-ready") is None
    div.evaluate("div => Promise.all([llmcourseHost.mount(div), llmcourseHost.mount(div)])")
    assert div.locator(".lc-view").count() == 1
    check_entropy(widget_of(page))
    div.evaluate("div => { llmcourseHost.unmount(div); llmcourseHost.mount(div); llmcourseHost.unmount(div); }")
    page.wait_for_timeout(100)
    assert div.locator(".lc-static").count() == 1


def test_a_widget_that_was_taken_down_stays_down_when_it_comes_near_the_screen(open_page):
    page = open_page(f'<div style="height:3000px"></div>{EntropyExplorer(P, LABELS).html()}')
    div = widget_of(page)  # started by hand: it has not been near the screen
    div.evaluate("div => llmcourseHost.unmount(div)")
    page.locator("#end").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert div.locator(".lc-static").count() == 1
    assert div.get_attribute("data-ready") is None


@pytest.mark.parametrize(
    ("name", "assets", "message"),
    [
        ("broken", "{}", "could not start: of a planted fault"),
        ("nowhere", "{}", "widgets/nowhere.widget.js could not be loaded"),
        ("next_token", '{"text": "nothing"}', "data/nothing.js could not be loaded"),
    ],
)
def test_a_widget_that_fails_says_so_above_its_picture(open_page, name, assets, message):
    html = f"<div class='lc-widget' data-widget='{name}' data-assets='{assets}'>"
    html += '<script type="application/json">{}</script><p>The picture.</p></div>'
    page = open_page(html)
    assert message in page.get_by_role("alert").inner_text()
    assert page.get_by_text("The picture.").is_visible()
    assert page.locator(".lc-widget").get_attribute("data-ready") == "error"
    page.complaints[:] = [
        one for one in page.complaints if "404" not in one
    ]  # the browser's own line for a missing file


@pytest.mark.parametrize("widget", [EntropyExplorer(P, LABELS, q=Q), NextTokenExplorer(TEXT, order=1)])
def test_a_notebooks_model_gets_the_same_view(open_page, widget):
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    if widget.script == "entropy":
        check_entropy(div)
        div.get_by_role("slider").first.press("ArrowRight")
        widget.p = page.evaluate("sent.at(-1).p")  # Python accepts what the view sends
        check_entropy(div)
    else:
        check_next_token(div)
        div.get_by_role("button", name="Sample", exact=True).click()
        widget.generated = page.evaluate("sent.at(-1).generated")
        check_next_token(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
