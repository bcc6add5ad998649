"""Shares of rows with Wilson's interval, among them sensitivity, specificity and predictive values at a stated risk.

The interval stays between 0 and 1 also when all or none are counted. It takes rows as independent; several visits of a
patient make it too narrow. The cut of a risk is chosen beforehand or on other patients: one that was tuned on these rows
flatters itself. Higher is better for all four.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from outcomenet.arrays import Bool, Float
from outcomenet.errors import UndefinedMetric


class Share(NamedTuple):
    """`counted` of `n` rows with the two-sided interval of their share."""

    value: float
    lower: float
    upper: float
    counted: int
    n: int


def wilson(count: int, n: int, level: float = 0.95) -> Share:
    """The score interval of a proportion (Wilson, J Am Stat Assoc 1927).

    Args:
        count: rows counted.
        n: all rows.
        level: of the interval.

    Raises:
        UndefinedMetric: there is no row.

    >>> share = wilson(10, 10)
    >>> share.value, round(share.lower, 3), share.upper
    (1.0, 0.722, 1.0)
    """
    if n < 1:
        raise UndefinedMetric("A share of no rows is undefined; there is nothing to count among.")
    # `level` is two-sided
    z, value = float(norm.ppf(0.5 + level / 2)), count / n
    centre = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    # the bounds are exactly 0 and 1 there, but rounding may miss them
    lower, upper = 0.0 if count == 0 else centre - half, 1.0 if count == n else centre + half
    return Share(value, lower, upper, count, n)


def sensitivity(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of the events that are called positive (Yerushalmy, Public Health Rep 1947).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.

    >>> sensitivity(np.array([1.0, 1.0, 0.0]), np.array([0.3, 0.1, 0.2]), cut=0.2).value
    0.5
    """
    return _share(risk >= cut, target == 1, f"Sensitivity at {cut:g}", "no row with the event", level)


def specificity(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of the rows without the event that are called negative (Yerushalmy, Public Health Rep 1947).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(risk < cut, target == 0, f"Specificity at {cut:g}", "no row without the event", level)


def positive_predictive_value(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of events among those called positive; falls with the event's frequency (Vecchio, N Engl J Med 1966).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(target == 1, risk >= cut, f"The positive predictive value at {cut:g}", "no risk reaches it", level)


def negative_predictive_value(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share without the event among those called negative; falls as the event gets frequent (Vecchio 1966).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(target == 0, risk < cut, f"The negative predictive value at {cut:g}", "every risk reaches it", level)


def _share(
    counted: Bool[np.ndarray, "row"], among: Bool[np.ndarray, "row"], name: str, otherwise: str, level: float
) -> Share:
    if not among.any():
        raise UndefinedMetric(f"{name} is undefined among {len(among)} rows: {otherwise}.")
    return wilson(int((counted & among).sum()), int(among.sum()), level)
