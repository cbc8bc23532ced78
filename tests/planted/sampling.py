"""The filters between logits and the drawn token, and the derivative of softmax."""

from tests.planted import Mutant

SAMPLING = "src/llmcourse/inference/sampling.py"
SOFTMAX = "src/llmcourse/language/softmax.py"
UNIT = "tests/unit/inference/test_sampling.py"
WIDGET_JS = "src/llmcourse/explore/softmax_temperature.js"
FILTERS_JS = "src/llmcourse/explore/sampling.js"
WIDGET = "tests/site/test_widget_softmax_temperature.py"
WIDGET_PY = "tests/unit/explore/test_softmax_temperature.py"
ORACLES = "tests/oracles/test_sampling_oracles.py"

MUTANTS = (
    Mutant(SAMPLING, "p >= smallest", "p > smallest", UNIT),
    Mutant(SAMPLING, "np.partition(p, -k, axis=-1)", "np.partition(p, -k, axis=0)", UNIT),
    Mutant(SAMPLING, "stays = tail > 1 - mass", "stays = tail - ranked > 1 - mass", UNIT),
    Mutant(SAMPLING, "stays[..., 0] = True", "stays[..., 0] = stays[..., 0]", UNIT),
    Mutant(
        SAMPLING, 'np.argsort(-p, axis=-1, kind="stable")', 'np.argsort(-p, axis=-1, kind="stable")[..., ::-1]', UNIT
    ),
    Mutant(SAMPLING, "p >= share * p.max(axis=-1, keepdims=True)", "p >= share * p.max()", UNIT),
    Mutant(SAMPLING, "p >= share * p.max", "p > share * p.max", UNIT),
    Mutant(SAMPLING, "entropy(p)[..., None]", "2 ** entropy(p)[..., None]", UNIT),
    Mutant(SAMPLING, "return normalize(np.where(keep, p, 0))", "return np.where(keep, p, 0)", UNIT),
    Mutant(SAMPLING, '(("top_k", top_k), ("top_p", top_p)', '(("top_p", top_p), ("top_k", top_k)', UNIT),
    Mutant(SAMPLING, '("top_p", top_p), ("min_p", min_p))', '("min_p", min_p), ("top_p", top_p))', UNIT),
    Mutant(SAMPLING, "np.where(filtered == 0, p, 0)", "np.where(filtered == 0, 0, p)", UNIT),
    Mutant(SAMPLING, "pushed / penalty, pushed * penalty", "pushed / penalty, pushed / penalty", UNIT),
    # the widget
    Mutant(FILTERS_JS, "tail > 1 - mass", "tail >= mass", f"{WIDGET} -k filters_of_the_page"),
    Mutant(
        FILTERS_JS,
        "p.map((x) => (x >= smallest ? 1 : 0))",
        "p.map((x, i) => (i < k ? 1 : 0))",
        f"{WIDGET} -k filters_of",
    ),
    Mutant(
        WIDGET_JS,
        "if (edges[middle] / total > u) high",
        "if (edges[middle] / total > 1 - u) high",
        f"{WIDGET} -k menu_rows",
    ),
    Mutant(WIDGET_JS, "level -= (byte % 128) * place;", "level -= byte % 128;", f"{WIDGET} -k twins_give"),
    Mutant(
        WIDGET_JS,
        "const tail = (values) => sum(values.slice(names.length));",
        "const tail = (values) => sum(values.slice(names.length, 50));",
        f"{WIDGET} -k whole_vocabulary",
    ),
    Mutant("src/llmcourse/explore/softmax_prompts.py", "<< (7 * place)", "<< (8 * place)", f"{WIDGET_PY} -k wide_gap"),
    Mutant(
        "src/llmcourse/explore/softmax_temperature.py",
        'settings: dict[str, Any] = {"top_k": self.top_k or None, "min_p": self.min_p or None}',
        'settings: dict[str, Any] = {"top_k": self.top_k or None, "min_p": None}',
        f"{WIDGET_PY} -k leave_a_filter_out",
    ),
    # the derivative
    Mutant(SOFTMAX, "p[..., :, None] * (np.eye", "p[..., None, :] * (np.eye", ORACLES),
    Mutant(SOFTMAX, "(np.eye(p.shape[-1]) - p[..., None, :])", "(1 - p[..., None, :])", ORACLES),
)
