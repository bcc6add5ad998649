"""Candidate models of a rung: forms of the human total's effect, ridge regression and boosted trees.

A rival of the network is to be as strong as it can be made without films, so each is given several forms to choose from.
Missing values are imputed, with an indicator beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused

# Ridge penalties of standardised columns, in steps of ten: from hardly any to one that leaves little.
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
# (number of trees, leaves of each): few and small, for cohorts have hundreds to thousands of visits.
TREES = ((50, 3), (50, 8), (150, 3), (150, 8))
SHRINKAGE = 0.05  # learning rate of the trees
SMALLEST_LEAF = 20
# Where four knots lie among the known values (Harrell, Regression Modeling Strategies, 2nd ed. 2015, table 2.3).
FOUR_KNOTS = (0.05, 0.35, 0.65, 0.95)
MEASURE = "measure"  # the column whose effect may be curved


class Form(StrEnum):
    """How an outcome may follow one measure of damage."""

    LINEAR = "linear"
    ROOT = "linear and square root"  # damage is skewed, and first lesions count most
    SPLINE = "restricted cubic spline"


@dataclass(frozen=True)
class Candidate:
    """`form` says how column `measure` enters a ridge regression, None that there is no such column; `trees` means
    boosted trees instead, which find their own curves."""

    name: str
    form: Form | None = None
    trees: bool = False

    def preparation(self) -> Pipeline:
        """From a table of features to numbers without gaps, in the order and scale that the models take."""
        steps = [SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler()]
        curves = {Form.ROOT: FunctionTransformer(_with_root), Form.SPLINE: RestrictedCubicSpline()}
        if self.form is not None and self.form in curves:
            curve = curves[self.form]
            steps.insert(0, ColumnTransformer([("curve", curve, [MEASURE])], remainder="passthrough"))
        return make_pipeline(*steps)

    def models(self, is_event: bool) -> list[BaseEstimator]:
        """One model for each setting that cross-validation tries."""
        if self.trees:
            return [_boosted_trees(is_event, count, leaves) for count, leaves in TREES]
        if is_event:
            return [LogisticRegression(C=1 / penalty, max_iter=2000) for penalty in PENALTIES]
        return [Ridge(penalty) for penalty in PENALTIES]


PLAIN = Candidate("ridge")
BOOSTED_TREES = Candidate("gradient boosting", trees=True)
# A human total is 0 or more; a network's film score may be negative, where no square root is.
FORMS_OF_TOTAL = tuple(Candidate(str(form), form) for form in Form)
FORMS_OF_FILM_SCORE = tuple(Candidate(str(form), form) for form in (Form.LINEAR, Form.SPLINE))


def _with_root(column: pd.DataFrame) -> np.ndarray:
    x = column.to_numpy(float)
    return np.concatenate([x, np.sign(x) * np.sqrt(np.abs(x))], axis=1)  # a change of the total may be below 0


def _boosted_trees(is_event: bool, count: int, leaves: int) -> BaseEstimator:
    kind = HistGradientBoostingClassifier if is_event else HistGradientBoostingRegressor
    # early stopping would hold out visits of patients that the trees learn from
    return kind(
        learning_rate=SHRINKAGE, max_iter=count, max_leaf_nodes=leaves, min_samples_leaf=SMALLEST_LEAF,
        early_stopping=False, random_state=0,  # pyright: ignore[reportArgumentType]  # the stubs know its default "auto"
    )  # fmt: skip


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
