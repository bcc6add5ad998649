"""Faults in a cohort folder: every one named with its file, row and column, none with a patient's identifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused

# Of a patient or a film; an identifier that slipped into another column is still one.
_NAMING_COLUMNS = ("patient_id", "film_id")
# Cells of these columns may hold or contain a patient's identifier: a message names their row, never their value.
IDENTIFIER_COLUMNS = frozenset({"patient_id", "visit_id", "film_id", "path", "pid"})
SHOWN = 20
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a cohort folder.

    `row` is the line number that a text editor shows (the header is line 1), None for a fault of the whole file;
    `value` is what came, as it may be printed ("" where it must not be); `expected` and `remedy` say what should be
    there and what to do now. `rule` is the broken rule's short name (`after_death`), by which faults are counted.
    """

    file: str
    row: int | None = None
    column: str = ""
    value: str = ""
    expected: str = ""
    remedy: str = ""
    rule: str = ""

    @property
    def sentence(self) -> str:
        """The fault in words.

        >>> Fault("visits.csv", 3, "haq_di", "'3.2'", "a number from 0 to 3", "Correct the cell.").sentence
        "visits.csv, row 3, column haq_di: expected a number from 0 to 3, got '3.2'. Correct the cell."
        """
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        got = f", got {self.value}" if self.value else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}: expected {self.expected}{got}.{remedy}"


class CohortRefused(DataRefused):
    """A cohort folder breaks at least one rule; `faults` holds all of them, in the order of files and rows."""

    def __init__(self, faults: Sequence[Fault], listed_in: Path | None = None):
        files = list(dict.fromkeys(fault.file for fault in faults))
        self.faults = tuple(sorted(faults, key=lambda fault: (files.index(fault.file), fault.row or 0)))
        count = len(self.faults)
        lines = [f"The cohort was refused for {count} fault{'s' if count > 1 else ''}; no data set was written."]
        lines += [f"- {fault.sentence}" for fault in self.faults[:SHOWN]]
        if count > SHOWN:
            lines.append(f"and {count - SHOWN} more.")
        if listed_in:
            lines.append(f"All of them stand in {listed_in}.")
        super().__init__("\n".join(lines))

    def listed_in(self, path: Path) -> CohortRefused:
        """The same refusal, whose message says where all faults are written."""
        return CohortRefused(self.faults, path)


COLUMNS = ("file", "row", "column", "value", "rule", "expected", "remedy")


def write_faults(faults: Iterable[Fault], path: Path) -> None:
    """All faults as CSV with the columns of `COLUMNS`; a value that may hold an identifier is empty."""
    rows = [tuple(getattr(fault, name) for name in COLUMNS) for fault in faults]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"row": "Int64"})
    whole = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(table, whole)
    whole.replace(path)


def printable(column: str, value: object) -> str:
    """A cell's value in quotes, shortened; "" for a column that identifies patients."""
    if column in IDENTIFIER_COLUMNS:
        return ""
    text = str(value)
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}...")


def without_identifiers(faults: Sequence[Fault], tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """The faults without any column or value that is a patient's or film's identifier in one of the typed `tables`, as
    where cells stand one column too far to the right."""
    known = {
        str(cell)
        for table in tables.values()
        for column in _NAMING_COLUMNS
        if column in table
        for cell in table[column].dropna().unique()
    }
    shown = {printable("", cell) for cell in known}
    return [
        replace(
            fault,
            column="" if fault.column in known else fault.column,
            value="an identifier" if fault.value in shown else fault.value,
        )
        for fault in faults
    ]


def rows_in_words(rows: Iterable[int]) -> str:
    """Row numbers as a sentence names them.

    >>> rows_in_words([4, 2, 9])
    'rows 2, 4 and 9'
    """
    numbers = [str(row) for row in sorted(rows)]
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def first_rows(file: str, column: str, unknown: pd.Series, expected: str, remedy: str, rule: str) -> list[Fault]:
    """One fault per unknown name, at its first row; a scored visit that is missing has a row for each of 172 grades."""
    faults = []
    for _, rows in unknown.groupby(unknown, sort=False):
        value = "another" if len(rows) == 1 else f"another, in {len(rows)} rows"
        faults.append(Fault(file, int(rows.index[0]), column, value, expected, remedy, rule))
    return faults
