"""Faults of a cohort folder: each names file, row and column, none repeats a patient's identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused, meant

# Of a patient or a film; an identifier that slipped into another column is still one.
_NAMING_COLUMNS = ("patient_id", "film_id")
# Cells of these columns may hold or contain a patient's identifier: a message names their row, never their value.
IDENTIFIER_COLUMNS = frozenset({"patient_id", "visit_id", "film_id", "path", "pid"})
SHOWN = 20  # faults in a message; all of them stand in a file
_SHOWN_CHARACTERS = 40  # of the longest cell or name that a message may show
# Up to five digits: no telephone, insurance or record number, and no day of birth.
_SHORT_NUMBER = re.compile(r"[<>≤≥]?\s?[+-]?(?=(?:\D*\d){1,5}\D*$)[\d.,]+\s?(?:%|mm|mg/d?L|cm)?")


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
        # a stable sort: faults of one row stay in the order of the checks
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
    """Writes faults as CSV with the columns of `COLUMNS`, whole or not at all.

    Args:
        faults: One row each; a value that may hold an identifier is empty.
        path: The file; its folder is made where it is not there.
    """
    rows = [tuple(getattr(fault, name) for name in COLUMNS) for fault in faults]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"row": "Int64"})
    whole = path.with_name(f".{path.name}.partial")  # beside it, so that the renaming stays on one disk
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(table, whole)
    whole.replace(path)


def printable(column: str, value: object, words: Iterable[str] = ()) -> str:
    """A cell as a fault may repeat it: what it looks like, but never text that could be somebody's.

    Args:
        column: Its column; "" is returned where that identifies patients.
        value: The cell.
        words: What the column may hold, and what it is often given instead.

    Returns:
        A short number or a word near one of `words` in quotes; of digits with separators (dates, telephone numbers) their
        form; of anything else its length.
    """
    if column in IDENTIFIER_COLUMNS:
        return ""
    text = str(value)
    if _SHORT_NUMBER.fullmatch(text) or meant(text, words):
        return repr(text)
    if len(text) <= _SHOWN_CHARACTERS and not any(map(str.isalpha, text)) and text.isprintable():
        return repr(re.sub(r"\d", "9", text))
    return f"text of {len(text)} character{'s' if len(text) != 1 else ''}"


def printable_header(name: str, place: int) -> str:
    """An unknown column as a fault may name it: a patient's cell may have slipped into the header.

    Args:
        name: The header's cell.
        place: Its place in the header, from 1.

    Returns:
        The name where it looks like one of a column, else "number " and its place.

    >>> printable_header("mood", 7), printable_header("MRN4711", 7)
    ('mood', 'number 7')
    """
    is_a_name = len(name) <= _SHOWN_CHARACTERS and name.isprintable() and not re.search(r"\d{4}|@|,", name)
    return name if name and is_a_name else f"number {place}"


def without_identifiers(faults: Sequence[Fault], tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Faults without any column or value that is a patient's or film's identifier, as where cells stand one column too far
    to the right.

    Args:
        faults: The faults of a cohort.
        tables: Its typed tables by file name; their patient_id and film_id are the identifiers.

    Returns:
        As many faults, in the same order.
    """
    known = {
        str(cell)
        for table in tables.values()
        for column in _NAMING_COLUMNS
        if column in table
        for cell in table[column].dropna().unique()
    }
    shown = {repr(cell) for cell in known}  # as `printable` quotes a value
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
