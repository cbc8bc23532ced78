"""The scaling widget: its mathematics in JavaScript, its laws and models, what it says of both."""

from tests.planted import Mutant

EXPLORE = "src/llmcourse/explore"
UNIT, BROWSER = "tests/unit/explore/test_scaling_explorer.py", "tests/site/test_widget_scaling_explorer.py"
PUBLISHED = "tests/oracles/test_scaling_allocations_published.py"

MUTANTS = (
    Mutant(f"{EXPLORE}/scaling.js", "((alpha * law.A) / (beta * law.B))", "(law.A / law.B)", BROWSER),
    Mutant(f"{EXPLORE}/scaling.js", "6 * one.d + 2 * served", "6 * one.d + 6 * served", BROWSER),
    Mutant(f"{EXPLORE}/scaling.js", "i < 64", "i < 20", BROWSER),
    Mutant(f"{EXPLORE}/scaling.js", "c / law.unit)) ** law.loss[1]", "c)) ** law.loss[1]", BROWSER),
    Mutant(f"{EXPLORE}/scaling_explorer.js", "< 0.05;", "< 0.5;", BROWSER),
    Mutant(f"{EXPLORE}/scaling_explorer.js", "budget: 6 * one.n * one.d }", "budget: one.n * one.d }", BROWSER),
    Mutant(f"{EXPLORE}/scaling_explorer.js", "<= at[name] && at[name] <=", "<= at[name] || at[name] <=", BROWSER),
    Mutant(f"{EXPLORE}/scaling_explorer.py", "cheapest_for(loss, served=self.served)", "cheapest_for(loss)", UNIT),
    Mutant(f"{EXPLORE}/scaling_explorer.py", "n * (6 * d + 2 * self.served)", "6 * n * d", UNIT),
    Mutant(f"{EXPLORE}/scaling_explorer.py", "compute / shown.law.compute_for(loss)", "compute / self.budget", UNIT),
    Mutant(f"{EXPLORE}/scaling_explorer_words.py", 'return "none" if x < 0 else', "return", UNIT),
    Mutant(f"{EXPLORE}/scaling_explorer_plots.py", "one is model or one.loss is not None", "one is model", UNIT),
    Mutant(f"{EXPLORE}/scaling_laws.py", "low <= place[name] <= high", "low < place[name] < high", UNIT),
    Mutant(
        f"{EXPLORE}/scaling_laws.py", "Allocation(67e9, 0.49, 6.88e23)", "Allocation(67e9, 0.51, 6.88e23)", PUBLISHED
    ),
    Mutant(f"{EXPLORE}/scaling_laws.py", "1 - 0.537", "0.537", PUBLISHED),
    Mutant(f"{EXPLORE}/scaling_models.py", "280e9, 300e9", "280e9, 1.4e12", PUBLISHED),
    Mutant("src/llmcourse/learning/scaling.py", "return 3 * tokens * math.expm1", "return tokens * math.expm1", UNIT),
)
