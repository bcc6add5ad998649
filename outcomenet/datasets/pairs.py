"""Pairs of visits a year apart: the earlier visit with its outcomes, and the films and grades of the later one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.visit_example import OF_LATER_VISIT, Example
from outcomenet.datasets.visit_table import LATER_VISIT, SVDH_COLUMNS
from outcomenet.outcomes import DAYS_PER_YEAR

KEYS = ["patient_id", "visit_id"]
PREFIX = "later_"
YEARS = "years"


def paired_visits(visits: pd.DataFrame) -> pd.DataFrame:
    """Pairs of a visit with films and the visit about a year later, if that has films too.

    Args:
        visits: The visit table.

    Returns:
        The rows of the earlier visits, with `years` between the two films.
    """
    able = visits[visits["has_films"]]
    later = able[[*KEYS, "days"]].rename(columns={"visit_id": LATER_VISIT, "days": "later_days"})
    rows = able.dropna(subset=[LATER_VISIT]).merge(later, on=["patient_id", LATER_VISIT], validate="many_to_one")
    return rows.assign(**{YEARS: (rows["later_days"] - rows["days"]) / DAYS_PER_YEAR}).drop(columns="later_days")


def changes_of_human_score(visits: pd.DataFrame) -> pd.DataFrame:
    """The visit table's pairs with svdh_total and every svdh_<site> turned into yearly changes, as read.

    A site that was not read at both visits is missing. Everything else is that of the earlier visit.
    """
    pairs = paired_visits(visits)
    sites = list(SVDH_COLUMNS)
    later = pairs[["patient_id", LATER_VISIT]].merge(
        visits[[*KEYS, *sites]].rename(columns={"visit_id": LATER_VISIT}), how="left", validate="many_to_one"
    )
    change = (later[sites].to_numpy(float) - pairs[sites].to_numpy(float)) / pairs[[YEARS]].to_numpy()
    return pairs.assign(svdh_total=pairs["svdh_change"], **dict(zip(sites, change.T, strict=True)))


class VisitPairs(Sequence[Example]):
    """Examples of the pairs of some splits, in the order in which the earlier visits are stored; decoded when indexed."""

    def __init__(self, dataset: Dataset, splits: Sequence[str]):
        self.dataset = dataset
        pairs = paired_visits(dataset.visits)
        pairs = pairs[pairs["split"].isin(splits)]
        keys = [
            ((patient, first), (patient, later), years)
            for patient, first, later, years in zip(
                pairs["patient_id"], pairs["visit_id"], pairs[LATER_VISIT], pairs[YEARS], strict=True
            )
        ]
        self.pairs = sorted(keys, key=lambda pair: dataset.places[pair[0]])

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Example:  # pyright: ignore[reportIncompatibleMethodOverride]
        first, second, years = self.pairs[index]
        later = self.dataset.example_of(second)
        return {
            **self.dataset.example_of(first),
            **{PREFIX + name: later[name] for name in OF_LATER_VISIT},
            YEARS: np.float32(years),
        }
