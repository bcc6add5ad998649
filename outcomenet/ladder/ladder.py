"""The ladder of predictors on the same held-out patients: from covariates to the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import BOOSTED_TREES, FORMS_OF_TOTAL, MEASURE, PLAIN, Candidate
from outcomenet.ladder.conformal import conformal_interval
from outcomenet.ladder.facts import LadderFacts, clinical_matrix_features, target_of, with_outcome
from outcomenet.ladder.tabular import TabularRung
from outcomenet.outcomes import OutcomeSpec, outcome
from outcomenet.predictors import (
    CLINICAL_MATRIX,
    COVARIATES,
    DIRECT,
    DIRECT_ADJUSTED,
    DIRECT_ADJUSTED_COARSE,
    HUMAN_JOINTS,
    HUMAN_TOTAL,
    ORACLE,
    SCORE_MEDIATED,
)

# Validation visits with a known outcome that the coarse rung needs: with fewer, its equation says more about them than
# about granularity.
FEWEST_FOR_COARSE = 100


def prediction_table(
    facts: LadderFacts,
    outcomes: Sequence[str],
    fit: pd.Series,
    calibrate: pd.Series,
    *,
    run: str,
    seed: int,
    fold: int = 0,
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the prediction table (design 4.3) for all outcomes and rungs, and a sentence for each rung that had to
    choose between candidates or is absent.

    `fit` marks the visits that tabular rungs learn from (networks learned from the same), `calibrate` those whose errors
    give the 90 % intervals (split conformal). `may_be_used` is False in rows of patients that their predictor learned
    from: of `fit`, and for the coarse rung of `calibrate` too. `fold` says whom the networks did not learn from.

    Args:
        facts: visits, human scores and outputs of the networks.
        outcomes: names.
        fit: whether a visit is learned from.
        calibrate: whether its error gives intervals.
        run: name of the run.
        seed: written into the table.
        fold: number of the fold held out.
    """
    frames, notes = [], []
    for name in outcomes:
        ladder = Ladder(facts, outcome(name), fit.to_numpy(bool), calibrate.to_numpy(bool))
        frames.append(with_outcome(ladder.predict(), ladder.spec, facts.visits))
        notes += ladder.notes
    return pd.concat(frames, ignore_index=True).assign(run=run, fold=fold, seed=seed), notes


@dataclass
class Ladder:
    """The rungs of one outcome; each regression is fitted when its rung is first asked for, and says so in `notes`."""

    facts: LadderFacts
    spec: OutcomeSpec
    fit: Bool[np.ndarray, "visit"]
    calibrate: Bool[np.ndarray, "visit"]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.target = target_of(self.spec, self.facts.visits)
        self._by_human_total: TabularRung | None = None

    def predict(self) -> pd.DataFrame:
        """Every rung's prediction of every visit. Columns: predictor, patient_id, visit_id, prediction, lower, upper,
        may_be_used."""
        frames = []
        for name, rung in self.rungs().items():
            try:
                prediction = rung()
            except DataRefused as reason:
                self.notes.append(f"{name} for {self.spec.title} is absent: {reason}")
                continue
            # the coarse rung's equation saw the rows that would calibrate its interval
            spared = self.calibrate & (name != DIRECT_ADJUSTED_COARSE)
            lower, upper = conformal_interval(self.spec, prediction, self.target, spared, self._deviation(name))
            rows = self.facts.visits[["patient_id", "visit_id"]].assign(
                predictor=name, prediction=prediction, lower=lower, upper=upper, may_be_used=~self._learned_from(name)
            )
            frames.append(rows[np.isfinite(prediction)])  # a network does not read what it was trained on again
        return pd.concat(frames, ignore_index=True)

    def rungs(self) -> dict[str, Callable[[], np.ndarray]]:
        """What gives the predictions of each rung, in the order of `predictors.PREDICTORS`."""
        facts, covariates = self.facts, self.facts.covariate_table()
        rungs: dict[str, Callable[[], np.ndarray]] = {
            COVARIATES: lambda: self._regress(COVARIATES, covariates, (PLAIN,)),
            HUMAN_TOTAL: lambda: self._by_total(facts.human_total(self.spec.name)),
            HUMAN_JOINTS: lambda: self._regress(
                HUMAN_JOINTS,
                pd.concat([covariates, facts.human_joints(self.spec.name)], axis=1),
                (PLAIN, BOOSTED_TREES),
            ),
            # the human score's own equation, fed with the total that the network reads off the film
            SCORE_MEDIATED: lambda: self._by_total(facts.total_read_by_network()),
            DIRECT: lambda: self._network(DIRECT),
            DIRECT_ADJUSTED: lambda: self._network(DIRECT_ADJUSTED),
            ORACLE: lambda: self._regress(ORACLE, pd.concat([covariates, facts.true_joints()], axis=1), (PLAIN,)),
        }
        if self.spec.kind.is_event:
            rungs[CLINICAL_MATRIX] = self._clinical_matrix
        if DIRECT_ADJUSTED in facts.readings:
            rungs[DIRECT_ADJUSTED_COARSE] = self._coarse
        return rungs

    def _learned_from(self, name: str) -> Bool[np.ndarray, "visit"]:
        """Rows of patients that a rung was fitted to."""
        return self.fit | self.calibrate if name == DIRECT_ADJUSTED_COARSE else self.fit

    def _network(self, name: str) -> Float[np.ndarray, "visit"]:
        return self.facts.reading(name).outcome[self.spec.name].astype(float)

    def _deviation(self, name: str) -> Float[np.ndarray, "visit"] | None:
        """What an ensemble says of its own uncertainty, visit by visit; one network says too little about it."""
        reading = self.facts.readings.get(name)
        return reading.deviation[self.spec.name].astype(float) if reading is not None and reading.members > 1 else None

    def _regress(self, name: str, features: pd.DataFrame, candidates: Sequence[Candidate]) -> np.ndarray:
        return self._fitted(name, features, candidates, self.fit).predict(features)

    def _fitted(
        self, name: str, features: pd.DataFrame, candidates: Sequence[Candidate], rows: np.ndarray
    ) -> TabularRung:
        patients = self.facts.visits.loc[rows, "patient_id"]
        rung = TabularRung(self.spec, candidates).fit(features[rows], self.target[rows], patients)
        if len(candidates) > 1:
            self.notes.append(f"{name} for {self.spec.title}: {rung.choice()}")
        return rung

    def _with_measure(self, measure: np.ndarray) -> pd.DataFrame:
        return self.facts.covariate_table().assign(**{MEASURE: measure})

    def _by_total(self, total: np.ndarray) -> np.ndarray:
        if self._by_human_total is None:
            features = self._with_measure(self.facts.human_total(self.spec.name))
            self._by_human_total = self._fitted(HUMAN_TOTAL, features, FORMS_OF_TOTAL, self.fit)
        return self._by_human_total.predict(self._with_measure(total))

    def _clinical_matrix(self) -> np.ndarray:
        self.facts.human_total(self.spec.name)
        return self._regress(CLINICAL_MATRIX, clinical_matrix_features(self.facts.visits), FORMS_OF_TOTAL)

    def _coarse(self) -> np.ndarray:
        """The film score cut to the human total's grid, turned into a prediction by an equation like the human one's.

        It is fitted on the rows in `calibrate`, fewer than the human one's, because the network knows the outcomes of
        the others.
        """
        known = int(np.isfinite(self.target[self.calibrate]).sum())
        if known < FEWEST_FOR_COARSE:
            raise DataRefused(
                f"its equation needs {FEWEST_FOR_COARSE} validation visits with a known outcome; there are {known}. "
                "nested_comparison.csv compares at equal granularity within the held-out patients."
            )
        grid = self.facts.human_grid(self.spec.name, self.fit, self.calibrate)
        features = self._with_measure(grid.read(self.facts.film_score(self.spec.name)))
        rung = self._fitted(DIRECT_ADJUSTED_COARSE, features, FORMS_OF_TOTAL, self.calibrate)
        return np.where(features[MEASURE].notna(), rung.predict(features), np.nan)
