"""The DPO loss and its relatives."""

from tests.planted import Mutant

DPO = "src/llmcourse/alignment/dpo.py"
DPO_TESTS = "tests/unit/alignment/test_dpo.py"
RELATIVES = "src/llmcourse/alignment/preferences.py"
RELATIVES_TESTS = "tests/unit/alignment/test_preferences.py"
TOY = "src/llmcourse/alignment/preference_toy.py"
TOY_TESTS = "tests/unit/alignment/test_preference_toy.py"
TRAINING = "src/llmcourse/alignment/dpo_training.py"
TRAINING_TESTS = "tests/unit/alignment/test_dpo_training.py"
LAB_JS = "src/llmcourse/explore/preference_lab.js"
LAB_PY = "src/llmcourse/explore/preference_lab.py"
LAB = "tests/site/test_widget_preference_lab.py"

MUTANTS = (
    Mutant(DPO, "counted = is_response[:, 1:]", "counted = is_response[:, :-1]", DPO_TESTS),
    Mutant(DPO, "masked_fill(~counted, 0.0).sum(dim=1)", "masked_fill(~counted, 0.0).mean(dim=1)", DPO_TESTS),
    Mutant(DPO, "return beta * torch.sigmoid(-margin)", "return beta * torch.sigmoid(margin)", DPO_TESTS),
    Mutant(DPO, "torch.sign(margin) / 2 + 0.5", "(margin > 0).to(margin.dtype)", DPO_TESTS),
    Mutant(RELATIVES, "1 / (2 * tau)", "1 / tau", RELATIVES_TESTS),
    Mutant(RELATIVES, "torch.log(-torch.expm1(mean_logprob))", "torch.log(1 - mean_logprob.exp())", RELATIVES_TESTS),
    Mutant(RELATIVES, "log_ratio.detach().mean().clamp(min=0)", "log_ratio.detach().mean()", RELATIVES_TESTS),
    Mutant(RELATIVES, "(1 - flipped) * kept", "kept", RELATIVES_TESTS),
    Mutant(TOY, "ratio[:, None] - ratio[None, :]", "ratio[None, :] - ratio[:, None]", TOY_TESTS),
    Mutant(TOY, "weight = others if drawn is None", "weight = others if True", TOY_TESTS),
    Mutant(TRAINING, "win, lose = torch.cat(found, dim=1)", "lose, win = torch.cat(found, dim=1)", TRAINING_TESTS),
    # the widget
    Mutant(LAB_JS, "win: (1 - pull / Math.expm1(win))", "win: (1 + pull / Math.expm1(win))", f"{LAB} -k random_states"),
    Mutant(LAB_JS, "const u = -beta * (delta_lose - z0);", "const u = -beta * (delta_lose + z0);", f"{LAB} -k random"),
    Mutant(LAB_JS, "4 * beta * beta * value", "2 * beta * beta * value", f"{LAB} -k curves_and_dots"),
    Mutant(LAB_PY, "0.0 - up", "up", "tests/unit/explore/test_preference_lab.py"),
)
