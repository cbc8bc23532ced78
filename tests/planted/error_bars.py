"""Intervals, paired tests, the bootstrap, orders of models, pass@k, and the widget that shows them."""

from tests.planted import Mutant

EVALUATION, UNIT = "src/llmcourse/evaluation", "tests/unit/evaluation"
INTERVALS, PAIRED, PASSK = f"{EVALUATION}/intervals.py", f"{EVALUATION}/paired.py", f"{EVALUATION}/passk.py"
RESAMPLING, RANKING = f"{EVALUATION}/resampling.py", f"{EVALUATION}/ranking.py"
REDRAWING = f"{EVALUATION}/redrawing.py"
ORACLES = "tests/oracles/test_evaluation_statistics.py"
BINOMIAL, WIDGET_JS = "src/llmcourse/explore/binomial.js", "src/llmcourse/explore/error_bars.js"
BROWSER = "tests/site/test_widget_error_bars.py"

MUTANTS = (
    Mutant(INTERVALS, "middle = share + z**2 / (2 * n)", "middle = share", f"{UNIT}/test_intervals.py"),
    Mutant(INTERVALS, "special.betaincinv(k + 1, np", "special.betaincinv(k, np", f"{UNIT}/test_intervals.py"),
    Mutant(INTERVALS, "scores.std(ddof=1)", "scores.std()", f"{UNIT}/test_intervals.py"),
    Mutant(INTERVALS, "- np.bincount(place, deviation**2)", "", f"{UNIT}/test_intervals.py"),
    Mutant(INTERVALS, "(low <= p[:, None]) &", "(low < p[:, None]) &", f"{UNIT}/test_intervals.py"),
    Mutant(PAIRED, "standard_error(a - b), apart", "apart, apart", f"{UNIT}/test_paired.py"),
    Mutant(PAIRED, "min(1.0, 2 * stats.binom.cdf", "min(1.0, stats.binom.cdf", f"{UNIT}/test_paired.py"),
    Mutant(PAIRED, "max(0, abs(only_a - only_b) - 1)", "abs(only_a - only_b) - 1", f"{UNIT}/test_paired.py"),
    Mutant(PAIRED, "np.maximum.accumulate((p.size", "np.minimum.accumulate((p.size", f"{UNIT}/test_paired.py"),
    Mutant(PAIRED, "back[order] = values", "back[:] = values", f"{UNIT}/test_paired.py"),
    Mutant(PASSK, "if last - right >= k:", "if last - right > k:", f"{UNIT}/test_passk.py"),
    Mutant(PASSK, "np.arange(last - right + 1, last + 1)", "np.arange(last - right, last)", f"{UNIT}/test_passk.py"),
    Mutant(RESAMPLING, "(spread**2).sum() ** 1.5", "(spread**2).sum() ** 0.5", ORACLES),
    Mutant(RESAMPLING, "without.mean() - without", "without - without.mean()", f"{UNIT}/test_resampling.py"),
    Mutant(RESAMPLING, "(1 + hits) / (1 + draws)", "hits / draws", f"{UNIT}/test_resampling.py"),
    Mutant(RESAMPLING, "observed * (1 - 1e-12)", "observed", f"{UNIT}/test_resampling.py"),
    Mutant(RANKING, "(m + 1) // 2 - 1, m, share", "m // 2, m, share", f"{UNIT}/test_ranking.py"),
    Mutant(RANKING, "- (p_a - p_b) ** 2))", "))", f"{UNIT}/test_ranking.py"),
    Mutant(PAIRED, "(won[n > 0] / n[n > 0]).mean()", "won.sum() / n.sum()", f"{UNIT}/test_paired.py"),
    Mutant(
        REDRAWING, "(low <= truth) & (truth <= high)", "(low < truth) & (truth < high)", f"{UNIT}/test_redrawing.py"
    ),
    Mutant(
        REDRAWING,
        "np.repeat(np.arange(len(chosen))",
        "np.repeat(np.zeros(len(chosen), int)",
        f"{UNIT}/test_redrawing.py",
    ),
    Mutant(REDRAWING, "for own in rng.spawn(samples)", "for own in [rng] * samples", f"{UNIT}/test_redrawing.py"),
    # the widget
    Mutant(BINOMIAL, "below + weight >= tail", "below >= tail", f"{BROWSER} -k random_states"),
    Mutant(BINOMIAL, "fewer[m - 1] - r * short", "fewer[m - 1]", f"{BROWSER} -k random_states"),
    Mutant(BINOMIAL, "correlation * share + sum(alone) / n", "sum(alone) / n", f"{BROWSER} -k random_states"),
    Mutant(WIDGET_JS, "correlation: Math.min(correlation, most)", "correlation", f"{BROWSER} -k likeness"),
)
