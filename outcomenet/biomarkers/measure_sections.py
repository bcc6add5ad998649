"""Sections of an analysis about its measures: reliability, change, trial, error of measurement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from outcomenet.biomarkers.analysis_inputs import Inputs, of_one_outcome, on_a_scale
from outcomenet.biomarkers.bland_altman import limits_of_agreement
from outcomenet.biomarkers.grade_agreement import METHODS, grade_agreement
from outcomenet.biomarkers.measurement_error import measurement_error
from outcomenet.biomarkers.number_words import with_interval
from outcomenet.biomarkers.patient_changes import patient_changes
from outcomenet.biomarkers.reliability import Readings, reliability
from outcomenet.biomarkers.responsiveness import responsiveness
from outcomenet.biomarkers.section import Section, estimate_rows, estimates_frame, joined
from outcomenet.biomarkers.stored_error import reliability_of_sem
from outcomenet.biomarkers.trial_power import trial_power
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import Disagreement

# Thresholds of progression are many; above 0 is the one that a single reader's whole numbers can be asked by.
PROGRESSED = "progression above 0"


def reliability_section(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    parts = []
    if len(plan.measures.readers) > 1:
        # a table without visits has one of each patient
        visits = inputs.visits if of.visit else inputs.visits.assign(visit=0)
        keys = [of.patient, of.visit or "visit"]
        names = {name: plan.title(name) for name in plan.measures.readers}
        table = visits[[*keys, *names]]
        readings = table.melt(keys, list(names), "reader", plan.measures.human or "human score").replace(
            {"reader": names}
        )
        common = {
            "value": plan.measures.human or "human score",
            "reading": "reader",
            "patient": of.patient,
            "visit": of.visit or "visit",
            "titles": inputs.titles,
            "resamples": plan.resamples,
            "seed": plan.seed,
        }
        parts += [
            reliability(readings, kind=Readings.READERS, averaged=len(names), **common),
            limits_of_agreement(readings, **common),
            _progressors(inputs),
        ]
    if plan.measures.score_sem:
        with_freedom = inputs.visits.assign(_freedom=plan.measures.score_sem_freedom)
        parts.append(
            reliability_of_sem(
                with_freedom,
                score=plan.measures.score,
                sem=plan.measures.score_sem,
                sem_df="_freedom",
                patient=of.patient,
                titles=inputs.titles,
                resamples=plan.resamples,
                seed=plan.seed,
            )
        )
    if not parts:
        raise UndefinedMetric(
            "the plan names neither readers (measures.readers) nor the SD of one reading (measures.score_sem)"
        )
    return joined(parts)


def _progressors(inputs: Inputs) -> Section:
    """Whether readers call the same patients progressed: kappa of a change above 0 in each reader's own total."""
    plan, of = inputs.plan, inputs.plan.columns
    if not of.years or of.years not in inputs.visits:
        return Section(estimates_frame([]))
    try:
        changes = patient_changes(
            inputs.visits,
            measures=plan.measures.readers,
            patient=of.patient,
            years=of.years,
            visit=of.visit or None,
            interval_years=plan.follow_up.horizon_years,
        )
        progressed = (
            (changes.change[list(plan.measures.readers)] > 0).astype(float).assign(**{of.patient: changes.patients})
        )
        readings = progressed.melt(of.patient, list(plan.measures.readers), "reader", PROGRESSED)
        found = grade_agreement(
            readings,
            grade=PROGRESSED,
            reader="reader",
            target=(),
            patient=of.patient,
            titles=inputs.titles,
            resamples=plan.resamples,
            seed=plan.seed,
        )
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"kappa of progression: {reason}",))
    # with two grades all weights are the same
    plain = found.estimates[found.estimates["method"] == METHODS[Disagreement.PLAIN]].assign(section="reliability")
    first = estimate_rows(plain)[0]
    kappa = with_interval(first.estimate, first.lower, first.upper)
    said = f"Two readers call the same patients progressed (change above 0) with a kappa of {kappa} ({first.n_patients:.0f} patients)."
    return replace(found, estimates=plain, sentences=(said,))


def change_section(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    if not of.years or of.years not in inputs.visits:
        raise UndefinedMetric("the plan names no column of time (columns.years), so that no two visits make a change")
    haq = next((outcome for outcome in plan.outcomes if outcome.minimal_difference and outcome.kind != "event"), None)
    return responsiveness(
        inputs.visits,
        measures=[name for name in (plan.measures.score, plan.measures.damage, plan.measures.human) if name],
        patient=of.patient,
        visit=of.visit or None,
        years=of.years,
        interval_years=plan.follow_up.horizon_years,
        human=plan.measures.human or None,
        other=[*(outcome.column for outcome in on_a_scale(plan)), *plan.activity],
        detectable=_detectable(inputs),
        anchor=haq.column if haq else None,
        minimal_difference=haq.minimal_difference if haq else 0.22,
        arm=of.treatment if plan.trial.arms else None,
        reference=plan.trial.arms[0] if plan.trial.arms else None,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
    )


def _detectable(inputs: Inputs) -> dict[str, float]:
    """Smallest detectable changes that section reliability told, by measure."""
    rows = estimate_rows(reliability_section(inputs).estimates)
    return {row.measure: row.estimate for row in rows if row.term == "SDC (95 %)" and np.isfinite(row.estimate)}


def trial_section(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    if not of.years or of.years not in inputs.visits:
        raise UndefinedMetric("the plan names no column of time (columns.years), so that no two visits make a change")
    endpoint = next(
        (outcome.column for outcome in plan.outcomes if outcome.minimal_difference and outcome.kind != "event"), None
    )
    return trial_power(
        inputs.visits,
        measures=[name for name in (plan.measures.score, plan.measures.damage, plan.measures.human) if name],
        outcome=endpoint,
        patient=of.patient,
        visit=of.visit or None,
        years=of.years,
        interval_years=plan.follow_up.horizon_years,
        arm=of.treatment if plan.trial.arms else None,
        arms=plan.trial.arms,
        reduction=plan.trial.reduction,
        powers=plan.trial.powers,
        human=plan.measures.human or None,
        readers=plan.trial.readers,
        reader_columns=plan.measures.readers if len(plan.measures.readers) > 1 else (),
        drop_out=plan.trial.drop_out,
        truth=plan.measures.truth or None,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
    )


def measurement_error_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    if not plan.measures.score_sem:
        raise UndefinedMetric("the plan names no SD of one reading of the score (measures.score_sem)")
    return joined(
        [
            of_one_outcome(
                lambda of: measurement_error(
                    inputs.visits,
                    score=plan.measures.score,
                    outcome=of.column,
                    covariates=plan.primary_covariates,
                    sem=plan.measures.score_sem,
                    sem_freedom=plan.measures.score_sem_freedom,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    resamples=plan.resamples,
                    titles=inputs.titles,
                    unit=of.unit,
                    seed=plan.seed,
                ),
                of,
            )
            for of in on_a_scale(plan)
        ]
    )
