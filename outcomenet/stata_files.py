"""Stata files (.dta) of tables, with labels of variables and of values; the same table gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from outcomenet.artifacts import write_whole
from outcomenet.codebooks import YES_NO, ColumnWords, stata_labels, stata_names

MOST_LEVELS = 40  # text of more different values stays text: names, paths
_TIME_OF_WRITING = re.compile(rb"(<timestamp>\x11)[^<]{17}(</timestamp>)")
_NO_TIME = rb"\g<1>01 Jan 2000 00:00\g<2>"


def write_stata(table: pd.DataFrame, path: Path, words: Mapping[str, ColumnWords], label: str = "") -> None:
    """Writes a table for Stata 14 and later; R (haven) and pandas read it too.

    Numbers stay numbers, without infinite ones. Yes-or-no columns are 0 and 1, and text of few values (hospital, treatment,
    split) whole numbers from 1 in alphabetical order, both with labels of their values, so that `i.treatment` works. Names of
    patients and visits (`..._id`) stay text.

    Args:
        table: Any table.
        path: The file to write, replaced.
        words: What the columns are, by name.
        label: Of the whole file, cut at 80 characters.
    """
    names = dict(zip(table.columns, stata_names(map(str, table.columns)), strict=True))
    labels = stata_labels([words.get(str(column), ColumnWords("")) for column in table.columns])
    columns, values = {}, {}
    for column, name in names.items():
        known = words.get(str(column), ColumnWords("")).values
        columns[name], codes = _for_stata(table[column], known, keep=str(column).endswith("_id"))
        if codes:
            values[name] = dict(codes)
    frame = pd.DataFrame(columns, index=table.index)
    pyreadstat.write_dta(
        frame,  # pyright: ignore[reportArgumentType]  # its stubs know data frames by a protocol that pandas does not meet
        path, file_label=label[:80], column_labels=dict(zip(names.values(), labels, strict=True)),
        variable_value_labels=values, version=14,
    )  # fmt: skip
    write_whole(path, _TIME_OF_WRITING.sub(_NO_TIME, path.read_bytes(), count=1))


def _for_stata(
    column: pd.Series, known: Mapping[int, str] | None, *, keep: bool
) -> tuple[pd.Series, Mapping[int, str] | None]:
    """A column as Stata holds it, and the labels of its values."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("int8"), YES_NO
    if pd.api.types.is_numeric_dtype(column):
        # pandas' own missing integers are none of pyreadstat's types
        numbers = column.astype(float) if column.hasnans or not isinstance(column.dtype, np.dtype) else column
        return numbers.replace([np.inf, -np.inf], np.nan), known
    if pd.api.types.is_datetime64_any_dtype(column):
        return column, None
    levels = sorted(map(str, column.dropna().unique()))
    if keep or not levels or len(levels) > MOST_LEVELS:
        return column.astype(object).where(column.notna(), "").astype(str), None
    codes = {level: number for number, level in enumerate(levels, start=1)}
    return column.map(lambda cell: codes.get(str(cell), np.nan)).astype(float), {n: word for word, n in codes.items()}
