"""Table 1 of a data set: patients of each split at their first visit, with standardised mean differences between the splits."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.biomarkers.table_one import Characteristic, table_one_of
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import SPLITS
from outcomenet.datasets.planned_visits import PLANNED
from outcomenet.outcomes import OUTCOMES

_PLANNED_VISITS = "planned_visits"
_SKEWED = ("duration", "crp", "svdh_total", _PLANNED_VISITS)  # given as median [quartiles]
_SHORT_SCALES = ("haq",)  # 0 to 3 in eighths: a second decimal is needed


def table_one(visits: pd.DataFrame, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Mean (SD), median [quartiles] or n (%) of each patient's first visit, overall and by split, as `table_one_of` gives it.

    Args:
        visits: The visit table.
        titles: What was measured, by column, where a column's name does not say.
    """
    first = visits.sort_values(["patient_id", "date", "visit_id"]).drop_duplicates("patient_id", ignore_index=True)
    if PLANNED in visits:
        first[_PLANNED_VISITS] = first["patient_id"].map(visits.groupby("patient_id")[PLANNED].nunique())
    shown = [
        _characteristic(column, (titles or {}).get(column, title), binary) for column, title, binary in _variables()
    ]
    if first["site"].nunique() > 1:
        shown.append(Characteristic("site", "Site", "named"))
    if "treatment" in first:
        shown.append(Characteristic("treatment", "Treatment", "named"))
    return table_one_of(first, shown, "split", SPLITS)


def _characteristic(column: str, title: str, binary: bool) -> Characteristic:
    kind = "yes_no" if binary else "skewed" if column in _SKEWED else "number"
    return Characteristic(column, title, kind, 2 if column in _SHORT_SCALES else 1)


def without_split_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the splits' columns and the differences between them."""
    return table.drop(columns=[name for name in table if name in SPLITS or str(name).startswith("SMD")])


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
