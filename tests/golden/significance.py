"""Intervals and tests of small samples by SciPy and statsmodels.

Usage: python3 significance.py      writes significance.json beside this file (SciPy 1.13 or later, statsmodels)
"""
import json
import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

PAIRS = [
    ([81.2, 79.9, 80.4, 82.1, 80.8], [82.0, 81.1, 80.9, 82.2, 82.5]),
    ([55.25, 61.5], [50.75, 60.25]),
    ([70.1, 72.3, 69.9], [70.1, 71.0, 70.4]),  # a difference of zero
    ([10.0, 20.0, 30.0, 40.0, 50.0, 60.0], [11.5, 18.5, 31.5, 43.0, 48.5, 62.0]),  # differences of equal size
    ([0.1 * i * i for i in range(12)], [0.1 * i * i + 0.013 * (i - 3) ** 3 for i in range(12)]),
]
PS = [[0.01], [0.04, 0.01, 0.03], [0.2, 0.001, 0.02, 0.02, 0.9], [0.6, 0.7]]


def pair(first, second):
    first, second = np.array(first), np.array(second)
    difference = second - first
    test = stats.ttest_rel(second, first)
    # All signs of the differences, which takes ties and zeros.
    ranks = stats.wilcoxon(np.round(difference, 9), zero_method="wilcox",
                           method=stats.PermutationMethod(n_resamples=10**6))
    low, high = test.confidence_interval(0.95)
    return {"first": first.tolist(), "second": second.tolist(), "mean": difference.mean(),
            "half_width": (high - low) / 2, "t": test.statistic, "p": test.pvalue, "p_ranks": ranks.pvalue}


golden = {"pairs": [pair(*p) for p in PAIRS],
          "holm": [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in PS]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, indent=1) + "\n")
