"""Restricted cubic splines: cubic between the knots, straight beyond the outer ones."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

# Harrell, Regression Modeling Strategies, 2nd ed. 2015, table 2.3: quantiles for 3 to 7 knots.
KNOT_QUANTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}


def knots_of(values: Float[np.ndarray, "row"], count: int = 4) -> Float[np.ndarray, "knot"]:
    """Knots at Harrell's quantiles of the values (Regression Modeling Strategies, 2nd ed. 2015, table 2.3).

    Args:
        values: What is to be bent, in its unit; no missing value.
        count: Number of knots, 3 to 7.

    Returns:
        The knots from left to right.

    Raises:
        UndefinedMetric: So many values are tied that two knots fall together.

    >>> knots_of(np.arange(101.0), 3)
    array([10., 50., 90.])
    """
    knots = np.quantile(values, KNOT_QUANTILES[count])
    if (np.diff(knots) <= 0).any():
        raise UndefinedMetric(
            f"A spline of {count} knots needs {count} different quantiles, but these values have {len(np.unique(knots))}: "
            "too many values are alike. Take fewer knots, or a straight line."
        )
    return knots


def restricted_cubic(
    values: Float[np.ndarray, "row"], knots: Float[np.ndarray, "knot"]
) -> Float[np.ndarray, "row column"]:
    """Basis of a restricted cubic spline: the value itself, and one bent column for each inner knot.

    With (u)+ = max(u, 0) and knots t1..tk, column j is [(x - tj)+^3 - (x - t(k-1))+^3 (tk - tj)/(tk - t(k-1)) +
    (x - tk)+^3 (t(k-1) - tj)/(tk - t(k-1))] / (tk - t1)^2 (Harrell, Regression Modeling Strategies, 2nd ed. 2015, sec.
    2.4.5; `rms::rcs` in R). All bent columns have slope zero together if and only if the relation is straight.

    Args:
        values: In the unit of the knots.
        knots: At least 3, rising.

    Returns:
        One column fewer than there are knots, the first of them straight and in the values' unit.

    >>> restricted_cubic(np.array([0.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])).round(4)
    array([[0.  , 0.  ],
           [2.  , 0.25],
           [4.  , 3.  ]])
    """
    last, before = knots[-1], knots[-2]
    span = last - before

    def cube(knot: float) -> np.ndarray:
        return np.maximum(values - knot, 0.0) ** 3

    bent = [
        (cube(knot) - cube(before) * (last - knot) / span + cube(last) * (before - knot) / span)
        / (last - knots[0]) ** 2
        for knot in knots[:-2]
    ]
    return np.column_stack([values, *bent])
