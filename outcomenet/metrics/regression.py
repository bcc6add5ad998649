"""Accuracy of predictions of a bounded outcome, for one sample or for many bootstrap samples at once.

`weights` [resample, row] says how often each row counts in each resample; a row of ones is the sample itself.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float


def r2(
    target: Float[np.ndarray, "row"], prediction: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Share of the outcome's variance explained, 1 - SSE/SST around the mean of the very rows; higher is better.

    Below 0 means worse than that mean. NaN where the target does not vary.

    Args:
        target: observed outcome.
        prediction: predicted outcome, in the same unit.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]), np.ones((1, 3)))
    array([0.5])
    """
    n = weights.sum(1)
    mean = weights @ target / n
    total = weights @ target**2 - n * mean**2
    error = weights @ (target - prediction) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 1e-9 * n, 1 - error / total, np.nan)


def mae(
    target: Float[np.ndarray, "row"], prediction: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Mean absolute error in the outcome's unit; lower is better.

    Args:
        target: observed outcome.
        prediction: predicted outcome, in the same unit.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
    """
    return weights @ np.abs(target - prediction) / weights.sum(1)


def calibration_slope(
    target: Float[np.ndarray, "row"], prediction: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Slope of the target on the prediction by least squares; 1 is best, below 1 the predictions are too extreme.

    NaN where the predictions do not vary (Steyerberg, Clinical Prediction Models, 2019).

    Args:
        target: observed outcome.
        prediction: predicted outcome, in the same unit.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
    """
    n = weights.sum(1)
    mean_x, mean_y = weights @ prediction / n, weights @ target / n
    xy = weights @ (prediction * target) - n * mean_x * mean_y
    xx = weights @ prediction**2 - n * mean_x**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(xx > 1e-12 * n, xy / xx, np.nan)


def calibration_intercept(
    target: Float[np.ndarray, "row"], prediction: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Calibration in the large: mean target minus mean prediction, in the outcome's unit; 0 is best.

    It is the intercept when the slope is held at 1; above 0 the predictions are too low on average (Steyerberg,
    Clinical Prediction Models, 2019).

    Args:
        target: observed outcome.
        prediction: predicted outcome, in the same unit.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> calibration_intercept(np.array([1.0, 2.0]), np.array([0.5, 1.5]), np.ones((1, 2)))
    array([0.5])
    """
    return weights @ (target - prediction) / weights.sum(1)
