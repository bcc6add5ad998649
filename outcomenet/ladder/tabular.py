"""The rungs of the ladder that are regressions on tables: covariates, human scores, the oracle.

All are fitted alike: the candidates of a rung, each with its settings, are tried by cross-validation within the training
patients, all on the same folds, and the best is fitted to all of them. No held-out row has a say in the choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import PLAIN, Candidate
from outcomenet.outcomes import OutcomeSpec

FOLDS = 5
# Four for each fold to judge; with fewer, the choice among candidates is chance.
FEWEST_VISITS = 20


class TabularRung:
    """One regression: fit on training rows, predict others in the outcome's unit (or as a probability).

    After `fit`, `chosen` is the candidate that was taken and `losses` has each one's cross-validated loss, lower is
    better: mean squared error in the outcome's unit, or log loss for an event.
    """

    def __init__(self, spec: OutcomeSpec, candidates: Sequence[Candidate] = (PLAIN,)):
        self.spec = spec
        self.candidates = candidates
        self.losses: dict[str, float] = {}

    @property
    def is_event(self) -> bool:
        return self.spec.kind.is_event

    def fit(self, features: pd.DataFrame, target: Float[np.ndarray, "row"], patients: pd.Series) -> TabularRung:
        """Rows whose target is NaN are left out; fewer than 20 known targets, or too few events, is an error.

        Args:
            features: one row per visit; gaps are imputed.
            target: NaN where unknown.
            patients: patient of each row.

        Raises:
            DataRefused: fewer than 20 known targets, or too few events.
        """
        known = np.isfinite(target)
        x, y, groups = features[known], target[known], patients[known]
        self._check(y, groups)
        folds = patient_folds(y, groups, stratified=self.is_event)
        with threadpool_limits(1):  # tables this small are 10 times slower when threads contend; and sums stay the same
            tried = {candidate: self._cross_validated(candidate, x, y, folds) for candidate in self.candidates}
            # of each candidate the best setting, as all are chosen alike
            self.losses = {candidate.name: float(losses.min()) for candidate, losses in tried.items()}
            best = min(tried, key=lambda candidate: tried[candidate].min())
            self.chosen = best.name
            self.preparation = best.preparation()
            model = best.models(self.is_event)[int(tried[best].argmin())]
            self.model = _fitted(model, self.preparation.fit_transform(x), y)
        return self

    def predict(self, features: pd.DataFrame) -> Float[np.ndarray, "row"]:
        """Predictions within the outcome's bounds."""
        return self._say(self.model, self.preparation.transform(features))

    def _cross_validated(
        self, candidate: Candidate, x: pd.DataFrame, y: np.ndarray, folds: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> np.ndarray:
        """Loss of each of the candidate's settings, a mean over the rows that every fold's models had not seen."""
        models, total = candidate.models(self.is_event), 0.0
        for learn, judge in folds:
            preparation = candidate.preparation().fit(x.iloc[learn])
            seen, unseen = preparation.transform(x.iloc[learn]), preparation.transform(x.iloc[judge])
            total = total + np.array(
                [self._loss(y[judge], self._say(_fitted(m, seen, y[learn]), unseen)) for m in models]
            )
        return np.asarray(total) / len(y)

    def _say(self, model: BaseEstimator, prepared: np.ndarray) -> np.ndarray:
        if self.is_event:
            return model.predict_proba(prepared)[:, 1]  # pyright: ignore[reportAttributeAccessIssue]  # every candidate for an event has it
        return np.clip(model.predict(prepared), self.spec.lower, self.spec.upper)  # pyright: ignore[reportAttributeAccessIssue]  # no base class of scikit-learn does

    def _loss(self, target: np.ndarray, prediction: np.ndarray) -> float:
        if self.is_event:
            # a sum, since folds differ in size; both labels named, since a fold may hold one
            return float(log_loss(target, prediction, labels=[0, 1], normalize=False))
        return float(((target - prediction) ** 2).sum())

    def choice(self) -> str:
        """Which candidate was taken and how near the others came, as a sentence."""
        loss = "log loss" if self.is_event else "mean squared error"
        tried = ", ".join(f"{name} {value:.4g}" for name, value in self.losses.items())
        return f"{self.chosen} was chosen among the patients that it learns from (cross-validated {loss}: {tried})."

    def _check(self, target: np.ndarray, patients: pd.Series) -> None:
        if len(target) < FEWEST_VISITS:
            raise DataRefused(
                f"{self.spec.title} is known for {len(target)} visits to learn from; a rung needs at least "
                f"{FEWEST_VISITS} to be fitted."
            )
        if patients.nunique() < 2:
            raise DataRefused(f"{self.spec.title} is known for one patient to learn from; a rung needs two or more.")
        if self.is_event and min(patients[target == status].nunique() for status in (0, 1)) < FOLDS:
            raise DataRefused(
                f"{self.spec.title} happened in {int(target.sum())} of {len(target)} visits to learn from: too few. "
                f"At least {FOLDS} patients with and {FOLDS} without it are needed."
            )


def patient_folds(
    target: Float[np.ndarray, "row"], patients: pd.Series, *, stratified: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(rows to learn from, rows to judge) of each fold; a patient's visits stay together.

    The folds depend on targets and patients alone, so that every candidate of every rung meets the same ones. With
    `stratified`, events are spread over the folds.

    Args:
        target: known targets.
        patients: patient of each row.
        stratified: whether the target is an event.
    """
    count = min(FOLDS, patients.nunique())
    splitter = StratifiedGroupKFold(count) if stratified else GroupKFold(count)
    return list(splitter.split(np.zeros((len(target), 1)), target, groups=patients.to_numpy()))


def _fitted(model: BaseEstimator, prepared: np.ndarray, target: np.ndarray) -> BaseEstimator:
    return model.fit(prepared, target)  # pyright: ignore[reportAttributeAccessIssue]  # no base class of scikit-learn does
