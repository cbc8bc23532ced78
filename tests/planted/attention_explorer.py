"""What heads do, heads removed, packed attention weights, and the widget that shows them."""

from tests.planted import Mutant

TRANSFORMER, EXPLORE = "src/llmcourse/transformer", "src/llmcourse/explore"
PATTERNS = "tests/unit/transformer/test_head_patterns.py"
ABLATION = "tests/unit/transformer/test_ablation.py"
TRACE = "tests/unit/explore/test_attention_explorer.py"
WIDGET = "tests/site/test_widget_attention_explorer.py -k"
SCRIPT = f"{EXPLORE}/attention_explorer.js"

MUTANTS = (
    # scores: the token itself for what followed it; the first query, which has no choice, counted
    Mutant(f"{TRANSFORMER}/head_patterns.py", "after[..., 1:] = same[..., :-1]", "after[...] = same", PATTERNS),
    Mutant(f"{TRANSFORMER}/head_patterns.py", "_positions(weights) > 0  # (T,)", "_positions(weights) >= 0", PATTERNS),
    Mutant(f"{TRANSFORMER}/head_patterns.py", "k=-1, dtype=bool", "k=0, dtype=bool", PATTERNS),
    Mutant(f"{TRANSFORMER}/head_patterns.py", "np.arange(keys - queries, keys)", "np.arange(queries)", PATTERNS),
    Mutant(f"{TRANSFORMER}/head_patterns.py", "size=size, replace=False", "size=size", PATTERNS),
    # a head removed: rows for columns, and in the model itself
    Mutant(f"{TRANSFORMER}/ablation.py", "weight[:, head * c", "weight[head * c", ABLATION),
    Mutant(f"{TRANSFORMER}/ablation.py", ".detach().clone()", ".detach()", ABLATION),
    # the trace: bytes cut off instead of rounded, squares not divided by their sum
    Mutant(f"{EXPLORE}/attention_trace.py", "np.rint(STEPS * np.sqrt(", "np.floor(STEPS * np.sqrt(", TRACE),
    Mutant(f"{EXPLORE}/attention_trace.py", "decoded = squares / totals", "decoded = squares / STEPS**2", TRACE),
    Mutant(f"{EXPLORE}/attention_explorer.py", "error}.", "error", TRACE),
    # the script
    Mutant(SCRIPT, "(b) => b * b", "(b) => b", f"{WIDGET} random_heads"),
    Mutant(SCRIPT, "s + 1 < t ? [s + 1] : []", "s + 1 < t ? [s] : []", f"{WIDGET} random_heads"),
    Mutant(SCRIPT, "[row, t]).slice(1);", "[row, t]);", f"{WIDGET} random_heads"),
    Mutant(SCRIPT, "b.score - a.score", "a.score - b.score", f"{WIDGET} random_heads"),
    Mutant(SCRIPT, "row.slice(skip ? 1 : 0, t + 1)", "row.slice(0, t + 1)", f"{WIDGET} arcs_and_squares"),
    Mutant(
        SCRIPT,
        'if (!live || get("sentence") !== name) return;\n      failure = "";',
        'failure = "";',
        f"{WIDGET} view_that_is_gone",
    ),
    Mutant(SCRIPT, "    over = null;\n    drawFocus();", "    drawFocus();", f"{WIDGET} pointer_reads"),
    Mutant("book/assets/js/host.js", "        model.load = asset;\n", "", f"{WIDGET} loaded_when_it_is_chosen"),
)
