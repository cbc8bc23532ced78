"""The plots and heat maps of draw.js and of drawing.py are the same pictures."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page

from llmcourse.explore import bundle, drawing

pytestmark = pytest.mark.browser

PLOT = {
    "x": {"range": [0, 37.5], "label": "offset"},
    "y": {"range": [-1.3, 2], "label": "score"},
    "lines": [
        {"points": [[i / 3, float(np.sin(i / 3))] for i in range(112)], "color": "c1"},
        {"points": [[0, 0], [37.5, 3]], "color": "c2", "dash": "5 3", "width": 1.2},
    ],
    "dots": [{"x": 5.5, "y": -0.7, "color": "c3"}],
    "rules": [{"x": 12}, {"y": 0.5}],
    "texts": [{"x": 12, "y": 1.9, "text": "here", "anchor": "end"}],
}


def drawn(page: Page, call: str, *arguments: object) -> str:
    """What a function of draw.js returns, as markup."""
    parts = {name: bundle.read_script(name) for name in bundle.PARTS if name != "draw.js"}
    source = bundle.join(parts, bundle.read_script("draw.js"))
    run = """async ([source, call, values]) => {
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const made = module[call](...values);
      return made.outerHTML || JSON.stringify(made);
    }"""
    return page.evaluate(run, [source, call, list(arguments)])


def marks(markup: str) -> list[tuple[str, ...]]:
    """Paths, lines, circles and texts: everything that has a place, in order."""
    found = re.findall(r"<(path|line|circle|text)\b([^>]*)>([^<]*)", markup)
    places = r'\b(d|x|y|x1|x2|y1|y2|cx|cy|r|stroke-width|fill-opacity|transform|text-anchor)="([^"]*)"'
    return [(tag, inside, *sorted(map("=".join, re.findall(places, given)))) for tag, given, inside in found]


def test_a_line_plot_is_the_same_with_and_without_scripts(open_page):
    page = open_page("", mount=False)
    live, still = marks(drawn(page, "linePlot", PLOT)), marks(drawing.line_plot(**PLOT))
    assert len(live) > 20
    assert live == still


def test_a_plot_writes_its_ticks_as_it_is_told(open_page):
    page = open_page("", mount=False)
    parts = {name: bundle.read_script(name) for name in bundle.PARTS if name != "draw.js"}
    source = bundle.join(parts, bundle.read_script("draw.js"))
    run = """async ([source, plot]) => {
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const x = { ...plot.x, write: x => `${x} km` }, y = { ...plot.y, write: y => `<${y}>` };
      return module.linePlot({ ...plot, x, y }).outerHTML;
    }"""
    live = marks(page.evaluate(run, [source, PLOT]))
    x, y = PLOT["x"] | {"write": lambda x: f"{x:g} km"}, PLOT["y"] | {"write": lambda y: f"<{y:g}>"}
    still = marks(drawing.line_plot(**PLOT | {"x": x, "y": y}))
    assert live == still
    assert {"0 km", "10 km", "&lt;-1&gt;"} <= {inside for _, inside, *_ in live}


def test_a_heat_map_is_the_same_with_and_without_scripts(open_page, rng):
    page = open_page("", mount=False)
    values = rng.normal(size=(7, 9)).round(3)
    values[2, 3:6] = 0
    live, still = marks(drawn(page, "heatMap", values.tolist(), 2.0)), marks(drawing.heat_map(values.tolist(), 2.0))
    assert len(live) > 10
    assert sorted(live) == sorted(still)


def test_ticks_are_the_same(open_page, rng):
    page = open_page("", mount=False)
    for _ in range(200):
        lo, hi = sorted(rng.normal(size=2) * 10 ** rng.uniform(-3, 5))
        most = int(rng.integers(2, 9))
        live = page.evaluate("text => JSON.parse(text)", drawn(page, "ticks", lo, hi, most))
        assert live == pytest.approx(drawing.ticks(lo, hi, most), abs=1e-12 * abs(hi - lo))
        assert len(live) <= most + 1
