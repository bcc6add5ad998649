"""The ladder of predictors on the same held-out patients: from covariates to the oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.datasets.visit_table import SVDH_COLUMNS
from outcomenet.errors import DataRefused
from outcomenet.evaluation.horizon import status_at_horizon
from outcomenet.evaluation.reading import NetworkReading
from outcomenet.evaluation.tabular import TabularRung, total_features
from outcomenet.outcomes import OutcomeKind, OutcomeSpec, outcome

COVERAGE = 0.9


@dataclass(frozen=True)
class Ladder:
    """What a ladder is computed from.

    `visits` are the rows that every rung predicts or learns from (visits with films where networks take part), with
    columns of the visit table; `readings` are the networks' readings of them; `truth` what `evaluate.read_truth` gives,
    or None.
    """

    visits: pd.DataFrame
    covariates: tuple[str, ...]
    readings: Mapping[str, NetworkReading]
    truth: pd.DataFrame | None

    def predict(self, spec: OutcomeSpec, fit: pd.Series, calibrate: pd.Series) -> tuple[pd.DataFrame, list[str]]:
        """Predictions of every rung for every visit, and a sentence for each rung that could not be had.

        `fit` marks the rows that tabular rungs learn from (networks learned from the same), `calibrate` those whose
        errors give the 90 % intervals (split conformal). Columns: predictor, patient_id, visit_id, prediction, lower,
        upper.
        """
        target = target_of(spec, self.visits)
        frames, notes = [], []
        for name, predict in self._rungs(spec, fit, target).items():
            try:
                prediction = predict()
            except (DataRefused, _NotThere) as reason:
                notes.append(f"{name} for {spec.title}: {reason}")
                continue
            lower, upper = _interval(spec, prediction, target, calibrate.to_numpy())
            rows = self.visits[["patient_id", "visit_id"]].assign(
                predictor=name, prediction=prediction, lower=lower, upper=upper
            )
            frames.append(rows[np.isfinite(prediction)])  # a network does not read what it was trained on again
        return pd.concat(frames, ignore_index=True), notes

    def _rungs(self, spec: OutcomeSpec, fit: pd.Series, target: np.ndarray) -> dict:
        x = self.visits[list(self.covariates)].astype(float)

        def tabular(features: pd.DataFrame, at: pd.DataFrame | None = None) -> np.ndarray:
            rung = TabularRung(spec).fit(features[fit], target[fit.to_numpy()], self.visits.loc[fit, "patient_id"])
            return rung.predict(features if at is None else at)

        def human(read: Float[np.ndarray, "row"] | None = None) -> np.ndarray:
            total = self._need("svdh_total")
            return tabular(total_features(x, total), None if read is None else total_features(x, read))

        def joints() -> np.ndarray:
            self._need("svdh_total")
            return tabular(pd.concat([x, self.visits[list(SVDH_COLUMNS)]], axis=1))

        return {
            "covariates": lambda: tabular(x),
            "human_total": human,
            "human_joints": joints,
            # the human score's own equation, fed with the total that the network reads off the film
            "score_mediated": lambda: human(self._total_read_by_network()),
            "direct": lambda: self._network("direct", spec.name),
            "direct_adjusted": lambda: self._network("direct_adjusted", spec.name),
            "oracle": lambda: tabular(self._oracle_features(x)),
        }

    def _need(self, column: str) -> np.ndarray:
        values = self.visits[column].to_numpy(float)
        if not np.isfinite(values).any():
            raise _NotThere("the cohort has no complete human score")
        return values

    def _network(self, rung: str, name: str) -> np.ndarray:
        if rung not in self.readings:
            raise _NotThere("no network of that name was trained")
        return self.readings[rung].outcome[name].astype(float)

    def _total_read_by_network(self) -> np.ndarray:
        for rung in ("direct_adjusted", "direct"):
            reading = self.readings.get(rung)
            if reading is not None and reading.svdh is not None:
                # an unseen site is read as the mean of that site over the visits
                site_mean = np.nanmean(reading.svdh, 0)
                return np.where(np.isnan(reading.svdh), site_mean, reading.svdh).sum(1)
        raise _NotThere("no network has a human head")

    def _oracle_features(self, x: pd.DataFrame) -> pd.DataFrame:
        if self.truth is None:
            raise _NotThere("the true state of the joints is known in simulated cohorts only")
        keys = self.visits[["patient_id", "visit_id"]]
        known = keys.merge(self.truth, on=["patient_id", "visit_id"], how="left").filter(like="true_")
        return x.assign(**{name: known[name].to_numpy() for name in known})


class _NotThere(Exception):
    """A rung that these data or this run cannot have; said in the notes."""


def target_of(spec: OutcomeSpec, visits: pd.DataFrame) -> Float[np.ndarray, "row"]:
    """Observed outcome per visit, NaN where unknown; for progression its status at the horizon."""
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        start, end = (visits[f"{spec.name}_{bound}"].to_numpy(float) for bound in ("start", "end"))
        return status_at_horizon(start, end, spec.horizon_days)
    return visits[spec.name].to_numpy(float)


def _interval(
    spec: OutcomeSpec, prediction: np.ndarray, target: np.ndarray, calibrate: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Split-conformal 90 % interval (Lei et al., JASA 2018); NaN for probabilities and with under 20 known targets."""
    nothing = np.full(len(prediction), np.nan)
    errors = np.abs(target - prediction)[calibrate]
    errors = np.sort(errors[np.isfinite(errors)])
    if spec.kind is OutcomeKind.TIME_TO_EVENT or len(errors) < 20:
        return nothing, nothing
    rank = min(int(np.ceil((len(errors) + 1) * COVERAGE)), len(errors)) - 1
    width = errors[rank]
    return np.clip(prediction - width, spec.lower, spec.upper), np.clip(prediction + width, spec.lower, spec.upper)


def prediction_table(
    ladder: Ladder, outcomes: Sequence[str], fit: pd.Series, calibrate: pd.Series, *, run: str, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the prediction table (design 4.3) for all outcomes and rungs, and the notes on rungs that are absent."""
    visits, frames, notes = ladder.visits, [], []
    for name in outcomes:
        spec = outcome(name)
        predicted, absent = ladder.predict(spec, fit, calibrate)
        notes += absent
        bounds = [f"{name}_start", f"{name}_end"] if spec.kind is OutcomeKind.TIME_TO_EVENT else []
        keys = visits[["patient_id", "visit_id", "split", "site", *bounds]].copy()
        keys.columns = [
            "patient_id",
            "visit_id",
            "split",
            "site",
            *(["interval_start", "interval_end"] if bounds else []),
        ]
        if not bounds:
            keys = keys.assign(interval_start=np.nan, interval_end=np.nan)
        keys["target"] = target_of(spec, visits)
        rows = predicted.merge(keys, on=["patient_id", "visit_id"], how="left", validate="many_to_one")
        rows["outcome"], rows["horizon"] = name, spec.horizon_days
        frames.append(rows)
    table = pd.concat(frames, ignore_index=True)
    table["observed"] = table["target"].notna()
    return table.assign(run=run, fold=0, seed=seed), notes
