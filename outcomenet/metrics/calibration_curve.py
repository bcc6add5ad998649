"""Calibration curve: mean prediction against mean target in groups of patients with similar predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import t as t_distribution

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.proportions import wilson

Interval = Callable[[Float[np.ndarray, "row"], float], tuple[float, float]]


class CalibrationGroup(NamedTuple):
    """One point of the curve; on the diagonal, predicted equals observed."""

    n: int
    predicted: float
    observed: float
    lower: float
    upper: float


def share_interval(target: Float[np.ndarray, "row"], level: float = 0.95) -> tuple[float, float]:
    """Of a share of events: Wilson's interval.

    Args:
        target: 1 with the event, 0 without.
        level: of the interval.
    """
    share = wilson(int(target.sum()), len(target), level)
    return share.lower, share.upper


def mean_interval(target: Float[np.ndarray, "row"], level: float = 0.95) -> tuple[float, float]:
    """Of a mean: Student's t interval; rows are taken as independent.

    Args:
        target: scores; at least two.
        level: of the interval.

    Raises:
        UndefinedMetric: fewer than two rows.
    """
    if len(target) < 2:
        raise UndefinedMetric("The interval of a mean needs at least 2 rows in a group; use fewer groups.")
    half = t_distribution.ppf(0.5 + level / 2, len(target) - 1) * target.std(ddof=1) / np.sqrt(len(target))
    return float(target.mean() - half), float(target.mean() + half)


def calibration_curve(
    target: Float[np.ndarray, "row"],
    prediction: Float[np.ndarray, "row"],
    interval: Interval,
    groups: int = 10,
    level: float = 0.95,
) -> list[CalibrationGroup]:
    """Up to `groups` groups of nearly equal size by quantiles of the prediction, lowest first.

    Equal predictions stay in one group, so that there may be fewer (Hosmer & Lemeshow, Commun Stat 1980). `interval` is
    `share_interval` for events and `mean_interval` for scores.

    Args:
        target: observed outcome, or 1 and 0 of an event.
        prediction: predicted outcome or risk.
        interval: `share_interval` or `mean_interval`.
        groups: most groups.
        level: of the interval.

    Raises:
        UndefinedMetric: there are fewer rows than groups.
    """
    if groups < 1 or len(target) < groups:
        raise UndefinedMetric(f"A calibration curve of {groups} groups needs as many rows; there are {len(target)}.")
    inner = np.quantile(prediction, np.arange(1, groups) / groups)
    group_of = np.searchsorted(inner, prediction, side="right")
    curve = []
    for group in np.unique(group_of):
        members = group_of == group
        lower, upper = interval(target[members], level)
        curve.append(
            CalibrationGroup(
                int(members.sum()), float(prediction[members].mean()), float(target[members].mean()), lower, upper
            )
        )
    return curve
