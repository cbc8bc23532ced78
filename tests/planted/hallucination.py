"""Semantic entropy, AUROC and risk, missing mass, and many answers at once."""

from tests.planted import Mutant

HALLUCINATION = "src/llmcourse/evaluation/hallucination.py"
SELECTIVE = "src/llmcourse/evaluation/selective.py"
MISSING = "src/llmcourse/language/missing_mass.py"
MANY = "src/llmcourse/inference/many.py"
SHORT = "src/llmcourse/evaluation/short_answers.py"
UNIT = "tests/unit/evaluation/test_hallucination.py"
SCORES = "tests/unit/evaluation/test_selective.py"
MASS = "tests/unit/language/test_missing_mass.py"
DRAWN = "tests/unit/inference/test_many.py"
WORDS = "tests/unit/evaluation/test_short_answers.py"

MUTANTS = (
    Mutant(HALLUCINATION, "pairs = dict.fromkeys(zip(", "pairs = list(zip(", UNIT),
    Mutant(HALLUCINATION, "np.exp(distinct - distinct.max())", "np.exp(distinct)", UNIT),
    Mutant(HALLUCINATION, "range(votes // 2 + 1, votes + 1)", "range(votes // 2, votes + 1)", UNIT),
    Mutant(HALLUCINATION, "unit = vectors / lengths[:, None]", "unit = vectors", UNIT),
    Mutant(SELECTIVE, "components.var(ddof=1) / components.size", "components.var(ddof=1)", SCORES),
    Mutant(
        SELECTIVE, "components.var(ddof=1)", "components.var(ddof=0)", "tests/oracles/test_hallucination_oracles.py"
    ),
    Mutant(SELECTIVE, "ranks = stats.rankdata(doubt)", 'ranks = stats.rankdata(doubt, method="min")', SCORES),
    Mutant(
        SELECTIVE,
        "np.bincount(group, weights=wrong) / sizes, sizes",
        "np.bincount(group, weights=wrong), sizes",
        SCORES,
    ),
    Mutant(MISSING, "(p * (1 - p) ** (draws - 1)).sum()", "(p * (1 - p) ** draws).sum()", MASS),
    Mutant(MANY, "total[b] += price[b]", "total[b] += 0 if token in stop else price[b]", DRAWN),
    Mutant(MANY, "(logp / temperature).softmax(-1)", "logp.softmax(-1)", DRAWN),
    Mutant(SHORT, "_DIGITS.get(word, word)", "word", WORDS),
    Mutant(SHORT, 'f" {variant} " in f" {normalized(answer)} "', "variant in normalized(answer)", WORDS),
)
