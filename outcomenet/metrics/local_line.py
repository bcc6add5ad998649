"""Local linear smoothing of an outcome against a prediction, in one sample and in many resamples at once."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

# Share of the rows that each point of the curve looks at (Austin & Steyerberg 2014 use 0.75, R's default).
SPAN = 0.75
_AT_A_TIME = 256  # resamples


def local_line(
    prediction: Float[np.ndarray, "row"],
    target: Float[np.ndarray, "row"],
    at: Float[np.ndarray, "point"],
    weights: Float[np.ndarray, "resample row"],
    *,
    span: float = SPAN,
) -> Float[np.ndarray, "resample point"]:
    """Height of a line that is fitted around each point, near rows counting more: loess of degree 1 without robustness.

    Weights are Cleveland's tricube of the distance over the farthest of the nearest `span` of the rows (J Am Stat Assoc
    1979;74:829); for calibration curves Austin & Steyerberg, Stat Med 2014;33:517. The widths are those of the sample in every
    resample.

    Args:
        prediction: predicted outcome or risk.
        target: observed outcome, or 1 and 0 of an event.
        at: predictions at which the curve is wanted.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        span: share of the rows around each point, above 0 and up to 1.

    Returns:
        The curve of each resample; NaN where a resample has no two different predictions around a point.

    Raises:
        UndefinedMetric: fewer than 3 rows, or a span without two of them.

    >>> x = np.arange(5.0)
    >>> local_line(x, 2 * x, np.array([1.5]), np.ones((1, 5)))
    array([[3.]])
    """
    nearest = int(np.floor(span * len(prediction)))
    if nearest < 2:
        raise UndefinedMetric(
            f"A smooth curve over {span:.0%} of {len(prediction)} rows looks at {nearest}; it needs 2 or more."
        )
    distance = np.abs(prediction[:, None] - at)
    width = np.partition(distance, nearest - 1, axis=0)[nearest - 1]
    kernel = np.clip(1 - (distance / np.where(width > 0, width, 1.0)) ** 3, 0, None) ** 3
    x = prediction[:, None] - at
    moments = [kernel, kernel * x, kernel * x**2, kernel * target[:, None], kernel * x * target[:, None]]
    stacked = np.concatenate(moments, axis=1)
    parts = [
        _heights(weights[start : start + _AT_A_TIME] @ stacked, len(at)) for start in range(0, len(weights), _AT_A_TIME)
    ]
    return np.concatenate(parts)


def _heights(sums: np.ndarray, points: int) -> np.ndarray:
    """Intercepts of the weighted lines, the point being their origin."""
    s0, s1, s2, t0, t1 = (sums[:, points * k : points * (k + 1)] for k in range(5))
    determinant = s0 * s2 - s1**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(determinant > 1e-12 * np.maximum(s0 * s2, 1e-300), (s2 * t0 - s1 * t1) / determinant, np.nan)
