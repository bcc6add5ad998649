"""Agreement of readers or repeated readings: intraclass correlation in its three single-rater forms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import f as f_distribution

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric


class Icc(NamedTuple):
    """An intraclass correlation with its two-sided interval; 1 is perfect agreement."""

    form: str
    value: float
    lower: float
    upper: float


def icc_1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(1,1), one-way random (Shrout & Fleiss, Psychol Bull 1979; interval of McGraw & Wong 1996)."""
    n, k, targets, _, within, _ = _mean_squares(ratings)
    value = (targets - within) / (targets + (k - 1) * within)
    f = targets / within
    low = f / f_distribution.ppf(0.5 + level / 2, n - 1, n * (k - 1))
    high = f * f_distribution.ppf(0.5 + level / 2, n * (k - 1), n - 1)
    return Icc("ICC(1,1)", value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1))


def icc_a1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(2,1) = ICC(A,1), two-way, absolute agreement, single rater (Shrout & Fleiss 1979; McGraw & Wong 1996)."""
    n, k, targets, raters, _, error = _mean_squares(ratings)
    value = (targets - error) / (targets + (k - 1) * error + k * (raters - error) / n)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * raters + b * error) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    high_f = f_distribution.ppf(0.5 + level / 2, n - 1, freedom)
    low_f = f_distribution.ppf(0.5 + level / 2, freedom, n - 1)
    rest = k * raters + (k * n - k - n) * error
    lower = n * (targets - high_f * error) / (high_f * rest + n * targets)
    upper = n * (low_f * targets - error) / (rest + n * low_f * targets)
    return Icc("ICC(2,1)", value, lower, upper)


def icc_c1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(3,1) = ICC(C,1), two-way, consistency, single rater (Shrout & Fleiss 1979; McGraw & Wong 1996)."""
    n, k, targets, _, _, error = _mean_squares(ratings)
    f = targets / error
    low = f / f_distribution.ppf(0.5 + level / 2, n - 1, (n - 1) * (k - 1))
    high = f * f_distribution.ppf(0.5 + level / 2, (n - 1) * (k - 1), n - 1)
    value = (targets - error) / (targets + (k - 1) * error)
    return Icc("ICC(3,1)", value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1))


def _mean_squares(ratings: np.ndarray) -> tuple[int, int, float, float, float, float]:
    """Targets, raters, and the mean squares between targets, between raters, within targets and of error."""
    ratings = np.asarray(ratings, float)
    n, k = ratings.shape
    if n < 2 or k < 2 or np.isnan(ratings).any():
        raise UndefinedMetric(f"An ICC needs at least 2 targets read by at least 2 raters without gaps; got {n} x {k}.")
    grand, by_target, by_rater = ratings.mean(), ratings.mean(1), ratings.mean(0)
    targets = k * ((by_target - grand) ** 2).sum() / (n - 1)
    raters = n * ((by_rater - grand) ** 2).sum() / (k - 1)
    within = ((ratings - by_target[:, None]) ** 2).sum() / (n * (k - 1))
    error = ((ratings - by_target[:, None] - by_rater + grand) ** 2).sum() / ((n - 1) * (k - 1))
    if error == 0 or targets == 0:
        raise UndefinedMetric("An ICC is undefined when the targets or the errors do not vary.")
    return n, k, targets, raters, within, error
