"""Beam search, speculative sampling, stop strings, and the tree of texts."""

from tests.planted import Mutant

BEAM = "src/llmcourse/inference/beam.py"
SPECULATIVE = "src/llmcourse/inference/speculative.py"
STOPPING = "src/llmcourse/inference/stopping.py"
CACHED = "src/llmcourse/inference/cached.py"
CONTRASTIVE = "src/llmcourse/inference/contrastive.py"
SCRIPT = "src/llmcourse/explore/decoding.js"
UNIT = "tests/unit/inference"
BEAMS, ROUNDS = f"{UNIT}/test_beam.py", f"{UNIT}/test_speculative.py"
WIDGET = "tests/site/test_widget_decoding_tree.py"

MUTANTS = (
    Mutant(BEAM, "ended += [one] if rank < width else []", "ended += [one]", f"{BEAMS} -k stopping_early"),
    Mutant(BEAM, "live[0].logp / max_new**alpha", "live[0].logp / length**alpha", f"{BEAMS} -k stopping_early"),
    Mutant(BEAM, "logp / length**alpha)", "logp * length**alpha)", f"{BEAMS} -k holds_everything"),
    Mutant(SPECULATIVE, "more = np.maximum(p - q, 0)", "more = np.abs(p - q)", f"{ROUNDS} -k enumerated_law"),
    Mutant(SPECULATIVE, ">= p[i, token]:", "> q[i, token]:", f"{ROUNDS} -k draws_from"),
    Mutant(SPECULATIVE, "return i, int(rng", "return i + 1, int(rng", f"{ROUNDS} -k draws_from"),
    Mutant(SPECULATIVE, "reached *= accept", "reached = accept", f"{ROUNDS} -k algorithm_1"),
    Mutant(SPECULATIVE, "range(gamma + 1)))", "range(gamma)))", f"{ROUNDS} -k formula"),
    Mutant(CONTRASTIVE, "cosines.max(axis=-1)", "cosines.mean(axis=-1)", f"{UNIT}/test_contrastive.py"),
    Mutant(STOPPING, "at <= keep:", "at >= 0:", f"{UNIT}/test_stopping.py"),
    Mutant(
        CACHED,
        "start, ask = min(same, len(tokens) - last)",
        "start, ask = same",
        f"{UNIT}/test_drafting.py -k wherever",
    ),
    Mutant(CACHED, "self.rows.index(prefix[:-1])", "self.rows.index(self.rows[0])", f"{UNIT}/test_drafting.py -k rows"),
    Mutant(SCRIPT, "weight * rejected * x, gamma", "weight * rejected * x, left", f"{WIDGET} -k random_trees"),
    Mutant(SCRIPT, ".slice(0, 2 * width)", ".slice(0, width)", f"{WIDGET} -k random_trees"),
)
