"""Promises that hold for every module of the package."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/llmcourse"
MODULES = sorted(PACKAGE.rglob("*.py"))
NUMPY = [
    *(f"language/{name}" for name in ("probability", "softmax", "information", "smoothing", "ngram", "coding")),
    *(f"language/{name}" for name in ("pretokenize", "bpe_merges", "missing_mass")),
    *(f"inference/{name}" for name in ("sampling", "sequences", "beam", "speculative", "contrastive")),
    *(f"learning/{name}" for name in ("kaplan", "isoflop", "quantize", "schedules")),
    *(f"evaluation/{name}" for name in ("copying", "repetition")),
    "alignment/optimal",
    "alignment/group_signal",
    *(f"evaluation/{name}" for name in ("perplexity", "tokenizations", "hallucination", "selective")),
]
COUNTING = ["transformer/config", *(f"learning/{name}" for name in ("cost", "memory", "scaling", "scaling_fit"))]
COUNTING += [f"learning/{name}" for name in ("batches", "corpus", "metrics", "plan", "recipe")]
TORCH = [f"transformer/{name}" for name in ("norms", "positions", "rotary", "linear_attention")]
TORCH += [f"alignment/{name}" for name in ("kl", "ppo")]
TORCH += [f"alignment/{name}" for name in ("dpo", "preferences", "preference_toy")]
TORCH += ["alignment/grpo"]
COUNTING += ["alignment/chains"]
KEYS = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def public(path: Path):
    """The public functions and methods of a module, with their docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node, clean=True) or ""


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_module_fits_in_a_sitting_and_says_what_it_is(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 250
    if path.name == "__init__.py":
        assert source == ""  # importing one module never drags in another
    else:
        first = ast.get_docstring(ast.parse(source)).splitlines()[0]
        assert first.endswith(".")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_citation_is_in_the_bibliography(path):
    text = path.read_text(encoding="utf-8")
    cited = {key for group in re.findall(r"\{cite\}`([^`]+)`", text) for key in group.split(",")}
    assert cited <= KEYS


@pytest.mark.parametrize("module", NUMPY + TORCH)
def test_each_public_function_of_the_mathematics_says_where_it_comes_from(module):
    """A source, a derivation, or being the same value as another function, which says it."""
    for function, docstring in public(PACKAGE / f"{module}.py"):
        assert docstring, function
        told = re.search(r"^(Source|Derivation):", docstring, re.MULTILINE)
        checker = function.startswith(("check_", "of_", "from_", "find")) or function.endswith(("_from", "forward"))
        same = docstring.startswith("The same")
        assert told or checker or same, function


@pytest.mark.parametrize("module", NUMPY + COUNTING)
def test_the_numpy_modules_start_without_torch(module):
    code = f"import sys, llmcourse.{module.replace('/', '.')}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_whole_package_asks_nothing_of_the_network():
    modules = [
        "llmcourse." + name(path).removesuffix(".py").replace("/", ".") for path in MODULES if path.stem != "__init__"
    ]
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise SystemExit('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        f"import importlib\nfor module in {modules!r}: importlib.import_module(module)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
