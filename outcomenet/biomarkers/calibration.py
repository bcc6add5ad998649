"""Calibration of predicted risks or values: as they are, and recalibrated on other patients; over all and in each hospital."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.calibration_figure import CalibrationPanel, draw_calibration
from outcomenet.biomarkers.design_matrix import Population, as_numbers, complete_rows, is_factor
from outcomenet.biomarkers.number_words import sentence, with_interval
from outcomenet.biomarkers.recalibrated import EVENT, NUMBER, has_enough, outcome_of, recalibrated
from outcomenet.biomarkers.resampled import noted, numbers, over_resamples
from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.calibration_curve import calibration_curve, mean_interval, share_interval
from outcomenet.metrics.local_line import local_line
from outcomenet.metrics.regression import calibration_intercept, calibration_slope
from outcomenet.metrics.resampling import percentile_interval
from outcomenet.metrics.risk import recalibration_line, risk_calibration_intercept

AS_PREDICTED, RECALIBRATED = "as predicted", "recalibrated"
LARGE, INTERCEPT, SLOPE, EXCESS = (
    "calibration in the large",
    "calibration intercept",
    "calibration slope",
    "observed minus predicted",
)
POINTS, GROUPS = 60, 10
MOST_PANELS = 3  # side by side on a page


@dataclass(frozen=True)
class _Data:
    """Complete rows with what is asked of them."""

    population: Population
    target: np.ndarray
    hospitals: pd.Series | None
    outcome: str
    kind: str
    titles: Mapping[str, str]
    resamples: int
    level: float
    seed: int

    def title(self, name: str) -> str:
        return self.titles.get(name, name)

    @property
    def unit(self) -> str:
        return "logit" if self.kind == EVENT else f"unit of {self.outcome}"


def calibration(
    table: pd.DataFrame,
    *,
    predictions: str | Sequence[str],
    outcome: str,
    kind: str = EVENT,
    site: str | None = None,
    patient: str = "patient_id",
    folds: int = 10,
    resamples: int = 1000,
    titles: Mapping[str, str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Section:
    """Whether what was predicted is what was observed, on average, over the range, and in each hospital.

    Of an event: the calibration in the large is the logit by which all risks are too low (slope held at 1), the slope that of
    the event on logit(risk), with its intercept (Cox, Biometrika 1958;45:562). Of a number: mean of observed minus predicted, and
    the least-squares line of observed on predicted. 0 and 1 are best; a slope below 1 means predictions that are too extreme
    (Van Calster et al., BMC Med 2019;17:230). The smooth curve is a local line (Austin & Steyerberg, Stat Med 2014;33:517). The
    recalibrated predictions follow the line that was fitted without the row's hospital, or its patient.

    Args:
        table: One row per patient, or per patient and visit.
        predictions: Columns of predicted risks, above 0 and below 1, or of predicted numbers; `predicted` makes one from a score.
        outcome: Column of 0 and 1, or of numbers in the predictions' unit.
        kind: "event" or "number".
        site: Column of the hospital; None where there is none.
        patient: Column of the patient.
        folds: Of the recalibration by patient, where hospitals are not left out.
        resamples: Bootstrap resamples of patients; recalibration is not refitted in them.
        titles: Words for columns.
        level: Of the intervals.
        seed: Of folds and resamples.

    Returns:
        Section "calibration": for each prediction as predicted and recalibrated, over all rows and by hospital.

    Raises:
        UndefinedMetric: A column is missing or cannot be used, a risk of exactly 0 or 1, one class only.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(400), "risk": rng.uniform(0.1, 0.6, 400)})
    >>> table["event"] = (rng.random(400) < table["risk"]).astype(float)
    >>> section = calibration(table, predictions="risk", outcome="event", resamples=100)
    >>> section.sentences[0].split(":")[0]
    'Risk for event, as predicted'
    """
    names = [predictions] if isinstance(predictions, str) else list(predictions)
    population, hospitals = _population(table, [outcome, *names], site, patient)
    target = outcome_of(population.table, outcome, kind)
    data = _Data(population, target, hospitals, outcome, kind, titles or {}, resamples, level, seed)
    rows, sentences, refusals, panels = [], [], [], []
    for name in names:
        given = _checked(data, name)
        moved = recalibrated(target, given, population.patients, hospitals, kind=kind, folds=folds, seed=seed)
        for how, values in ((AS_PREDICTED, given), (f"{RECALIBRATED}, {moved.how}", moved.predictions)):
            overall = _rows(data, name, how, values, np.ones(len(values), bool))
            rows += overall
            sentences.append(_words(data, name, how, overall))
            rows += [row for found in _by_hospital(data, name, how, values, refusals) for row in found]
        panels.append(_panel(data, name, given, moved.predictions))
    parts = [panels[at : at + MOST_PANELS] for at in range(0, len(panels), MOST_PANELS)]
    draws = tuple(
        partial(draw_calibration, part, data.title(outcome), outcome if at == 0 else f"{outcome}_{at + 1}", level)
        for at, part in enumerate(parts)
    )
    return Section(
        estimates_frame(rows), tuple(sentences), draws, {"Calibration": _printed(data, rows)}, tuple(dict.fromkeys(refusals)),
    )  # fmt: skip


def _population(
    table: pd.DataFrame, columns: list[str], site: str | None, patient: str
) -> tuple[Population, pd.Series | None]:
    """A hospital that is the same for all says nothing, and is no reason to refuse."""
    if site is None:
        return complete_rows(table, columns, patient=patient), None
    expect_columns(table, site)
    several = table[site].nunique() > 1
    population = complete_rows(table, [*columns, site] if several else columns, patient=patient)
    return population, population.table[site].astype(str) if several else None


def _checked(data: _Data, name: str) -> np.ndarray:
    if is_factor(data.population.table, name):
        raise UndefinedMetric(f"Column {name!r} is text, but a prediction is a number: give its numbers.")
    values = as_numbers(data.population.table, name).to_numpy(float)
    outside = (values <= 0) | (values >= 1)
    if data.kind == EVENT and outside.any():
        raise UndefinedMetric(
            f"Column {name!r} should hold risks above 0 and below 1, but {int(outside.sum())} of {len(values)} rows do not, the first is "
            f"{values[outside][0]:g}. Give risks; `predicted` makes them from a score."
        )
    return values


TERMS = {EVENT: (LARGE, EXCESS, INTERCEPT, SLOPE), NUMBER: (LARGE, INTERCEPT, SLOPE)}


def _measured(kind: str, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The terms of a kind in each resample, in their order."""
    excess = calibration_intercept(target, prediction, weights)
    if kind == EVENT:
        large = risk_calibration_intercept(target, prediction, weights)
        return np.column_stack([large, excess, *recalibration_line(target, prediction, weights)])
    n, slope = weights.sum(1), calibration_slope(target, prediction, weights)
    return np.column_stack([excess, weights @ target / n - slope * (weights @ prediction) / n, slope])


def _rows(data: _Data, name: str, how: str, values: np.ndarray, kept: np.ndarray) -> list[dict[str, object]]:
    target, patients = data.target[kept], data.population.patients[kept]
    counts = {"n_visits": len(target), "n_patients": int(patients.nunique())}
    if data.kind == EVENT:
        counts["events"] = int(target.sum())
    rows = []
    measured = over_resamples(
        partial(_measured, data.kind, target, values[kept]), patients, resamples=data.resamples, seed=data.seed
    )
    for term, column in zip(TERMS[data.kind], measured.T, strict=True):
        found = numbers(column, data.level)
        unit = {SLOPE: "slope", EXCESS: "share of patients"}.get(term, data.unit)
        row: dict[str, object] = {
            "section": "calibration", "outcome": data.outcome, "measure": name, "adjustment": how, "term": term, "unit": unit,
            "method": f"{data.resamples} resamples of patients", **counts, **found,
        }  # fmt: skip
        rows.append(row | {"note": noted(found.get("note", ""), data.population.note)})
    return rows


def _by_hospital(
    data: _Data, name: str, how: str, values: np.ndarray, refusals: list[str]
) -> Iterator[list[dict[str, object]]]:
    if data.hospitals is None:
        return
    for hospital in sorted(data.hospitals.unique()):
        kept = (data.hospitals == hospital).to_numpy()
        if has_enough(data.target[kept], data.kind):
            yield _rows(data, name, f"{how}; hospital {hospital}", values, kept)
            continue
        events = f" with {int(data.target[kept].sum())} events" if data.kind == EVENT else ""
        refusals.append(
            f"Hospital {hospital} has {int(kept.sum())} rows{events}: too few for a calibration of its own."
        )
        yield [
            {
                "section": "calibration", "outcome": data.outcome, "measure": name, "adjustment": f"{how}; hospital {hospital}",
                "term": SLOPE, "n_visits": int(kept.sum()), "n_patients": int(data.population.patients[kept].nunique()),
                "unit": "slope", "note": noted("too few rows or events", data.population.note),
            }
        ]  # fmt: skip


def _words(data: _Data, name: str, how: str, rows: Sequence[Mapping[str, object]]) -> str:
    text = {
        str(row["term"]): with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper")))
        for row in rows
    }
    large = f"observed minus predicted {text[EXCESS if data.kind == EVENT else LARGE]} on average"
    return sentence(
        f"{data.title(name)} for {data.title(data.outcome)}, {how}: slope {text[SLOPE]} (1 is best), {large} (0 is best)"
    )


def _panel(data: _Data, name: str, given: np.ndarray, moved: np.ndarray) -> CalibrationPanel:
    """Curves over the middle 98 % of the predictions: beyond it lie too few rows."""
    grid, after_grid = (_middle(values) for values in (given, moved))
    weights_of = partial(over_resamples, patients=data.population.patients, resamples=data.resamples, seed=data.seed)
    curves = weights_of(partial(local_line, given, data.target, grid))
    after = local_line(moved, data.target, after_grid, np.ones((1, len(moved))))[0]
    if data.kind == EVENT:
        curves, after = curves.clip(0, 1), after.clip(0, 1)
    bands = np.array([_bounds(column, data.level) for column in curves[1:].T])
    lines = pd.DataFrame({"predicted": grid, "observed": curves[0], "lower": bands[:, 0], "upper": bands[:, 1]})
    interval = share_interval if data.kind == EVENT else mean_interval
    groups = calibration_curve(data.target, given, interval, min(GROUPS, len(given) // 10 or 1), data.level)
    return CalibrationPanel(
        data.title(name),
        lines,
        pd.DataFrame({"predicted": after_grid, "observed": after}),
        pd.DataFrame([group._asdict() for group in groups]),
        given,
    )


def _middle(values: np.ndarray) -> np.ndarray:
    low, high = np.quantile(values, [0.01, 0.99])
    return np.linspace(low, high, POINTS)


def _bounds(values: np.ndarray, level: float) -> tuple[float, float]:
    try:
        return percentile_interval(values, level)
    except UndefinedMetric:
        return np.nan, np.nan


def _printed(data: _Data, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        line = lines.setdefault(
            (str(row["measure"]), str(row["adjustment"])),
            {
                "Prediction": data.title(str(row["measure"])),
                "Rows": str(row["adjustment"]),
                "n": f"{row['n_visits']:,}",
            },
        )
        bounds = (float(str(row.get(key, np.nan))) for key in ("estimate", "lower", "upper"))
        line[str(row["term"]).capitalize()] = with_interval(*bounds)
    return pd.DataFrame(list(lines.values())).fillna("-")
