"""Table 1: characteristics of patients by any groups, with absolute standardised mean differences."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from tableone import TableOne

# A difference between two groups of ten has a standard error of 0.45 SDs; from fewer it says nothing.
FEWEST_FOR_SMD = 10
MOST_LEVELS = 12  # free text in a column would fill pages
OTHER_LEVELS = "(any other)"
UNDEFINED = "\N{EN DASH}"
_YES = {0.0: "no", 1.0: "yes"}


@dataclass(frozen=True)
class Characteristic:
    """One row, or one row for each level, of a Table 1.

    Attributes:
        column: Of the table.
        title: In words, with the unit.
        kind: `number` (mean and SD), `skewed` (median and quartiles), `yes_no` (0 or 1) or `named` (levels with names).
        decimals: Of a number.
    """

    column: str
    title: str
    kind: str
    decimals: int = 1


def table_one_of(
    patients: pd.DataFrame, characteristics: Sequence[Characteristic], by: str, groups: Sequence[str] = ()
) -> pd.DataFrame:
    """Mean (SD), median [quartiles] or n (%) overall and by group.

    SMD: Cohen's d; for proportions Yang & Dalton 2012. It should be below about 0.1 to 0.2 (Austin, Stat Med 2009).
    Computed by tableone.

    Args:
        patients: One row per patient.
        characteristics: What is shown; those that nobody has are left out.
        by: Column of the groups.
        groups: Its values in their order; none: all, sorted.

    Returns:
        Texts with index (variable, level) and columns Missing, Overall, one per group, and the absolute SMD between each
        two groups. A dash stands for what is undefined, and for the SMD where a group knows the variable of fewer than
        `FEWEST_FOR_SMD` patients.

    Example:
        >>> patients = pd.DataFrame({"age": [50.0, 60, 70, 80], "arm": ["A", "A", "B", "B"]})
        >>> table_one_of(patients, [Characteristic("age", "Age (years)", "number")], "arm")["A"].tolist()
        ['2', '55.0 (7.1)']
    """
    known_of = [of for of in characteristics if of.column in patients and patients[of.column].notna().any()]
    names = {of.column: of.title for of in known_of}
    categories = [of for of in known_of if of.kind in ("yes_no", "named")]
    numeric = [of for of in known_of if of not in categories]
    shown = patients.assign(**{of.column: _levels(patients[of.column], of.kind) for of in categories})
    shown = shown.assign(**{by: patients[by].astype(str)})
    present = [group for group in groups or sorted(shown[by].unique()) if (shown[by] == group).any()]
    yes_no = [of.column for of in categories if of.kind == "yes_no"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tableone warns of small groups and of pandas' future
        made = TableOne(
            shown[[*names, by]],
            columns=list(names),
            categorical=[of.column for of in categories],
            continuous=[of.column for of in numeric],
            nonnormal=[of.column for of in numeric if of.kind == "skewed"],
            groupby=by,
            decimals={of.column: of.decimals for of in numeric},
            rename=names,
            smd=len(present) > 1,
            include_null=False,
            limit=dict.fromkeys(yes_no, 1),
            order=dict.fromkeys(yes_no, ["yes"]),
        )
    table = made.tableone.copy()
    table.columns = pd.Index([str(column[-1]) for column in table.columns])
    return _finished(table, shown.groupby(by)[list(names)].count().rename(columns=names), present)


def largest_difference(table: pd.DataFrame) -> pd.DataFrame:
    """The table with one column `Largest SMD` in the place of those of each two groups.

    Args:
        table: Of `table_one_of`.
    """
    pairs = [column for column in table.columns if str(column).startswith("SMD")]
    largest = [_largest([str(table[pair].iloc[at]) for pair in pairs]) for at in range(len(table))]
    return table.drop(columns=pairs).assign(**{"Largest SMD": largest}) if pairs else table


def _largest(cells: list[str]) -> str:
    numbers = [cell for cell in cells if cell and cell != UNDEFINED]
    if not numbers:
        return next(filter(None, cells), "")
    return max(numbers, key=lambda cell: float(cell.lstrip("<")))


def _levels(column: pd.Series, kind: str) -> pd.Series:
    """Words of a category, the rarest of too many joined."""
    if kind == "yes_no":
        return column.astype(float).map(_YES)
    text = column.map(lambda cell: cell if pd.isna(cell) else str(cell))
    common = text.value_counts().index[:MOST_LEVELS]
    return text.where(text.isin(common) | text.isna(), OTHER_LEVELS)


def _finished(table: pd.DataFrame, known: pd.DataFrame, present: Sequence[str]) -> pd.DataFrame:
    """The table of tableone without what it invents: differences of two patients, an SD of one, `nan`."""
    names = [str(column) for column in table.columns]
    differences = [column for column in names if column.startswith("SMD")]
    labels = [str(label) for label in table.index.get_level_values(0)]
    known.loc["Overall"] = known.sum()
    for column in [column for column in names if column != "Missing"]:
        write = _difference if column in differences else _summary
        groups = column.removeprefix("SMD (").removesuffix(")").split(",")
        of_fewest = {str(name): float(fewest) for name, fewest in known.reindex(groups).fillna(0).min().items()}
        table[column] = [
            write(str(cell), of_fewest.get(label.rpartition(", ")[0], math.inf), label)
            for label, cell in zip(labels, table[column], strict=True)
        ]
    table.index.names = ["variable", "level"]
    # a group in which nothing is known has no column of its own
    return table.reindex(columns=["Missing", "Overall", *present, *differences], fill_value="").astype(str)


def _difference(cell: str, known: float, _: str) -> str:
    """An SMD without its sign, which depends on which group is named first; a dash where `known` patients are too few."""
    unsigned = cell.lstrip("-")  # tableone writes the smallest as "<0.001"
    undefined = known < FEWEST_FOR_SMD or unsigned in ("nan", "inf")
    return UNDEFINED if unsigned and undefined else unsigned


def _summary(cell: str, known: float, label: str) -> str:
    """`mean (SD)` and the like, as the label says; nothing is known of no patient, and one has no SD."""
    if cell and known == 0:
        return UNDEFINED
    alone = known == 1 and label.endswith("mean (SD)")
    return re.sub(r"\((?:0\.0+|nan)\)$", f"({UNDEFINED})", cell) if alone else cell
