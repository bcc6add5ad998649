"""The rungs of the ladder that are regressions on tables: covariates, human scores, the oracle.

All are fitted alike: ridge (bounded outcomes) or ridge logistic regression (progression at its horizon), penalty
chosen by cross-validation within the training patients, missing values imputed with an indicator.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused
from outcomenet.outcomes import OutcomeKind, OutcomeSpec

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
FOLDS = 5


class TabularRung:
    """One regression: fit on training rows, predict others in the outcome's unit (or as a probability)."""

    def __init__(self, spec: OutcomeSpec):
        self.spec = spec

    def fit(self, features: pd.DataFrame, target: Float[np.ndarray, "row"], patients: pd.Series) -> TabularRung:
        """Rows whose target is NaN are left out; fewer than 20 known targets, or one class only, is an error."""
        known = np.isfinite(target)
        if known.sum() < 20:
            raise DataRefused(
                f"{self.spec.title} is known for {known.sum()} training visits; a rung needs at least 20 to be fitted."
            )
        x, y, groups = features[known], target[known], patients[known]
        if self.spec.kind is OutcomeKind.TIME_TO_EVENT:
            if len(np.unique(y)) < 2 or min(np.bincount(y.astype(int))) < FOLDS:
                raise DataRefused(
                    f"{self.spec.title} happened in {int(y.sum())} of {len(y)} training visits: too few to fit."
                )
            model, grid, score = LogisticRegression(max_iter=2000), [1 / a for a in PENALTIES], "neg_log_loss"
            parameter = "logisticregression__C"
        else:
            model, grid, score = Ridge(), list(PENALTIES), "neg_mean_squared_error"
            parameter = "ridge__alpha"
        pipeline = make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler(), model)
        folds = GroupKFold(min(FOLDS, groups.nunique()))
        search = GridSearchCV(pipeline, {parameter: grid}, scoring=score, cv=folds)
        self.model: BaseEstimator = search.fit(x, y, groups=groups).best_estimator_
        return self

    def predict(self, features: pd.DataFrame) -> Float[np.ndarray, "row"]:
        """Predictions within the outcome's bounds."""
        if self.spec.kind is OutcomeKind.TIME_TO_EVENT:
            return self.model.predict_proba(features)[:, 1]
        return np.clip(self.model.predict(features), self.spec.lower, self.spec.upper)


def total_features(covariates: pd.DataFrame, total: Float[np.ndarray, "row"]) -> pd.DataFrame:
    """Covariates with an SvdH total and its square root: damage is skewed, and first lesions count most."""
    total = np.asarray(total, float)
    return covariates.assign(svdh_total=total, svdh_root=np.sqrt(np.clip(total, 0, None)))
