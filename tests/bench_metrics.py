"""Benchmark of the resampled statistics: 2,000 patient bootstraps of every metric for five predictors of 2,000 visits.

`python -m tests.bench_metrics`, about half a minute. The aim is 30 s on two cores.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomenet.metrics.agreement import Disagreement, grade_counts, kappa_of_counts
from outcomenet.metrics.discrimination import average_precision, harrell_c, uno_c, weighted_auroc
from outcomenet.metrics.regression import calibration_intercept, calibration_slope, mae, r2
from outcomenet.metrics.resampling import bootstrap_weights
from outcomenet.metrics.risk import brier, risk_calibration_intercept, risk_calibration_slope

ROWS = 2000
RESAMPLES = 2000
PREDICTORS = 5
OF_SCORES = {
    "r2": r2,
    "mae": mae,
    "calibration slope of a score": calibration_slope,
    "calibration intercept of a score": calibration_intercept,
}
OF_RISKS = {
    "auroc": weighted_auroc,
    "average precision": average_precision,
    "brier": brier,
    "calibration slope of a risk": risk_calibration_slope,
    "calibration intercept of a risk": risk_calibration_intercept,
}


def bench_statistics() -> None:
    """Seconds of each metric over all predictors, and what limits the sum."""
    rng = np.random.default_rng(0)
    patients = pd.Series([f"p{row // 2}" for row in range(ROWS)])
    score = rng.normal(size=ROWS)
    predicted = [0.6 * score + rng.normal(0, 0.6, ROWS) for _ in range(PREDICTORS)]
    event = (rng.random(ROWS) < expit(score - 1)).astype(float)
    followed = rng.exponential(400 * np.exp(-score))
    began = time.perf_counter()
    weights = bootstrap_weights(patients, RESAMPLES, seed=0)
    spent = {"drawing patients": time.perf_counter() - began}
    for name, metric in OF_SCORES.items():
        spent[name] = _seconds([partial(metric, score, p, weights) for p in predicted])
    for name, metric in OF_RISKS.items():
        spent[name] = _seconds([partial(metric, event, expit(p - 1), weights) for p in predicted])
    grades = [np.clip(np.round(p + 2), 0, 5) for p in (score, *predicted)]
    rows = np.arange(ROWS)

    def resampled_kappa(other: np.ndarray) -> None:
        occurring, counts = grade_counts(grades[0], other, rows, ROWS)
        kappa_of_counts(weights @ counts, occurring, Disagreement.QUADRATIC)

    spent["quadratic kappa"] = _seconds([partial(resampled_kappa, g) for g in grades[1:]])
    seen = event.astype(bool)
    spent["Harrell's C"] = _seconds([partial(harrell_c, followed, seen, p, weights) for p in predicted])
    spent["Uno's C"] = _seconds([partial(uno_c, followed, seen, p, weights, tau=1000.0) for p in predicted])
    total, (slowest, most) = sum(spent.values()), max(spent.items(), key=lambda item: item[1])
    print(
        f"resampled statistics: {total:.1f} s for {RESAMPLES:,} resamples x {len(spent) - 1} metrics x "
        f"{PREDICTORS} predictors of {ROWS:,} visits (aim 30 s)"
    )
    print(f"  limited by: {slowest}, {most / total:.0%} of it; " + _rest(spent, slowest))


def _seconds(calls: list) -> float:
    began = time.perf_counter()
    for call in calls:
        call()
    return time.perf_counter() - began


def _rest(spent: dict[str, float], slowest: str) -> str:
    others = sorted((seconds, name) for name, seconds in spent.items() if name != slowest)[::-1]
    return ", ".join(f"{name} {seconds:.1f} s" for seconds, name in others)


if __name__ == "__main__":
    bench_statistics()
