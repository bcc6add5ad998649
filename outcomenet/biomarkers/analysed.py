"""Rows that an analysis uses: those with every value that it needs, and a count of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.biomarkers.section import expect_columns
from outcomenet.csv_files import as_numbers
from outcomenet.errors import UndefinedMetric


@dataclass(frozen=True)
class Analysed:
    """Complete rows of a table."""

    rows: pd.DataFrame
    """Numbered anew; numbers are floats and patients are text."""
    note: str
    """How many rows were left out and for which column; empty where none was."""

    @property
    def counts(self) -> dict[str, object]:
        """Rows and patients, as estimates count them."""
        return {"n_visits": len(self.rows), "n_patients": self.rows["patient_id"].nunique(), "note": self.note}


def complete_rows(
    table: pd.DataFrame, numbers: Iterable[str], *, patient: str, keys: Iterable[str] = (), kept: Iterable[str] = ()
) -> Analysed:
    """The rows of which an analysis knows everything that it needs.

    Args:
        table: any table.
        numbers: columns that must hold numbers.
        patient: column of the patient, whose rows are kept together; it is called patient_id in the result.
        keys: further columns that must not be empty, such as the visit or the hospital.
        kept: further columns that may have gaps.

    Raises:
        UndefinedMetric: a column is missing or holds text, or no row is complete.

    >>> table = pd.DataFrame({"patient": ["a", "b"], "score": [1.0, None]})
    >>> complete_rows(table, ["score"], patient="patient").note
    '1 of 2 rows left out (1 without score)'
    """
    numbers, keys = list(dict.fromkeys(numbers)), list(dict.fromkeys(keys))
    further = [name for name in dict.fromkeys(kept) if name not in (*numbers, *keys, "patient_id")]
    expect_columns(table, patient, *numbers, *keys, *further)
    values = {name: numbers_of(table, name) for name in numbers}
    known = {name: np.isfinite(value) for name, value in values.items()}
    known |= {name: table[name].notna().to_numpy() for name in (patient, *keys)}
    whole = np.all(list(known.values()), axis=0)
    lacking = ", ".join(f"{int((~there).sum())} without {name}" for name, there in known.items() if not there.all())
    if not whole.any():
        raise UndefinedMetric(
            f"No row of {len(table)} has a value in each of {', '.join(known)} ({lacking or 'the table is empty'}). Leave out the "
            "column that is empty, or give another table."
        )
    rows = table[[*keys, *further]].assign(**values).assign(patient_id=table[patient].astype(str))
    left = int((~whole).sum())
    return Analysed(
        rows[whole].reset_index(drop=True), f"{left} of {len(table)} rows left out ({lacking})" if left else ""
    )


def numbers_of(table: pd.DataFrame, column: str) -> Float[np.ndarray, "row"]:
    """A column as floats, NaN where it is empty.

    Args:
        table: any table.
        column: its name.

    Raises:
        UndefinedMetric: it holds text that is no number; the sentence shows the first.
    """
    values = as_numbers(table[column]).to_numpy()
    text = np.isnan(values) & table[column].notna().to_numpy()
    if text.any():
        at = int(np.flatnonzero(text)[0])
        raise UndefinedMetric(
            f"Column {column!r} must hold numbers; row {at + 1} of {len(table)} has {str(table[column].iloc[at])!r}, and "
            f"{int(text.sum())} rows are no numbers. Write a number or leave the cell empty."
        )
    return values


def wide(rows: pd.DataFrame, *, index: Sequence[str], columns: str, values: str) -> pd.DataFrame:
    """A long table with a column per reading: rows are `index`, in their order.

    Args:
        rows: a long table without gaps.
        index: columns that name a row of the result.
        columns: column whose values become columns.
        values: column whose values fill them.

    Raises:
        UndefinedMetric: two rows have the same place.
    """
    twice = rows.duplicated([*index, columns])
    if twice.any():
        first = rows[twice].iloc[0]
        raise UndefinedMetric(
            f"{int(twice.sum())} rows stand twice, the first for {', '.join(f'{name} {first[name]}' for name in (*index, columns))}. "
            "Keep one of each."
        )
    return rows.pivot(index=list(index), columns=columns, values=values).sort_index()


def titled(titles: Mapping[str, str] | None, name: str) -> str:
    """What a column is called in sentences and figures: its title, or its own name.

    Args:
        titles: titles by column.
        name: the column.
    """
    return (titles or {}).get(name, name)


def visit_order(visits: pd.Series) -> pd.Series:
    """A number that rises with the visit: numbers and dates as they are, text by the numbers in it.

    Args:
        visits: numbers, dates, or names such as v0, v1, v10; none missing.

    >>> visit_order(pd.Series(["v10", "v2", "v0"])).tolist()
    [2, 1, 0]
    """
    values = visits
    if not (pd.api.types.is_numeric_dtype(visits) or pd.api.types.is_datetime64_any_dtype(visits)):
        values = visits.astype(str).map(_with_numbers)
    rank = {value: number for number, value in enumerate(sorted(set(values)))}
    return values.map(rank).astype(int)


def _with_numbers(name: str) -> tuple[tuple[int, str], ...]:
    """`v10` as ((0, "v"), (10, "")), so that v2 comes before it."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name) if part)
