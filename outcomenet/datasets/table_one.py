"""Table 1: who is in each split, at the first visit, with standardised mean differences between the splits."""

from __future__ import annotations

import warnings

import pandas as pd
from tableone import TableOne

from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import SPLITS
from outcomenet.outcomes import OUTCOMES, OutcomeKind

_YES = {0.0: "no", 1.0: "yes"}
_SKEWED = ("duration", "crp", "svdh_total")  # given as median [quartiles]


def table_one(visits: pd.DataFrame) -> pd.DataFrame:
    """Mean (SD), median [quartiles] or n (%) of each patient's first visit, overall and by split, as text; index (variable, level).

    `visits` is the visit table. Columns: Missing, Overall, one per split, and SMD between each two splits (Cohen's d;
    for proportions Yang & Dalton 2012), which should be below about 0.1 to 0.2 (Austin, Stat Med 2009). Computed by tableone.
    """
    first = visits.sort_values(["patient_id", "date", "visit_id"]).drop_duplicates("patient_id", ignore_index=True)
    numeric, categories, names = [], [], {}
    for column, title, binary in _variables():
        if column not in first or first[column].isna().all():
            continue
        names[column] = title
        (categories if binary else numeric).append(column)
        if binary:
            first[column] = first[column].map(_YES)
    if first["site"].nunique() > 1:
        names["site"] = "Site"
        categories.append("site")
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
            rename=names,
            smd=len(present) > 1,
            include_null=False,
            limit={column: 1 for column in categories if column != "site"},
            order={column: ["yes"] for column in categories if column != "site"},
        )
    table = made.tableone.copy()
    table.columns = [str(column[-1]) for column in table.columns]
    differences = [column for column in table if column.startswith("SMD")]
    table.index.names = ["variable", "level"]
    # a split in which nothing is known has no column of its own
    return table.reindex(columns=["Missing", "Overall", *present, *differences], fill_value="").astype(str)


def _variables() -> list[tuple[str, str, bool]]:
    """(column, title with unit, whether it is 0 or 1) of covariates, outcomes of the visit and the human score."""
    covariates = [
        (spec.name, spec.title if spec.binary else f"{spec.title} ({spec.unit})", spec.binary)
        for spec in CONFOUNDERS.values()
    ]
    outcomes = [
        (spec.name, f"{spec.title} ({spec.unit})", False)
        for spec in OUTCOMES.values()
        if spec.kind is not OutcomeKind.TIME_TO_EVENT and not spec.horizon_days and spec.name not in CONFOUNDERS
    ]
    return [*covariates, *outcomes, ("svdh_total", "Sharp/van der Heijde total (0-448)", False)]
