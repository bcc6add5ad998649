"""Restricted cubic splines: a curve of a skewed score that stays a straight line in its tails."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused

# Where four knots lie among the known values (Harrell, Regression Modeling Strategies, 2nd ed. 2015, table 2.3).
FOUR_KNOTS = (0.05, 0.35, 0.65, 0.95)


def restricted_cubic_basis(
    x: Float[np.ndarray, "row"], knots: Float[np.ndarray, "threshold"]
) -> Float[np.ndarray, "row term"]:
    """[row, knots - 1]: x itself, then its cubic terms, in the unit of x; linear below the first and above the last knot.

    Harrell's truncated power basis (2015, eq. 2.25), the cubic terms divided by (last knot - first knot)^2. NaN stays
    NaN. `knots` increase and are at least 3.

    Args:
        x: values; NaN where missing.
        knots: rising, three or more.

    >>> restricted_cubic_basis(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    array([[0.  , 0.  ],
           [1.  , 0.25],
           [2.  , 1.5 ]])
    """
    knots = np.asarray(knots, float)
    if len(knots) < 3 or (np.diff(knots) <= 0).any():
        raise DataRefused(
            f"A restricted cubic spline needs at least 3 increasing knots; got {', '.join(f'{k:g}' for k in knots)}."
        )
    first, before, last = knots[0], knots[-2], knots[-1]

    def cube(knot: float) -> np.ndarray:
        return np.where(np.isnan(x), np.nan, np.maximum(x - knot, 0.0)) ** 3

    terms = [
        cube(knot) - cube(before) * (last - knot) / (last - before) + cube(last) * (before - knot) / (last - before)
        for knot in knots[:-2]
    ]
    return np.stack([x, *(term / (last - first) ** 2 for term in terms)], axis=1)


class RestrictedCubicSpline(TransformerMixin, BaseEstimator):
    """One column to the basis above, four knots at fixed quantiles of the rows that it is fitted on.

    Where quantiles coincide (many patients without damage) fewer knots are left; with fewer than three the column stays
    as it is.
    """

    def fit(self, x: pd.DataFrame | np.ndarray, y: object = None) -> RestrictedCubicSpline:
        values = np.asarray(x, float)[:, 0]
        known = values[np.isfinite(values)]
        self.knots_ = np.unique(np.quantile(known, FOUR_KNOTS)) if len(known) else np.empty(0)
        return self

    def transform(self, x: pd.DataFrame | np.ndarray) -> np.ndarray:
        values = np.asarray(x, float)
        return restricted_cubic_basis(values[:, 0], self.knots_) if len(self.knots_) >= 3 else values
