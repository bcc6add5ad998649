"""Contrasts that tell confounding apart: scores of some joints alone, and outcomes that no joint can cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.clustered_fits import GEE
from outcomenet.biomarkers.design_matrix import as_numbers
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.number_words import p_words, with_interval
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.study import Study, attempted, study
from outcomenet.errors import UndefinedMetric


def adjusted_words(data: Study, covariates: Sequence[str]) -> str:
    """Covariates in words.

    Args:
        data: The population, whose titles are the words.
        covariates: None of them is crude.
    """
    return ", ".join(map(data.title, covariates)) or "crude"


def robust_slope(data: Study, score: str, covariates: Sequence[str], outcome: str | None = None) -> Term | str:
    """Slope per SD of a score by estimating equations, or the sentence that says why there is none.

    Args:
        data: The population.
        score: Whose slope is wanted.
        covariates: Adjusted for.
        outcome: Another outcome than the study's.
    """
    fit = attempted(partial(data.fit, GEE, data.design([score], covariates), outcome))
    return fit if isinstance(fit, str) else fit.term(score, data.level)


def some_joints(data: Study, marked: Mapping[str, str], covariates: Sequence[str]) -> Section:
    """Scores of some joints alone, each by itself and all in one model; of two also their difference.

    Args:
        data: The population.
        marked: Words and columns of the scores.
        covariates: Adjusted for.
    """
    columns = list(marked.values())
    words = {column: word for word, column in marked.items()}
    both = attempted(partial(data.fit, GEE, data.design(columns, covariates)))
    rows: list[dict[str, object]] = []
    told, refusals = [], []
    entries: dict[str, object] = {"adjustment": adjusted_words(data, covariates), "method": GEE}
    for column in columns:
        alone = robust_slope(data, column, covariates)
        together = both if isinstance(both, str) else both.term(column, data.level)
        for slope, term in ((alone, f"{words[column]}, alone"), (together, f"{words[column]}, beside the others")):
            if isinstance(slope, str):
                rows.append(data.row(**{**entries, "measure": column, "term": term, "note": slope}))
                refusals.append(f"{term}: {slope}")
            else:
                rows.append(data.row(slope, **entries, measure=column, term=term))
        if not isinstance(alone, str):
            told.append(f"{words[column]} {with_interval(*alone[:3])}")
    if len(columns) == 2 and not isinstance(both, str):
        first, second = columns
        difference = both.combination({first: 1.0, second: -1.0}, data.level)
        rows.append(data.row(difference, **entries, measure=first, term=f"{words[first]} minus {words[second]}"))
        told.append(f"their difference in one model {with_interval(*difference[:3])}")
    says = f"Per SD of each, {data.title(data.outcome)} is higher by: {'; '.join(told)} ({adjusted_words(data, covariates)})."
    return Section(estimates_frame(rows), (says,) if told else (), refusals=tuple(refusals))


def negative_outcome(
    table: pd.DataFrame,
    data: Study,
    score: str,
    name: str,
    before: Sequence[str],
    after: Sequence[str],
    visit: str | None,
) -> Section:
    """Slopes of what the score cannot cause, in SD of it, on the rows that know it.

    Args:
        table: One row per patient and visit.
        data: The study of the true outcome.
        score: Number column.
        name: Column of the negative outcome.
        before: Covariates of the model before.
        after: Of the adjusted one.
        visit: Column of the visit; None where there is none.
    """
    patient = data.population.patient
    try:
        own = study(
            table, section="confounding", scores=[score], outcome=name, covariates=[of for of in (*before, *after) if of != name], patient=patient,
            visit=visit, titles=data.titles, unit="SD", level=data.level,
        )  # fmt: skip
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"Negative outcome {data.title(name)}: {reason}",))
    spread = float(as_numbers(own.population.table, name).std(ddof=1))
    rows: list[dict[str, object]] = []
    told = []
    for word, covariates in (("before adjustment", before), ("after adjustment", after)):
        slope = robust_slope(own, score, [of for of in covariates if of != name])
        entries = {"measure": score, "adjustment": adjusted_words(own, covariates), "method": GEE}
        term = f"negative outcome, {word}"
        if isinstance(slope, str):
            rows.append(own.row(**{**entries, "term": term, "note": slope}))
            continue
        scaled = Term(slope.estimate / spread, slope.lower / spread, slope.upper / spread, slope.p)
        rows.append(own.row(scaled, **entries, term=term))
        told.append(f"{with_interval(*scaled[:3])} SD {word} ({p_words(scaled.p)})")
    last = rows[-1].get("p", np.nan)
    shows = (
        "a sign of confounding or of a shortcut"
        if float(str(last)) < 1 - data.level
        else "no sign of confounding was shown"
    )
    says = f"{own.title(name)}, which no joint can cause, per SD of {own.title(score)}: {', '.join(told)}: {shows}."
    return Section(estimates_frame(rows), (says,) if told else ())
