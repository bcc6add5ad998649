"""Concordance of a risk with the time to an event: Harrell's and Uno's C.

Both indices are the chance that of two comparable patients the one with the higher risk has the event first; 0.5 is
chance, higher is better. `weights` [resample, row] as in `regression`; times and events as in `follow_up`.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.metrics.follow_up import censoring_curve


def harrell_c(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
) -> Float[np.ndarray, "resample"]:
    """Harrell's C (JAMA 1982); pairs are comparable when the earlier time is an event. NaN without such a pair."""
    return _concordance(time, event, risk, weights, np.flatnonzero(event), np.ones(int(event.sum())))


def uno_c(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    tau: float,
) -> Float[np.ndarray, "resample"]:
    """Uno's C up to `tau` days (Stat Med 2011): pairs weighted by 1/G(t-)^2 of the earlier event.

    G is the Kaplan-Meier survival of the *censoring* time, estimated once from the sample itself and kept for its
    resamples, so that censoring does not decide which pairs count.
    """
    first = np.flatnonzero(event & (time < tau))
    return _concordance(time, event, risk, weights, first, censoring_curve(time, event).before(time[first]) ** -2)


def _concordance(
    time: np.ndarray, event: np.ndarray, risk: np.ndarray, weights: np.ndarray, first: np.ndarray, worth: np.ndarray
) -> Float[np.ndarray, "resample"]:
    """`first` are the rows that open a pair, each with its `worth`; the other was then still without the event.

    The other's time is later, or it was censored on the very day.
    """
    later = time[first][:, None] < time
    pair = worth[:, None] * (later | ((time[first][:, None] == time) & ~event))
    right = pair * (np.sign(risk[first][:, None] - risk) / 2 + 0.5)
    left = weights[:, first]
    total = ((left @ pair) * weights).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, ((left @ right) * weights).sum(1) / total, np.nan)
