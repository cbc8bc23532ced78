"""Positions as samples of waves, page 5.4's exercises."""

from tests.planted import Mutant

WAVES = "src/llmcourse/transformer/fourier.py"
TESTS = "tests/unit/transformer/test_fourier.py"

MUTANTS = (
    Mutant(WAVES, "torch.complex(a, b) * torch.complex(c, -d)", "torch.complex(a, -b) * torch.complex(c, d)", TESTS),
    Mutant(WAVES, "product.abs() / math.sqrt(width)", "product.abs() / math.sqrt(width / 2)", TESTS),
    Mutant(WAVES, "torch.minimum(turn, 2 * math.pi - turn)", "torch.minimum(turn, (math.pi - turn).abs())", TESTS),
    Mutant(WAVES, "((waves + 0.5) * x).sin()", "(waves * x).sin()", TESTS),
    Mutant(WAVES, "torch.remainder(angle + math.pi, 2 * math.pi) - math.pi  #", "angle  #", TESTS),
    Mutant(WAVES, "(offsets.log() + euler)", "(offsets.log() - euler)", TESTS),
)
