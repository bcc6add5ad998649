"""Columns of an analysis table as numbers: checked, dummy coded, and counted on one population."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.biomarkers.section import expect_columns
from outcomenet.csv_files import as_numbers as numbers_of_cells
from outcomenet.errors import UndefinedMetric

# A text column of which at least this share reads as numbers is a number column with slips, not a factor.
NUMBERS_WITH_SLIPS = 0.5
# Fewer patients than this give no model.
FEWEST_PATIENTS = 10


@dataclass(frozen=True)
class Population:
    """The rows that every model of a section uses, and what was left out of them."""

    table: pd.DataFrame
    patient: str
    note: str

    @property
    def patients(self) -> pd.Series:
        """Patient of each row, as text."""
        return self.table[self.patient].astype(str)

    @property
    def counts(self) -> dict[str, int]:
        """Rows and patients as entries of an estimate."""
        return {"n_visits": len(self.table), "n_patients": int(self.patients.nunique())}


def complete_rows(table: pd.DataFrame, columns: Iterable[str], *, patient: str, visit: str | None = None) -> Population:
    """Rows without a missing value in any of the columns, which are thereby also checked.

    Args:
        table: One row per patient and visit.
        columns: All that any model of the section uses: numbers, or text as factors.
        patient: Column of the patient.
        visit: Column of the visit, to refuse two rows of one visit; None where there is none.

    Returns:
        The complete rows with a note that counts those left out, by column.

    Raises:
        UndefinedMetric: A column is missing, empty, of one value or of text among numbers, a visit has two rows, or too
            few patients are left.

    >>> table = pd.DataFrame({"patient_id": range(12), "haq": [None, *range(11)], "age": range(50, 62)})
    >>> complete_rows(table, ["haq", "age"], patient="patient_id").note
    '1 of 12 rows left out: haq missing in 1'
    """
    names = list(dict.fromkeys(columns))
    check_rows(table, names, patient=patient, visit=visit)
    missing = table[names].isna()
    kept = table[~missing.any(axis=1)].reset_index(drop=True)
    population = Population(kept, patient, _left_out(missing))
    if population.counts["n_patients"] < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"Only {population.counts['n_patients']} patients have a value in every column of the analysis "
            f"({', '.join(names)}); at least {FEWEST_PATIENTS} are needed. {population.note or 'No row was left out'}."
        )
    for name in names:
        _refuse_one_value(kept[name], f"the {len(kept)} complete rows")
    return population


def check_rows(table: pd.DataFrame, columns: Sequence[str], *, patient: str, visit: str | None = None) -> None:
    """Refuses a table whose columns no model can use.

    Args:
        table: One row per patient and visit.
        columns: All that any model of the section uses.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.

    Raises:
        UndefinedMetric: See `complete_rows`.
    """
    expect_columns(table, patient, *columns, *([visit] if visit else []))
    unnamed = int(table[patient].isna().sum())
    if unnamed:
        raise UndefinedMetric(f"{unnamed} of {len(table)} rows have no {patient}: name the patient, or leave them out.")
    if visit and table.duplicated([patient, visit]).any():
        twice = table.loc[table.duplicated([patient, visit]), [patient, visit]]
        raise UndefinedMetric(
            f"{len(twice)} rows repeat the visit of another row, the first is visit {twice.iloc[0, 1]} of patient "
            f"{twice.iloc[0, 0]}; one row per patient and visit is needed."
        )
    for name in columns:
        if table[name].isna().all():
            raise UndefinedMetric(f"Column {name!r} is empty in all {len(table)} rows: leave it out of the analysis.")
        if not is_factor(table, name):
            as_numbers(table, name)
        _refuse_one_value(table[name], f"all {len(table)} rows")


def _refuse_one_value(values: pd.Series, where: str) -> None:
    known = values.dropna().unique()
    if len(known) < 2:
        raise UndefinedMetric(
            f"Column {values.name!r} has one value ({known[0]}) in {where}, so that nothing can be compared or adjusted "
            "by it: leave it out of the analysis."
        )


def _left_out(missing: pd.DataFrame) -> str:
    dropped = int(missing.any(axis=1).sum())
    if not dropped:
        return ""
    counts = missing.sum().sort_values(ascending=False, kind="stable")
    by_column = ", ".join(f"{name} missing in {count}" for name, count in counts.items() if count)
    return f"{dropped} of {len(missing)} rows left out: {by_column}"


def is_factor(table: pd.DataFrame, name: str) -> bool:
    """Whether a column holds categories: text of which less than half reads as numbers.

    Args:
        table: The analysis table.
        name: Its column.
    """
    if isinstance(table[name].dtype, pd.CategoricalDtype):
        return True
    values = table[name].dropna()
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return False
    if values.map(lambda value: isinstance(value, (bool, np.bool_, int, float, np.number))).all():
        return False
    return float(numbers_of_cells(values.astype(str)).notna().mean()) < NUMBERS_WITH_SLIPS


def as_numbers(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as numbers, missing where it is empty; yes and no are 1 and 0.

    Args:
        table: The analysis table.
        name: Its column.

    Raises:
        UndefinedMetric: A cell holds text or an infinite number.
    """
    values = table[name]
    if values.dtype == float and not np.isinf(values.to_numpy()).any():
        return values
    numbers = numbers_of_cells(values)
    wrong = values[(numbers.isna() & values.notna()) | np.isinf(numbers)]
    if len(wrong):
        raise UndefinedMetric(
            f"Column {name!r} should hold numbers, but {len(wrong)} of {len(values)} rows do not, the first is "
            f"'{wrong.iloc[0]}' in row {wrong.index[0]}. Correct these cells, or leave them empty."
        )
    return numbers


def typed(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """A copy in which each of the columns is either floats or categories, so that models need not look again.

    Args:
        table: The analysis table.
        columns: Columns that pass `check_rows`.
    """
    parts = {}
    for name in dict.fromkeys(columns):
        if is_factor(table, name):
            parts[name] = pd.Categorical(table[name], levels(table[name]))
        else:
            parts[name] = as_numbers(table, name)
    return table.assign(**parts)


def coded(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Covariates as numbers: a factor becomes one 0/1 column for each level but its first in alphabetical order.

    Args:
        table: The analysis table; a category column keeps the order of its categories.
        columns: Columns to code; one without variation in these rows is left out.

    Returns:
        Floats in the order of the columns; a factor's missing cell is missing in each of its columns.

    >>> coded(pd.DataFrame({"sex": ["F", "M", "F"], "age": [50, 60, 70]}), ["age", "sex"])
        age  sex: M
    0  50.0     0.0
    1  60.0     1.0
    2  70.0     0.0
    """
    parts: dict[str, pd.Series] = {}
    for name in dict.fromkeys(columns):
        if not _varies(table[name]):
            continue
        if is_factor(table, name):
            for level in levels(table[name])[1:]:
                parts[f"{name}: {level}"] = (table[name] == level).where(table[name].notna()).astype(float)
        else:
            parts[name] = as_numbers(table, name)
    return pd.DataFrame(parts, index=table.index, dtype=float)


def _varies(values: pd.Series) -> bool:
    if values.dtype == float:
        return bool(values.max() > values.min())
    return values.nunique() > 1


def levels(values: pd.Series) -> list:
    """The values that a factor takes, in the order of its categories, else in alphabetical order.

    Args:
        values: A column of categories.
    """
    present = values.dropna().unique()
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level for level in values.cat.categories if level in set(present)]
    return sorted(present, key=str)


def standard_deviations(table: pd.DataFrame, scores: Sequence[str]) -> Mapping[str, float]:
    """SD of each score over the rows analysed: the unit of every standardised slope, the same in each model.

    Args:
        table: The rows analysed, without missing scores.
        scores: Number columns.
    """
    return {name: float(as_numbers(table, name).std(ddof=1)) for name in scores}
