"""Deliberate bugs, a module of them for each part of the course. ``tests/mutants.py`` plants them one at a time."""

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """Put ``new`` for ``old``, which stands in ``file`` exactly once, and at least one of ``tests`` must fail."""

    file: str
    old: str
    new: str
    tests: str


def all_mutants() -> tuple[Mutant, ...]:
    """The MUTANTS of every module of this folder, in the order of the modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(mutant for name in names for mutant in importlib.import_module(f"{__name__}.{name}").MUTANTS)
