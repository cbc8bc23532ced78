"""Rotary positions and their scalings, the rotary widget, page 5.3's exercises."""

from tests.planted import Mutant

ROTARY, SCALING = "src/llmcourse/transformer/rotary.py", "src/llmcourse/transformer/rope_scaling.py"
UNIT, ORACLES = "tests/unit/transformer", "tests/oracles/test_rotary_oracles.py"
TURNS = f"{UNIT}/test_rotary.py {ORACLES}"
CLOCKS = f"{UNIT}/test_rope_scaling.py {ORACLES}"
READING = "src/llmcourse/inference/reading.py"
SURPRISES = "tests/unit/inference/test_reading.py"
WIDGET = "tests/unit/explore/test_rotary.py"
BROWSER = "tests/site/test_widget_rotary.py"
EXPLORE = "src/llmcourse/explore"

MUTANTS = (
    Mutant(ROTARY, "single.unflatten(-1, (-1, 2))", "single.unflatten(-1, (2, -1)).mT", TURNS),
    Mutant(ROTARY, "torch.cat((z.real, z.imag), dim=-1)", "torch.stack((z.real, z.imag), dim=-1).flatten(-2)", TURNS),
    Mutant(ROTARY, "positions[..., None] * theta", "positions[..., None].float() * theta.float()", TURNS),
    Mutant(ROTARY, "* theta.to(positions.device)", "% 4096 * theta.to(positions.device)", TURNS),
    Mutant(ROTARY, "1.0 if scaling is None else scaling.attention_factor", "1.0", TURNS),
    Mutant(ROTARY, '(heads, -1, 2) if to == "half" else (heads, 2, -1)', "(heads, 2, -1)", TURNS),
    Mutant(ROTARY, "unflatten(0, pair_axes)", "unflatten(0, (pair_axes[1], heads, pair_axes[2]))", TURNS),
    Mutant(SCALING, "dtype=torch.float64) / width)", "dtype=torch.float64) / (width - 2))", f"{TURNS} {CLOCKS}"),
    Mutant(SCALING, "(width / (width - 2))", "1.0", CLOCKS),
    Mutant(SCALING, "math.floor(index(self.fast))", "math.ceil(index(self.fast))", CLOCKS),
    Mutant(
        SCALING, "(1 - kept) * theta / self.factor + kept * theta", "theta / (kept + (1 - kept) * self.factor)", CLOCKS
    ),
    Mutant(SCALING, "0.1 * math.log(self.factor) + 1 if", "(0.1 * math.log(self.factor) + 1) ** 2 if", CLOCKS),
    Mutant(SCALING, "(turns - self.slow) / (self.fast - self.slow)", "turns / self.fast", CLOCKS),
    Mutant(SCALING, "- (factor - 1), 1.0)", ", 1.0)", CLOCKS),
    Mutant(SCALING, "if not 1 <= factor < math.inf:", "if factor < 1:", CLOCKS),
    Mutant(READING, "start + 1 : stop + 1", "start:stop", SURPRISES),
    Mutant(READING, "of_next[max(0, skip - start) :]", "of_next", SURPRISES),
    Mutant(READING, "/ math.log(2)", "", SURPRISES),
    Mutant(f"{EXPLORE}/rotary.py", "/ math.sqrt(len(self.key))", "", WIDGET),
    Mutant(f"{EXPLORE}/rotary.py", "(self.position + self.offset) * theta", "self.position * theta", BROWSER),
    Mutant(f"{EXPLORE}/rotary.js", "(b * c - a * d) / root", "(a * d - b * c) / root", BROWSER),
    Mutant(f"{EXPLORE}/rotary.js", "(width / (width - 2))", "1", BROWSER),
    Mutant(f"{EXPLORE}/rotary.js", "sharpening: (0.1 * Math.log(factor) + 1) ** 2", "sharpening: 1", BROWSER),
)
