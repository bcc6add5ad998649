"""Discrimination of a risk: AUROC with DeLong's variance, average precision, and concordance with times to an event.

Harrell's and Uno's C are the chance that of two comparable patients the one with the higher risk has the event first; 0.5
is chance, higher is better. `weights` [resample, row] as in `regression`; times and events as in `follow_up`.

`risk` rises towards the event; `target` is 1 or 0. DeLong's intervals and test take rows as independent: with several
visits of a patient, resample patients instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata

from outcomenet.arrays import Bool, Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.follow_up import censoring_curve, last_day_with_enough_left


class Auroc(NamedTuple):
    """Area under the ROC curve with DeLong's variance and two-sided interval; higher is better, 0.5 is chance."""

    value: float
    variance: float
    lower: float
    upper: float


def auroc(target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], level: float = 0.95) -> Auroc:
    """P(risk of an event > risk of a non-event), ties counting half (DeLong, Biometrics 1988).

    One class only raises UndefinedMetric.

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        level: of the interval.

    >>> auroc(np.array([1.0, 1.0, 0.0, 0.0]), np.array([3.0, 1.0, 2.0, 0.0])).value
    0.75
    """
    events, others = _components(target, risk)
    value = float(events.mean())
    variance = float(np.var(events, ddof=1) / len(events) + np.var(others, ddof=1) / len(others))
    half = float(norm.ppf(0.5 + level / 2)) * variance**0.5
    return Auroc(value, variance, max(0.0, value - half), min(1.0, value + half))


class AurocDifference(NamedTuple):
    """AUROC of the first minus the second risk; positive: the first separates better. `p` is two-sided."""

    difference: float
    lower: float
    upper: float
    z: float
    p: float


def compare_auroc(
    target: Float[np.ndarray, "row"],
    first: Float[np.ndarray, "row"],
    second: Float[np.ndarray, "row"],
    level: float = 0.95,
) -> AurocDifference:
    """DeLong's test of two risks of the same rows (Biometrics 1988; computed as Sun & Xu, IEEE Signal Process Lett 2014).

    Two risks that order the rows alike have a difference without variance, which raises UndefinedMetric.

    Args:
        target: 1 with the event, 0 without.
        first: one risk, which rises towards the event.
        second: the other one, of the same rows.
        level: of the interval.

    Returns:
        AUROC of the first minus that of the second.
    """
    first_parts, second_parts = _components(target, first), _components(target, second)
    difference = float(first_parts[0].mean() - second_parts[0].mean())
    # the variance of a paired difference holds both variances and the covariance
    events, others = (one - other for one, other in zip(first_parts, second_parts, strict=True))
    variance = float(np.var(events, ddof=1) / len(events) + np.var(others, ddof=1) / len(others))
    if variance < 1e-15:
        raise UndefinedMetric(
            f"DeLong's test is undefined: both risks order events and others alike in all {len(target)} rows, "
            "so that their difference has no variance."
        )
    z, half = difference / variance**0.5, float(norm.ppf(0.5 + level / 2)) * variance**0.5
    return AurocDifference(difference, difference - half, difference + half, z, float(2 * norm.sf(abs(z))))


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
    """AUROC of many resamples at once; NaN where a resample has one class only.

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    Returns:
        0 to 1, one value per resample; 0.5 is chance.
    """
    event = (target == 1).astype(float)
    return share_ranked_right(risk, weights * event, weights * (1 - event))


def average_precision(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Precision averaged over the events, each at its own risk as the cut; tied risks are one cut. Higher is better.

    The sum over cuts of (recall gained) x precision, without interpolation (Davis & Goadrich, ICML 2006). The event's
    frequency is what chance gives, so that values of cohorts with different frequencies do not compare. NaN without
    an event.

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> average_precision(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.6, 0.3]), np.ones((1, 3))).round(3)
    array([0.833])
    """
    event = (target == 1).astype(float)
    hits = _by_distinct_risk(-risk, weights * event)  # from the highest risk down
    called = np.cumsum(_by_distinct_risk(-risk, weights), axis=1)
    precision = np.divide(np.cumsum(hits, axis=1), called, out=np.zeros_like(hits), where=called > 0)
    events = hits.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(events > 0, (hits * precision).sum(1) / events, np.nan)


def share_ranked_right(
    risk: Float[np.ndarray, "row"],
    cases: Float[np.ndarray, "resample row"],
    controls: Float[np.ndarray, "resample row"],
) -> Float[np.ndarray, "resample"]:
    """Weighted share of case-control pairs in which the case has the higher risk, ties half; NaN without a pair.

    Args:
        risk: rises towards the event.
        cases: weight of each row as a case, 0 for others.
        controls: weight of each row as a control, 0 for others.
    """
    case, control = _by_distinct_risk(risk, cases), _by_distinct_risk(risk, controls)
    below = np.cumsum(control, axis=1) - control / 2
    pairs = case.sum(1) * control.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, (case * below).sum(1) / pairs, np.nan)


def _by_distinct_risk(risk: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights summed over rows of the same risk, columns from the lowest risk to the highest."""
    order = np.argsort(risk, kind="stable")
    starts = np.flatnonzero(np.diff(risk[order], prepend=-np.inf))
    return np.add.reduceat(weights[:, order], starts, axis=1)


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
    a few rows.

    Args:
        time: to the event or to censoring, in days; an event seen on films has the time of the first that shows it.
        event: whether it is an event.
        risk: rises towards the event.
        weights: how often each resample drew each row.
        tau: days; later events open no pair.
        free: last time at which the row is known to have been without the event; by default times are exact.

    Returns:
        0 to 1, one value per resample; NaN where no pair is comparable.
    """
    first = np.flatnonzero(event & (time < tau) & (time <= last_day_with_enough_left(time)))
    # by the chance of being watched up to that day, for each of the two patients of a pair
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
    # 1 where the earlier event has the higher risk, a half where they tie
    right = pair * (np.sign(risk[first][:, None] - risk) / 2 + 0.5)
    left = weights[:, first]
    total = ((left @ pair) * weights).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, ((left @ right) * weights).sum(1) / total, np.nan)
