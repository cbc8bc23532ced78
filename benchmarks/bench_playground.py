"""The course GPT in a browser beside the same model in torch: tokens per second, in one run; asserts nothing.

    python benchmarks/bench_playground.py [--rounds 5]

Page.    Headless Chromium opens a page with GPTPlayground on it, presses "Load the model" and then "Write 40", as a
         reader would. Its speed is the one that the page shows: 40 tokens by the time from the first to the last, with
         all drawing. After 10 tokens of text, and after 200.
Engine.  The decoder alone, in its worker: the time in which it reads 200 tokens, one by one.
torch.   ``generate`` with its cache, greedy, the same weights, as stored and packed (``linear.pack``), after as many
         tokens. Choosing costs almost nothing there, so this is the decoder alone as well.

The rounds go through everything in turn; shown are the medians and the range.
"""

import argparse
import copy
import functools
import http.server
import importlib.util
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from llmcourse.explore import bundle
from llmcourse.explore.gpt_playground import GPTPlayground
from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.linear import pack
from llmcourse.transformer.saved import course_gpt

ROOT = Path(__file__).resolve().parents[1]
TEXT = (
    "And it came to pass in those days, that the king said unto them, Let us go up to the city, and see the land. " * 8
)
LENGTHS = (10, 200)
PRESS = "name => [...document.querySelectorAll('button')].find(one => one.textContent === name).click()"
ENGINE = """async () => {
  const ids = Array.from({ length: 200 }, (_, i) => 300 + (i * 37) % 700);
  const began = performance.now();
  await engine.read(ids);
  const seconds = (performance.now() - began) / 1000;
  await engine.read([0]);
  return 200 / seconds;
}"""
OPEN = """async ([source, parts]) => {
  const { openModel } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const load = document.querySelector('.lc-widget').lcModel.load, description = await load("course_gpt");
  const pieces = await Promise.all([...Array(description.parts).keys()].map(i => load(`course_gpt_${i}`)));
  const bytes = Uint8Array.from(pieces.map(atob).join(""), c => c.charCodeAt(0));
  window.engine = await openModel({ description, bytes, source, onchange() {}, onerror: console.error });
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A plain file server."""

    def log_message(self, *_: object) -> None:
        """Keep the table clean."""


def write_page(folder: Path, text: str) -> None:
    """A page with the widget, beside what the site ships for it."""
    (folder / "_static").mkdir(exist_ok=True)
    for name in ("js", "data"):
        if not (folder / "_static" / name).exists():
            (folder / "_static" / name).symlink_to(ROOT / "book/assets" / name)
    (folder / "_static/widgets").mkdir(exist_ok=True)
    (folder / "_static/widgets/gpt_playground.widget.js").write_text(bundle.classic_script("gpt_playground"), "utf-8")
    page = f"<!doctype html><meta charset=utf-8><style>{bundle.style()}</style>{GPTPlayground(text, top_k=1).html()}"
    (folder / "page.html").write_text(f'{page}<script defer src="_static/js/host.js"></script>', "utf-8")


def writes(tab: Page) -> float:
    """Tokens per second of one press of the button, as the page says."""
    tab.bring_to_front()  # a browser slows down what nobody sees
    tab.evaluate(PRESS, "Start over")
    tab.wait_for_timeout(800)
    tab.evaluate("document.querySelector('.lc-speed').textContent = ''")
    tab.evaluate(PRESS, "Write 40")
    tab.wait_for_function("!document.querySelector('.lc-speed').textContent === false", polling=500, timeout=120_000)
    return float(tab.inner_text(".lc-speed").split()[0])


def torch_writes(model: Decoder, ids: list[int]) -> float:
    """Tokens per second of ``generate`` for 40 tokens, without reading the prompt."""
    spent = []
    for count in (8, 48):
        start = time.perf_counter()
        list(generate(model, ids, choose=greedy, max_new=count))
        spent.append(time.perf_counter() - start)
    return 40 / (spent[1] - spent[0])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "tools/browser.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    if not (program := tool.find_chromium()):
        raise SystemExit(tool.ADVICE)

    gpt = course_gpt()
    plain, packed = gpt.model, copy.deepcopy(gpt.model)
    pack(packed)
    begin = gpt.tokenizer.special["<|endoftext|>"]
    prompts = {n: [begin, *gpt.tokenizer.encode(TEXT)][:n] for n in LENGTHS}
    found: dict[str, list[float]] = {}
    own = 'import { openModel } from "./gpt_worker.js";\nexport { openModel };\n'
    source = bundle.join({name: bundle.read_script(name) for name in bundle.PARTS}, own)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=name))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = play.chromium.launch(executable_path=program, args=tool.LAUNCH_ARGS)
        tabs = {}
        for n, ids in prompts.items():
            write_page(folder, gpt.tokenizer.decode(ids[1:]))
            tabs[n] = browser.new_page(viewport={"width": 900, "height": 900})
            tabs[n].goto(f"http://127.0.0.1:{server.server_port}/page.html")
            tabs[n].wait_for_selector("[data-ready=true]")
            tabs[n].get_by_role("button", name="Load the model").click()
            tabs[n].wait_for_selector("[data-state=settled]", timeout=120_000)
        tabs[LENGTHS[0]].evaluate(OPEN, [source, 0])
        for _ in range(rounds):
            for n, ids in prompts.items():
                found.setdefault(f"page, after {n}", []).append(writes(tabs[n]))
                found.setdefault(f"torch, after {n}", []).append(torch_writes(plain, ids))
                found.setdefault(f"torch, packed, after {n}", []).append(torch_writes(packed, ids))
            found.setdefault("engine, reading 200", []).append(tabs[LENGTHS[0]].evaluate(ENGINE))
        browser.close()
        server.shutdown()
    print(f"tokens per second, {rounds} rounds, median (range)")
    for what, speeds in sorted(found.items()):
        print(f"  {what:24} {statistics.median(speeds):6.0f}   ({min(speeds):.0f} to {max(speeds):.0f})")
    for n in LENGTHS:
        pairs = zip(found[f"page, after {n}"], found[f"torch, after {n}"], strict=True)
        print(f"  page ÷ torch, after {n}: {statistics.median(a / b for a, b in pairs):.2f}")


if __name__ == "__main__":
    main()
