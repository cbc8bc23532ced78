"""GRPO: advantages within a group, the loss and its variants, what a group can teach, and the training."""

from tests.planted import Mutant

GRPO = "src/llmcourse/alignment/grpo.py"
GRPO_TESTS = "tests/unit/alignment/test_grpo.py"
SIGNAL = "src/llmcourse/alignment/group_signal.py"
SIGNAL_TESTS = "tests/unit/alignment/test_group_signal.py"
CHAINS = "src/llmcourse/alignment/chains.py"
TRAINING = "src/llmcourse/alignment/grpo_training.py"
TRAINING_TESTS = "tests/unit/alignment/test_grpo_training.py"

MUTANTS = (
    Mutant(GRPO, "reward - reward.mean(dim=1, keepdim=True)", "reward - reward.mean()", GRPO_TESTS),
    Mutant(GRPO, "(answers - ddof)", "answers", GRPO_TESTS),
    Mutant(GRPO, "torch.minimum(ratio * gain", "torch.maximum(ratio * gain", GRPO_TESTS),
    Mutant(GRPO, "1 + variant.high", "1 + variant.clip", GRPO_TESTS),
    Mutant(GRPO, "(token.sum(dim=1) / length).mean()", "(token.sum() / length.sum())", GRPO_TESTS),
    Mutant(SIGNAL, "push = np.sqrt(variance * (group - ddof) / group)", "push = np.sqrt(variance)", SIGNAL_TESTS),
    Mutant(SIGNAL, "p**group + (1 - p) ** group", "(1 - p) ** group", SIGNAL_TESTS),
    Mutant(CHAINS, "list(row)[-3:] == [THEN, digit, END]", "digit in row", "tests/unit/alignment/test_chains.py"),
    Mutant(TRAINING, "going = going & ~torch.isin", "going = ~torch.isin", TRAINING_TESTS),
    Mutant(TRAINING, "[:, -1] / temperature)", "[:, -1] * temperature)", TRAINING_TESTS),
    Mutant(TRAINING, "logp.detach() if old is None else old", "logp.detach()", TRAINING_TESTS),
)
