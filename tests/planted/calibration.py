"""Calibration and the harness: an edge in the wrong bin, a bias left in, a sign, a store that asks too little."""

from tests.planted import Mutant

BUGS = (
    ("calibration", "np.searchsorted(edges[1:-1], q)", 'np.searchsorted(edges[1:-1], q, "right")'),
    ("calibration", "(totals**2 - squares)", "totals**2"),
    ("calibration", "q_inside**2 - 2 * q_inside", "q_inside**2 - q_inside"),
    ("proper", "np.where(happened == 1, q, 1 - q)", "np.where(happened == 0, q, 1 - q)"),
    ("proper", ".sum(axis=-1).mean()", ".mean()"),
    ("temperature", "float(1 / root.root)", "float(root.root)"),
    ("temperature", "softmax(beta * z)", "softmax(z)"),
    ("harness", "json.dumps([model, asdict(request)])", "json.dumps([model, request.context])"),
    ("harness", "file.truncate(whole)", "pass"),
    ("harness", "if given != wanted:", "if False:"),
    ("harness", "len(c.strip().encode())", "len(c.encode())"),
    ("prompts", "(question.answer + by) % 4", "(question.answer - by) % 4"),
    ("reader", "self._cache.truncate(len(context))", "pass"),
    ("reader", "min(same, len(tokens) - 1)", "same"),
    ("questions", "if item.topic in topics", "if item.topic not in topics"),
)

VIEW = "tests/site/test_widget_calibration_explorer.py -k random"
VIEW_BUGS = (
    ("calibration.js", "edge < x", "edge <= x"),
    ("calibration.js", "(x * x - squares[m])", "(x * x)"),
    (
        "calibration_explorer.js",
        "z.indexOf(Math.max(...z)) === answer[i]",
        "z.lastIndexOf(Math.min(...z)) === answer[i]",
    ),
)

MUTANTS = tuple(
    Mutant(f"src/llmcourse/evaluation/{name}.py", old, new, f"tests/unit/evaluation/test_{name}.py")
    for name, old, new in BUGS
)
MUTANTS += tuple(Mutant(f"src/llmcourse/explore/{name}", old, new, VIEW) for name, old, new in VIEW_BUGS)
