"""What follows a visit: progression as an interval between two films, and the visit a year later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float
from outcomenet.outcomes import is_rapid_progression


class ProgressionInterval(NamedTuple):
    """Days from a film to the last later film without, and the first with, rapid progression since it.

    `end` is infinite where no film showed it (right-censored at `start`); both are NaN where no later film was read.
    """

    start: float
    end: float


def progression_intervals(
    days: Float[np.ndarray, "visit"], totals: Float[np.ndarray, "visit"]
) -> list[ProgressionInterval]:
    """For each visit of one patient: when its SvdH total had risen by 5 units a year or more.

    `days` increase; a NaN total is a visit whose films were not read. The rise is always measured from the visit
    itself, per year since then.

    >>> progression_intervals(np.array([0.0, 365.25]), np.array([10.0, 16.0]))[0]
    ProgressionInterval(start=0.0, end=365.25)
    """
    return [_interval_from(i, days, totals) for i in range(len(days))]


def rows_at_horizon(days: Float[np.ndarray, "visit"], horizon: float) -> list[int | None]:
    """For each visit of one patient the later visit nearest to `horizon` days on, within an eighth of the horizon.

    None where there is none; of two equally near the earlier is taken.

    >>> rows_at_horizon(np.array([0.0, 91.0, 365.0]), 365.0)
    [2, None, None]
    """
    found: list[int | None] = []
    for day in days:
        off = np.abs(days - day - horizon)
        nearest = int(np.argmin(off))
        found.append(nearest if off[nearest] <= horizon / 8 else None)
    return found


def _interval_from(i: int, days: np.ndarray, totals: np.ndarray) -> ProgressionInterval:
    later = [j for j in range(i + 1, len(days)) if np.isfinite(totals[j])]
    if not np.isfinite(totals[i]) or not later:
        return ProgressionInterval(np.nan, np.nan)
    start = 0.0
    for j in later:
        elapsed = float(days[j] - days[i])
        if is_rapid_progression(totals[i], totals[j], elapsed):
            return ProgressionInterval(start, elapsed)
        start = elapsed
    return ProgressionInterval(start, np.inf)
