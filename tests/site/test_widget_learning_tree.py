"""LearningTree in a real browser: standings and paths are study.tree's, the record is the reader's, keys reach all."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from llmcourse.explore import bundle
from llmcourse.explore.learning_tree import LearningTree
from llmcourse.explore.learning_tree_picture import learning_tree
from llmcourse.explore.learning_tree_state import course_state, page_of
from llmcourse.study import course
from llmcourse.study.tree import standing, way_to
from tests.site.widgets import SET, in_notebook, moving, shown, state_of, swipe, widget_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PAGES = course.everything(ROOT)
IDS = [page.id for page in PAGES]
WRITTEN = [page.id for page in PAGES if not page.is_planned]
THE_ROOT = next(page.id for page in PAGES if not page.needs and page.id != "0" and not page.is_planned)
KNOW = "([ids]) => ids.forEach(id => llmcourseStore.put('pages', id, { read: '2026-11-01T08:00:00Z' }))"
LOOKS = """div => Object.fromEntries([...div.querySelectorAll('.lc-graph:not([hidden]) .lc-node')].map(node =>
  [node.dataset.id, [[...node.classList].find(one => /^lc-(read|next|later|planned)$/.test(one)).slice(3),
    node.querySelector('.lc-step:not([hidden])')?.textContent || '']]))"""
PLACES = """div => [...div.querySelectorAll('.lc-graph:not([hidden]) :is(.lc-node, path)')].map(one =>
  one.getAttribute('d') || `${one.dataset.id} ${one.getAttribute('style').replace(/[;: ]+/g, ' ').trim()}`)"""


def site(**changes: object) -> str:
    """The widget as the site has it, with addresses."""
    return learning_tree(course_state(ROOT, address=lambda page: f"../{page.docname}.html") | changes)


def check(div: Locator, known: set[str], goal: str) -> None:
    """Every page in the picture and in the list, the counts and the path are what Python computes."""
    stands, way = standing(PAGES, known), way_to(PAGES, goal, known).pages if goal else ()
    steps = {page.id: str(i) for i, page in enumerate(way, 1)}
    looks = div.evaluate(LOOKS)
    assert looks == {one: [stands[one], steps.get(one, "")] for one in looks}
    words = list(stands.values())
    expected = {"read": words.count("read"), "next": words.count("next"), "planned": words.count("planned")}
    expected |= {"written": len(WRITTEN)}
    if way:
        expected |= {"way.pages": len(way), "way.minutes": sum(page.minutes for page in way)}
    assert shown(div) == expected
    listed = [text.split(" ")[0] for text in div.locator(".lc-way li").all_inner_texts()]
    assert listed == [page.id for page in way]
    ticked = div.locator(".lc-list input:checked").evaluate_all("all => all.map(one => one.closest('li').dataset.id)")
    assert set(ticked) == known & set(WRITTEN)
    seen = IDS if state_of(div, "show_planned") == [True] else WRITTEN
    assert list(looks) == seen
    for one, word in zip(seen, div.locator(".lc-list [data-id]").all_inner_texts(), strict=True):
        sign = {
            "read": "; read",
            "next": "you can read it now",
            "later": "needs others first",
            "planned": "not written yet",
        }
        assert word.startswith(f"{one} "), word
        assert word.endswith(sign[stands[one]]), word


def test_random_records_and_goals_show_what_python_computes(open_page, rng):
    page = open_page(site())
    div = widget_of(page)
    check(div, set(), "")
    known: set[str] = set()
    for trial in range(25):
        if trial % 5 == 4:
            page.evaluate("llmcourseStore.wipe()")
            known = set()
        new = [str(one) for one in rng.choice(WRITTEN, size=int(rng.integers(1, 5)))]
        goal = str(rng.choice(["", *IDS]))
        page.evaluate(KNOW, [new])
        known |= set(new)
        div.evaluate(SET, {"goal": goal, "show_planned": bool(rng.integers(2))})
        check(div, known, goal)


def test_the_twin_agrees_on_random_graphs(open_page, rng):
    """Graphs of any shape, not only the course's, with needs that nobody knows of."""
    run = """async ([source, cases]) => {
      const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      return cases.map(([pages, goal, known]) => [
        [...twin.standings(pages, new Set(known))], twin.wayTo(pages, goal, new Set(known)).map(page => page.id)]);
    }"""
    cases, wanted = [], []
    for _ in range(200):
        size = int(rng.integers(1, 16))
        entries = [
            {
                "id": f"1.{n}",
                "title": "T",
                "chapter": "1",
                "needs": [f"1.{m}" for m in range(1, n) if rng.random() < 0.3],
                "minutes": int(rng.integers(1, 40)),
                "planned": bool(rng.random() < 0.3),
                "href": "",
            }
            for n in range(1, size + 1)
        ]
        ids = [entry["id"] for entry in entries]
        known = [one for one in [*ids, "9.9"] if rng.random() < 0.3]
        goal = str(rng.choice(ids))
        cases.append([entries, goal, known])
        pages = [page_of(entry) for entry in entries]
        stands = standing(pages, known)
        wanted.append([[[one, stands[one]] for one in ids], [page.id for page in way_to(pages, goal, known).pages]])
    page = open_page("", mount=False)
    assert page.evaluate(run, [bundle.bundle("learning_tree"), cases]) == wanted


def test_the_record_is_kept_and_read_again(open_page):
    page = open_page(site())
    div = widget_of(page)
    node = div.locator(f".lc-graph:not([hidden]) [data-id='{THE_ROOT}']")
    node.click()
    div.get_by_role("button", name="I know this").click()
    check(div, {THE_ROOT}, "")
    kept = page.evaluate("id => llmcourseStore.get('pages', id)", THE_ROOT)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", kept["read"])
    page.reload()
    page.evaluate("Promise.all([...document.querySelectorAll('.lc-widget')].map(div => llmcourseHost.mount(div)))")
    div = widget_of(page)
    check(div, {THE_ROOT}, "")
    div.locator(f".lc-graph:not([hidden]) [data-id='{THE_ROOT}']").click()
    div.get_by_role("button", name="I do not know this").click()
    check(div, set(), "")
    assert page.evaluate("id => llmcourseStore.get('pages', id) ?? null", THE_ROOT) is None


def test_a_box_in_the_list_and_a_change_elsewhere_on_the_page_are_seen(open_page):
    page = open_page(site(goal="10.3"))
    div = widget_of(page)
    div.get_by_role("checkbox", name=re.compile(r"^I know 4\.3 ")).check()
    check(div, {"4.3"}, "10.3")
    page.evaluate(KNOW, [["10.1"]])
    check(div, {"4.3", "10.1"}, "10.3")
    div.get_by_role("checkbox", name=re.compile(r"^I know 4\.3 ")).uncheck()
    check(div, {"10.1"}, "10.3")


def test_a_page_that_was_read_twice_in_another_way_is_no_page_of_the_tree(open_page):
    """Ids that the course does not have (it changes) are passed over and stay in the record."""
    page = open_page(site())
    page.evaluate(KNOW, [["77.7", THE_ROOT]])
    check(widget_of(page), {THE_ROOT}, "")
    assert page.evaluate("llmcourseStore.get('pages', '77.7').read") == "2026-11-01T08:00:00Z"


def test_the_menu_sets_the_goal_and_the_way_is_told(open_page):
    page = open_page(site())
    div = widget_of(page)
    goals = dict(LearningTree().goals)
    div.get_by_label("Shortest path to").select_option("DPO")
    check(div, set(), goals["DPO"])
    assert div.locator(".lc-way p").inner_text().startswith("Shortest path to DPO: ")
    page.wait_for_function(
        "/^Shortest path to DPO: \\d+ pages, about/.test(document.querySelector('.lc-sr[role=status]').textContent)"
    )
    links = div.locator(".lc-way a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    paths = {page.id: page.docname for page in PAGES}
    assert links == [f"../{paths[one.id]}.html" for one in way_to(PAGES, goals["DPO"]).pages]
    div.get_by_role("button", name="Clear").click()
    check(div, set(), "")
    assert div.get_by_role("button", name="Clear").get_attribute("aria-disabled") == "true"


def test_a_goal_that_is_known_and_one_that_nobody_has_written_are_said(open_page):
    page = open_page(site())
    div = widget_of(page)
    page.evaluate(KNOW, [WRITTEN])
    div.evaluate(SET, {"goal": "5.3"})
    assert div.locator(".lc-way").inner_text() == "You know RoPE (rotary positions) already."
    planned = next(one for one in PAGES if one.is_planned and one.needs)
    div.evaluate(SET, {"goal": planned.id})
    text = div.locator(".lc-way p").inner_text()
    unwritten = ", ".join(way_to(PAGES, planned.id, WRITTEN).unwritten)
    assert text.endswith(f"minutes of reading. Not written yet: {unwritten}.")
    assert text.startswith(f"Shortest path to {planned.id} {planned.title}: ")
    assert div.get_by_label("Shortest path to").evaluate("one => one.selectedOptions[0].text").startswith(planned.id)


def test_the_chosen_page_is_described_with_its_needs_and_what_it_opens(open_page):
    page = open_page(site(show_planned=True))
    div = widget_of(page)
    div.locator(".lc-graph:not([hidden]) [data-id='5.3']").click()
    panel = div.get_by_role("group", name="The chosen page")
    own = next(one for one in PAGES if one.id == "5.3")
    opens = ", ".join(one.id for one in PAGES if "5.3" in one.needs)
    assert panel.locator("p").all_inner_texts() == [
        f"5.3 {own.title} · {own.minutes} minutes · needs others first",
        f"Needs {', '.join(own.needs)}. Opens {opens}.",
    ]
    assert panel.get_by_role("link", name="Open the page").get_attribute("href") == f"../{own.docname}.html"
    lit = """(div, kind) => [...div.querySelectorAll(`.lc-graph:not([hidden]) .${kind}`)]
      .map(one => one.dataset[kind === 'lc-up' ? 'from' : 'to'])"""
    assert set(div.evaluate(lit, "lc-up")) == set(own.needs)
    assert set(div.evaluate(lit, "lc-down")) == {one.id for one in PAGES if "5.3" in one.needs}
    panel.get_by_role("button", name="Shortest path here").click()
    check(div, set(), "5.3")
    planned = next(one for one in PAGES if one.is_planned)
    div.locator(f".lc-graph:not([hidden]) [data-id='{planned.id}']").click()
    assert panel.get_by_role("link").count() == 0
    assert panel.get_by_role("button").all_inner_texts() == ["Shortest path here"]


def test_arrow_keys_walk_the_picture_and_reach_every_page(open_page):
    page = open_page(site(show_planned=True))
    div = widget_of(page)
    at = "document.activeElement.dataset.id"
    stops = div.locator(".lc-graph:not([hidden]) .lc-node[tabindex='0']")
    assert stops.count() == 1  # one stop for Tab; the arrows do the rest
    stops.focus()
    page.keyboard.press("Home")
    reached, waiting = {page.evaluate(at)}, [page.evaluate(at)]
    while waiting:
        start = waiting.pop()
        for key in ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"):
            div.locator(f".lc-graph:not([hidden]) [data-id='{start}']").focus()
            page.keyboard.press(key)
            if (one := page.evaluate(at)) not in reached:
                reached.add(one)
                waiting.append(one)
    assert reached == set(IDS)
    page.keyboard.press("End")
    assert page.evaluate(at) == IDS[-1]
    assert div.locator(".lc-graph:not([hidden]) [aria-pressed=true]").get_attribute("data-id") == IDS[-1]
    page.keyboard.press("Control+Home")
    assert page.evaluate(at) == IDS[-1]  # with a modifier the key is the browser's
    ring = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{ring}.outlineStyle !== 'none' && parseFloat({ring}.outlineWidth) >= 2")


def test_tab_passes_the_picture_in_one_step_and_enters_the_panel(open_page):
    page = open_page(site())
    div = widget_of(page)
    node = div.locator(".lc-graph:not([hidden]) [data-id='1.1']")
    node.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Open the page"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    check(div, {"1.1"}, "")
    assert page.evaluate("document.activeElement.textContent") == "I do not know this"  # the focus is not lost


def test_each_page_says_all_in_words(open_page):
    page = open_page(site(show_planned=True))
    div = widget_of(page)
    page.evaluate(KNOW, [["1.1"]])
    div.evaluate(SET, {"goal": "1.2"})
    own = next(one for one in PAGES if one.id == "1.2")
    name = f"1.2 {own.title}: {own.minutes} minutes, needs 1.1; you can read it now; step 1 of the path"
    assert div.get_by_role("button", name=name, exact=True).count() == 1
    signs = div.locator(".lc-graph:not([hidden]) .lc-sign").all_inner_texts()
    assert {sign.strip() for sign in signs} == {"✓", "▸", "·", "…"}  # not by color alone


def test_the_tree_starts_with_the_written_pages_and_the_planned_ones_are_a_click_away(open_page):
    page = open_page(site())
    div = widget_of(page)
    assert div.get_by_role("radio", name="written ones").is_checked()
    assert list(div.evaluate(LOOKS)) == WRITTEN
    check(div, set(), "")
    low = div.locator(".lc-graph:not([hidden])").bounding_box()["height"]
    div.evaluate(SET, {"goal": "16.3"})  # planned: the path is in words, its written part in the picture
    check(div, set(), "16.3")
    div.get_by_role("radio", name="all pages").check(force=True)
    assert list(div.evaluate(LOOKS)) == IDS
    assert div.locator(".lc-graph:not([hidden])").bounding_box()["height"] > low
    check(div, set(), "16.3")


SIZES = [(1280, 900), (390, 844)]
IN_SIGHT = """node => { const box = node.getBoundingClientRect();
  const middle = (box.left + box.right) / 2;
  const points = [[box.left + 6, box.top + 6], [box.right - 6, box.bottom - 6], [middle, box.bottom - 2]];
  return points.every(([x, y]) => node.contains(document.elementFromPoint(x, y))); }"""
TO_THE_EDGE = "node => scrollBy({ top: node.getBoundingClientRect().bottom - innerHeight + 2, behavior: 'instant' })"


def sized(open_page, size: tuple[int, int], **changes: object) -> Page:
    """The widget on a page that goes on below it, in a window of this size."""
    page = open_page(site(**changes) + "<p style='height:1500px'></p>", width=size[0])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    return page


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_that_an_arrow_key_leads_to_is_never_under_the_panel(open_page, size, planned):
    page = sized(open_page, size, show_planned=planned)
    widget_of(page).locator(".lc-graph:not([hidden]) .lc-node[tabindex='0']").focus()
    walked = []
    for key in ["Home", *["ArrowDown"] * 14, "End", *["ArrowUp"] * 14]:
        page.keyboard.press(key)
        node = page.locator(".lc-node:focus")
        assert node.get_attribute("aria-pressed") == "true"
        walked.append((key, node.get_attribute("data-id"), node.evaluate(IN_SIGHT)))
    assert [one for one in walked if not one[2]] == []
    assert len({one for _, one, _ in walked}) > 7


@pytest.mark.parametrize("size", SIZES)
def test_a_page_chosen_at_the_lower_edge_comes_out_from_under_the_panel(open_page, size):
    page = sized(open_page, size)
    div = widget_of(page)
    node = div.locator(".lc-graph:not([hidden]) [data-id='5.2']")
    node.evaluate(TO_THE_EDGE)
    box = node.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    assert node.get_attribute("aria-pressed") == "true"
    assert node.evaluate(IN_SIGHT)
    node.evaluate(TO_THE_EDGE)
    assert not node.evaluate(IN_SIGHT)  # the reader scrolled it there
    div.get_by_role("radio", name="written ones").focus()
    page.keyboard.press("Tab")
    assert node.evaluate("node => node === document.activeElement")
    assert node.evaluate(IN_SIGHT)


def test_the_address_keeps_the_goal_over_a_reload_and_a_link_can_name_one(open_page):
    page = open_page(site())
    plain = page.url
    again = "Promise.all([...document.querySelectorAll('.lc-widget')].map(div => llmcourseHost.mount(div)))"
    widget_of(page).get_by_label("Shortest path to").select_option("DPO")
    assert page.url == f"{plain}#goal=10.3"
    page.reload()
    page.evaluate(again)
    check(widget_of(page), set(), "10.3")
    page.evaluate("location.hash = '#goal=5.3'")  # what a link on the page does
    page.wait_for_function("document.querySelector('.lc-widget').lcModel.get('goal') === '5.3'")
    widget_of(page).get_by_role("button", name="Clear").click()
    assert page.url == plain
    page.reload()
    page.evaluate(again)
    check(widget_of(page), set(), "")
    page.goto(f"{plain}#goal=99.9")
    page.reload()
    page.evaluate(again)
    check(widget_of(page), set(), "")


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize("planned", [True, False])
def test_no_line_runs_behind_a_page_that_it_has_nothing_to_do_with(open_page, width, planned):
    page = open_page(site(show_planned=planned), width=width)
    behind = """() => { const graph = document.querySelector('.lc-graph:not([hidden])');
      const boxes = [...graph.querySelectorAll('.lc-node')].map(one => [one.dataset.id, one.getBoundingClientRect()]);
      return [...graph.querySelectorAll('path')].flatMap(path => {
        const matrix = path.getScreenCTM(), { from, to } = path.dataset, long = path.getTotalLength();
        const at = (i) => path.getPointAtLength(long * i / 119).matrixTransform(matrix);
        const points = Array.from({ length: 120 }, (_, i) => at(i));
        const inside = (box) => points.some(({ x, y }) =>
          x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1);
        const strangers = boxes.filter(([id]) => id !== from && id !== to);
        return strangers.filter(([, box]) => inside(box)).map(([id]) => `${from} ${to}: ${id}`);
      }); }"""
    assert page.evaluate(behind) == []


@pytest.mark.parametrize(("width", "least"), [(390, 11), (700, 13)])
def test_every_written_page_shows_its_title(open_page, width, least):
    page = open_page(site(), width=width)
    titles = page.locator(".lc-graph:not([hidden]) .lc-title").evaluate_all(
        """all => all.map(one => [one.getBoundingClientRect(), parseFloat(getComputedStyle(one).fontSize)])
          .map(([box, size]) => [box.width, box.height, size])"""
    )
    assert len(titles) == len(WRITTEN)
    assert min(width for width, _, _ in titles) > 50
    assert min(height for _, height, _ in titles) > 10
    assert min(size for _, _, size in titles) >= least


def clear_of_each_other(page: Page) -> list[str]:
    """Pages in the picture that overlap, or stand outside of it."""
    return page.evaluate(
        """() => { const graph = document.querySelector('.lc-graph:not([hidden])');
        const frame = graph.getBoundingClientRect();
        const boxes = [...graph.querySelectorAll('.lc-node')].map(one => [one.dataset.id, one.getBoundingClientRect()]);
        const out = boxes.filter(([, a]) =>
          a.left < frame.left - 1 || a.right > frame.right + 1 || a.bottom > frame.bottom);
        const over = boxes.flatMap(([i, a], n) => boxes.slice(0, n).filter(([, b]) =>
          a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).map(([j]) => `${i} ${j}`));
        const full = [...graph.querySelectorAll('.lc-node')].filter(one => one.scrollHeight > one.clientHeight + 1
          || one.scrollWidth > one.clientWidth + 1).map(one => `${one.dataset.id} runs over`);
        return [...out.map(([i]) => `${i} outside`), ...over, ...full]; }"""
    )


@pytest.mark.parametrize("width", [360, 390, 622, 900, 1300])
@pytest.mark.parametrize("planned", [True, False])
def test_nothing_overlaps_at_any_width_and_a_finger_finds_every_page(open_page, width, planned):
    page = open_page(site(show_planned=planned), width=width)
    assert clear_of_each_other(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.locator(".lc-graph:not([hidden]) .lc-node").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 36


def test_a_finger_scrolls_over_the_picture_and_a_tap_chooses(open_page):
    page = open_page(site() + "<p style='height:2000px'></p>", has_touch=True, is_mobile=True, width=390)
    div = widget_of(page)
    div.locator(".lc-graph:not([hidden])").scroll_into_view_if_needed()
    box = div.locator(".lc-graph:not([hidden])").bounding_box()
    before, y = page.evaluate("scrollY"), min(box["y"] + 300, 700)
    swipe(page, [(195, y - 12 * step) for step in range(20)])
    assert page.evaluate("scrollY") > before + 50
    assert div.locator("[aria-pressed=true]").count() == 0
    div.locator(".lc-graph:not([hidden]) [data-id='1.2']").tap()
    assert div.locator(".lc-chosen b").inner_text().startswith("1.2 ")
    panel = div.locator(".lc-panel").bounding_box()
    assert 0 <= panel["y"]
    assert panel["y"] + panel["height"] <= 801  # in sight, wherever the page was


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(site(goal="10.3"), LearningTree(["1.1"], goal="6.3").html(), theme=theme, mount=scripts)
    page.evaluate(KNOW, [["1.1", "1.2"]])
    if scripts:
        widget_of(page).locator(".lc-graph:not([hidden]) [data-id='4.3']").click()
    else:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize("changes", [{}, {"goal": "10.3"}, {"goal": "5.3", "show_planned": True}])
def test_the_static_picture_is_that_of_the_live_widget(open_page, width, changes):
    html = site(**changes)
    texts = """div => [...div.querySelectorAll('.lc-counts, .lc-legend, .lc-way, .lc-list')]
      .map(one => one.textContent.replace(/\\s+/g, ' '))"""
    page = open_page(html, width=width, mount=False, java_script_enabled=False)
    still = page.locator(".lc-widget")
    found = [shown(still), *(still.evaluate(what) for what in (LOOKS, PLACES, texts))]
    height = still.bounding_box()["height"]
    hrefs = "div => [...div.querySelectorAll('.lc-list a, .lc-way a')].map(one => one.getAttribute('href'))"
    links = still.evaluate(hrefs)
    page = open_page(html, width=width)
    live = widget_of(page)
    assert [shown(live), *(live.evaluate(what) for what in (LOOKS, PLACES, texts))] == found
    assert live.evaluate(hrefs) == links
    assert live.bounding_box()["height"] == pytest.approx(height, abs=2)


def test_without_scripts_every_written_page_is_a_link_twice(open_page):
    page = open_page(site(), mount=False, java_script_enabled=False)
    for part in (".lc-graph", ".lc-list"):
        hrefs = page.locator(f"{part} a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert sorted(hrefs) == sorted(f"../{page.docname}.html" for page in PAGES if not page.is_planned)
    assert clear_of_each_other(page) == []


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    assert moving(open_page(site(goal="10.3"), reduced_motion="reduce")) == 0


def test_a_page_opened_as_a_file_keeps_what_is_known(open_page):
    page = open_page(site(), how="file")
    div = widget_of(page)
    div.get_by_role("checkbox", name=re.compile(r"^I know 1\.1 ")).check()
    check(div, {"1.1"}, "")


def test_a_storage_that_is_blocked_keeps_the_page_working(open_page):
    page = open_page(site(), mount=False)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    page.reload()
    page.evaluate("Promise.all([...document.querySelectorAll('.lc-widget')].map(div => llmcourseHost.mount(div)))")
    div = widget_of(page)
    div.get_by_role("checkbox", name=re.compile(r"^I know 1\.1 ")).check()
    check(div, {"1.1"}, "")


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page):
    widget = LearningTree(["1.1"], goal="5.3")
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div, {"1.1"}, "5.3")
    div.get_by_role("checkbox", name=re.compile(r"^I know 1\.2 ")).check()
    widget.read = page.evaluate("sent.at(-1).read")
    page.wait_for_timeout(0)
    check(div, {"1.1", "1.2"}, "5.3")
    assert widget.read == ["1.1", "1.2"]
    div.get_by_label("Shortest path to").select_option("DPO")
    widget.goal = page.evaluate("sent.at(-1).goal")
    assert [one.id for one in widget.way().pages] == [
        text.split(" ")[0] for text in div.locator(".lc-way li").all_inner_texts()
    ]
    assert state_of(div, "goal") == [widget.goal]
    assert div.locator(".lc-graph a").count() == 0  # in a notebook there is nowhere to go
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0


def test_a_view_that_is_taken_down_listens_no_more(open_page):
    page = open_page(site())
    page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    before = page.locator(".lc-widget").inner_html()
    page.evaluate(KNOW, [["1.1"]])
    assert page.locator(".lc-widget").inner_html() == before
