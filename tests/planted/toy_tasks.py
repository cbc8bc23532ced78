"""The two toy tasks of page 4.1."""

from tests.planted import Mutant

FILE, UNIT = "src/llmcourse/transformer/toy_tasks.py", "tests/unit/transformer/test_toy_tasks.py"

MUTANTS = (
    Mutant(FILE, "width**0.5 / divisor", "1 / divisor", UNIT),
    Mutant(FILE, "throws[:, 1:].flatten()", "throws[:, :-1].flatten()", UNIT),
    Mutant(FILE, "if math.isfinite(last) else math.inf", "", UNIT),
    Mutant(FILE, "values[torch.arange(batch), wanted])", "values[torch.arange(batch), wanted - 1])", UNIT),
)
