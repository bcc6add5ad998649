"""The tables of the report as rows of finished text, one function per table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from outcomenet.cohorts.ledger import KEPT
from outcomenet.outcomes import outcome
from outcomenet.pages.tables import Row, Table, table_of
from outcomenet.predictors import DIRECT_ADJUSTED, HUMAN_TOTAL, in_ladder_order, predictor
from outcomenet.reports.knowledge import given_phrase, is_trace, target_title
from outcomenet.reports.measures import READINGS, Better, digits_of, measure, verdict_on
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
from outcomenet.reports.rows import Agreement, CodebookEntry, Comparison, LedgerEntry, Probe
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
        cells += [_value(_first(of_rung[of_rung["metric"] == metric])) for metric in names]
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


def probes(frame: pd.DataFrame) -> Table:
    """Each probe with chance beside it and the reading in words."""
    return Table(
        "What a simple classifier reads from the model’s internal description of the films; "
        "AUROC with its 95 % interval.",
        ["Fact", "Given", "AUROC", "Chance", "n", "Events", "Reading"],
        [
            Row(
                [
                    target_title(row.target, ""),
                    given_phrase(row.given) or "nothing",
                    with_interval(row.auroc, row.lower, row.upper, 2),
                    interval(row.null_lower, row.null_upper, 2),
                    count(row.n),
                    count(row.events),
                    row.reading,
                ],
                strong=is_trace(row.target, row.given, row.auroc, row.null_upper),
            )
            for row in typed_rows(frame, Probe)
        ],
        words=(0, 1, 6),
    )


def left_out(ledger: pd.DataFrame) -> Table | None:
    """What was left out, with its reason; None when nothing was."""
    return _ledger_table(ledger[~ledger["unit"].str.endswith(KEPT)], "Left out")


def kept_with_a_note(ledger: pd.DataFrame) -> Table | None:
    """What was kept but must be known about; None when there is nothing."""
    return _ledger_table(ledger[ledger["unit"].str.endswith(KEPT)], "Kept, but noted")


def _ledger_table(ledger: pd.DataFrame, caption: str) -> Table | None:
    if ledger.empty:
        return None
    return Table(
        f"{caption}.",
        ["Step", "What", "Reason", "Count"],
        [
            Row([row.step, row.unit.removesuffix(KEPT), row.reason, count(row.count)])
            for row in typed_rows(ledger, LedgerEntry)
        ],
        words=(0, 1, 2),
    )


def table_one(frame: pd.DataFrame) -> Table:
    """Table 1 as the intake wrote it, without the columns of single standardised differences but the largest."""
    differences = [column for column in map(str, frame) if column.startswith("SMD")]
    groups = [column for column in map(str, frame) if column not in ("variable", "level", *differences)]
    largest = frame[differences].apply(lambda cells: _largest(list(cells)), axis=1) if differences else None
    rows, variable = [], ""
    for position, row in enumerate(frame.to_dict("records")):
        title = "" if row["variable"] == variable else row["variable"]
        variable = row["variable"]
        level = row["level"] if row["level"] != "yes" else ""
        name = f"{title or variable}: {level}" if level else title or variable
        cells = [name, *(row[group] for group in groups)]
        rows.append([*cells, largest.iloc[position]] if largest is not None else cells)
    headers = ["Variable", *(group.capitalize() for group in groups), *(["Largest SMD"] if differences else [])]
    caption = "Patients at their first visit, by split."
    if not {"train", "validation", "test"} & set(groups):
        caption = "Patients at their first visit, all together: this run divided them otherwise than the data set."
    return table_of(caption, headers, rows, words=(0,))


def _largest(cells: list[str]) -> str:
    """The largest of the differences between splits; a dash where none is defined."""
    unsigned = [cell.lstrip("-") for cell in cells]
    known = {float(cell.lstrip("<")): cell for cell in unsigned if cell.lstrip("<").replace(".", "").isdigit()}
    if known:
        return known[max(known)]
    return next((cell for cell in cells if cell), "")


def reader_agreement(frame: pd.DataFrame) -> Table | None:
    """Agreement on totals and over all sites together; None where one reader alone read."""
    shown = frame[frame["measure"].isin(_WHOLE) & frame["statistic"].isin(_AGREEMENT)]
    if shown.empty:
        return None
    rows = []
    for row in typed_rows(shown, Agreement):
        digits = 2 if "icc" in row.statistic or "kappa" in row.statistic else 1
        value = decimal(row.value, digits)
        if np.isfinite([row.lower, row.upper]).all():
            value = with_interval(row.value, row.lower, row.upper, digits)
        readings = f"{row.scheme}, {row.reading_mode}"
        rows.append([_AGREEMENT[row.statistic], row.readers, readings, value, count(row.n), row.note])
    noted = any(row[-1] for row in rows)
    return table_of(
        "Agreement of the readers, first minus second where two are compared; 95 % intervals draw patients with all their visits.",
        ["Statistic", "Readers", "Read", "Value (95 % interval)", "n", *(["Note"] if noted else [])],
        [row if noted else row[:-1] for row in rows],
        words=(0, 1, 2, 5),
    )


_WHOLE = ("total", "all sites")
_AGREEMENT = {
    "icc_a1": "ICC(2,1) of the total, absolute agreement",
    "bias": "Bias of the total",
    "lower_limit": "Lower limit of agreement",
    "upper_limit": "Upper limit of agreement",
    "kappa_quadratic": "Quadratic kappa of the grades",
}


def stages(record: dict[str, Any]) -> Table | None:
    """How fast each stage ran and what memory it took; None where the record has no stages."""
    entries = record.get("stages") or []
    if not entries:
        return None
    return Table(
        "Speed and memory of each stage.",
        ["Stage", "Unit", "Count", "Seconds", "Per second", "Peak memory (MB)"],
        [
            Row(
                [
                    str(entry.get("stage", "")),
                    str(entry.get("unit", "")),
                    *(_number_or_dash(entry.get(key), digits) for key, digits in _STAGE_NUMBERS),
                ]
            )
            for entry in entries
        ],
        words=(0, 1),
    )


_STAGE_NUMBERS = (("count", 0), ("seconds", 1), ("rate", 1), ("peak_memory_mb", 0))


def _number_or_dash(value: float | None, digits: int) -> str:
    if value is None:
        return "\N{EN DASH}"
    return count(value) if digits == 0 else decimal(value, digits)


def codebook(frame: pd.DataFrame) -> Table:
    """The codebook without the numbered columns, which differ only in their number or joint."""
    shown = frame[~frame["column"].str.fullmatch(r"z\d+|joint_.+")]
    return Table(
        f"Columns of biomarkers.parquet ({len(frame) - len(shown)} numbered joint and embedding columns are in "
        "codebook.csv).",
        ["Column", "Meaning", "Unit", "Direction"],
        [Row([row.column, row.meaning, row.unit, row.direction]) for row in typed_rows(shown, CodebookEntry)],
        words=(0, 1, 2, 3),
    )


def _first(rows: pd.DataFrame) -> pd.Series | None:
    return None if rows.empty else rows.iloc[0]


def _value(row: pd.Series | None) -> str:
    if row is None:
        return "not computed"
    return with_interval(row["value"], row["lower"], row["upper"], digits_of(row["metric"], row["outcome"]))
