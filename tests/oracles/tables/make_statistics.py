"""Make statistics.json with statsmodels, which the course itself does not need.

python -m venv venv && venv/bin/pip install statsmodels==0.15.0
venv/bin/python tests/oracles/tables/make_statistics.py
"""

import json
from pathlib import Path


def main() -> None:
    """Intervals of shares and means, clustered errors, McNemar's tests and adjusted p-values, on made-up inputs."""
    import numpy as np
    import statsmodels
    import statsmodels.api as sm
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import proportion_confint
    from statsmodels.stats.weightstats import DescrStatsW

    rng = np.random.default_rng(0)
    table: dict = {"command": "python tests/oracles/tables/make_statistics.py", "statsmodels": statsmodels.__version__}
    methods = {"wald": "normal", "wilson": "wilson", "clopper_pearson": "beta"}
    table["shares"] = [
        {"k": k, "n": n, "level": level}
        | {ours: list(map(float, proportion_confint(k, n, 1 - level, theirs))) for ours, theirs in methods.items()}
        for k, n, level in [(0, 7, 0.95), (7, 7, 0.9), (3, 11, 0.99), (80, 100, 0.95), (1, 400, 0.8), (555, 1000, 0.95)]
    ]
    scores, cluster = rng.normal(size=40).round(3), rng.integers(0, 9, size=40)
    fit = sm.OLS(scores, np.ones(40)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}, use_t=False
    )
    table["means"] = {
        "scores": scores.tolist(),
        "cluster": cluster.tolist(),
        "normal_90": list(map(float, DescrStatsW(scores).zconfint_mean(0.1))),
        "t_90": list(map(float, DescrStatsW(scores).tconfint_mean(0.1))),
        "sandwich_error": float(fit.bse[0]),
    }
    table["mcnemar"] = []
    for both, b, c, neither in [(794, 150, 86, 570), (5, 9, 2, 4), (5, 6, 6, 4), (0, 0, 5, 0), (40, 3, 17, 90)]:
        row: dict = {"b": b, "c": c}
        for how, options in {
            "exact": {"exact": True},
            "plain": {"exact": False, "correction": False},
            "corrected": {"exact": False, "correction": True},
        }.items():
            found = mcnemar([[both, b], [c, neither]], **options)
            row[how] = [float(found.statistic), float(found.pvalue)]
        table["mcnemar"].append(row)
    table["adjusted"] = []
    for p in (rng.beta(0.3, 1, size=15), np.array([0.04, 0.01, 0.01, 0.9]), np.array([0.2])):
        methods = {"bonferroni": "bonferroni", "holm": "holm", "benjamini_hochberg": "fdr_bh"}
        row = {ours: multipletests(p, method=theirs)[1].tolist() for ours, theirs in methods.items()}
        table["adjusted"].append({"p": p.tolist()} | row)
    Path(__file__).with_name("statistics.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
