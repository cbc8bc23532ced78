"""Sinusoidal positions, T5's buckets, ALiBi."""

from tests.planted import Mutant

TRANSFORMER, UNIT = "src/llmcourse/transformer", "tests/unit/transformer"
POSITIONS, RELATIVE = f"{TRANSFORMER}/positions.py", f"{TRANSFORMER}/relative.py"
SINUSOIDS, BIASES = f"{UNIT}/test_positions.py", f"{UNIT}/test_relative.py"

MUTANTS = (
    Mutant(POSITIONS, "(angle.sin(), angle.cos())", "(angle.cos(), angle.sin())", SINUSOIDS),
    Mutant(POSITIONS, "dim=-1).flatten(-2).to(dtype)", "dim=-2).flatten(-2).to(dtype)", SINUSOIDS),
    Mutant(POSITIONS, "positions.double()[:, None]", "positions.float()[:, None]", SINUSOIDS),
    Mutant(POSITIONS, "torch.stack((-sin, cos), dim=-1)", "torch.stack((sin, cos), dim=-1)", SINUSOIDS),
    Mutant(
        POSITIONS, "(offsets.double()[:, None] * omega).cos()", "(offsets.double()[:, None] * omega).sin()", SINUSOIDS
    ),
    Mutant(POSITIONS, "return 2 * math.pi / clock", "return math.pi / clock", SINUSOIDS),
    Mutant(POSITIONS, "width < 2 or width % 2", "width < 0", SINUSOIDS),
    Mutant(RELATIVE, "rows * (offsets > 0).long()", "rows * (offsets < 0).long()", BIASES),
    Mutant(RELATIVE, "(rows - exact) + 1e-9)", "(rows - exact))", BIASES),
    Mutant(RELATIVE, ".clamp(max=rows - 1)", "", BIASES),
    Mutant(RELATIVE, "exact = rows // 2", "exact = buckets // 2", BIASES),
    Mutant(RELATIVE, "torch.arange(keys - queries, keys)", "torch.arange(queries)", BIASES),
    Mutant(RELATIVE, "2 * power + 1, 2, dtype", "power + 1, dtype", BIASES),
    Mutant(RELATIVE, "return -alibi_slopes(heads)", "return alibi_slopes(heads)", BIASES),
)
