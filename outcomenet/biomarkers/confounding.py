"""Confounding of an association: before and after adjustment, strata, contrasts of joints, E-values, negative outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.clustered_fits import GEE
from outcomenet.biomarkers.confounding_contrasts import (
    adjusted_words,
    negative_outcome,
    robust_slope,
    some_joints,
)
from outcomenet.biomarkers.design_matrix import as_numbers
from outcomenet.biomarkers.e_values import Effect, e_value
from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.biomarkers.group_slopes import slopes_by_group
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.number_words import number, p_words, with_interval
from outcomenet.biomarkers.section import Section, estimates_frame, joined
from outcomenet.biomarkers.study import Study, study
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Drawing, Layout


def confounding(
    table: pd.DataFrame,
    *,
    scores: Sequence[str],
    outcome: str,
    covariates: Sequence[str],
    before: Sequence[str] = (),
    strata: Sequence[str] = (),
    restricted: Mapping[str, str] | None = None,
    negative_outcomes: Sequence[str] = (),
    minimum: int = 50,
    patient: str = "patient_id",
    visit: str | None = None,
    titles: Mapping[str, str] | None = None,
    unit: str = "",
    level: float = 0.95,
) -> Section:
    """What an association owes to something else than the joints' damage, as far as data can tell.

    All slopes are per SD of the score, by estimating equations with robust covariance over all visits. Before and after: the
    slope without and with the covariates, on one population. Strata: the slope among those with and without osteoarthritis or
    fibromyalgia, with a test of interaction. Restricted scores: osteoarthritis damages DIP joints, which rheumatoid arthritis
    spares, so a score of DIP joints alone that goes with the outcome shows osteoarthritis, not arthritis. E-value: how strong an
    unmeasured confounder would have to be (VanderWeele & Ding, Ann Intern Med 2017;167:268), of the slope in SD of the outcome.
    Negative outcomes: what the score cannot cause; a slope there is confounding or a shortcut (Lipsitch, Epidemiology 2010;
    21:383).

    Args:
        table: One row per patient and visit.
        scores: Number columns.
        outcome: Number column on a scale.
        covariates: Of the adjusted model, osteoarthritis and fibromyalgia among them; text is dummy coded.
        before: Covariates of the model before; none is crude.
        strata: Columns whose groups are looked at one by one, such as those of osteoarthritis and fibromyalgia.
        restricted: Words and columns of scores of some joints alone, such as {"PIP only": "score_pip", "DIP only": "score_dip"}.
        negative_outcomes: Number or yes/no columns that no joint can cause.
        minimum: Patients below which a stratum is named but not estimated.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.
        titles: Words for columns.
        unit: Of the outcome.
        level: Of the intervals.

    Returns:
        Section "confounding"; slopes above 0 mean a higher outcome with a higher score.

    Raises:
        UndefinedMetric: A column is one that no model can use, or too few patients are left.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(500), "oa": rng.integers(0, 2, 500)})
    >>> table["score"] = table["oa"] + rng.normal(size=500)
    >>> table["haq"] = table["oa"] + 0.5 * rng.normal(size=500)
    >>> section = confounding(table, scores=["score"], outcome="haq", covariates=["oa"])
    >>> section.estimates.set_index("term")["estimate"].round(2)[["before adjustment", "after adjustment"]].tolist()
    [0.18, -0.01]
    """
    marked = restricted or {}
    data = study(
        table, section="confounding", scores=[*scores, *marked.values()], outcome=outcome,
        covariates=[*before, *covariates, *strata], patient=patient, visit=visit, titles=titles, unit=unit, level=level,
    )  # fmt: skip
    parts = [_before_and_after(data, score, before, covariates) for score in scores]
    parts += [_in_strata(data, score, group, covariates, minimum) for score in scores for group in strata]
    parts += [some_joints(data, marked, covariates)] if marked else []
    parts += [
        negative_outcome(table, data, score, name, before, covariates, visit)
        for name in negative_outcomes
        for score in scores
    ]
    whole = joined(parts)
    return Section(
        whole.estimates,
        whole.sentences,
        (partial(_forest, data, whole.estimates),),
        refusals=tuple(dict.fromkeys(whole.refusals)),
    )


def _before_and_after(data: Study, score: str, before: Sequence[str], after: Sequence[str]) -> Section:
    """Slopes on the two rungs, how much adjustment takes away, and their E-values."""
    rows: list[dict[str, object]] = []
    terms: dict[str, Term] = {}
    refusals = []
    for word, covariates in (("before adjustment", before), ("after adjustment", after)):
        entries: dict[str, object] = {"measure": score, "adjustment": adjusted_words(data, covariates), "method": GEE}
        slope = robust_slope(data, score, covariates)
        if isinstance(slope, str):
            rows.append(data.row(**{**entries, "term": word, "note": slope}))
            refusals.append(f"{data.title(score)}, {word}: {slope}")
            continue
        terms[word] = slope
        rows.append(data.row(slope, **{**entries, "term": word}))
        rows += _e_values(data, slope, entries, word)
    if len(terms) < 2:
        return Section(estimates_frame(rows), refusals=tuple(refusals))
    first, last = terms["before adjustment"], terms["after adjustment"]
    taken = 1 - last.estimate / first.estimate
    rows.append(
        data.row(
            measure=score, adjustment=adjusted_words(data, after), term="share of the slope that adjustment takes", estimate=taken,
            method=GEE, unit="share", note="no interval; those of both slopes stand beside it",
        )
    )  # fmt: skip
    point, bound = (
        row["estimate"] for row in rows if str(row["term"]).startswith("E-value") and "after" in str(row["term"])
    )
    says = (
        f"Adjustment for {adjusted_words(data, after)} takes the slope of {data.title(data.outcome)} on {data.title(score)} from "
        f"{with_interval(*first[:3])} to {with_interval(*last[:3])} per SD. To explain the rest away, an unmeasured confounder "
        f"would need a risk ratio of {number(float(str(point)))} with both (E-value; {number(float(str(bound)))} for the "
        "bound of the interval)."
    )
    return Section(estimates_frame(rows), (says,), refusals=tuple(refusals))


def _e_values(data: Study, slope: Term, entries: Mapping[str, object], word: str) -> list[dict[str, object]]:
    spread = float(as_numbers(data.population.table, data.outcome).std(ddof=1))
    values = e_value(
        slope.estimate / spread, slope.lower / spread, slope.upper / spread, Effect.MEAN_DIFFERENCE, data.level
    )
    shared = {**entries, "unit": "risk ratio", "method": "VanderWeele & Ding 2017, standardised mean difference per SD"}
    return [
        data.row(**{**shared, "term": f"E-value, {word}", "estimate": values.estimate}),
        data.row(**{**shared, "term": f"E-value of the bound, {word}", "estimate": values.bound}),
    ]


def _in_strata(data: Study, score: str, group: str, covariates: Sequence[str], minimum: int) -> Section:
    others = [name for name in covariates if name != group]
    try:
        slopes, test = slopes_by_group(data, score, group, others, minimum)
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"Strata of {data.title(group)}: {reason}",))
    entries: dict[str, object] = {"measure": score, "adjustment": adjusted_words(data, others), "method": GEE}
    rows = [
        data.row(
            slope.term, **entries, term=f"{data.title(group)}: {slope.level}", note=slope.note, n_visits=slope.rows,
            n_patients=slope.patients,
        )
        for slope in slopes
    ]  # fmt: skip
    if isinstance(test, str):
        return Section(estimates_frame(rows), refusals=(f"Strata of {data.title(group)}: {test}",))
    degrees = f"F on {test.numerator:g} and {test.denominator:.0f} degrees of freedom"
    note = "; ".join(part for part in (degrees, data.population.note) if part)
    term = f"interaction with {data.title(group)}"
    rows.append(data.row(**{**entries, "term": term, "estimate": test.f, "p": test.p, "unit": "F", "note": note}))
    told = ", ".join(f"{with_interval(*slope.term[:3])} for {slope.level}" for slope in slopes if slope.term)
    says = (
        f"In strata of {data.title(group)} the slope of {data.title(data.outcome)} on {data.title(score)} is {told} "
        f"(interaction {p_words(test.p)})."
    )
    return Section(estimates_frame(rows), (says,))


def _forest(data: Study, estimates: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """Before and after, strata and restricted scores in one plot; what has another unit stands in the table."""
    shown = estimates[(estimates["method"] == GEE) & (estimates["outcome"] == data.outcome)]
    shown = shown[~shown["unit"].isin(["F", "share"])]
    titles = [data.title(str(name)) for name in shown["measure"]]
    joint = shown["term"].str.contains("alone|beside the others| minus ")
    lines = pd.DataFrame(
        {
            "label": shown["term"].to_numpy(),
            "group": np.where(joint, "Scores of some joints", titles),
            "measure": np.where(joint, "Scores of some joints", titles),
            **{name: shown[name].to_numpy() for name in ("estimate", "lower", "upper", "p")},
        }
    ).sort_values("group", key=lambda groups: pd.factorize(groups)[0], kind="stable", ignore_index=True)
    title = f"{data.title(data.outcome)} per SD of the score"
    words = ForestWords(
        f"confounding_{data.outcome}",
        title,
        f"{title}, with {data.level:.0%} intervals: before and after adjustment, in strata, and of scores that see some joints "
        "alone. A score of DIP joints that goes with the outcome shows osteoarthritis.",
        f"Forest plot of {title}; the table behind the figure has every number.",
    )
    return estimates_forest(lines, words, layout=layout)
