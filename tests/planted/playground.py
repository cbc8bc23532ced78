"""A model in bytes, its tokenizer and decoder in JavaScript, and the widget that shows it."""

from tests.planted import Mutant

EXPLORE = "src/llmcourse/explore"
QUANTIZE = "src/llmcourse/learning/quantize.py"
UNIT = "tests/unit/learning/test_quantize.py"
WEIGHTS = "tests/unit/explore/test_gpt_weights.py -k"
READING = "tests/unit/explore/test_gpt_playground.py -k"
SCRIPTS = "tests/site/test_gpt_scripts.py -k"
EXPLORER = "tests/site/test_widget_attention_explorer.py -k"
WIDGET = "tests/site/test_widget_gpt_playground.py -k"

MUTANTS = (
    # a byte for each weight: cut off instead of rounded; one scale for all rows; the range of −128 to 127
    Mutant(QUANTIZE, "np.rint(steps)", "np.trunc(steps)", UNIT),
    Mutant(QUANTIZE, "np.abs(w).max(axis=-1)", "np.abs(w).max(axis=-1) * 0 + np.abs(w).max()", UNIT),
    Mutant(QUANTIZE, "LEVELS = 127 ", "LEVELS = 100 ", UNIT),
    # the bytes: scales before the rows they belong to; the reading of a text
    Mutant(f"{EXPLORE}/gpt_weights.py", "[one.scale.astype", "[one.scale[::-1].astype", f"{WEIGHTS} every_weight"),
    Mutant(
        f"{EXPLORE}/gpt_reading.py",
        "-(-(count - context) // quarter)",
        "(count - context) // quarter",
        READING + " longer",
    ),
    Mutant(
        f"{EXPLORE}/gpt_reading.py",
        "(lens > lens[:, final, None])",
        "(lens >= lens[:, final, None])",
        READING + " ranks",
    ),
    # the tokenizer: blanks that JavaScript and Unicode see differently; new letters; the later merge first
    Mutant(
        f"{EXPLORE}/bpe.js", 'const space = "\\\\p{White_Space}";', 'const space = "\\\\s";', f"{SCRIPTS} texts_are_cut"
    ),
    Mutant(f"{EXPLORE}/bpe.js", "`(?:(?!${newer})\\\\p{L})`", "`\\\\p{L}`", f"{SCRIPTS} texts_are_cut"),
    Mutant(f"{EXPLORE}/bpe.js", "first = Math.min(first, made", "first = Math.min(made", f"{SCRIPTS} texts_have"),
    Mutant(f"{EXPLORE}/bpe.js", "{ ignoreBOM: true }", "{}", f"{SCRIPTS} texts_have"),
    # the decoder: pairs turned the other way; scores not divided; the gain before the scale; the cache of another text
    Mutant(
        f"{EXPLORE}/decoder.js", "x[i] = a * cos - b * sin;", "x[i] = a * cos + b * sin;", f"{SCRIPTS} logits_attention"
    ),
    Mutant(f"{EXPLORE}/decoder.js", "A[s] = score / Math.sqrt(K);", "A[s] = score / K;", f"{SCRIPTS} logits_attention"),
    Mutant(f"{EXPLORE}/decoder.js", "squares / x.length + eps", "squares + eps", f"{SCRIPTS} logits_attention"),
    Mutant(f"{EXPLORE}/decoder.js", "z / (1 + Math.exp(-z))", "1 / (1 + Math.exp(-z))", f"{SCRIPTS} logits_attention"),
    Mutant(f"{EXPLORE}/gpt_worker.js", "    decoder.truncate(same);\n", "", f"{SCRIPTS} read_once"),
    Mutant(f"{EXPLORE}/gpt_worker.js", "if (latest !== id) return;", "", f"{SCRIPTS} given_up"),
    # a typed text in AttentionExplorer: heads before queries in the bytes, and a longer text than a trace may hold
    Mutant(
        f"{EXPLORE}/gpt_trace.js", "head * triangle + (t * (t + 1)) / 2", "head * triangle", f"{EXPLORER} course_gpt"
    ),
    Mutant(f"{EXPLORE}/gpt_trace.js", "ids.length > MOST", "false", f"{EXPLORER} course_gpt"),
    # the page
    Mutant(f"{EXPLORE}/gpt_loader.js", "adler32(bytes) !== description.sum", "false", f"{WIDGET} two_versions"),
    Mutant(
        f"{EXPLORE}/gpt_session.js",
        'uniform(get("seed"), get("generated").length)',
        'uniform(get("seed"), n)',
        f"{WIDGET} seed_draws",
    ),
    Mutant(f"{EXPLORE}/gpt_session.js", "      if (engine) engine.stop();\n", "", f"{WIDGET} taken_down"),
    Mutant(f"{EXPLORE}/gpt_attention.js", "(head + 1) * (t + 1)", "(head + 1) * t", f"{WIDGET} chips_are_shaded"),
    Mutant(
        f"{EXPLORE}/gpt_next.js", "drawn: nextDistribution(z, settings)", "drawn: softmax(z)", f"{WIDGET} random_states"
    ),
    Mutant(f"{EXPLORE}/gpt_lens.js", "order.indexOf(final) + 1", "order.indexOf(final)", f"{WIDGET} random_states"),
    Mutant(
        "book/assets/js/host.js", "        model.source = sources[div.dataset.widget];\n", "", f"{WIDGET} taken_down"
    ),
)
