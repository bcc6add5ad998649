"""Sections of an analysis about outcomes: association, added value, confounding, subgroups."""

from __future__ import annotations

from outcomenet.biomarkers.added_value import added_value
from outcomenet.biomarkers.analysis_inputs import Inputs, both_measures, of_one_outcome, on_a_scale
from outcomenet.biomarkers.analysis_rows import covariates_of
from outcomenet.biomarkers.association import association
from outcomenet.biomarkers.confounding import confounding
from outcomenet.biomarkers.section import Section, joined
from outcomenet.biomarkers.subgroups import subgroups
from outcomenet.errors import UndefinedMetric


def association_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    ladder = {rung.name: rung.columns for rung in plan.adjustment}
    imputed = plan.imputations > 0 and bool(inputs.visits[covariates_of(plan)].isna().to_numpy().any())
    return joined(
        [
            of_one_outcome(
                lambda of: association(
                    inputs.visits,
                    scores=both_measures(inputs),
                    outcome=of.column,
                    ladder=ladder,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    minimal_difference=of.minimal_difference or None,
                    population="imputed" if imputed else "complete",
                    imputations=max(plan.imputations, 2),
                    ordinal=of.kind == "ordinal",
                    titles=inputs.titles,
                    unit=of.unit,
                    seed=plan.seed,
                ),
                of,
            )
            for of in plan.outcomes
            if of.kind != "event"
        ]
    )


def added_value_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    if not plan.measures.human:
        raise UndefinedMetric("the plan names no human score (measures.human) beside which something could be added")
    return joined(
        [
            of_one_outcome(
                lambda of: added_value(
                    inputs.visits,
                    score=plan.measures.score,
                    human=plan.measures.human,
                    outcome=of.column,
                    covariates=plan.primary_covariates,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    thresholds=plan.thresholds,
                    resamples=plan.primary.resamples if of == plan.primary_outcome else plan.resamples,
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


def confounding_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    restricted = {"PIP joints alone": plan.measures.pip, "DIP joints alone": plan.measures.dip}
    negatives = [outcome.column for outcome in plan.outcomes if outcome.negative_control]
    parts: list[Section] = []
    for outcome in on_a_scale(plan):
        section = of_one_outcome(
            lambda of, negatives=negatives: confounding(
                inputs.visits,
                scores=both_measures(inputs),
                outcome=of.column,
                covariates=plan.primary_covariates,
                strata=[name for name in (plan.osteoarthritis, plan.fibromyalgia) if name],
                restricted={words: name for words, name in restricted.items() if name},
                negative_outcomes=negatives,
                minimum=plan.fewest_in_group,
                patient=plan.columns.patient,
                visit=plan.columns.visit or None,
                titles=inputs.titles,
                unit=of.unit,
            ),
            outcome,
        )
        parts.append(section)
        # negative outcomes are of the measures: they are told once, not again beside every outcome
        negatives = [] if len(section.estimates) else negatives
    return joined(parts)


def subgroups_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    site = plan.columns.site
    return joined(
        [
            of_one_outcome(
                lambda of: subgroups(
                    inputs.visits,
                    score=plan.measures.score,
                    outcome=of.column,
                    groups=[name for name in plan.subgroups if name != site],
                    hospital=site if site and inputs.visits[site].nunique() > 1 else None,
                    covariates=plan.primary_covariates,
                    minimum=plan.fewest_in_group,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    titles=inputs.titles,
                    unit=of.unit,
                ),
                of,
            )
            for of in on_a_scale(plan)
        ]
    )
