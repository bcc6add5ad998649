"""CSV files safe to open in a spreadsheet: writing escapes text that would run as a formula, parsing restores it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

# What spreadsheets begin a formula with, also in full width, and what they skip before it (OWASP, CSV Injection). Where
# semicolons, tabs or line breaks separate cells, a formula can stand behind one in the middle of a cell. Apostrophes that
# stand before a formula already are kept: one more is set, and one is taken away when the text is read.
_BEGINNING = r"(?:^|(?<=[;\t\r\n]))"
_STARTS = r"(?='*[^\S\t\r\n]*[=+\-@＝＋－＠])"
_FORMULA = re.compile(rf"{_BEGINNING}{_STARTS}|^(?='*[\t\r\n])")
_GUARDED = re.compile(rf"{_BEGINNING}'{_STARTS}|^'(?='*[\t\r\n])")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def write_csv(table: pd.DataFrame, path: Path, *, append: bool = False, float_format: str | None = None) -> None:
    """Writes a table without its index. Text that a spreadsheet would compute gets an apostrophe before it.

    Args:
        table: Any table; numbers, and text that is a number, stay as they are.
        path: The file, replaced unless `append`; a header stands in a new file only.
        append: Adds the rows to those that are there.
        float_format: As in `DataFrame.to_csv`.
    """
    shown = pd.DataFrame({at: _guarded(column) for at, (_, column) in enumerate(table.items())}, index=table.index)
    shown.columns = [guarded(str(name)) for name in table.columns]
    shown.to_csv(
        path,
        index=False,
        mode="a" if append else "w",
        header=not (append and path.exists()),
        float_format=float_format,
        lineterminator="\n",
    )


def read_csv(
    path: Path,
    *,
    dtype: type | Mapping[str, type] | None = None,
    converters: Mapping[str, Callable[[str], object]] | None = None,
    keep_default_na: bool = True,
    na_values: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Parses a table that `write_csv` wrote; text comes back as it was before.

    Args:
        path: The file.
        dtype: Type of every column, or of some by name; the others are told by their cells.
        converters: What makes a value of a cell, by column; a cell that it is given is never missing.
        keep_default_na: Whether words such as "NA" and "none" are missing values.
        na_values: Further cells that are missing values.

    Returns:
        The table; names of columns and cells of text without the apostrophes that kept a spreadsheet from computing them.
        Numbers are those that were written, to the last bit.
    """
    # The other two converters of pandas (2.3.3) end the process on text like "12e3456789012", which a hash can be: they
    # look the power of ten up without asking whether the table has it. `pandas.to_numeric` does the same.
    table = pd.read_csv(
        path,
        float_precision="round_trip",
        dtype=dtype,
        converters=converters,
        keep_default_na=keep_default_na,
        na_values=na_values,
    )
    table.columns = [unguarded(str(name)) for name in table.columns]
    for name, kind in list(table.dtypes.items()):
        if not pd.api.types.is_numeric_dtype(kind):
            table[name] = table[name].map(lambda cell: unguarded(cell) if isinstance(cell, str) else cell)
    return table


def as_numbers(column: pd.Series) -> pd.Series:
    """The numbers of a column that may hold text, cell by cell; what is missing or no number is NaN.

    In the place of `pandas.to_numeric`, which can end the process on text like "12e3456789012".

    Args:
        column: Numbers, text that is a number, or any other text.

    >>> as_numbers(pd.Series(["1.5", " 2 ", "1,5", None, "12e3456789012"])).tolist()
    [1.5, 2.0, nan, nan, inf]
    """
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(float, na_value=np.nan), index=column.index, name=column.name)
    return pd.Series([_number(cell) for cell in column], index=column.index, name=column.name, dtype=float)


def _number(cell: object) -> float:
    if isinstance(cell, bool | np.bool):
        return float(cell)
    text = str(cell).strip()
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def guarded(text: str) -> str:
    """Text with an apostrophe before whatever a spreadsheet would compute.

    >>> guarded("=1+1"), guarded("-0.5"), guarded("MTX")
    ("'=1+1", '-0.5', 'MTX')
    """
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded("'=1+1")
    '=1+1'
    """
    return _GUARDED.sub("", text) if "'" in text else text


def _guarded(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    known: dict[str, str] = {}  # a score table repeats few words millions of times
    cells = [
        known[cell] if cell in known else known.setdefault(cell, guarded(cell)) if isinstance(cell, str) else cell
        for cell in column
    ]
    return pd.Series(cells, index=column.index, dtype=object)
