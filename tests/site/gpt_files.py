"""Files of a very small GPT for the site's folder, and how the tests of the playground look at a page."""

import base64
import json
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page

from llmcourse.explore import bundle, gpt_weights
from llmcourse.explore.gpt_playground import GPTPlayground
from llmcourse.transformer.saved import SavedModel
from tests.site.widgets import READ
from tests.unit.explore.tiny_gpt import tiny_gpt

TRAITS = (
    "text", "generated", "temperature", "top_k", "top_p", "seed", "layer", "head", "position", "shade",
)  # fmt: skip
PIECES = 4
LIMIT = {"abs": 2e-5, "rel": 2e-4}  # float32 in another order of additions


def rounded(loaded: SavedModel) -> SavedModel:
    """The model that the page computes: weights as their bytes say."""
    return SavedModel(gpt_weights.quantized(loaded.model), loaded.tokenizer, loaded.card)


def write_files(folder: Path, name: str = "tiny_gpt", *, leave_out: int | None = None, spoil: bool = False) -> None:
    """The tiny model under this name in several pieces; one of them missing, or of an older version, if asked for."""
    loaded = tiny_gpt()
    data = gpt_weights.packed(loaded.model)
    description = gpt_weights.describe(loaded, data) | {"parts": PIECES}
    step = -(-len(data) // PIECES)
    if spoil:
        data = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    folder = folder / "_static/data"
    (folder / f"{name}.js").write_text(bundle.data_script(name, description), encoding="utf-8")
    for i in range(PIECES):
        piece = base64.b64encode(data[i * step : (i + 1) * step]).decode()
        path = folder / f"{name}_{i}.js"
        path.unlink(missing_ok=True)
        if i != leave_out:
            path.write_text(bundle.data_script(f"{name}_{i}", piece), encoding="utf-8")


def playground(text: str = "The cat sat", asset: str = "tiny_gpt", **options: object) -> GPTPlayground:
    return GPTPlayground(text, loaded=tiny_gpt(), asset=asset, **options)


def settled(div: Locator) -> None:
    """Wait until everything that was asked for is read, computed and drawn."""
    div.locator(".lc-view[data-state=settled]").wait_for()


def load(div: Locator) -> None:
    div.get_by_role("button", name="Load the model").click()
    div.get_by_role("button", name="Next token").wait_for()
    settled(div)


def numbers(div: Locator) -> dict[str, float]:
    return {key: float(value) for key, (value, _) in div.evaluate(READ).items()}


def check(div: Locator) -> None:
    """What is on screen is what the model with rounded weights computes for the widget's state."""
    values = div.evaluate("(div, names) => names.map(name => div.lcModel.get(name))", list(TRAITS))
    state = dict(zip(TRAITS, values, strict=True))
    state |= {name: float(state[name]) for name in ("temperature", "top_p")}
    twin = GPTPlayground(state.pop("text"), loaded=rounded(tiny_gpt()), **state)
    found, expected = numbers(div), twin.numbers()
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert np.isclose(found[key], value, rtol=LIMIT["rel"], atol=LIMIT["abs"]), (key, found[key], value)


def engine(page: Page, call: str, *arguments: object) -> object:
    """What an expression over the scripts' own functions gives; ``values`` are the arguments."""
    own = """
      import { createTokenizer, cuttingRule } from "./bpe.js";
      import { createDecoder, unpackWeights } from "./decoder.js";
      import { adler32 } from "./gpt_loader.js";
      import { openModel } from "./gpt_worker.js";
      export { adler32, createDecoder, createTokenizer, cuttingRule, openModel, unpackWeights };
    """.replace("\n      ", "\n")
    source = bundle.join({name: bundle.read_script(name) for name in bundle.PARTS}, own)
    run = """async ([source, call, values]) => {
      const scripts = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
      return await (new Function("scripts", "bytesOf", "values", "source", `return (async () => { ${call} })()`))(
        scripts, bytesOf, values, source);
    }"""
    return page.evaluate(run, [source, call, json.loads(json.dumps(arguments))])
