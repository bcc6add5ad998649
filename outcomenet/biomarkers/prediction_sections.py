"""Sections of an analysis about predictions: prognosis, calibration, decision curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysis_inputs import Inputs, both_measures, of_one_outcome
from outcomenet.biomarkers.analysis_plan import Outcome
from outcomenet.biomarkers.calibration import calibration
from outcomenet.biomarkers.decision_curve import decision_curve
from outcomenet.biomarkers.prognosis import prognosis
from outcomenet.biomarkers.recalibrated import predicted
from outcomenet.biomarkers.section import Section, joined
from outcomenet.errors import UndefinedMetric
from outcomenet.outcome_kinds import status_at_horizon
from outcomenet.outcomes import DAYS_PER_YEAR

FILMS = "graded_visits"  # column that prognosis takes: with two films no time is known better than to a year


def prognosis_section(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    table = _usable_follow_up(inputs)
    there = [name for name in plan.primary_covariates if name in table]
    return prognosis(
        table,
        scores=[name for name in both_measures(inputs) if name in table],
        covariates=there,
        clinical=[name for name in plan.follow_up.covariates if name in table],
        event=plan.follow_up.event,
        horizon_years=plan.follow_up.horizon_years,
        visits_every_days=plan.follow_up.visits_every_days,
        patient=of.patient,
        films=FILMS,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
        fewest_events_per_parameter=plan.follow_up.fewest_events_per_parameter,
    )


def _usable_follow_up(inputs: Inputs) -> pd.DataFrame:
    """Patients whom no network learned from, each with the number of his visits that a human score knows (`FILMS`)."""
    plan, of, table = inputs.plan, inputs.plan.columns, inputs.follow_up
    if table is None or table.empty:
        raise UndefinedMetric("there is no table of follow-up on films (docs/intake/follow_up.md)")
    table = table[table[of.usable].astype(bool)] if of.usable in table else table
    graded = inputs.visits.dropna(subset=[plan.measures.human or plan.measures.score])
    films = graded.groupby(of.patient).size()
    return table.assign(**{FILMS: table[of.patient].map(films).fillna(1).astype(int)}).reset_index(drop=True)


def _models(inputs: Inputs) -> dict[str, list[str]]:
    """Columns of the models whose predictions are judged: covariates alone, with the human score, with the score."""
    plan = inputs.plan
    clinic = list(plan.primary_covariates)
    base = "covariates" if clinic else "nothing"
    start = "covariates and " if clinic else ""
    models = {base: clinic} if clinic else {}
    return models | {f"{start}{plan.title(name)}": [*clinic, name] for name in both_measures(inputs)}


def _with_predictions(inputs: Inputs, of: Outcome, models: Mapping[str, list[str]]) -> pd.DataFrame:
    """Rows that know the outcome and all models' columns, with a column of predictions by each, of patients not fitted to."""
    plan = inputs.plan
    wanted = list(dict.fromkeys([of.column, *(name for columns in models.values() for name in columns)]))
    rows = inputs.visits.dropna(subset=wanted).reset_index(drop=True)
    kind = "event" if of.kind == "event" else "number"
    made_by = {
        words: predicted(
            rows, scores=columns, outcome=of.column, kind=kind, patient=plan.columns.patient, seed=plan.seed
        )
        for words, columns in models.items()
    }
    return rows.assign(**made_by)


def calibration_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    site = plan.columns.site
    models = {
        words: columns
        for words, columns in _models(inputs).items()
        if columns[-1:] in ([name] for name in both_measures(inputs))
    }
    return joined(
        [
            of_one_outcome(
                lambda of: calibration(
                    _with_predictions(inputs, of, models),
                    predictions=list(models),
                    outcome=of.column,
                    kind="event" if of.kind == "event" else "number",
                    site=site if site and inputs.visits[site].nunique() > 1 else None,
                    patient=plan.columns.patient,
                    resamples=plan.resamples,
                    titles=inputs.titles,
                    seed=plan.seed,
                ),
                of,
                named=True,
            )
            for of in plan.outcomes
            if not of.negative_control
        ]
    )


def decision_curve_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    events = [of for of in plan.outcomes if of.kind == "event"]
    if not events or not plan.thresholds:
        raise UndefinedMetric("the plan names no event, or no thresholds, so that there is no decision to be curved")
    models = _models(inputs)
    parts = [
        of_one_outcome(
            lambda of: decision_curve(
                _with_predictions(inputs, of, models),
                risks=list(models),
                outcome=of.column,
                thresholds=plan.thresholds,
                patient=plan.columns.patient,
                resamples=plan.resamples,
                titles=inputs.titles,
                seed=plan.seed,
            ),
            of,
            named=True,
        )
        for of in events
    ]
    if inputs.follow_up is not None and len(inputs.follow_up):
        of = Outcome(plan.follow_up.event, "event", f"{plan.follow_up.event}, with competing events")
        parts.append(of_one_outcome(lambda of: _competing_decision_curve(inputs), of))
    return joined(parts)


def _competing_decision_curve(inputs: Inputs) -> Section:
    """Net benefit at the horizon, death and operations competing; risks are told for patients that the model was not fitted to."""
    plan, table = inputs.plan, _usable_follow_up(inputs)
    end = table["interval_end_days"].fillna(np.inf) - table["entry_days"]
    other = ~table["cause"].isin([plan.follow_up.event, "censored"])
    status = status_at_horizon(
        (table["interval_start_days"] - table["entry_days"]).to_numpy(float), end.to_numpy(float),
        plan.follow_up.horizon_years * DAYS_PER_YEAR, other.to_numpy(float),
    )  # fmt: skip
    models = {words: [name for name in columns if name in table] for words, columns in _models(inputs).items()}
    rows = table.assign(_status=status).dropna(
        subset=["_status", *(name for columns in models.values() for name in columns)]
    )
    rows = rows.reset_index(drop=True)
    risks = {
        words: predicted(
            rows,
            scores=columns[-1],
            covariates=columns[:-1],
            outcome="_status",
            patient=plan.columns.patient,
            seed=plan.seed,
        )
        for words, columns in models.items()
        if columns
    }
    return decision_curve(
        rows.assign(**risks),
        risks=list(risks),
        outcome=plan.follow_up.event,
        thresholds=plan.thresholds,
        horizon_years=plan.follow_up.horizon_years,
        visits_every_days=plan.follow_up.visits_every_days,
        patient=plan.columns.patient,
        resamples=plan.resamples,
        titles=inputs.titles,
        seed=plan.seed,
    )
