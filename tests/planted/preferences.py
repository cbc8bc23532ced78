"""The DPO loss and its relatives."""

from tests.planted import Mutant

DPO = "src/llmcourse/alignment/dpo.py"
DPO_TESTS = "tests/unit/alignment/test_dpo.py"
RELATIVES = "src/llmcourse/alignment/preferences.py"
RELATIVES_TESTS = "tests/unit/alignment/test_preferences.py"

MUTANTS = (
    Mutant(DPO, "counted = is_response[:, 1:]", "counted = is_response[:, :-1]", DPO_TESTS),
    Mutant(DPO, "masked_fill(~counted, 0.0).sum(dim=1)", "masked_fill(~counted, 0.0).mean(dim=1)", DPO_TESTS),
    Mutant(DPO, "return beta * torch.sigmoid(-margin)", "return beta * torch.sigmoid(margin)", DPO_TESTS),
    Mutant(DPO, "torch.sign(margin) / 2 + 0.5", "(margin > 0).to(margin.dtype)", DPO_TESTS),
    Mutant(RELATIVES, "1 / (2 * tau)", "1 / tau", RELATIVES_TESTS),
    Mutant(RELATIVES, "torch.log(-torch.expm1(mean_logprob))", "torch.log(1 - mean_logprob.exp())", RELATIVES_TESTS),
    Mutant(RELATIVES, "log_ratio.detach().mean().clamp(min=0)", "log_ratio.detach().mean()", RELATIVES_TESTS),
    Mutant(RELATIVES, "(1 - flipped) * kept", "kept", RELATIVES_TESTS),
)
