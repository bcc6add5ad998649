"""Parser of one table of a cohort folder by its contract: typed columns, and the faults of a table that breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath

import pandas as pd
import pandera.pandas as pa

from outcomenet.cohorts.cells import CellRule, Choice, accepted, typed
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import Fault, printable, printable_header, rows_in_words
from outcomenet.errors import meant

# Kinds of files in which a table may have been saved instead.
_TABLE_SUFFIXES = frozenset(
    {"", ".csv", ".tsv", ".tab", ".txt", ".xls", ".xlsx", ".ods", ".parquet", ".sav", ".dta", ".sas7bdat"}
)


@dataclass(frozen=True)
class Column:
    """A column: `required` in the header, `filled` where no cell may be empty."""

    name: str
    rule: CellRule
    required: bool = False
    filled: bool = False


@dataclass(frozen=True)
class TableContract:
    """What a file of a cohort folder must hold. `key` columns together name a row and may not repeat; `together` columns come all or none.

    `advice` says of columns that other programs' tables have, in lower case, what to do with them here.
    """

    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    together: tuple[str, ...] = ()
    required: bool = False
    advice: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in their order."""
        return tuple(column.name for column in self.columns)

    def empty(self) -> pd.DataFrame:
        """The table without rows, typed."""
        return pd.DataFrame({column.name: pd.Series([], dtype=column.rule.dtype) for column in self.columns})


def read_table(path: Path, table: TableContract) -> tuple[pd.DataFrame, list[Fault]]:
    """Parses and checks a table.

    Args:
        path: The CSV file.
        table: Its contract.

    Returns:
        The typed table with every column of the contract and line numbers as index, and all faults of the file. A cell with a
        fault is missing, so that the rules across files can still be checked on the others.
    """
    text, faults = read_csv_text(path)
    if text is None:
        return table.empty(), faults
    # one sentence instead of an unknown column for each cell of the first patient
    if no_header := _no_header(text, table):
        return table.empty(), no_header
    known, header_faults = _known_columns(text, table)
    faults = faults + header_faults + _cell_faults(known, table) + _repeated_keys(known, table)
    if text.empty and table.required and not faults:
        faults = [
            Fault(table.file, None, "", "none", "at least one row below the header", "Export the rows too.", "no_rows")
        ]
    columns = {
        column.name: typed(known[column.name], column.rule)
        if column.name in known
        else pd.Series(None, index=known.index, dtype=column.rule.dtype)
        for column in table.columns
    }
    return pd.DataFrame(columns, index=known.index), sorted(faults, key=lambda fault: fault.row or 0)


def absent_table(table: TableContract, others: Iterable[str] = ()) -> tuple[pd.DataFrame, list[Fault]]:
    """The table of a file that is not there.

    Args:
        table: Its contract.
        others: Names of the folder's files.

    Returns:
        A table without rows; and a fault if the file is required, or if another one has almost its name (Scores.xlsx for
        scores.csv) and would be left out without a word.
    """
    if any(_alike(name, table.file) for name in others):
        remedy = "Save it as comma-separated CSV under exactly this name, or take it out of the folder."
        fault = Fault(table.file, None, "", "a file of almost its name", "this file", remedy, "misnamed_file")
        return table.empty(), [fault]
    fault = Fault(table.file, None, "", "none", "this file", "Add it to the folder; it is required.", "no_file")
    return table.empty(), [fault] if table.required else []


def _alike(name: str, file: str) -> bool:
    """Whether a file's name differs from a table's in capitals, number or kind of file alone."""
    other, wanted = PurePath(name.lower()), PurePath(file)
    return other.suffix in _TABLE_SUFFIXES and other.stem.removesuffix("s") == wanted.stem.removesuffix("s")


def _no_header(text: pd.DataFrame, table: TableContract) -> list[Fault]:
    """A fault if row 1 names no column at all: it is a patient's row, whose cells are not to be repeated."""
    if {name.strip().lower() for name in text.columns} & {*map(str.lower, table.names), *table.advice}:
        return []
    wanted = _few([column.name for column in table.columns if column.required])
    remedy = f"Write the column names in row 1 (at least {wanted})."
    return [Fault(table.file, 1, "", "none of them", "the names of this table's columns", remedy, "no_header")]


def _known_columns(text: pd.DataFrame, table: TableContract) -> tuple[pd.DataFrame, list[Fault]]:
    """The columns that the contract knows, and a fault for each unknown or missing one; a misspelling gives one."""
    unknown = [name for name in text.columns if name not in table.names]
    missing = [column.name for column in table.columns if column.required and column.name not in text.columns]
    faults = []
    for name in unknown:
        remedy, rule = table.advice.get(name.strip().lower(), ""), "other_column"
        if not remedy:
            absent = [known for known in table.names if known not in text.columns]
            # a required column that is missing is more likely to be meant than another one
            near = meant(name, missing) or meant(name, absent)
            remedy = f"Did you mean {near}?" if near else f"Remove it; known are: {', '.join(sorted(table.names))}."
            rule = "unknown_column"
            missing = [known for known in missing if known != near]
        shown = printable_header(name, list(text.columns).index(name) + 1)
        faults.append(Fault(table.file, 1, shown, "an unknown column", "a column of this table", remedy, rule))
    for name in missing:
        faults.append(Fault(table.file, 1, name, "none", "this column", "Add it; it is required.", "no_column"))
    lacking = [name for name in table.together if name not in text.columns]
    if lacking and len(lacking) < len(table.together):
        expected = f"all {len(table.together)} columns {table.together[0]} to {table.together[-1]}, or none"
        faults.append(
            Fault(
                table.file,
                1,
                "",
                f"none called {_few(lacking)}",
                expected,
                "Add them, empty where not asked.",
                "some_columns",
            )
        )
    return text[[name for name in text.columns if name in table.names]], faults


def _few(names: Sequence[str]) -> str:
    """The first six names, and dots where there are more."""
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def _cell_faults(text: pd.DataFrame, table: TableContract) -> list[Fault]:
    """Faults of single cells, by one lazy pandera validation."""
    columns = {column.name: column for column in table.columns if column.name in text}
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(
                object,
                # pandera leaves empty cells out unless told not to, and the answers would not fit the rows
                pa.Check(partial(accepted, rule=column.rule), name="rule", ignore_na=False),
                nullable=not column.filled,
            )
            for name, column in columns.items()
        }
    )
    try:
        schema.validate(text, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    faults = []
    for case in cases.itertuples():
        name, row = str(case.column), int(case.index)
        rule = columns[name].rule
        if case.check == "not_nullable":
            remedy = "Fill it in or remove the row."
            faults.append(Fault(table.file, row, name, "an empty cell", rule.expected, remedy, "empty_cell"))
        else:
            cell = str(text.at[row, name])
            broken, remedy = rule.complaint(cell)
            words = rule.words if isinstance(rule, Choice) else ()
            remedy += "" if columns[name].filled else " An empty cell means not known."
            faults.append(Fault(table.file, row, name, printable(name, cell, words), rule.expected, remedy, broken))
    return faults


def _repeated_keys(text: pd.DataFrame, table: TableContract) -> list[Fault]:
    """One fault for every key that more than one row has, naming all of its rows.

    An empty cell in a column that may be empty is part of the key; one that may not has a fault of its own.
    """
    filled = [column.name for column in table.columns if column.filled and column.name in table.key]
    if any(name not in text for name in filled):
        return []
    keys = [name for name in table.key if name in text]
    named = text.dropna(subset=filled)
    known = named[keys].fillna("")
    repeated = named[known.duplicated(keep=False)]
    return [
        Fault(
            table.file,
            int(group.index[-1]),
            ", ".join(keys),
            f"the same in {rows_in_words(group.index)}",
            "a row of its own for each",
            "Remove the repeated row or correct its name.",
            "repeated_key",
        )
        for _, group in repeated.groupby([known.loc[repeated.index, name] for name in keys], sort=False)
    ]
