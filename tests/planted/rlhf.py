"""Rewards, leashes, estimators of the divergence, policy gradients."""

from tests.planted import Mutant

HERE, UNIT = "src/llmcourse/alignment", "tests/unit/alignment"
OPTIMAL, REWARD = f"{UNIT}/test_optimal.py", f"{UNIT}/test_reward.py"
LEASH, WIDGET = "src/llmcourse/explore/kl_leash", "tests/site/test_widget_kl_leash.py -k"
KL, PPO, TOY = f"{UNIT}/test_kl.py", f"{UNIT}/test_ppo.py", f"{UNIT}/test_ppo_toy.py"

MUTANTS = (
    # the optimum: β on the wrong side; the peak of an impossible response; ties given to the first
    Mutant(f"{HERE}/optimal.py", "0.0) / beta", "0.0) * beta", OPTIMAL),
    Mutant(
        f"{HERE}/optimal.py",
        "    return np.where(reference > 0, reward, -np.inf).max(axis=-1, keepdims=True)",
        "    return reward.max(axis=-1, keepdims=True)",
        OPTIMAL,
    ),
    Mutant(f"{HERE}/optimal.py", "inside * at_level[place]", "at_level[place]", OPTIMAL),
    Mutant(f"{HERE}/optimal.py", "math.log(n) - (n - 1) / n", "math.log(n) - (n - 1) / (n + 1)", OPTIMAL),
    # the reward model: margin on the wrong side, ties without a half, a ridge that is twice itself
    Mutant(f"{HERE}/reward.py", "lead = lead - margin", "lead = lead + margin", REWARD),
    Mutant(f"{HERE}/reward.py", "(first + second) / 2 + log_ties", "(first + second) + log_ties", REWARD),
    Mutant(
        f"{HERE}/reward.py",
        "surprise + ridge * reward",
        "surprise + 2 * ridge * reward",
        "tests/oracles/test_rlhf_oracles.py",
    ),
    # the estimators: the direction reversed, a half forgotten
    Mutant(f"{HERE}/kl.py", "log_ratio = logq - logp", "log_ratio = logp - logq", KL),
    Mutant(f"{HERE}/kl.py", ".square() / 2", ".square()", KL),
    # policy gradient: the largest instead of the smallest, the trace not discounted, the penalty with a gradient
    Mutant(f"{HERE}/ppo.py", "-torch.minimum(", "-torch.maximum(", PPO),
    Mutant(f"{HERE}/ppo.py", "    check_same_shape(**batches)\n", "", PPO),
    Mutant(f"{HERE}/reward.py", "    check_same_shape(first=first, second=second)\n", "", REWARD),
    Mutant(f"{HERE}/ppo.py", "discount * trace * running", "trace * running", PPO),
    Mutant(f"{HERE}/ppo.py", "-beta * (logp.detach() - reference_logp)", "-beta * (logp - reference_logp)", PPO),
    Mutant(f"{HERE}/ppo.py", "rewards[:, -1] += reward", "rewards[:, 0] += reward", TOY),
    # the toy: draws taken from the reference, positions counted from the wrong end, a rate that always falls,
    # gradients off for the reader
    Mutant(f"{HERE}/ppo_toy.py", "multinomial(policy.dist", "multinomial(reference.dist", TOY),
    Mutant(f"{HERE}/ppo_toy.py", "self.vocab ** (self.length - t)", "self.vocab ** (self.length - 1 - t)", TOY),
    Mutant(f"{HERE}/ppo_toy.py", " if decay else rate", "", TOY),
    Mutant(f"{HERE}/ppo_toy.py", "        yield record", "            yield record", TOY),
    # the widget: β on the wrong side, the best of equal leashes, what its picture shows, what a drag puts back
    Mutant(f"{LEASH}.js", "reward[i] - highest, 0) / beta", "reward[i] - highest, 0) * beta", f"{WIDGET} random"),
    Mutant(f"{LEASH}.js", "mean(p, gold)", "mean(p, proxy)", f"{WIDGET} random"),
    Mutant(f"{LEASH}.js", "reference[i] > 0));\n  const kept", "true));\n  const kept", f"{WIDGET} random"),
    Mutant(
        f"{LEASH}_picture.py",
        "zip(path.kl, gold, strict=True)",
        "zip(path.kl, path.reward, strict=True)",
        f"{WIDGET} plots",
    ),
    Mutant(f"{LEASH}.js", "if (drag[trait]) update(model", "if (false) update(model", f"{WIDGET} finger"),
    Mutant(f"{LEASH}.py", "10 ** (place / 20)", "10 ** (place / 10)", "tests/unit/explore/test_kl_leash.py"),
)
