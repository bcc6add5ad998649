"""Sections of an analysis about its patients: question, flow, Table 1, distribution of the score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import skew

from outcomenet.biomarkers import population
from outcomenet.biomarkers.analysis_inputs import Inputs
from outcomenet.biomarkers.analysis_rows import covariates_of
from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.biomarkers.question import question
from outcomenet.biomarkers.section import Section, estimates_frame, joined
from outcomenet.biomarkers.table_one import Characteristic

# Beyond this skewness a mean and an SD describe a number badly.
SKEWED = 1.0
# Numbers over a shorter range than this need a second decimal: the HAQ's smallest step is an eighth.
SHORT_RANGE = 5.0


def question_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    facts = (
        f"Question: {plan.question}",
        f"Time zero is {plan.time_zero}; one row is {plan.unit}.",
    )
    if not plan.graph.strip():
        return Section(
            estimates_frame([]),
            facts,
            refusals=("The plan has no graph of causes, so no adjustment set is told from one.",),
        )
    observed = [str(name) for name in inputs.visits.columns]
    told = question(
        DirectedGraph.of(plan.graph),
        exposure=plan.measures.score,
        outcomes=[of.column for of in plan.outcomes if not of.negative_control],
        rungs={rung.name: rung.columns for rung in plan.adjustment},
        observed=observed,
        titles=inputs.titles,
    )
    return joined([Section(estimates_frame([]), facts), told])


def flow_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    used = [*covariates_of(plan), *(of.column for of in plan.outcomes), plan.measures.score, plan.measures.human]
    columns = [name for name in dict.fromkeys(used) if name]
    missing = population.missing_data(inputs.visits, columns, patient=plan.columns.patient, titles=inputs.titles)
    return joined([population.flow(inputs.steps), missing])


def table_one_section(inputs: Inputs) -> Section:
    of = inputs.plan.columns
    by = {of.treatment: "treatment", of.site: "hospital", of.split: "split"}
    there = {
        name: title
        for name, title in by.items()
        if name and name in inputs.visits and inputs.visits[name].nunique() > 1
    }
    characteristics = characteristics_of(inputs)
    visits = inputs.visits
    if of.years and of.years in visits:
        visits = visits.assign(_followed=visits.groupby(of.patient)[of.years].transform("max"))
        characteristics.append(Characteristic("_followed", "Followed up (years)", "skewed"))
    return population.table_one(
        visits, characteristics=characteristics, score=inputs.plan.measures.score, by=there, patient=of.patient, years=of.years
    )  # fmt: skip


def characteristics_of(inputs: Inputs) -> list[Characteristic]:
    """What Table 1 shows: covariates, activity, outcomes and measures, each as its values are."""
    plan = inputs.plan
    columns = [
        *covariates_of(plan),
        plan.osteoarthritis,
        plan.fibromyalgia,
        *plan.activity,
        plan.columns.treatment,
        plan.columns.years,
    ]
    columns += [of.column for of in plan.outcomes if not of.negative_control]
    columns += [plan.measures.score, plan.measures.human, plan.measures.damage]
    units = {of.column: of.unit for of in plan.outcomes}
    shown = dict.fromkeys(name for name in columns if name and name in inputs.visits)
    return [_characteristic(inputs.visits[name], name, plan.title(name), units.get(name, "")) for name in shown]


def _characteristic(values: pd.Series, name: str, title: str, unit: str) -> Characteristic:
    words = f"{title} ({unit})" if unit else title
    known = values.dropna()
    if not pd.api.types.is_numeric_dtype(values):
        return Characteristic(name, words, "named")
    if known.isin([0, 1]).all():
        return Characteristic(name, words, "yes_no")
    decimals = 2 if known.max() - known.min() < SHORT_RANGE or float(np.std(known)) < 1 else 1
    return Characteristic(name, words, "skewed" if abs(float(skew(known))) > SKEWED else "number", decimals)


def distribution_section(inputs: Inputs) -> Section:
    plan = inputs.plan
    by = {outcome.column: outcome.words for outcome in plan.outcomes}
    if plan.columns.site:
        by[plan.columns.site] = "Hospital"
    return population.distribution(
        inputs.visits, score=plan.measures.score, by=by, patient=plan.columns.patient, titles=inputs.titles
    )
