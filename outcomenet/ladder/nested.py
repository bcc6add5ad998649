"""Comparison of the human total with the learned film score at equal adjustment.

The ladder compares finished predictors, and a network handles its covariates otherwise than a regression does. Here both
measures are one number per visit, enter the same kind of regression beside the same covariates, and are fitted and
judged on the same folds of the held-out patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomenet.cohorts.splits import fold_of
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import FORMS_OF_FILM_SCORE, FORMS_OF_TOTAL, MEASURE, PLAIN, Candidate
from outcomenet.ladder.facts import LadderFacts, target_of, with_outcome
from outcomenet.ladder.tabular import TabularRung
from outcomenet.metrics.table import COMPARISON_COLUMNS, comparisons_table
from outcomenet.outcomes import OutcomeSpec, outcome
from outcomenet.predictors import (
    COVARIATES,
    DIRECT_ADJUSTED,
    DIRECT_ADJUSTED_COARSE,
    HUMAN_TOTAL,
    PAIRS_AT_EQUAL_ADJUSTMENT,
)

FOLDS = 5
FORMS: Mapping[str, Sequence[Candidate]] = {
    HUMAN_TOTAL: FORMS_OF_TOTAL,
    DIRECT_ADJUSTED: FORMS_OF_FILM_SCORE,
    DIRECT_ADJUSTED_COARSE: FORMS_OF_TOTAL,
}
COLUMNS = ["adjusted_for", *COMPARISON_COLUMNS]


def nested_comparison(
    facts: LadderFacts, outcomes: Sequence[str], *, resamples: int, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """nested_comparison.csv, and notes on what is absent.

    Columns: `adjusted_for` (none, age and sex, all), then those of comparisons.csv: predictor minus reference with a
    patient-cluster bootstrap interval. `direct_adjusted` is the network's film score without its outcome-side terms,
    `direct_adjusted_coarse` the same cut to the human total's grid (see `facts.equate_to_human`), `covariates` the set alone.
    Only held-out visits with a human total and a film score take part.

    Args:
        facts: visits, human scores and outputs of the networks.
        outcomes: names.
        resamples: bootstrap resamples of patients.
        seed: of folds and resamples.
    """
    tables, notes = [], []
    for name in outcomes:
        spec = outcome(name)
        try:
            visits, measures, absent = _held_out_measures(facts, spec)
        except DataRefused as reason:
            notes.append(f"The nested comparison for {spec.title} is absent: {reason}")
            continue
        notes += absent
        for title, columns in _covariate_sets(facts):
            try:
                predicted = _cross_fitted(spec, visits, measures, columns, seed)
            except DataRefused as reason:
                notes.append(f"The nested comparison for {spec.title}, adjusted for {title}, is absent: {reason}")
                continue
            rows = with_outcome(predicted, spec, visits)
            table = comparisons_table(rows, resamples=resamples, seed=seed, pairs=PAIRS_AT_EQUAL_ADJUSTMENT)
            table.insert(0, "adjusted_for", title)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS), notes


def _held_out_measures(facts: LadderFacts, spec: OutcomeSpec) -> tuple[pd.DataFrame, dict[str, np.ndarray], list[str]]:
    measures, notes = {HUMAN_TOTAL: facts.human_total(spec.name), DIRECT_ADJUSTED: facts.film_score(spec.name)}, []
    fit, calibrate = ((facts.visits["split"] == split).to_numpy() for split in ("train", "validation"))
    try:
        measures[DIRECT_ADJUSTED_COARSE] = facts.human_grid(spec.name, fit, calibrate).read(measures[DIRECT_ADJUSTED])
    except DataRefused as reason:
        notes.append(f"{DIRECT_ADJUSTED_COARSE} in the nested comparison for {spec.title} is absent: {reason}")
    rows = (facts.visits["split"] == "test").to_numpy()
    for values in measures.values():
        rows = rows & np.isfinite(values)
    if not rows.any():
        raise DataRefused("no held-out visit has both a human total and a film score")
    visits = facts.visits[rows].reset_index(drop=True)
    return visits, {name: values[rows] for name, values in measures.items()}, notes


def _covariate_sets(facts: LadderFacts) -> Iterator[tuple[str, list[str]]]:
    yield "none", []
    if {"age", "male"} <= set(facts.visits.columns):
        yield "age and sex", ["age", "male"]
    if facts.covariates:
        yield "all", list(facts.covariates)


def _cross_fitted(
    spec: OutcomeSpec, visits: pd.DataFrame, measures: Mapping[str, np.ndarray], columns: list[str], seed: int
) -> pd.DataFrame:
    """Every held-out visit predicted from each measure by regressions that saw neither it nor its patient."""
    target = target_of(spec, visits)
    # a hash of the name, so that every measure and covariate set has the same folds
    fold = visits["patient_id"].map(lambda patient: fold_of(str(patient), f"nested-{seed}", FOLDS)).to_numpy()
    covariates = visits[columns].astype(float)
    features = {name: covariates.assign(**{MEASURE: values}) for name, values in measures.items()}
    if columns:
        features[COVARIATES] = covariates
    frames = []
    for name, x in features.items():
        prediction = np.full(len(visits), np.nan)
        for held_out in np.unique(fold):
            learning, judged = fold != held_out, fold == held_out
            rung = TabularRung(spec, FORMS.get(name, (PLAIN,)))
            rung.fit(x[learning], target[learning], visits.loc[learning, "patient_id"])
            prediction[judged] = rung.predict(x[judged])
        frames.append(visits[["patient_id", "visit_id"]].assign(predictor=name, prediction=prediction))
    return pd.concat(frames, ignore_index=True)
