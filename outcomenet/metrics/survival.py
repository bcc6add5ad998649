"""Concordance of a risk with the time to an event: Harrell's and Uno's C.

Times come from films: an event is dated to the first film that shows it (`interval_end`), a censored row to the last
film (`interval_start`). Both indices are the chance that of two comparable patients the one with the higher risk has
the event first; 0.5 is chance, higher is better.
"""

from __future__ import annotations

import numpy as np
from lifelines import KaplanMeierFitter

from outcomenet.arrays import Bool, Float


def time_and_event(
    start: Float[np.ndarray, "row"], end: Float[np.ndarray, "row"]
) -> tuple[Float[np.ndarray, "row"], Bool[np.ndarray, "row"]]:
    """Days to the event or to censoring, and whether it is an event."""
    event = np.isfinite(end)
    return np.where(event, end, start), event


def harrell_c(
    time: Float[np.ndarray, "row"],
    event: Bool[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
) -> Float[np.ndarray, "resample"]:
    """Harrell's C (JAMA 1982); pairs are comparable when the earlier time is an event. NaN without such a pair."""
    return _concordance(_comparable(time, event).astype(float), risk, weights)


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
    comparable = _comparable(time, event) & (event & (time < tau))[:, None]
    g = censoring_survival(time, event)
    weight = np.divide(1.0, g**2, out=np.zeros_like(g), where=g > 0)
    return _concordance(comparable * weight[:, None], risk, weights)


def censoring_survival(time: Float[np.ndarray, "row"], event: Bool[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
    """G(t-): probability of not having been censored just before each row's time."""
    fitted = KaplanMeierFitter().fit(time, ~np.asarray(event))
    times = fitted.survival_function_.index.to_numpy()
    survival = fitted.survival_function_.iloc[:, 0].to_numpy()
    before = np.searchsorted(times, np.asarray(time, float), side="left") - 1
    return np.where(before < 0, 1.0, survival[np.maximum(before, 0)])


def _comparable(time: np.ndarray, event: np.ndarray) -> Bool[np.ndarray, "row row"]:
    """[i, j]: i had the event, and j was still without it (later, or censored at the same time)."""
    later = time[:, None] < time[None, :]
    tied = (time[:, None] == time[None, :]) & ~event[None, :]
    return event[:, None] & (later | tied)


def _concordance(pair_weight: np.ndarray, risk: np.ndarray, weights: np.ndarray) -> Float[np.ndarray, "resample"]:
    first = pair_weight.any(1)
    pair = pair_weight[first]
    right = pair * (np.sign(risk[first][:, None] - risk[None, :]) / 2 + 0.5)
    left = weights[:, first]
    total = ((left @ pair) * weights).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, ((left @ right) * weights).sum(1) / total, np.nan)
