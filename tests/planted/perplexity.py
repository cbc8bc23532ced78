"""Shares of a surprise, and the spellings of a text."""

from tests.planted import Mutant

PERPLEXITY = "src/llmcourse/evaluation/perplexity.py"
SPELLINGS = "src/llmcourse/evaluation/tokenizations.py"
LIKELIHOOD = "src/llmcourse/evaluation/likelihood.py"
UNIT = "tests/unit/evaluation/test_perplexity.py"
SPELLED = "tests/unit/evaluation/test_tokenizations.py"

MUTANTS = (
    Mutant(PERPLEXITY, "float(amounts.sum() / sizes.sum()), a", "float((amounts / sizes).mean()), a", UNIT),
    Mutant(PERPLEXITY, "* n / (n - 1))", "* (n - 1) / n)", UNIT),
    Mutant(PERPLEXITY, "(amounts - value * sizes) ** 2", "(amounts - value) ** 2", UNIT),
    Mutant(PERPLEXITY, "ratio(nats / np.log(2), sizes)", "ratio(nats, sizes)", UNIT),
    Mutant(PERPLEXITY, "return Ratio(value, value * loss.error)", "return Ratio(value, loss.error)", UNIT),
    Mutant(PERPLEXITY, "perplexity ** (units / others)", "perplexity ** (others / units)", UNIT),
    Mutant(SPELLINGS, "start + longest), start, -1)", "start + longest), start + 1, -1)", SPELLED),
    Mutant(SPELLINGS, "range(max(0, end - longest), end)", "range(max(0, end - longest + 1), end)", SPELLED),
    Mutant(LIKELIHOOD, "[:, -length:].double()", "[:, -length + 1 :].double()", SPELLED),
)
