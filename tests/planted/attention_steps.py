"""AttentionSteps: its numbers, what it highlights and says, how it is operated."""

from tests.planted import Mutant

HERE = "src/llmcourse/explore/attention_steps"
UNIT, SITE = "tests/unit/explore/test_attention_steps.py", "tests/site/test_widget_attention_steps.py"

MUTANTS = (
    Mutant(f"{HERE}.py", "k=1)", "k=0)", UNIT),
    Mutant(f"{HERE}.py", "np.sqrt(q.shape[1])", "np.sqrt(q.shape[0])", UNIT),
    Mutant(f"{HERE}_picture.py", '"weight": ([f"exp.{i}.{j}"]', '"weight": ([f"exp.{j}.{i}"]', UNIT),
    Mutant(f"{HERE}_picture.py", '"·" not in brief(x)', "True", UNIT),
    Mutant(f"{HERE}.js", "causal && j > i ?", "causal && j >= i ?", f"{SITE} -k random"),
    Mutant(f"{HERE}.js", "scaled ? z / root : z", "scaled ? z / q[0].length : z", f"{SITE} -k random"),
    Mutant(
        f"{HERE}.js", "masked.map((row) => softmax(row))", "divided.map((row) => softmax(row))", f"{SITE} -k random"
    ),
    Mutant(f"{HERE}.js", 'score: [row("q", i', 'score: [row("q", j', f"{SITE} -k sources"),
    Mutant(f"{HERE}.js", "Math.abs(x) > MOST", "Math.abs(x) > 100", f"{SITE} -k refused"),
    Mutant(f"{HERE}.js", "onfocus: choose", "", f"{SITE} -k keyboard"),
)
