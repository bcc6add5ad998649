"""How well a risk separates those with from those without the event: AUROC, with DeLong's variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric


class Auroc(NamedTuple):
    """Area under the ROC curve with DeLong's variance and two-sided interval; higher is better, 0.5 is chance."""

    value: float
    variance: float
    lower: float
    upper: float


def auroc(target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], level: float = 0.95) -> Auroc:
    """P(risk of an event > risk of a non-event), ties counting half (DeLong, Biometrics 1988).

    `risk` rises towards the event; `target` is 1 or 0. One class only raises UndefinedMetric.
    """
    events, others = _components(target, risk)
    value = float(events.mean())
    variance = float(np.var(events, ddof=1) / len(events) + np.var(others, ddof=1) / len(others))
    half = norm.ppf(0.5 + level / 2) * np.sqrt(variance)
    return Auroc(value, variance, max(0.0, value - half), min(1.0, value + half))


def _components(target: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each event the share of non-events below it, and for each non-event the share of events above it."""
    event = np.asarray(target) == 1
    x, y = np.asarray(risk, float)[event], np.asarray(risk, float)[~event]
    if len(x) < 2 or len(y) < 2:
        raise UndefinedMetric(
            f"AUROC needs at least 2 rows of each class; there are {len(x)} events and {len(y)} others."
        )
    ranks = rankdata(np.concatenate([x, y]))
    among_x, among_y = rankdata(x), rankdata(y)
    return (ranks[: len(x)] - among_x) / len(y), 1 - (ranks[len(x) :] - among_y) / len(x)


def weighted_auroc(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """AUROC of many resamples at once; NaN where a resample has one class only."""
    event = np.asarray(target) == 1
    above = np.sign(risk[event][:, None] - risk[~event][None, :]) / 2 + 0.5
    we, wo = weights[:, event], weights[:, ~event]
    pairs = we.sum(1) * wo.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, ((we @ above) * wo).sum(1) / pairs, np.nan)
