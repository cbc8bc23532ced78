"""What a model costs, the laws of size and data, and fitting them."""

from tests.planted import Mutant

LEARNING, UNIT, ORACLES = "src/llmcourse/learning", "tests/unit/learning", "tests/oracles"
COST = f"{UNIT}/test_cost.py {ORACLES}/test_cost_oracles.py"
MEMORY = f"{UNIT}/test_memory.py {ORACLES}/test_cost_oracles.py"
LAW = f"{UNIT}/test_scaling.py"
FIT = f"{UNIT}/test_scaling_fit.py"
ISOFLOP = f"{UNIT}/test_isoflop.py"
PUBLISHED = f"{ORACLES}/test_scaling_published.py"

MUTANTS = (
    Mutant(f"{LEARNING}/cost.py", "(2 * c.layers + 1) * of_norm", "2 * c.layers * of_norm", COST),
    Mutant(f"{LEARNING}/cost.py", "2 * c.width * (c.width + kv_width)", "4 * c.width**2", COST),
    Mutant(f"{LEARNING}/cost.py", "tokens * (tokens + 1) // 2", "tokens**2 // 2", COST),
    Mutant(f"{LEARNING}/cost.py", "head=2 * c.vocab * c.width * tokens", "head=2 * n.head * tokens", COST),
    Mutant(f"{LEARNING}/cost.py", "scores=4 * c.layers", "scores=2 * c.layers", COST),
    Mutant(f"{LEARNING}/memory.py", "for first in (3, 2, 1)]", "for first in (1, 2, 3)]", MEMORY),
    Mutant(f"{LEARNING}/memory.py", "whole = 10 / t if sequence_parallel else 10.0", "whole = 10.0", MEMORY),
    Mutant(f"{LEARNING}/memory.py", "config.groups * config.head_width", "config.width", MEMORY),
    Mutant(f"{LEARNING}/scaling.py", "self.data_exponent / (self.size", "self.size_exponent / (self.size", LAW),
    Mutant(f"{LEARNING}/scaling.py", "compute / (6 * parameters))", "compute / parameters)", LAW),
    Mutant(f"{LEARNING}/scaling.py", "return 3 * data * math.expm1", "return 6 * data * math.expm1", LAW),
    Mutant(f"{LEARNING}/scaling.py", "0.33917084, 0.2849083)", "0.34, 0.28)", PUBLISHED),
    Mutant(f"{LEARNING}/kaplan.py", "(n.exponent / d.exponent)", "(d.exponent / n.exponent)", LAW),
    Mutant(f"{LEARNING}/scaling_fit.py", "-slope[1] @ self.x", "slope[1] @ self.x", FIT),
    Mutant(f"{LEARNING}/scaling_fit.py", "np.clip(r, -1, 1)", "r", f"{FIT} {PUBLISHED}"),
    Mutant(f"{LEARNING}/scaling_fit.py", "np.exp(b + beta * y.mean())", "np.exp(b - beta * y.mean())", FIT),
    Mutant(f"{LEARNING}/scaling_fit.py", "rng.integers(len(runs), size=len(runs))", "rng.permutation(len(runs))", FIT),
    Mutant(f"{LEARNING}/scaling_fit.py", "predicted * np.exp(rng.choice(r, size=predicted.size))", "predicted", FIT),
    Mutant(f"{LEARNING}/isoflop.py", "slope / (2 * square)))", "slope / square))", ISOFLOP),
    Mutant(f"{LEARNING}/isoflop.py", "if not sizes[0] <= best <= sizes[-1]:", "if not best > 0:", ISOFLOP),
    Mutant(f"{LEARNING}/isoflop.py", "left @ left / (x.size - 2)", "left @ left / x.size", ISOFLOP),
    Mutant(f"{LEARNING}/isoflop.py", "stdtrit(self.count - 2,", "stdtrit(self.count,", ISOFLOP),
)  # fmt: skip
