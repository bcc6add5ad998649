"""The tables of the report as rows of finished text, one function per table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.outcomes import outcome
from outcomenet.pages.page import Row, Table
from outcomenet.predictors import DIRECT_ADJUSTED, HUMAN_TOTAL, in_ladder_order, predictor
from outcomenet.reports.measures import READINGS, Better, Measure, digits_of, measure, verdict_on
from outcomenet.reports.narrative import at_declared_horizon
from outcomenet.reports.numbers import (
    NOT_DEFINED,
    count,
    decimal,
    inside_sentence,
    interval,
    listed,
    signed,
    with_interval,
)
from outcomenet.reports.rows import CodebookEntry, Comparison, MetricValue
from outcomenet.typed_rows import typed_rows

# Columns of values with intervals that a table can hold on a page; with more, it is set as several.
MOST_VALUES = 5


def ladder_overview(metrics: pd.DataFrame) -> Table:
    """Each rung, what it knows, and its headline metric on every outcome."""
    whole = metrics[metrics["subgroup"] == "all"]
    outcomes = list(dict.fromkeys(whole["outcome"]))
    rows = []
    for name in in_ladder_order(set(whole["predictor"])):
        cells = [predictor(name).title, predictor(name).explanation]
        for outcome_name in outcomes:
            metric = outcome(outcome_name).headline_metric
            shown = whole[
                (whole["predictor"] == name) & (whole["outcome"] == outcome_name) & (whole["metric"] == metric)
            ]
            cells.append(_value(at_declared_horizon(shown, outcome_name)))
        rows.append(Row(cells, strong=name == DIRECT_ADJUSTED))
    headers = [f"{outcome(name).title}: {measure(outcome(name).headline_metric).title}" for name in outcomes]
    return Table(
        "The ladder of predictors, on the same held-out patients. Values with 95 % intervals.",
        ["Predictor", "What it knows", *headers],
        rows,
        words=(0, 1),
    )


def measures_of(metrics: pd.DataFrame) -> list[Measure]:
    """The measures of performance that a run has, to be explained, in the order of metrics.csv."""
    return [measure(name) for name in dict.fromkeys(metrics["metric"])]


def outcome_ladder(metrics: pd.DataFrame, outcome_name: str, horizon: int) -> list[Table]:
    """Every metric of every rung on one outcome, in as many tables as a page's width needs.

    Args:
        metrics: metrics.csv.
        outcome_name: the outcome.
        horizon: days, 0 for none.
    """
    shown = metrics[
        (metrics["outcome"] == outcome_name) & (metrics["horizon"] == horizon) & (metrics["subgroup"] == "all")
    ]
    # why others have no value: table `undefined`
    names = list(dict.fromkeys(shown.loc[shown["value"].notna(), "metric"]))
    tables = -(-len(names) // MOST_VALUES)
    return [
        _outcome_ladder(shown, outcome_name, horizon, [names[i] for i in part])
        for part in (np.array_split(np.arange(len(names)), tables) if names else [])
    ]


def _outcome_ladder(shown: pd.DataFrame, outcome_name: str, horizon: int, names: list[str]) -> Table:
    has_events = shown["events"].notna().any()
    rows = []
    for name in in_ladder_order(set(shown["predictor"])):
        of_rung = shown[shown["predictor"] == name]
        cells = [predictor(name).title, count(of_rung["n"].max())]
        cells += [count(of_rung["events"].max())] if has_events else []
        cells += [_value(of_rung[of_rung["metric"] == metric]) for metric in names]
        rows.append(Row(cells, strong=name == DIRECT_ADJUSTED))
    spec = outcome(outcome_name)
    units = [f" ({spec.unit})" if measure(metric).digits is None else "" for metric in names]
    titles = [f"{measure(metric).title}{unit}" for metric, unit in zip(names, units, strict=True)]
    return Table(
        f"{outcome_heading(outcome_name, horizon)}: {inside_sentence(listed(titles))}, with 95 % intervals (n: visits with "
        f"a known outcome). {spec.window}".strip(),
        ["Predictor", "n", *(["Events"] if has_events else []), *titles],
        rows,
    )


def differences(comparisons: pd.DataFrame) -> list[Table]:
    """A table per outcome of the paired differences that a reader asks for first (see `main_differences`)."""
    return [
        _outcome_differences(rows, str(rows["outcome"].iloc[0]), int(rows["horizon"].iloc[0]))
        for _, rows in main_differences(comparisons).groupby(["outcome", "horizon"], sort=False)
    ]


def main_differences(comparisons: pd.DataFrame) -> pd.DataFrame:
    """The outcome-direct measure against every other predictor in the headline measure, and against the human total in all."""
    headline = comparisons["metric"] == comparisons["outcome"].map(lambda name: outcome(str(name)).headline_metric)
    of_measure = (comparisons["predictor"] == DIRECT_ADJUSTED) | (comparisons["reference"] == DIRECT_ADJUSTED)
    against_human = (comparisons["predictor"] == DIRECT_ADJUSTED) & (comparisons["reference"] == HUMAN_TOTAL)
    shown = comparisons[(headline & of_measure) | against_human]
    return comparisons if shown.empty else shown


def where_the_rest_is(shown: list[Table], rows: pd.DataFrame, file: str) -> str:
    """Names the file that has all `rows`, of which the report shows a part; empty where it shows all.

    Args:
        shown: the tables that the report shows.
        rows: all differences.
        file: name of the file.
    """
    number = sum(len(table.rows) for table in shown)
    if number == len(rows):
        return ""
    return f"Here are {number} of {len(rows)} differences, those that were asked for first; {file} in the run folder has all."


def _outcome_differences(comparisons: pd.DataFrame, outcome_name: str, horizon: int) -> Table:
    rows = []
    for row in typed_rows(comparisons, Comparison):
        digits = digits_of(row.metric, row.outcome) + 1
        first, reference = predictor(row.predictor).title, predictor(row.reference).title
        share = f"{100 * row.share_above_zero:.0f} %" if np.isfinite(row.share_above_zero) else NOT_DEFINED
        rows.append(
            Row(
                [
                    f"{first} minus {inside_sentence(reference)}",
                    measure(row.metric).title,
                    f"{signed(row.difference, digits)} ({interval(row.lower, row.upper, digits)})",
                    share,
                    count(row.n),
                    _reading(row),
                ],
                strong=(row.predictor, row.reference, row.metric)
                == (DIRECT_ADJUSTED, HUMAN_TOTAL, outcome(row.outcome).headline_metric),
            )
        )
    return Table(
        f"{outcome_heading(outcome_name, horizon)}: paired differences.",
        ["Predictor minus reference", "Measure", "Difference (95 % interval)", "Resamples above 0", "n", "Reading"],
        rows,
        words=(0, 1, 5),
    )


def outcome_heading(name: str, horizon: int) -> str:
    """The outcome's title, with the horizon where it is not the declared one.

    Args:
        name: the outcome.
        horizon: days, 0 for none.
    """
    spec = outcome(name)
    return spec.title if horizon == spec.horizon_days else f"{spec.title} (horizon {horizon} days)"


def scale_phrase(name: str, horizon: int) -> str:
    """Range, unit and direction of an outcome's predictions, as a sentence.

    Args:
        name: the outcome.
        horizon: days, 0 for none.
    """
    spec = outcome(name)
    if spec.kind.is_event:
        return f"Predicted as the probability of the event within {horizon} days of the film; {spec.direction}."
    when = f", {horizon} days after the film" if horizon else ""
    return f"{decimal(spec.lower, 0)} to {decimal(spec.upper, 0)} {spec.unit}{when}; {spec.direction}."


def _reading(row: Comparison) -> str:
    if not np.isfinite([row.difference, row.lower, row.upper]).all():
        return NOT_DEFINED
    if measure(row.metric).better not in (Better.HIGHER, Better.LOWER):
        return "has no direction"
    return READINGS[verdict_on(row)]


def subgroups(metrics: pd.DataFrame) -> Table | None:
    """Headline metric of the outcome-direct measure and the human total in each subgroup; None without subgroups."""
    shown = metrics[(metrics["subgroup"] != "all") & metrics["predictor"].isin([HUMAN_TOTAL, DIRECT_ADJUSTED])]
    rows = []
    for outcome_name in dict.fromkeys(shown["outcome"]):
        of_outcome = shown[
            (shown["outcome"] == outcome_name) & (shown["metric"] == outcome(outcome_name).headline_metric)
        ]
        for subgroup in dict.fromkeys(of_outcome["subgroup"]):
            in_group = of_outcome[of_outcome["subgroup"] == subgroup]
            values = [
                at_declared_horizon(in_group[in_group["predictor"] == name], outcome_name)
                for name in (HUMAN_TOTAL, DIRECT_ADJUSTED)
            ]
            title = f"{outcome(outcome_name).title}, {measure(outcome(outcome_name).headline_metric).title}"
            rows.append(Row([subgroup, title, count(in_group["n"].max()), *map(_value, values)]))
    if not rows:
        return None
    return Table(
        "Subgroups: described, not tested; small groups scatter by chance.",
        ["Subgroup", "Outcome", "n", predictor(HUMAN_TOTAL).title, predictor(DIRECT_ADJUSTED).title],
        rows,
        words=(0, 1),
    )


def undefined(frame: pd.DataFrame) -> Table | None:
    """Metrics that have no value on these data, each with its reason."""
    if frame.empty:
        return None
    return Table(
        "Measures that are not defined on these patients, and why.",
        ["Predictor", "Outcome", "Measure", "Reason"],
        [
            Row([listed([predictor(name).title for name in names]), outcome(of).title, measure(metric).title, reason])
            for keys, names in frame.groupby(["outcome", "metric", "reason"], sort=False)["predictor"]
            for of, metric, reason in [map(str, keys)]
        ],
        words=(0, 1, 2, 3),
    )


def codebook(frame: pd.DataFrame) -> Table:
    """The codebook without the numbered columns, which differ only in their number or joint."""
    frame = frame[frame["table"] == "biomarkers"]
    shown = frame[~frame["column"].str.fullmatch(r"z\d+|(.+_)?joint_.+")]
    return Table(
        f"Columns of biomarkers.parquet ({len(frame) - len(shown)} numbered joint and embedding columns are in "
        "codebook.csv).",
        ["Column", "Meaning", "Unit", "Direction"],
        [Row([row.column, row.meaning, row.unit, row.direction]) for row in typed_rows(shown, CodebookEntry)],
        words=(0, 1, 2, 3),
    )


def _value(rows: pd.DataFrame) -> str:
    """The first of some rows of metrics.csv."""
    for row in typed_rows(rows[:1], MetricValue):
        return with_interval(row.value, row.lower, row.upper, digits_of(row.metric, row.outcome))
    return "not computed"
