"""Where the package's source stands, and how the site imports its pure-Python modules without installing it."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


def pure_module(name: str) -> ModuleType:
    """A module of the package that needs only what the site is built with (palette, explore.bundle, study)."""
    if str(SOURCE) not in sys.path:
        sys.path.insert(0, str(SOURCE))
    return importlib.import_module(name)


def module_file(name: str) -> Path:
    """The file of a module of the package, by its dotted name."""
    return SOURCE.joinpath(*name.split(".")).with_suffix(".py")
