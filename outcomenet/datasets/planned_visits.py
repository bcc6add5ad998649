"""Planned visit of each visit: as the cohort gives it, or else the nearest whole year since the patient's first visit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.outcomes import DAYS_PER_YEAR

PLANNED, PLANNED_SOURCE = "planned_visit", "planned_visit_source"
GIVEN, NEAREST_YEAR = "given", "nearest year"
# A visit stands for the planned one that it lies within a quarter of the interval of, as in `metrics.incidence`.
TOLERANCE = 0.25


def with_planned_visits(visits: pd.DataFrame) -> pd.DataFrame:
    """The visit table with the number of the planned visit behind `days`, and where that number comes from.

    Args:
        visits: `patient_id`, `days` since the patient's first visit, and, where the cohort gives it, `planned_visit`.

    Returns:
        A copy with `planned_visit`, 0 for the first one, and `planned_visit_source`. Where the cohort numbers any of its
        visits, its own numbers stand ("given"), and a visit without one was not planned. Else ("nearest year") it is the whole
        number of years that the visit lies within a quarter of a year of; of two visits of a patient the nearer one has it.
        Missing: a visit between two planned ones.

    >>> rows = pd.DataFrame({"patient_id": ["P", "P", "P"], "days": [0.0, 370.0, 550.0]})
    >>> with_planned_visits(rows)[["days", "planned_visit"]].to_numpy().tolist()
    [[0.0, 0.0], [370.0, 1.0], [550.0, nan]]
    """
    given = visits[PLANNED].notna().any() if PLANNED in visits else False
    number = visits[PLANNED].astype(float) if given else _nearest_year(visits)
    table = visits.drop(columns=[PLANNED, PLANNED_SOURCE], errors="ignore")
    at = list(table.columns).index("days") + 1
    table.insert(at, PLANNED, number)
    table.insert(at + 1, PLANNED_SOURCE, GIVEN if given else NEAREST_YEAR)
    return table


def _nearest_year(visits: pd.DataFrame) -> Float[np.ndarray, "visit"]:
    years = visits["days"].to_numpy(float) / DAYS_PER_YEAR
    nearest = np.round(years)
    distance = np.abs(years - nearest)
    known = pd.DataFrame({"patient": visits["patient_id"].to_numpy(), "year": nearest, "distance": distance})
    # stable: of two visits at one distance the earlier row
    first = ~known.sort_values("distance", kind="stable").duplicated(["patient", "year"]).sort_index().to_numpy()
    return np.where((distance <= TOLERANCE) & first, nearest, np.nan)
