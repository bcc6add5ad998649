"""Association of scores with an outcome over all visits, on a ladder of adjustment and on one population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from outcomenet.biomarkers.association_forms import alone_and_together, ordinal_odds, within_and_between
from outcomenet.biomarkers.clustered_fits import METHODS
from outcomenet.biomarkers.dose_curve import curves
from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.biomarkers.number_words import number, p_words, sentence, with_interval
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.study import Study, attempted, study
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Drawing, Layout

SLOPE = "slope per SD"
IN_DIFFERENCES = "minimal differences per SD"
SD_PER_DIFFERENCE = "SD per minimal difference"


def association(
    table: pd.DataFrame,
    *,
    scores: Sequence[str],
    outcome: str,
    ladder: Mapping[str, Sequence[str]],
    patient: str = "patient_id",
    visit: str | None = None,
    minimal_difference: float | None = None,
    population: str = "complete",
    imputations: int = 20,
    auxiliary: Sequence[str] = (),
    knots: int = 4,
    ordinal: bool = True,
    titles: Mapping[str, str] | None = None,
    unit: str = "",
    level: float = 0.95,
    seed: int = 0,
) -> Section:
    """How much higher an outcome is per SD of each score, crude and on each rung of adjustment.

    Outcome = a + b score / SD + covariates, over all visits: a mixed model with a random intercept of the patient (Laird &
    Ware, Biometrics 1982), beside it generalised estimating equations (Liang & Zeger, Biometrika 1986) and least squares
    with cluster-robust errors, which need less to be true. SD is the score's over the rows analysed. Every rung is fitted
    to the same rows: those complete for all rungs, or all rows with outcome and scores, gaps of covariates imputed and
    fits pooled by Rubin's rules, each with its own (robust) covariance. Further: scores alone and together; within and
    between persons (Mundlak, Econometrica 1978); a restricted cubic spline (Harrell 2015) with a test that the relation is
    straight; a proportional odds model of the outcome's grid (McCullagh, J R Stat Soc B 1980).

    Args:
        table: One row per patient and visit.
        scores: Number columns, the measure and its rival, such as the total Sharp/van der Heijde score.
        outcome: Number column on a scale, such as HAQ.
        ladder: Covariate columns of each rung, all of them and not only what is new; text is dummy coded. The last rung is
            called the fullest. A score that is a covariate of a rung is not adjusted for itself: it has no number there. Nor is
            the outcome: the rung goes without it.
        patient: Column of the patient; p values and intervals take patients, not rows, as independent.
        visit: Column of the visit, to refuse two rows of one; None where there is none.
        minimal_difference: Smallest difference of the outcome that matters to a patient, in its unit (HAQ 0.22).
        population: "complete" or "imputed".
        imputations: Number of imputed tables.
        auxiliary: Columns that only help to impute.
        knots: Of the spline, 3 to 7.
        ordinal: Whether the outcome is a grid of few values, such as HAQ, of which the odds model is fitted.
        titles: Words for columns, in figures and sentences.
        unit: Of the outcome.
        level: Of the intervals.
        seed: Of the imputation.

    Returns:
        Section "association"; slopes above 0 mean a higher outcome with a higher score.

    Raises:
        UndefinedMetric: A column is missing, empty, of one value or text among numbers, the outcome has two values only, or
            too few patients are left.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": np.repeat(np.arange(60), 2), "score": rng.normal(size=120)})
    >>> table["haq"] = 1 + 0.3 * table["score"] + 0.2 * rng.normal(size=120)
    >>> section = association(table, scores=["score"], outcome="haq", ladder={"crude": []}, minimal_difference=0.22)
    >>> section.sentences[0]
    'Per SD of score, haq differs by 0.28 (0.24 to 0.31) (crude; mixed model over 120 visits of 60 patients).'
    """
    if not ladder:
        raise UndefinedMetric("The ladder has no rung; give at least one, such as {'crude': []}.")
    with_outcome = [rung for rung, columns in ladder.items() if outcome in columns]
    ladder = {rung: [name for name in columns if name != outcome] for rung, columns in ladder.items()}
    data = study(
        table, section="association", scores=scores, outcome=outcome, covariates=chain.from_iterable(ladder.values()),
        patient=patient, visit=visit, population=population, imputations=imputations, auxiliary=auxiliary, titles=titles,
        unit=unit, level=level, seed=seed,
    )  # fmt: skip
    if data.population.table[outcome].nunique() < 3:
        raise UndefinedMetric(
            f"Outcome {outcome!r} has two values, and a slope needs a scale: give a yes/no outcome to added_value, "
            "calibration or prognosis."
        )
    fullest = list(ladder)[-1]
    rows = [row for score in scores for rung in ladder for row in _rung(data, score, rung, ladder, minimal_difference)]
    parts = [
        Section(estimates_frame(rows), tuple(_sentences(data, rows, list(ladder), minimal_difference))),
        *([alone_and_together(data, ladder)] if len(scores) > 1 else []),
        within_and_between(data, fullest, ladder[fullest]),
        curves(data, fullest, ladder[fullest], knots),
        *([ordinal_odds(data, ladder)] if ordinal else []),
    ]
    forest = partial(_forest, data, rows, list(ladder))
    return Section(
        pd.concat([part.estimates for part in parts], ignore_index=True),
        tuple(chain.from_iterable(part.sentences for part in parts)),
        (forest, *chain.from_iterable(part.draws for part in parts)),
        {f"{data.title(outcome)} per SD of each score, on each rung of adjustment": _printed(data, rows)},
        tuple(
            dict.fromkeys(
                [
                    *_itself(data, with_outcome),
                    *_refusals(data, rows),
                    *chain.from_iterable(part.refusals for part in parts),
                ]
            )
        ),
    )


def _rung(
    data: Study, score: str, rung: str, ladder: Mapping[str, Sequence[str]], minimal_difference: float | None
) -> list[dict[str, object]]:
    """All methods on one rung; of the main one also what one minimal difference amounts to."""
    if score in ladder[rung]:
        note = f"{data.title(score)} is itself a covariate of this rung"
        return [data.row(measure=score, adjustment=rung, term=SLOPE, method=data.main_method, note=note)]
    rows = []
    for method in METHODS:
        fit = attempted(partial(data.fit, method, data.design([score], ladder[rung])))
        entries = {"measure": score, "adjustment": rung, "method": method}
        unit = f"{data.unit or data.outcome} per SD ({number(data.deviations[score])}) of {score}"
        if isinstance(fit, str):
            rows.append(data.row(term=SLOPE, unit=unit, **{**entries, "note": fit}))
            continue
        rows.append(data.row(fit.term(score, data.level), **{**entries, "term": SLOPE, "unit": unit}))
        if minimal_difference and method == data.main_method:
            in_differences = fit.term(score, data.level, scale=1 / minimal_difference)
            rows.append(data.row(in_differences, **{**entries, "term": IN_DIFFERENCES, "unit": "minimal differences"}))
            rows.append(data.row(**{**entries, **_inverted(rows[-1], minimal_difference), "unit": "SD of the score"}))
    return rows


def _inverted(row: Mapping[str, object], minimal_difference: float) -> dict[str, object]:
    """How many SD of the score go with one minimal difference: bounds turned over, none where they hold 0."""
    estimate, lower, upper = (float(row[key]) for key in ("estimate", "lower", "upper"))  # pyright: ignore[reportArgumentType]
    entries: dict[str, object] = {"term": SD_PER_DIFFERENCE}
    if lower <= 0 <= upper:
        return {**entries, "note": f"no number: the slope may be 0, so that no score differs by {minimal_difference:g}"}
    bounds = sorted((1 / lower, 1 / upper))
    return {**entries, "estimate": 1 / estimate, "lower": bounds[0], "upper": bounds[1], "level": row["level"]}


def _pick(rows: Sequence[dict], score: str, rung: str, term: str, method: str) -> dict | None:
    for row in rows:
        same = (row["measure"], row["adjustment"], row["term"]) == (score, rung, term)
        if same and str(row["method"]).startswith(method) and np.isfinite(row.get("estimate", np.nan)):
            return row
    return None


def _sentences(data: Study, rows: list[dict], rungs: list[str], minimal_difference: float | None) -> list[str]:
    sentences = []
    model = data.main_method.split(",")[0]
    counts = data.population.counts
    for score in data.scores:
        shown = [(rung, row) for rung in rungs if (row := _pick(rows, score, rung, SLOPE, data.main_method))]
        if not shown:
            continue
        of_rungs = [
            f"{with_interval(row['estimate'], row['lower'], row['upper'])} ({rung}"
            + (f"; {model} over {counts['n_visits']} visits of {counts['n_patients']} patients)" if not at else ")")
            for at, (rung, row) in enumerate([shown[0], shown[-1]][: len(shown)])
        ]
        sentences.append(
            f"Per SD of {data.title(score)}, {data.title(data.outcome)} differs by {' and '.join(of_rungs)}."
        )
        if minimal_difference:
            sentences.append(_in_sd(data, rows, score, shown[-1][0], minimal_difference))
    return sentences


def _in_sd(data: Study, rows: list[dict], score: str, rung: str, minimal_difference: float) -> str:
    row = _pick(rows, score, rung, SD_PER_DIFFERENCE, data.main_method)
    what = f"one minimal difference of {data.title(data.outcome)} ({minimal_difference:g})"
    if row is None:
        return f"How much {data.title(score)} goes with {what} cannot be said: its slope may be 0 ({rung})."
    return (
        f"With {what} go {with_interval(row['estimate'], row['lower'], row['upper'])} SD of {data.title(score)} "
        f"({rung}); one SD is {number(data.deviations[score])}."
    )


def _itself(data: Study, rungs: Sequence[str]) -> list[str]:
    title = data.title(data.outcome)
    return [f"{title} is the outcome, so it is no covariate of {', '.join(rungs)}."] if rungs else []


def _refusals(data: Study, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Why a model has no number, once for each reason."""
    reasons = {}
    for row in rows:
        if row["term"] == SLOPE and "estimate" not in row and "itself a covariate" not in str(row["note"]):
            reasons.setdefault((row["method"], row["note"]), []).append(row["adjustment"])
    return [sentence(f"{str(method).split(';')[0]} of {data.title(data.outcome)}: {note}") for method, note in reasons]


def _forest(data: Study, rows: list[dict], rungs: list[str], *, layout: Layout = Layout.PAGE) -> Drawing | None:
    slopes = [row for row in rows if row["term"] == SLOPE and str(row["method"]).startswith(data.main_method)]
    lines = pd.DataFrame(
        [
            {"label": row["adjustment"], "group": data.title(str(row["measure"])), "measure": row["measure"]}
            | {key: row.get(key, np.nan) for key in ("estimate", "lower", "upper", "p")}
            for row in slopes
        ]
    )
    title = data.title(data.outcome)
    counts = data.population.counts
    best = "; ".join(
        f"{line['group']}, {line['label']}: {with_interval(line['estimate'], line['lower'], line['upper'])}"
        for _, line in lines.iterrows()
        if line["label"] in (rungs[0], rungs[-1])
    )
    words = ForestWords(
        f"association_{data.outcome}",
        f"{title}{f' ({data.unit})' if data.unit not in ('', title) else ''} per SD of the score",
        f"Difference in {title} per SD of each score, with its {data.level:.0%} interval, on each rung of adjustment; "
        f"{data.main_method}{data.how}; {counts['n_visits']} visits of {counts['n_patients']} patients in every rung.",
        f"Forest plot of {title} per SD of each score. {best}.",
    )
    return estimates_forest(lines, words, layout=layout)


def _printed(data: Study, rows: list[dict]) -> pd.DataFrame:
    """One line for each score and rung, the three methods side by side."""
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if row["term"] != SLOPE:
            continue
        line = lines.setdefault((data.title(str(row["measure"])), str(row["adjustment"])), {})
        method = str(row["method"]).split(";")[0]
        line[method] = with_interval(*(float(row.get(key, np.nan)) for key in ("estimate", "lower", "upper")))
        if method == data.main_method and "p" in row:
            line["p"] = p_words(float(row["p"])).removeprefix("p = ").removeprefix("p ")
    table = pd.DataFrame([{"Measure": key[0], "Adjusted for": key[1], **line} for key, line in lines.items()])
    return table.reindex(columns=["Measure", "Adjusted for", *METHODS, "p"]).fillna("-")
