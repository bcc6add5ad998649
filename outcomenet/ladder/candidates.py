"""Candidate models of a rung: forms of the human total's effect, ridge regression and boosted trees.

A rival of the network is to be as strong as it can be made without films, so each is given several forms to choose from.
Missing values are imputed, with an indicator beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from outcomenet.ladder.splines import RestrictedCubicSpline

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
# (number of trees, leaves of each): few and small, for cohorts have hundreds to thousands of visits.
TREES = ((50, 3), (50, 8), (150, 3), (150, 8))
SHRINKAGE = 0.05  # learning rate of the trees
SMALLEST_LEAF = 20
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
