"""The rows that an analysis uses: a table read, joined with a user's own columns, checked against the plan, and counted.

Nothing is coerced: a cell of text in a column of numbers, an id that lost its zeros, a visit in two rows is refused with a sentence
that names it, and all faults of a table are named at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Columns, Outcome
from outcomenet.csv_files import as_numbers, read_csv
from outcomenet.errors import DataRefused, UsageError, did_you_mean

READABLE = (".csv", ".parquet", ".dta")
# Faults beyond these are of the same kinds.
MOST_FAULTS = 20
# How tables code two answers; such a column is no scale.
_NO_AND_YES = ([0, 1], [1, 2])
# Words that a table may say true and false with.
_TRUE, _FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}


@dataclass(frozen=True)
class AnalysisRows:
    """Rows that may be used, and how many of what were left out on the way."""

    table: pd.DataFrame
    """One row per patient and visit; ids are text, measures and outcomes numbers, factors text."""
    steps: pd.DataFrame
    """`step`, `n_visits`, `n_patients`, `reason`: what is left after each step and why the others left."""


def read_table_file(path: Path, text_columns: Iterable[str] = ()) -> pd.DataFrame:
    """A table as its file holds it; ids stay text, so that they keep their zeros.

    Args:
        path: CSV (UTF-8, comma, point), Parquet or Stata.
        text_columns: Columns that are text whatever their cells look like.

    Raises:
        UsageError: There is no such file, or it is of another kind.
        DataRefused: It cannot be read as what its name says, or has one column alone.
    """
    if not path.is_file():
        raise UsageError(f"There is no table {path}.")
    if path.suffix not in READABLE:
        raise UsageError(
            f"{path} is no table that can be read ({', '.join(READABLE)}); save it as CSV with commas and points."
        )
    try:
        if path.suffix == ".csv":
            table = read_csv(path, dtype=dict.fromkeys(text_columns, str))
        elif path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_stata(path, convert_categoricals=False)
    except (ValueError, OSError, pd.errors.ParserError) as fault:
        advice = (
            " Cells are to be separated by commas, with a point as the decimal sign." if path.suffix == ".csv" else ""
        )
        raise DataRefused(
            f"{path} cannot be read as {path.suffix}: {str(fault).strip().rstrip('.')}.{advice}"
        ) from fault
    if len(table.columns) < 2:
        raise DataRefused(
            f"{path} has one column, {table.columns[0]!r}: separate cells by commas, with a point as the decimal sign."
        )
    for name in set(text_columns) & set(table.columns):
        table[name] = table[name].map(lambda cell: cell if pd.isna(cell) else str(cell))
    return table


def with_columns_of(table: pd.DataFrame, further: pd.DataFrame, plan: AnalysisPlan, name: str) -> pd.DataFrame:
    """The table with a user's own columns beside it, by patient, and by visit where they name visits.

    Args:
        table: One row per patient and visit.
        further: One row per patient, or per patient and visit.
        plan: Names the columns of both.
        name: Of the further table, for faults.

    Returns:
        As many rows as `table` had; a patient without further columns has empty cells.

    Raises:
        DataRefused: Both have a column, a key comes twice, none or few of the ids are known.
    """
    of = plan.columns
    keys = [of.patient, *([of.visit] if of.visit and of.visit in further.columns else [])]
    if missing := [key for key in keys if key not in further.columns]:
        raise DataRefused(f"{name} has no column {missing[0]!r}. {did_you_mean(missing[0], map(str, further.columns))}")
    both = sorted(set(further.columns) & set(table.columns) - set(keys))
    if both:
        raise DataRefused(
            f"{name} has the columns {', '.join(both)}, which the analysis has too; rename or remove them there."
        )
    twice = further[further.duplicated(keys, keep=False)]
    if len(twice):
        raise DataRefused(
            f"{name} has {len(twice)} rows of the same {' and '.join(keys)}, such as {_key(twice, keys)}; one row each is needed."
        )
    unknown = sorted(set(further[of.patient]) - set(table[of.patient]))
    if unknown:
        shorn = {str(known).lstrip("0"): str(known) for known in table[of.patient]}
        lost = [one for one in unknown if str(one).lstrip("0") in shorn]
        if lost:
            raise DataRefused(
                f"{name}: {len(lost)} of {further[of.patient].nunique()} ids lost their leading zeros, such as {lost[0]!r} for "
                f"{shorn[str(lost[0]).lstrip('0')]!r}. Export the column as text."
            )
        if len(unknown) == further[of.patient].nunique():
            raise DataRefused(
                f"{name}: none of its {len(unknown)} patients is in the analysis ({unknown[0]!r} and others). Are the ids of another list?"
            )
    if of.visit in keys and table.merge(further[keys], on=keys).empty:
        raise DataRefused(
            f"{name}: none of its visits is in the analysis, such as {_key(further, keys)}; the analysis names them as {_key(table, keys)}."
        )
    return table.merge(further, on=keys, how="left", validate="many_to_one")


def analysis_rows(table: pd.DataFrame, plan: AnalysisPlan, name: str = "The table") -> AnalysisRows:
    """The rows that may be used, after every column that the plan names was checked.

    Args:
        table: One row per patient and visit.
        plan: What is asked of which columns.
        name: Of the table, for faults.

    Raises:
        DataRefused: A column is missing, misspelt, empty, of one value or holds text; a visit comes twice; an outcome has no
            events or no others; no row may be used. One sentence for each.
    """
    _refuse(_absent(table, plan), name)
    _refuse(_keys(table, plan), name)
    rows, steps = _usable(table.reset_index(drop=True), plan, name)
    _refuse(_texts(rows, plan), name)
    rows = rows.assign(**{column: as_numbers(rows[column]) for column in numbers_of(rows, plan)})
    _refuse(_empty(rows, plan), name)
    return AnalysisRows(rows, pd.DataFrame(steps, columns=["step", "n_visits", "n_patients", "reason"]))


def numbers_of(table: pd.DataFrame, plan: AnalysisPlan) -> list[str]:
    """Columns that the plan uses as numbers and the table has: measures, outcomes, and covariates that hold numbers."""
    of = plan.measures
    always = [of.score, of.human, of.damage, of.score_sem, of.pip, of.dip, of.truth, *of.readers, plan.columns.years]
    always += [name for outcome in plan.outcomes for name in (outcome.column, outcome.years)] + list(plan.activity)
    always += [plan.osteoarthritis, plan.fibromyalgia]
    also = [name for name in covariates_of(plan) if name in table and pd.api.types.is_numeric_dtype(table[name])]
    return [name for name in dict.fromkeys([*always, *also]) if name and name in table.columns]


def covariates_of(plan: AnalysisPlan) -> list[str]:
    """Columns of all rungs, each once."""
    return list(dict.fromkeys(name for rung in plan.adjustment for name in rung.columns))


def _refuse(faults: Iterator[str], name: str) -> None:
    told = list(faults)
    if told:
        further = f"\n... and {len(told) - MOST_FAULTS} more." if len(told) > MOST_FAULTS else ""
        raise DataRefused(f"{name} cannot be analysed as planned. " + "\n".join(told[:MOST_FAULTS]) + further)


def _absent(table: pd.DataFrame, plan: AnalysisPlan) -> Iterator[str]:
    columns = list(map(str, table.columns))
    of, measures = plan.columns, plan.measures
    wanted = [of.patient, measures.score, *measures.readers, *covariates_of(plan), *plan.subgroups, *plan.activity]
    wanted += [outcome.column for outcome in plan.outcomes]
    optional = [
        *(outcome.years for outcome in plan.outcomes),
        of.visit,
        measures.human,
        measures.pip,
        measures.dip,
        measures.truth,
        plan.osteoarthritis,
        plan.fibromyalgia,
    ]
    for name in dict.fromkeys([*wanted, *filter(None, optional)]):
        if name not in columns:
            yield f"It has no column {name!r}. {did_you_mean(name, columns)}"
    if len(columns) != len(set(columns)):
        yield f"The column {next(c for c in columns if columns.count(c) > 1)!r} comes twice."


def _keys(table: pd.DataFrame, plan: AnalysisPlan) -> Iterator[str]:
    of = plan.columns
    nameless = table[of.patient].isna()
    if nameless.any():
        yield f"{int(nameless.sum())} rows have no {of.patient}, such as row {_row(nameless)}."
    keys = [of.patient, *([of.visit] if of.visit else [])]
    twice = table[table.duplicated(keys, keep=False) & ~nameless]
    if len(twice):
        advice = (
            "one row for each visit is needed" if of.visit else "name the column of visits in the plan (columns.visit)"
        )
        yield f"{len(twice)} rows are of the same {' and '.join(keys)}, such as {_key(twice, keys)}; {advice}."
    if of.usable not in table.columns and "may_be_used" in table.columns and not _flags(table["may_be_used"]).all():
        yield "Column 'may_be_used' marks patients that the network learned from, and the plan does not name it (columns.usable)."


def _usable(table: pd.DataFrame, plan: AnalysisPlan, name: str) -> tuple[pd.DataFrame, list[tuple[str, int, int, str]]]:
    of = plan.columns
    steps = [_step("rows of the table", table, of.patient, "")]
    if of.usable and of.usable in table.columns:
        allowed = _flags(table[of.usable])
        left = table[~allowed]
        table = table[allowed]
        reason = f"{len(left)} visits of {left[of.patient].nunique()} patients that the network learned from: their score is an in-sample one"
        steps.append(
            _step("scored by a network that never saw the patient", table, of.patient, reason if len(left) else "")
        )
    measured = table[as_numbers(table[plan.measures.score]).notna() | _is_text(table[plan.measures.score])]
    without = len(table) - len(measured)
    steps.append(_step("with a score", measured, of.patient, f"{without} visits without a score" if without else ""))
    if measured.empty:
        raise DataRefused(
            f"{name} has no row that may be used: {'; '.join(filter(None, (step[3] for step in steps)))}."
        )
    for outcome in plan.outcomes:
        known = measured[measured[outcome.column].notna()]
        lacking = len(measured) - len(known)
        steps.append(
            _step(f"with {outcome.words}", known, of.patient, f"{lacking} visits without it" if lacking else "")
        )
    return measured.reset_index(drop=True), steps


def _step(words: str, rows: pd.DataFrame, patient: str, reason: str) -> tuple[str, int, int, str]:
    return words, len(rows), int(rows[patient].nunique()), reason


def _texts(rows: pd.DataFrame, plan: AnalysisPlan) -> Iterator[str]:
    for name in numbers_of(rows, plan):
        odd = rows[name].notna() & as_numbers(rows[name]).isna()
        endless = ~odd & np.isinf(as_numbers(rows[name]))
        if odd.any():
            cells = list(dict.fromkeys(map(repr, rows.loc[odd, name])))
            comma = " A decimal comma is to be a point." if any("," in cell for cell in cells) else ""
            yield f"Column {name!r} holds text where a number is needed: {', '.join(cells[:3])} in {int(odd.sum())} rows.{comma}"
        if endless.any():
            yield f"Column {name!r} holds infinite numbers in {int(endless.sum())} rows; leave the cell empty."


def _empty(rows: pd.DataFrame, plan: AnalysisPlan) -> Iterator[str]:
    factors = [*covariates_of(plan), *plan.subgroups]
    measures = [plan.measures.score, plan.measures.human, *(outcome.column for outcome in plan.outcomes)]
    for name in dict.fromkeys(filter(None, [*measures, *factors])):
        known = rows[name].dropna()
        if known.empty:
            yield f"Column {name!r} is missing in all {len(rows)} rows; take it out of the plan."
        elif known.nunique() == 1 and not any(
            name == outcome.column and outcome.kind == "event" for outcome in plan.outcomes
        ):
            yield f"Column {name!r} has one value, {str(known.iloc[0])!r}, in all {len(known)} rows and tells nothing; take it out of the plan."
    for outcome in plan.outcomes:
        yield from _events(rows, outcome) if outcome.kind == "event" else _scale(rows, outcome)
        yield from _before_film(rows, outcome, plan.columns) if outcome.years else ()


def _events(rows: pd.DataFrame, outcome: Outcome) -> Iterator[str]:
    values = rows[outcome.column].dropna()
    if values.empty:
        return
    if not values.isin([0, 1]).all():
        odd = values[~values.isin([0, 1])].iloc[0]
        yield f"Outcome {outcome.column!r} is an event, 0 or 1; got {odd:g}."
    elif values.nunique() == 1:
        yield (
            f"Outcome {outcome.column!r} has {'no events' if values.iloc[0] == 0 else 'an event in every row'} "
            f"({len(values)} rows): nothing tells patients apart. Take it out of the plan."
        )


def _scale(rows: pd.DataFrame, outcome: Outcome) -> Iterator[str]:
    values = sorted(rows[outcome.column].dropna().unique())
    if values in _NO_AND_YES:
        yield (
            f"Outcome {outcome.column!r} is named {outcome.kind} and has two values, {values[0]:g} and {values[1]:g}: a slope and R2 need "
            "a scale. Write it as 0 and 1 and call it an event (kind)."
        )


def _before_film(rows: pd.DataFrame, outcome: Outcome, of: Columns) -> Iterator[str]:
    if of.years not in rows:
        yield (
            f"Outcome {outcome.column!r} has times of its own ({outcome.years}), and no column tells when the film was taken "
            f"(columns.years, {of.years!r}): whether it came after the film cannot be told."
        )
        return
    before = (rows[outcome.years] < rows[of.years]) & rows[outcome.column].notna()
    if before.any():
        keys = [of.patient, *([of.visit] if of.visit else [])]
        yield (
            f"Outcome {outcome.column!r} was measured before its film in {int(before.sum())} rows, such as {_key(rows[before], keys)} "
            f"({rows.loc[before, outcome.years].iloc[0]:g} against {rows.loc[before, of.years].iloc[0]:g} years): a film cannot tell what was "
            "before it as an outcome. Empty the cell, or set the outcome beside an earlier film."
        )


def _flags(column: pd.Series) -> pd.Series:
    words = column.astype(str).str.lower()
    odd = column[~words.isin(_TRUE | _FALSE)]
    if len(odd):
        raise DataRefused(f"Column {column.name!r} says whether a row may be used, true or false; got {odd.iloc[0]!r}.")
    return words.isin(_TRUE)


def _is_text(column: pd.Series) -> pd.Series:
    return column.map(lambda cell: isinstance(cell, str))


def _row(flags: pd.Series) -> int:
    """Number of the first flagged row as a spreadsheet counts, the header being 1."""
    return int(np.flatnonzero(flags)[0]) + 2


def _key(rows: pd.DataFrame, keys: list[str]) -> str:
    return " ".join(str(rows.iloc[0][key]) for key in keys)
