"""Copied runs: a run that goes on elsewhere, that stays in its place, that is one too short."""

from tests.planted import Mutant

FILE, UNIT = "src/llmcourse/evaluation/copying.py", "tests/unit/evaluation/test_copying.py"

MUTANTS = (
    Mutant(FILE, "lengths[before] * goes_on", "lengths[before]", UNIT),
    Mutant(FILE, "ends[before] == here - 1", "ends[before] == here", UNIT),
    Mutant(FILE, "1 + lengths[before]", "lengths[before]", UNIT),
)
