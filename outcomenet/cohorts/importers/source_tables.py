"""Parsers of other people's tables (comma, pipe, fixed width): the columns that are needed as text, with line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cells import Complaint
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.errors import did_you_mean


@dataclass(frozen=True)
class Identifier:
    """The cell rule of a column that names patients: any text.

    The cohort folder's own contract checks it later, and unlike a source's column of any name never prints its value.
    """

    expected: str = "text"
    dtype: str = "object"

    def parse(self, text: str) -> str:
        return text

    def complaint(self, text: str) -> Complaint:
        raise AssertionError("any text is an identifier")


@dataclass(frozen=True)
class FixedField:
    """A variable of a fixed-width file: its first and last position, counted from 1 as code books do."""

    name: str
    first: int
    last: int


def read_columns(path: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, list[Fault]]:
    """Parses the columns of a comma-separated table that are needed.

    Args:
        path: The table.
        columns: Names of the columns; others are ignored.

    Returns:
        The columns as text (None = empty) with line numbers as index, and the faults. A column that is not there is a fault,
        and empty here.
    """
    text, faults = read_csv_text(path)
    if text is None:
        return pd.DataFrame(columns=list(columns), dtype=object), faults
    return _picked(path, text, columns, faults)


def read_pipe_columns(path: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, list[Fault]]:
    """Parses the needed columns of a table whose cells are separated by `|` and never quoted.

    Args:
        path: The table.
        columns: Names of the columns; others are ignored.

    Returns:
        As `read_columns`.
    """
    if what := not_plain(path):
        return pd.DataFrame(columns=list(columns), dtype=object), [_no_plain_file(path, what)]
    lines = io.StringIO(path.read_bytes().decode("utf-8-sig", errors="replace"), newline="")
    reader = csv.reader(lines, delimiter="|", quoting=csv.QUOTE_NONE)
    header = next(reader, [])
    faults, kept, index = [], [], []
    for row, cells in enumerate(reader, start=2):
        if len(cells) == len(header):
            kept.append([cell.strip() or None for cell in cells])
            index.append(row)
        elif cells:
            faults.append(Fault(path.name, row, "", f"{len(cells)}", f"{len(header)} cells, as in the header",
                                "Download the table again; it was cut or changed."))  # fmt: skip
    return _picked(path, pd.DataFrame(kept, columns=header, index=index, dtype=object), columns, faults)


def read_fixed_width(path: Path, fields: Sequence[FixedField]) -> tuple[pd.DataFrame, list[Fault]]:
    """Parses the needed fields of a fixed-width file.

    Args:
        path: The file, in Latin-1.
        fields: Names and positions of the fields.

    Returns:
        The fields of every line as text (None = blank) with line numbers as index; and a fault for each line that ends before
        the last field does.
    """
    if what := not_plain(path):
        return pd.DataFrame(columns=[field.name for field in fields], dtype=object), [_no_plain_file(path, what)]
    needed = max(field.last for field in fields)  # a shorter line lost blanks at its end, or was cut
    rows, index, faults = [], [], []
    # one byte is one position, whatever letter it stands for
    with path.open(encoding="latin-1") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\r\n")
            if len(line) >= needed:
                rows.append([line[field.first - 1 : field.last].strip() or None for field in fields])
                index.append(number)
            elif line.strip():
                faults.append(Fault(path.name, number, "", f"{len(line)}", f"at least {needed} characters in a line",
                                    "Download the file again; blanks at a line's end may have been cut."))  # fmt: skip
    return pd.DataFrame(rows, columns=[field.name for field in fields], index=index, dtype=object), faults


def _no_plain_file(path: Path, what: str) -> Fault:
    return Fault(path.name, None, "", what, "a plain file", "Copy the file itself into the folder.", "no_plain_file")


def _picked(
    path: Path, text: pd.DataFrame, columns: Sequence[str], faults: list[Fault]
) -> tuple[pd.DataFrame, list[Fault]]:
    lacking = [name for name in columns if name not in text]
    faults = faults + [
        Fault(path.name, 1, name, "none", "this column", did_you_mean(name, text.columns)) for name in lacking
    ]
    return text.assign(**dict.fromkeys(lacking))[list(columns)], faults
