"""AUC and Brier score of a risk at days of follow-up, for rows of which some were censored before.

Rows whose status at the day is known stand for those that were censored, by the inverse of G, the chance of not having
been censored (IPCW). G comes from the *censoring* times, is estimated once from the sample and kept for its resamples;
censoring is taken not to depend on the risk. `weights` [resample, row] as in `regression`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import share_ranked_right
from outcomenet.metrics.follow_up import LEAST_LEFT, censoring_curve


def auc_at(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    day: float,
) -> Float[np.ndarray, "resample"]:
    """Cumulative/dynamic AUC: events up to `day` against rows without the event then; higher is better, 0.5 is chance.

    (Uno, J Am Stat Assoc 2007; Hung & Chiang, Can J Stat 2010.) NaN where a resample has none of the one or the other.

    Args:
        time: days to the event or to censoring.
        event: whether it is an event.
        risk: rises towards the event.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        day: day of follow-up.
    """
    status = _status_at(time, event, day)
    return share_ranked_right(risk, weights * status.had, weights * status.free)


def brier_at(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    day: float,
) -> Float[np.ndarray, "resample"]:
    """Mean squared distance of the risk of the event by `day` from what came; lower is better (Graf, Stat Med 1999).

    Args:
        time: days to the event or to censoring.
        event: whether it is an event.
        risk: probability of the event by that day.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        day: day of follow-up.
    """
    status = _status_at(time, event, day)
    error = status.had * (1 - risk) ** 2 + status.free * risk**2
    return weights @ error / weights.sum(1)


def integrated_brier(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row day"],
    weights: Float[np.ndarray, "resample row"],
    days: Float[np.ndarray, "day"],
) -> Float[np.ndarray, "resample"]:
    """Brier score averaged over time from the first to the last of `days`, by trapezoids; lower is better (Graf 1999).

    `risk` holds each row's risk of the event by each of the days, which rise.

    Args:
        time: days to the event or to censoring.
        event: whether it is an event.
        risk: probabilities of the event, one column per day.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        days: two or more rising days.
    """
    if len(days) < 2 or (np.diff(days) <= 0).any():
        raise UndefinedMetric(f"An integrated Brier score needs two or more rising days; got {days.tolist()}.")
    scores = [brier_at(time, event, risk[:, i], weights, float(day)) for i, day in enumerate(days)]
    return np.trapezoid(np.stack(scores), days, axis=0) / (days[-1] - days[0])


class _Status(NamedTuple):
    """What each row stands for at a day: rows with the event by then, rows then without; 0 where not known."""

    had: Float[np.ndarray, "row"]
    free: Float[np.ndarray, "row"]


def _status_at(time: np.ndarray, event: np.ndarray, day: float) -> _Status:
    """An event counts 1/G of its day, a row seen later 1/G of the day asked for.

    A row censored on the very day was seen without the event on it: it counts 1/G(day-), since it needed no later film.
    """
    if not (time >= day).any():
        raise UndefinedMetric(f"Nobody was followed to day {day:g}; the longest follow-up is {time.max():g} days.")
    if (left := int((time >= day).sum())) < LEAST_LEFT * len(time):
        raise UndefinedMetric(
            f"{left} of {len(time)} rows were followed to day {day:g}, under a tenth: they would stand for all. Ask for an earlier day."
        )
    curve = censoring_curve(time, event)
    had, later, on_day = event & (time <= day), time > day, ~event & (time == day)
    chance = np.where(later, curve.through(np.full_like(time, day)), curve.before(time))
    known = had | later | on_day
    share = np.divide(1.0, chance, out=np.zeros_like(chance), where=known)
    return _Status(share * had, share * (later | on_day))
