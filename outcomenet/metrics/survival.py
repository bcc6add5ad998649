"""Concordance of a risk with the time to an event: Harrell's and Uno's C.

Both indices are the chance that of two comparable patients the one with the higher risk has the event first; 0.5 is
chance, higher is better. `weights` [resample, row] as in `regression`; times and events as in `follow_up`.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.metrics.follow_up import censoring_curve, last_day_with_enough_left


def harrell_c(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    free: Float[np.ndarray, "row"] | None = None,
) -> Float[np.ndarray, "resample"]:
    """Harrell's C (JAMA 1982); pairs are comparable when the earlier time is an event. NaN without such a pair.

    Args:
        time: to the event or to censoring; an event seen on films has the time of the first that shows it.
        event: whether it is an event.
        risk: rises towards the event.
        weights: how often each resample drew each row.
        free: last time at which the row is known to have been without the event (the film before); by default times
            are exact.
    """
    return _concordance(time, event, risk, weights, np.flatnonzero(event), np.ones(int(event.sum())), free)


def uno_c(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    tau: float,
    free: Float[np.ndarray, "row"] | None = None,
) -> Float[np.ndarray, "resample"]:
    """Uno's C up to `tau` days (Stat Med 2011): pairs weighted by 1/G(t-)^2 of the earlier event.

    G is the Kaplan-Meier survival of the *censoring* time, estimated once from the sample itself and kept for its
    resamples. Events on days to which under a tenth of the rows were followed open no pair: their weights would be those of
    a few rows. Arguments as in `harrell_c`.
    """
    first = np.flatnonzero(event & (time < tau) & (time <= last_day_with_enough_left(time)))
    worth = censoring_curve(time, event).before(time[first]) ** -2
    return _concordance(time, event, risk, weights, first, worth, free)


def _concordance(
    time: np.ndarray,
    event: np.ndarray,
    risk: np.ndarray,
    weights: np.ndarray,
    first: np.ndarray,
    worth: np.ndarray,
    free: np.ndarray | None,
) -> Float[np.ndarray, "resample"]:
    """`first` are the rows that open a pair, each with its `worth`; the other was then still without the event.

    With exact times the other's time is later, or it was censored on the very day.
    """
    free = np.where(event, np.nextafter(time, -np.inf), time) if free is None else free
    pair = worth[:, None] * (time[first][:, None] <= free)
    right = pair * (np.sign(risk[first][:, None] - risk) / 2 + 0.5)
    left = weights[:, first]
    total = ((left @ pair) * weights).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, ((left @ right) * weights).sum(1) / total, np.nan)
