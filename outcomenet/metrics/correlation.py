"""Correlations in every resample of patients at once.

`weights` [resample, row] come from `resampling.bootstrap_weights`, whose first row is the sample itself.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from outcomenet.arrays import Float


def weighted_correlation(
    first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Pearson's correlation in every resample; NaN where nothing varies.

    Args:
        first: values without gaps.
        second: values of the same rows.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    Returns:
        -1 to 1, one value per resample.

    >>> weighted_correlation(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 4.0]), np.ones((1, 3)))
    array([1.])
    """
    a, b = first - first.mean(), second - second.mean()  # large values keep their digits
    n = weights.sum(1)
    mean_a, mean_b = weights @ a / n, weights @ b / n
    covariance = weights @ (a * b) / n - mean_a * mean_b
    variance_a, variance_b = weights @ a**2 / n - mean_a**2, weights @ b**2 / n - mean_b**2
    # relative to the column's own size: rounding leaves a little variance in a constant
    varies = (variance_a > 1e-9 * (a**2).mean()) & (variance_b > 1e-9 * (b**2).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(varies, covariance / np.sqrt(variance_a * variance_b), np.nan)


def weighted_rank_correlation(
    first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Spearman's correlation in every resample, ranks taken once in the whole sample; NaN where nothing varies.

    Args:
        first: values without gaps.
        second: values of the same rows.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    Returns:
        -1 to 1, one value per resample.

    >>> weighted_rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.0, 1.0, 3.0]), np.ones((1, 3)))
    array([1.])
    """
    return weighted_correlation(rankdata(first), rankdata(second), weights)
