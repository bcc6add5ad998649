"""Standardised response mean of a measure, and of two measures compared on the same patients.

`weights` [resample, row] come from `resampling.bootstrap_weights`, whose first row is the sample itself.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import Estimate, percentile_interval


def response_mean(
    change: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """SRM = mean / SD of the change (Liang, Med Care 1990), in SDs, with the sign of the change.

    The further from 0, the fewer patients a trial needs. NaN where the change does not vary.

    Args:
        change: later minus earlier, of each row.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> response_mean(np.array([1.0, 2.0, 3.0]), np.ones((1, 3)))
    array([2.])
    """
    spread = change_spread(change, weights)
    with np.errstate(invalid="ignore"):
        return (weights @ change / weights.sum(1)) / spread


def change_spread(
    change: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """SD of the change in every resample (n - 1); NaN where the change does not vary or fewer than two rows count.

    Args:
        change: later minus earlier, of each row.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> change_spread(np.array([1.0, 2.0, 3.0]), np.ones((1, 3)))
    array([1.])
    """
    n = weights.sum(1)
    centred = change - change.mean()  # taken out before squaring, so that large changes keep their digits
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (weights @ centred**2 - (weights @ centred) ** 2 / n) / (n - 1)
        # a change that is the same for everybody leaves only rounding
        return np.sqrt(np.where(variance > 1e-12, variance, np.nan))


def guyatt_responsiveness(
    change: Float[np.ndarray, "row"], stable: Bool[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Mean change of all rows over the SD of the change in stable ones (Guyatt, J Chronic Dis 1987;40:171).

    Guyatt divides the difference that matters by the SD in stable persons; here, as in most later use, the observed mean change
    stands above the line. The further from 0, the better change is told from what stable persons show. NaN where the stable rows
    do not vary.

    Args:
        change: later minus earlier, of each row.
        stable: rows that another sign calls unchanged, or that had no treatment.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> guyatt_responsiveness(np.array([1.0, 3.0, 8.0]), np.array([True, True, False]), np.ones((1, 3))).round(3)
    array([2.828])
    """
    spread = change_spread(change[stable], weights[:, stable])
    return (weights @ change / weights.sum(1)) / spread


def standardised_response_mean(
    change: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"], level: float = 0.95
) -> Estimate:
    """The SRM of the sample with its percentile interval.

    Args:
        change: later minus earlier, of each row.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        level: of the interval.

    Raises:
        UndefinedMetric: all rows change by the same amount.
    """
    return _estimate(response_mean(change, weights), level)


def compare_response_means(
    first: Float[np.ndarray, "row"],
    second: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    level: float = 0.95,
) -> Estimate:
    """SRM of the first minus the second measure of the same patients, resampled together.

    Above 0 the first sees more change, where both rise with the same thing.

    Args:
        first: changes by one measure.
        second: changes of the same rows by the other.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        level: of the interval.

    Raises:
        UndefinedMetric: all rows change by the same amount.
    """
    return _estimate(response_mean(first, weights) - response_mean(second, weights), level)


def _estimate(values: Float[np.ndarray, "resample"], level: float) -> Estimate:
    if not np.isfinite(values[0]):
        raise UndefinedMetric("A standardised response mean is undefined where all patients change by the same amount.")
    return Estimate(float(values[0]), *percentile_interval(values[1:], level))
