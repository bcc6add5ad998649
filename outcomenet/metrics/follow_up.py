"""Distribution of censoring: how long rows were followed, and the probability of being followed that long.

Times come from films: an event is dated to the first film that shows it (`interval_end`), a censored row to the last
film (`interval_start`). Films follow a schedule, so events and censorings often share a day; the event came first
then, and who is censored on a day was still without the event on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Bool, Float


def time_and_event(
    start: Float[np.ndarray, "row"], end: Float[np.ndarray, "row"]
) -> tuple[Float[np.ndarray, "row"], Bool[np.ndarray, "row"]]:
    """Days to the event or to censoring, and whether it is an event.

    Args:
        start: day of the last film without the event.
        end: day of the first film with it; infinite where it was never seen.
    """
    event = np.isfinite(end)
    return np.where(event, end, start), event


# Where fewer than this share of the rows is still followed, a handful would stand for all: the inverse of the chance of
# being followed, by which they count, is above 10, and its square, by which pairs count in Uno's C, above 100.
LEAST_LEFT = 0.1


def last_day_with_enough_left(time: Float[np.ndarray, "row"]) -> float:
    """The last day to which a tenth of the rows or more were followed.

    >>> last_day_with_enough_left(np.arange(1.0, 21.0))
    19.0
    """
    needed = int(np.ceil(LEAST_LEFT * len(time)))
    return float(np.sort(time)[-needed])


def at_planned_visits(days: Float[np.ndarray, "row"], interval_days: float) -> Float[np.ndarray, "row"]:
    """Days moved to the nearest planned visit, so that which of two patients was filmed some weeks later decides nothing.

    Args:
        days: days since the first film.
        interval_days: days between two planned visits.
    """
    return np.rint(days / interval_days) * interval_days


class CensoringCurve(NamedTuple):
    """G, the probability of not having been censored, after each distinct day of the sample."""

    days: Float[np.ndarray, "day"]
    survival: Float[np.ndarray, "day"]

    def before(self, at: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        """G(t-): not censored before the day, the chance of seeing an event of that day."""
        return self._at(at, "left")

    def through(self, at: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        """G(t): not censored up to the day and on it, the chance of being seen later."""
        return self._at(at, "right")

    def _at(self, at: np.ndarray, side) -> np.ndarray:
        return np.concatenate([[1.0], self.survival])[np.searchsorted(self.days, at, side=side)]


def censoring_curve(time: Float[np.ndarray, "row"], event: Bool[np.ndarray, "row"]) -> CensoringCurve:
    """Kaplan-Meier estimate of the time to *censoring* (Kaplan & Meier 1958; reversed: Schemper & Smith 1996).

    Censoring ends the waiting and an event censors it. Who had the event on a day could not be censored on it any more,
    and is not at risk of it.

    Args:
        time: days to the event or to censoring.
        event: whether it is an event.
    """
    days, day_of = np.unique(time, return_inverse=True)
    events = np.bincount(day_of, weights=event, minlength=len(days))
    censored = np.bincount(day_of, weights=~event, minlength=len(days))
    at_risk = np.cumsum((events + censored)[::-1])[::-1] - events
    stayed = 1 - np.divide(censored, at_risk, out=np.zeros_like(censored), where=at_risk > 0)
    return CensoringCurve(days, np.cumprod(stayed))
