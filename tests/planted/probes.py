"""Losses of a text, and with a key hidden."""

from tests.planted import Mutant

FILE, UNIT = "src/llmcourse/transformer/probes.py", "tests/unit/transformer/test_probes.py"

MUTANTS = (
    Mutant(FILE, "logits[:, :-1].log_softmax", "logits[:, 1:].log_softmax", UNIT),
    Mutant(FILE, "mask[since:, key] = False", "mask[since:, : key + 1] = False", UNIT),
    Mutant(FILE, "model(tokens, mask=mask, record=record)", "model(tokens, record=record)", UNIT),
)
