"""Sinusoidal positions, T5's buckets, ALiBi, the model that fills gaps, the explorer of the table."""

from tests.planted import Mutant

TRANSFORMER, UNIT = "src/llmcourse/transformer", "tests/unit/transformer"
POSITIONS, RELATIVE = f"{TRANSFORMER}/positions.py", f"{TRANSFORMER}/relative.py"
GAP, FILLING = f"{TRANSFORMER}/gap_model.py", f"{UNIT}/test_gap_model.py"
EXPLORER, PICTURE = "src/llmcourse/explore/position.js", "src/llmcourse/explore/position_picture.py"
BROWSER = "tests/site/test_widget_position.py"
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
    Mutant(GAP, "tokens.scatter(1, hidden[:, None], self.gap)", "tokens", FILLING),
    Mutant(GAP, "self.words(tokens) + self.positions", "self.words(tokens)", FILLING),
    Mutant(GAP, "requires_grad=learned", "requires_grad=True", FILLING),
    Mutant(GAP, "len(text) - size + 1, (count,)", "len(text) - size, (count,)", FILLING),
    Mutant(EXPLORER, "base ** ((-2 * i) / width)", "base ** (-i / width)", BROWSER),
    Mutant(EXPLORER, "if (cosine > best.cosine)", "if (cosine < best.cosine)", BROWSER),
    Mutant(EXPLORER, 'Math.min(model.get("dimension"), width - 1)', 'model.get("dimension")', BROWSER),
    Mutant(EXPLORER, "points: range(-position, length - 1 - position)", "points: range(0, length - 1)", BROWSER),
    Mutant(PICTURE, "- widget.position, m)", ", m)", BROWSER),
)
