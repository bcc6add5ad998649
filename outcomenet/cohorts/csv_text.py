"""Parser of CSV files into the text that was typed, each row with the line number that an editor shows."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.faults import Fault, printable_header
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.csv_files import unguarded


def read_csv_text(path: Path) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Parses a CSV file of UTF-8 with or without a byte order mark.

    An apostrophe that `write_csv` put before a cell is taken away again. Blank lines, and lines of separators alone as
    spreadsheets leave them, are no rows. A row with more or fewer cells than the header is a fault and left out.

    Returns:
        The table as strings (None = empty cell) with line numbers as index, None where the file is no table at all; and
        the faults of its form.
    """
    if what := not_plain(path):
        return None, [Fault(path.name, None, "", what, "a plain file", "Copy the table itself into the folder.",
                            "no_plain_file")]  # fmt: skip
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return None, [Fault(path.name, None, "", error.strerror or "an error", "a readable file", "Check its rights.",
                            "unreadable_file")]  # fmt: skip
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"\n") + 1
        return None, [
            Fault(
                path.name,
                row,
                "",
                "bytes of another encoding",
                "UTF-8 text",
                "Save the table as CSV in UTF-8.",
                "encoding",
            )
        ]
    try:
        rows = _rows(text)
    except csv.Error as error:
        return None, [
            Fault(path.name, None, "", f"what cannot be read as one ({error})", "a comma-separated table",
                  "Look for a quotation mark that is not closed.", "no_table")
        ]  # fmt: skip
    if not rows:
        return None, [
            Fault(
                path.name, None, "", "an empty file", "a header line", "Write the column names in row 1.", "empty_file"
            )
        ]
    # without a whole header no cell belongs to a column
    (header_row, header), *body = rows
    faults = _header_faults(path.name, header_row, header)
    if faults:
        return None, faults
    kept = []
    for row, cells in body:
        if len(cells) == len(header):
            kept.append((row, cells))
        else:
            faults.append(
                Fault(path.name, row, "", f"{len(cells)}", f"{len(header)} cells, as in the header",
                      "Put quotation marks around a cell that holds a comma.", "cells_in_row")
            )  # fmt: skip
    table = pd.DataFrame([cells for _, cells in kept], columns=header, index=[row for row, _ in kept], dtype=object)
    return table.where(table != "", None), faults


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Cells of every line that holds anything, with the number of the line on which the row starts."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, start = [], 1  # a cell in quotation marks may hold line breaks, so that a row can span lines
    seen: dict[str, str] = {}  # a score table repeats few words millions of times; each is kept once
    for cells in reader:
        if any(cells):
            rows.append((start, [seen.setdefault(cell, unguarded(cell)) for cell in cells]))
        start = reader.line_num + 1
    return rows


def _header_faults(file: str, row: int, header: list[str]) -> list[Fault]:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [
            Fault(file, row, "", "another separator", "cells separated by commas",
                  "Save the table as comma-separated CSV with decimal points.", "separator")
        ]  # fmt: skip
    return [
        Fault(
            file,
            row,
            printable_header(name, header.index(name) + 1),
            f"it {header.count(name)} times",
            "each column once",
            "Remove or rename one of them.",
            "repeated_column",
        )
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
