"""Follow-up of a patient's first event: watched since, free of events until, the days between which it came, its cause.

Days count from the film. A film shows progression only when it is taken, so the event lies in (start, end]; a death or
an operation has a day of its own. Deaths count up to the day of the last planned film and no further: survivors are
watched no longer, and deaths alone after it would make death look too frequent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Array, Float, Int
from outcomenet.errors import DataRefused
from outcomenet.outcome_kinds import EVENT_CAUSES

CAUSES = EVENT_CAUSES
CENSORED = -1


class FollowUp(NamedTuple):
    """First events of a batch, in days since the film; a NaN day makes the row missing.

    `entry` the day since when the patient was watched, free of events (0 unless left-truncated); `start` the last day
    known to be free of every event; `end` the first day on which the event is known to have happened, infinite when
    censored, equal to `start` when it happened on that very day; `cause` the event's place in `CAUSES`, -1 censored.
    """

    entry: Float[Array, "batch"]
    start: Float[Array, "batch"]
    end: Float[Array, "batch"]
    cause: Int[Array, "batch"]


def check_follow_up(
    entry: Float[np.ndarray, "row"],
    start: Float[np.ndarray, "row"],
    end: Float[np.ndarray, "row"],
    cause: Int[np.ndarray, "row"],
) -> None:
    """Refuses impossible follow-up before it reaches a compiled loss, where no error can be raised.

    Args:
        entry: day since when the patient was watched; NaN in all of the days where nothing is known.
        start: last day without an event.
        end: first day with it; infinite where censored.
        cause: place in `CAUSES`, -1 where censored.

    Raises:
        DataRefused: a row contradicts itself; the message gives the first one and its usual reason.

    >>> check_follow_up(np.array([0.0]), np.array([180.0]), np.array([360.0]), np.array([0]))
    """
    given = ~np.isnan(start)
    event = given & (cause != CENSORED)
    _refuse(
        given & (np.isnan(entry) | np.isnan(end)) | ~given & ~np.isnan(end),
        "has some of its days but not all; expected start, end and entry together or none of them. This usually means "
        "that a table was joined on the wrong visit",
    )
    _refuse(
        given & ~np.isin(cause, range(CENSORED, len(CAUSES))),
        f"has an unknown cause; expected -1 (censored) or the place 0 to {len(CAUSES) - 1} in {', '.join(CAUSES)}. "
        "This usually means that a status column of another program was passed, in which 0 is censored and causes "
        "begin at 1: subtract 1",
        cause=cause,
    )
    _refuse(
        given & (entry < 0),
        "is watched since before its film; expected entry on day 0 or later. This usually means that entry was counted "
        "from diagnosis and not from the film",
        entry=entry,
    )
    _refuse(
        given & (entry > start),
        "enters after its start; expected entry at or before the last day known to be free of events. This usually "
        "means that a patient already censored, or seen with the event at the first visit, was kept: drop the row with "
        "a reason",
        entry=entry,
        start=start,
    )
    _refuse(
        given & (cause == CENSORED) & np.isfinite(end),
        "is censored but has an end; expected an infinite end. This usually means that the censoring column is turned "
        "round (1 = censored read as 1 = event), or that the day of censoring stands in `end`: it belongs in `start`",
        start=start,
        end=end,
    )
    _refuse(
        event & ~np.isfinite(end),
        "has an event that no day shows; expected a finite end. This usually means that the censoring column is turned "
        "round (1 = censored read as 1 = event)",
        cause=cause,
        end=end,
    )
    _refuse(
        event & ((end < start) | (end <= entry)),
        "ends before it starts; expected the event on or after the start and after entry. This usually means that the "
        "two films are in the wrong order, or that an event from before the film was kept",
        entry=entry,
        start=start,
        end=end,
    )


def _refuse(wrong: np.ndarray, what: str, **columns: np.ndarray) -> None:
    """Raises for the first wrong row, with its values and how many more there are."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        values = ", ".join(f"{name} {column[rows[0]]:g}" for name, column in columns.items())
        seen = f" ({values})" if values else ""
        raise DataRefused(f"Follow-up row {rows[0]}{seen} {what}. Rows like it: {len(rows)} of {len(wrong)}.")
