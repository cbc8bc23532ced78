"""Kernels and linear attention."""

from tests.planted import Mutant

FILE = "src/llmcourse/transformer/linear_attention.py"
TESTS = "tests/unit/transformer/test_linear_attention.py"

MUTANTS = (
    Mutant(FILE, "lengths * basis.mT", "basis.mT", TESTS),
    Mutant(FILE, "basis = basis * upper.diagonal().sign()", "basis = basis", f"{TESTS} -k as_long_as_normal"),
    Mutant(FILE, ".mT - half_square).exp()", ".mT + half_square).exp()", TESTS),
    Mutant(FILE, "(2 * bandwidth**2)", "bandwidth**2", TESTS),
    Mutant(FILE, "weights = kernel if mask is None else kernel * mask", "weights = kernel", TESTS),
    Mutant(FILE, "        total = total + phi_k[..., t, :]\n", "        total = phi_k[..., t, :]\n", TESTS),
    Mutant(FILE, "return F.elu(x) + 1", "return F.elu(x)", TESTS),
)
