"""Table 1: patients of each split at their first visit, with standardised mean differences between the splits."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping

import pandas as pd
from tableone import TableOne

from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import SPLITS
from outcomenet.datasets.planned_visits import PLANNED
from outcomenet.outcomes import OUTCOMES

_YES = {0.0: "no", 1.0: "yes"}
_NAMED = ("site", "treatment")  # categories with names, each shown; the others are yes or no
_MOST_TREATMENTS = 12  # free text in the column would fill pages
OTHER_TREATMENTS = "(any other)"
_PLANNED_VISITS = "planned_visits"
_SKEWED = ("duration", "crp", "svdh_total", _PLANNED_VISITS)  # given as median [quartiles]
_SHORT_SCALES = ("haq",)  # 0 to 3 in eighths: a second decimal is needed
# A difference between two groups of ten has a standard error of 0.45 SDs; from fewer it says nothing.
FEWEST_FOR_SMD = 10
UNDEFINED = "\N{EN DASH}"


def table_one(visits: pd.DataFrame, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Mean (SD), median [quartiles] or n (%) of each patient's first visit, overall and by split.

    SMD: Cohen's d; for proportions Yang & Dalton 2012. It should be below about 0.1 to 0.2 (Austin, Stat Med 2009).
    Computed by tableone.

    Args:
        visits: The visit table.
        titles: What was measured, by column, where a column's name does not say.

    Returns:
        Texts with index (variable, level) and columns Missing, Overall, one per split, and the absolute SMD between each
        two splits. A dash stands for what is undefined, and for the SMD where a split knows the variable of fewer than
        `FEWEST_FOR_SMD` patients.
    """
    first = visits.sort_values(["patient_id", "date", "visit_id"]).drop_duplicates("patient_id", ignore_index=True)
    if PLANNED in visits:
        first[_PLANNED_VISITS] = first["patient_id"].map(visits.groupby("patient_id")[PLANNED].nunique())
    numeric, categories, names = [], [], {}
    for column, title, binary in _variables():
        if column not in first or first[column].isna().all():
            continue
        names[column] = (titles or {}).get(column, title)
        (categories if binary else numeric).append(column)
        if binary:
            first[column] = first[column].map(_YES)
    if first["site"].nunique() > 1:
        names["site"] = "Site"
        categories.append("site")
    if "treatment" in first and first["treatment"].notna().any():
        names["treatment"] = "Treatment"
        categories.append("treatment")
        first["treatment"] = _most_frequent(first["treatment"])
    present = [split for split in SPLITS if (first["split"] == split).any()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tableone warns of small groups and of pandas' future
        made = TableOne(
            first[[*names, "split"]],
            columns=list(names),
            categorical=categories,
            continuous=numeric,
            nonnormal=[column for column in numeric if column in _SKEWED],
            groupby="split",
            decimals={column: 2 if column in _SHORT_SCALES else 1 for column in numeric},
            rename=names,
            smd=len(present) > 1,
            include_null=False,
            limit={column: 1 for column in categories if column not in _NAMED},
            order={column: ["yes"] for column in categories if column not in _NAMED},
        )
    table = made.tableone.copy()
    table.columns = [str(column[-1]) for column in table.columns]
    differences = [column for column in table if column.startswith("SMD")]
    known = first.groupby("split")[list(names)].count().rename(columns=names)
    known.loc["Overall"] = known.sum()
    for column in [column for column in table.columns if column != "Missing"]:
        write = _difference if column in differences else _summary
        groups = column.removeprefix("SMD (").removesuffix(")").split(",")
        of_fewest = known.reindex(groups).fillna(0).min()
        table[column] = [
            write(str(cell), of_fewest.get(str(label).rpartition(", ")[0], math.inf), str(label))
            for (label, _), cell in table[column].items()
        ]
    table.index.names = ["variable", "level"]
    # a split in which nothing is known has no column of its own
    return table.reindex(columns=["Missing", "Overall", *present, *differences], fill_value="").astype(str)


def without_split_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the splits' columns and the differences between them."""
    return table.drop(columns=[name for name in table if name in SPLITS or str(name).startswith("SMD")])


def _difference(cell: str, known: float, _: str) -> str:
    """An SMD without its sign, which depends on which split is named first; a dash where `known` patients are too few."""
    unsigned = cell.lstrip("-")  # tableone writes the smallest as "<0.001"
    undefined = known < FEWEST_FOR_SMD or unsigned in ("nan", "inf")
    return UNDEFINED if unsigned and undefined else unsigned


def _summary(cell: str, known: float, label: str) -> str:
    """`mean (SD)` and the like, as the label says; nothing is known of no patient, and one has no SD."""
    if cell and known == 0:
        return UNDEFINED
    alone = known == 1 and label.endswith("mean (SD)")
    return re.sub(r"\((?:0\.0+|nan)\)$", f"({UNDEFINED})", cell) if alone else cell


def _most_frequent(treatment: pd.Series) -> pd.Series:
    """The treatments as named, but for the rarest where there are more than a table can show."""
    common = treatment.value_counts().index[:_MOST_TREATMENTS]
    return treatment.where(treatment.isin(common) | treatment.isna(), OTHER_TREATMENTS)


def _variables() -> list[tuple[str, str, bool]]:
    """(column, title with unit, whether it is 0 or 1) of covariates, outcomes of the visit and the human score."""
    covariates = [
        (spec.name, spec.title if spec.binary else f"{spec.title} ({spec.unit})", spec.binary)
        for spec in CONFOUNDERS.values()
    ]
    outcomes = [
        (spec.name, f"{spec.title} ({spec.unit})", False)
        for spec in OUTCOMES.values()
        if not spec.kind.is_event
        and not spec.kind.is_index  # the categories' index is the HAQ again
        and not spec.horizon_days
        and spec.name not in CONFOUNDERS
    ]
    return [
        *covariates,
        *outcomes,
        ("svdh_total", "Sharp/van der Heijde total (0-448)", False),
        (_PLANNED_VISITS, "Planned visits that took place (per patient)", False),
    ]
