"""Subgroups and hospitals: slopes in each, tests of interaction, heterogeneity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.clustered_fits import GEE
from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.biomarkers.group_slopes import GroupSlope, slopes_by_group
from outcomenet.biomarkers.heterogeneity import Heterogeneity, heterogeneity
from outcomenet.biomarkers.linear_fit import Contrast
from outcomenet.biomarkers.number_words import number, p_words, with_interval
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.study import Study, study
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Drawing, Layout


def subgroups(
    table: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    groups: Sequence[str] = (),
    hospital: str | None = None,
    covariates: Sequence[str] = (),
    minimum: int = 50,
    patient: str = "patient_id",
    visit: str | None = None,
    titles: Mapping[str, str] | None = None,
    unit: str = "",
    level: float = 0.95,
) -> Section:
    """Whether the slope of an outcome on a score is the same in subgroups and hospitals.

    Per SD of the score over all rows, by estimating equations with robust covariance (Liang & Zeger, Biometrika 1986) in which
    each group has an intercept and a slope of its own; covariates have one slope for all. Whether groups differ is told by the
    test of interaction, never by one group's p being small and another's not (Altman & Bland, BMJ 2003;326:219). Hospitals
    are taken as a sample of hospitals: Cochran's Q, I2 with its interval, tau2 by DerSimonian & Laird and by Paule & Mandel,
    and the random effects mean.

    Args:
        table: One row per patient and visit.
        score: Number column.
        outcome: Number column on a scale.
        groups: Columns that make subgroups; numbers of many values are cut into thirds.
        hospital: Column of the hospital; None where there is one.
        covariates: Adjusted for in every group.
        minimum: Patients below which a group is named but not estimated.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.
        titles: Words for columns.
        unit: Of the outcome.
        level: Of the intervals.

    Returns:
        Section "subgroups": slopes above 0 mean a higher outcome with a higher score.

    Raises:
        UndefinedMetric: A column is one that no model can use, or neither groups nor a hospital is named.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(400), "score": rng.normal(size=400), "sex": ["F", "M"] * 200})
    >>> table["haq"] = table["score"] * (1 + (table["sex"] == "F")) + rng.normal(size=400)
    >>> section = subgroups(table, score="score", outcome="haq", groups=["sex"])
    >>> section.estimates[["term", "estimate"]].round(1).values.tolist()[:3]
    [['all', 1.6], ['sex: F', 2.0], ['sex: M', 1.1]]
    """
    columns = [*groups, *([hospital] if hospital else [])]
    if not columns:
        raise UndefinedMetric("No subgroup and no hospital is named: give `groups`, `hospital` or both.")
    data = study(
        table, section="subgroups", scores=[score], outcome=outcome, covariates=[*covariates, *columns], patient=patient,
        visit=visit, titles=titles, unit=unit, level=level,
    )  # fmt: skip
    overall = data.fit(GEE, data.design([score], covariates)).term(score, level)
    rows = [_row(data, score, "all", covariates, GroupSlope("all", overall, np.nan, **_all_counts(data)))]
    sentences, refusals = [], []
    for group in columns:
        slopes, test = slopes_by_group(data, score, group, covariates, minimum)
        rows += [_row(data, score, f"{data.title(group)}: {slope.level}", covariates, slope) for slope in slopes]
        small = [f"{slope.level} ({slope.note})" for slope in slopes if slope.term is None]
        refusals += [f"{data.title(group)}: no slope in {'; '.join(small)}"] if small else []
        rows.append(_test_row(data, score, group, covariates, test))
        if isinstance(test, str):
            refusals.append(f"Interaction with {data.title(group)}: {test}")
        else:
            sentences.append(_says(data, score, group, slopes, test))
        if group == hospital:
            more, words = _between(data, score, group, covariates, slopes)
            rows += more
            sentences += words
    if len(columns) > 1:
        sentences.append(
            f"{len(columns)} interactions were tested; by chance alone one in {round(1 / (1 - level))} has a p below "
            f"{1 - level:.2g}."
        )
    drawn = [row for row in rows if not str(row["term"]).startswith(("interaction", "heterogeneity"))]
    return Section(
        estimates_frame(rows),
        tuple(sentences),
        (partial(_forest, data, score, drawn, covariates),),
        refusals=tuple(refusals),
    )


def _all_counts(data: Study) -> dict:
    counts = data.population.counts
    return {"rows": counts["n_visits"], "patients": counts["n_patients"], "note": data.population.note}


def _adjusted(covariates: Sequence[str]) -> str:
    return ", ".join(covariates) or "crude"


def _row(data: Study, score: str, term: str, covariates: Sequence[str], slope: GroupSlope) -> dict[str, object]:
    return data.row(
        slope.term, measure=score, adjustment=_adjusted(covariates), term=term, method=GEE, note=slope.note,
        n_visits=slope.rows, n_patients=slope.patients, unit=f"{data.unit or data.outcome} per SD of {score}",
    )  # fmt: skip


def _test_row(
    data: Study, score: str, group: str, covariates: Sequence[str], test: Contrast | str
) -> dict[str, object]:
    entries: dict[str, object] = {
        "measure": score, "adjustment": _adjusted(covariates), "term": f"interaction with {data.title(group)}",
        "method": f"{GEE}; Wald", "unit": "F",
    }  # fmt: skip
    if isinstance(test, str):
        return data.row(**{**entries, "note": test})
    degrees = f"F on {test.numerator:g} and {test.denominator:.0f} degrees of freedom"
    note = "; ".join(part for part in (degrees, data.population.note) if part)
    return data.row(estimate=test.f, p=test.p, **{**entries, "note": note})


def _says(data: Study, score: str, group: str, slopes: Sequence[GroupSlope], test: Contrast) -> str:
    known = [slope for slope in slopes if slope.term]
    parts = [f"{with_interval(*slope.term[:3])} for {slope.level}" for slope in known if slope.term]
    verdict = "differs" if test.p < 1 - data.level else "was not shown to differ"
    shown = f": {', '.join(parts)}" if parts else ""
    return (
        f"The slope of {data.title(data.outcome)} on {data.title(score)} {verdict} by {data.title(group)} (interaction "
        f"{p_words(test.p)}){shown}."
    )


def _between(
    data: Study, score: str, hospital: str, covariates: Sequence[str], slopes: Sequence[GroupSlope]
) -> tuple[list[dict[str, object]], list[str]]:
    """Heterogeneity between hospitals that are large enough, and their random effects mean."""
    known = [slope for slope in slopes if slope.term is not None]
    entries: dict[str, object] = {"measure": score, "adjustment": _adjusted(covariates)}
    if len(known) < 2:
        note = f"{len(known)} {data.title(hospital)} large enough: no heterogeneity between fewer than two"
        return [data.row(**{**entries, "term": "heterogeneity: I2", "method": "Q profile", "note": note})], []
    values = np.array([slope.term.estimate for slope in known if slope.term])
    result = heterogeneity(values, np.array([slope.error for slope in known]), data.level)
    counts = {"n_visits": sum(s.rows for s in known), "n_patients": sum(s.patients for s in known)}
    entries |= counts
    return _heterogeneity_rows(data, entries, result, len(known)), [
        f"Between {len(known)} hospitals I2 is {result.i2:.0%} ({result.i2_lower:.0%} to {result.i2_upper:.0%}; Cochran's Q "
        f"{number(result.q)} on {result.freedom}, {p_words(result.p)}); the mean slope over hospitals is "
        f"{with_interval(result.mean, result.lower, result.upper)}."
    ]


def _heterogeneity_rows(
    data: Study, entries: Mapping[str, object], result: Heterogeneity, hospitals: int
) -> list[dict[str, object]]:
    squared = f"squared {data.unit or data.outcome} per SD"

    def row(term: str, method: str, unit: str, **numbers: float) -> dict[str, object]:
        return data.row(**{**entries, "term": term, "method": method, "unit": unit, **numbers})

    return [
        row("heterogeneity: Q", f"Cochran, {result.freedom} degrees of freedom", "chi2", estimate=result.q, p=result.p),
        row("heterogeneity: I2", "Higgins & Thompson, Q profile", "share", estimate=result.i2, lower=result.i2_lower,
            upper=result.i2_upper, level=data.level),
        row("heterogeneity: tau2 (DerSimonian-Laird)", "moments", squared, estimate=result.tau2_dersimonian_laird),
        row("heterogeneity: tau2 (Paule-Mandel)", "Q profile", squared, estimate=result.tau2_paule_mandel),
        row(f"mean over {hospitals} hospitals", "random effects (Paule-Mandel, Knapp-Hartung)",
            f"{data.unit or data.outcome} per SD", estimate=result.mean, lower=result.lower, upper=result.upper, level=data.level),
    ]  # fmt: skip


def _forest(
    data: Study, score: str, rows: Sequence[Mapping[str, object]], covariates: Sequence[str],
    *, layout: Layout = Layout.PAGE,
) -> Drawing | None:  # fmt: skip
    lines = []
    for row in rows:
        group, _, level = str(row["term"]).rpartition(": ")
        above = lines[-1]["group"] if lines and level.startswith("mean over") else group
        numbers = {key: row.get(key, np.nan) for key in ("estimate", "lower", "upper", "p")}
        label = f"{level} ({row['n_patients']:,} patients)"
        lines.append({"label": label, "group": above, "measure": "group", **numbers})
    title = f"{data.title(data.outcome)} per SD of {data.title(score)}"
    words = ForestWords(
        f"subgroups_{data.outcome}",
        title,
        f"{title} in subgroups and hospitals, with {data.level:.0%} intervals (adjusted for {_adjusted(covariates)}). A dash "
        "stands where there are too few patients. Whether groups differ is told by the test of interaction, not by their p.",
        f"Forest plot of {title} in each group; the table behind the figure has every number.",
    )
    return estimates_forest(pd.DataFrame(lines), words, layout=layout)
