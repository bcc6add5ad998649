"""Outcomes that follow a visit: the first of progression, death and joint surgery, and the visit a year later."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float
from outcomenet.outcome_kinds import LATER_VISIT_TOLERANCE
from outcomenet.outcomes import SHORTEST_PROGRESSION_DAYS, is_rapid_progression


class ProgressionInterval(NamedTuple):
    """Days from a film to the last later film without, and the first with, rapid progression since it.

    `end` is infinite where no film showed it (right-censored at `start`); both are NaN where no later film was read.
    """

    start: float
    end: float


def progression_intervals(
    days: Float[np.ndarray, "visit"], totals: Float[np.ndarray, "visit"], shortest: float = SHORTEST_PROGRESSION_DAYS
) -> list[ProgressionInterval]:
    """For each visit of one patient, when its SvdH total had risen by 5 units a year or more.

    The rise is always measured from the visit itself, per year since then, so the event of one visit is not that of the next.

    Args:
        days: Days of the visits, never falling.
        totals: SvdH totals; NaN is a visit whose films were not graded.
        shortest: Days; a visit nearer than this says nothing about progression since the earlier one.

    Returns:
        One interval per visit, in days from that visit.

    >>> progression_intervals(np.array([0.0, 365.25]), np.array([10.0, 16.0]))[0]
    ProgressionInterval(start=0.0, end=365.25)
    """
    return [_interval_from(i, days, totals, shortest) for i in range(len(days))]


def too_near(
    days: Float[np.ndarray, "visit"], totals: Float[np.ndarray, "visit"], shortest: float = SHORTEST_PROGRESSION_DAYS
) -> int:
    """How many graded visits of one patient are followed by another that is too near to show progression since them.

    Args:
        days: Days of the visits, never falling.
        totals: SvdH totals; NaN is a visit whose films were not graded.
        shortest: Days between two films below which a rise is not judged.

    Returns:
        The number of such visits, for the ledger.

    >>> too_near(np.array([0.0, 30.0, 365.0]), np.array([10.0, 11.0, 12.0]))
    1
    """
    scored = days[np.isfinite(totals)]
    gaps = np.diff(scored)
    return int(((gaps > 0) & (gaps < shortest)).sum())


class FirstEvent(NamedTuple):
    """The first event after a film: free of events until `start`, seen by `end` (infinite: never), cause's place in
    `outcome_kinds.EVENT_CAUSES` or -1; all NaN where nothing is known. A death or operation has start = end = its day."""

    start: float
    end: float
    cause: float


# A death or operation counts while somebody would have noticed progression instead: up to the day when the next film
# was due, a year and a quarter after the last one.
WATCHED_DAYS = 1.25 * 365.25


def first_event(
    interval: ProgressionInterval, last_film: float, death: float, surgery: float, lost: float = math.nan
) -> FirstEvent:
    """Joins what films show with what the events say into the first of the competing events.

    An operation between the last film without and the first with progression comes first: its day is known.

    Args:
        interval: Progression since this film, see `progression_intervals`.
        last_film: Days from this film to the patient's last later film; 0 where there is none.
        death: Days from this film to the death; NaN where none is known.
        surgery: Days to the first joint surgery after this film; NaN where there was none.
        lost: Days to the end of follow-up; NaN where it is not stated. What was heard of a patient afterwards is heard of
            the dead alone and would bias the risk of death upwards.

    Returns:
        The first event in days from this film; deaths and operations later than the next film was due do not count.

    >>> first_event(ProgressionInterval(360.0, math.inf), 360.0, death=500.0, surgery=math.nan)
    FirstEvent(start=500.0, end=500.0, cause=1.0)
    """
    watched = min(last_film + WATCHED_DAYS, math.inf if math.isnan(lost) else lost)
    competing = [(day, float(cause)) for cause, day in ((1, death), (2, surgery)) if 0 < day <= watched]
    day, cause = min(competing, default=(math.inf, -1.0))
    if day < interval.end or (math.isnan(interval.start) and competing):
        return FirstEvent(day, day, cause)
    if math.isnan(interval.start):
        return FirstEvent(math.nan, math.nan, math.nan)
    return FirstEvent(interval.start, interval.end, 0.0 if math.isfinite(interval.end) else -1.0)


def rows_at_horizon(days: Float[np.ndarray, "visit"], horizon: float) -> list[int | None]:
    """For each visit of one patient the later visit nearest to a horizon, within an eighth of the horizon.

    Args:
        days: Days of the visits, never falling.
        horizon: Days, for instance 365.25.

    Returns:
        The later visit's place in `days`, None where there is none; of two equally near the earlier is taken.

    >>> rows_at_horizon(np.array([0.0, 91.0, 365.0]), 365.0)
    [2, None, None]
    """
    rows: list[int | None] = []
    for day in days:
        off = np.abs(days - day - horizon)
        nearest = int(np.argmin(off))
        rows.append(nearest if off[nearest] <= horizon * LATER_VISIT_TOLERANCE else None)
    return rows


def _interval_from(i: int, days: np.ndarray, totals: np.ndarray, shortest: float) -> ProgressionInterval:
    # two films of one day show no progression, however short the shortest interval is set
    later = [j for j in range(i + 1, len(days)) if np.isfinite(totals[j]) and days[j] - days[i] >= max(shortest, 1)]
    if not np.isfinite(totals[i]) or not later:
        return ProgressionInterval(np.nan, np.nan)
    start = 0.0
    for j in later:
        elapsed = float(days[j] - days[i])
        if is_rapid_progression(totals[i], totals[j], elapsed):
            return ProgressionInterval(start, elapsed)
        start = elapsed
    return ProgressionInterval(start, np.inf)
