"""Cumulative incidence at planned visits of an event that only films show, with others that may come before it.

A film's date is not the event's: with films a year apart nearly everybody leaves the risk set within a few weeks, and
an estimator that takes films' dates for events' (Kaplan-Meier, Aalen-Johansen) divides by the few who are filmed last. Here
time is counted in planned visits, and a progression between two films lies at any visit after the first and up to the second
(interval censoring; nonparametric maximum likelihood by self-consistency: Turnbull, J R Stat Soc B 1976; with competing
events Hudgens, Satten & Longini, Biometrics 2001). Without missed visits it is the Aalen-Johansen estimate in planned visits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float, Int
from outcomenet.errors import UndefinedMetric, UsageError, did_you_mean
from outcomenet.metrics.follow_up import LEAST_LEFT
from outcomenet.metrics.resampling import percentile_interval
from outcomenet.outcome_kinds import EVENT_CAUSES

COLUMNS = ("visit", "day", "watched", "events", "incidence", "lower", "upper", "note")
# A film stands for the planned visit that it lies within a quarter of the interval of.
OFF_SCHEDULE = 0.25
SEEN_ON_FILMS = EVENT_CAUSES[0]  # the other causes have their day
_PRECISION, _MOST_STEPS = 1e-8, 20_000


def incidence_at_visits(
    table: pd.DataFrame,
    *,
    cause: str = SEEN_ON_FILMS,
    every_days: float = 365.25,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """The share of patients who had the event by each planned visit since the first scored film.

    Args:
        table: rows of follow_up.csv, one per patient: entry_days, last_film_without_days, interval_start_days,
            interval_end_days, cause.
        cause: whose incidence; all other causes but "censored" compete with it.
        every_days: days between planned visits.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the percentile intervals.

    Returns:
        A row per planned visit: its number and day; how many patients without an event were still watched at it; how
        many events it showed; incidence with its interval. Where under a tenth of all patients is watched, the incidence is
        empty and `note` says so: too few would stand for all. `note` also counts the progressions first seen off schedule.

    Raises:
        UndefinedMetric: fewer than a tenth of the patients are watched at the first planned visit, or more than a tenth stayed
            without an event and have last films so far from a planned visit that they cannot stand for one.
    """
    visits = in_planned_visits(table, cause, every_days)
    n, last = len(table), visits.last
    watched = np.array([(last >= k).sum() for k in range(1, int(last.max(initial=0)) + 1)], int)
    shown = int((watched >= LEAST_LEFT * n).sum())
    if not shown:
        raise UndefinedMetric(
            f"Of {n} patients {watched[0] if len(watched) else 0} were watched to the first planned visit, day {every_days:g}; an "
            "incidence needs a tenth of them. Give the days between planned visits as every_days."
        )
    allowed, counts, _ = _patterns(visits, shown)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=resamples)
    mass = _self_consistent(allowed, np.vstack([counts, drawn]).astype(float))
    incidence = np.cumsum(mass[:, :shown], axis=1)
    rows = []
    for k in range(1, len(watched) + 1):
        events = int((visits.of_interest & (visits.first_with == k)).sum())
        estimated, note = (np.nan,) * 3, f"under a tenth of {n} patients is watched"
        if k <= shown:
            estimated = (incidence[0, k - 1], *percentile_interval(incidence[1:, k - 1], level))
            note = _off_schedule(visits, k)
        rows.append((k, k * every_days, watched[k - 1], events, *estimated, note))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def weighted_incidence(
    visits: PlannedVisits, weights: Float[np.ndarray, "resample patient"], visit: int
) -> Float[np.ndarray, "resample"]:
    """Cumulative incidence by one planned visit in each of many weightings of the patients.

    Args:
        visits: courses of all patients, see `in_planned_visits`.
        weights: how often each patient counts in each resample; 0 where one is not of the group that is asked about.
        visit: number of the planned visit, 1 or more.

    Returns:
        0 to 1; NaN where a resample has nobody, or under a tenth of its patients is watched at that visit.
    """
    total = weights.sum(1)
    watched = weights @ (visits.last >= visit)
    incidence = np.full(len(weights), np.nan)
    known = (total > 0) & (watched >= LEAST_LEFT * total)
    if known.any():
        allowed, _, pattern_of = _patterns(visits, visit)
        counts = weights[known] @ np.eye(len(allowed))[pattern_of]
        incidence[known] = _self_consistent(allowed, counts)[:, :visit].sum(1)
    return incidence


class PlannedVisits(NamedTuple):
    """Each patient in planned visits: the last one without any event, the first one with it (0: none), whether of interest,
    whether a film shows it, and whether that film stands for no planned visit."""

    free: np.ndarray
    first_with: np.ndarray
    of_interest: np.ndarray
    on_film: np.ndarray
    off_schedule: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """The last visit at which a patient is watched: that of the event, else the last one without it (0: not even one)."""
        return np.where(self.first_with > 0, self.first_with, self.free)


def in_planned_visits(table: pd.DataFrame, cause: str = SEEN_ON_FILMS, every_days: float = 365.25) -> PlannedVisits:
    """The course of each patient, counted in planned visits since the first scored film.

    Args:
        table: rows of follow_up.csv, one per patient, see `incidence_at_visits`.
        cause: which is of interest.
        every_days: days between planned visits.

    Raises:
        UndefinedMetric: more than a tenth stayed without an event and have last films that stand for no planned visit.
    """
    if cause not in EVENT_CAUSES:
        raise UsageError(f"{cause!r} is no cause of the follow-up table. {did_you_mean(cause, EVENT_CAUSES)}")
    without, end = (
        table[["last_film_without_days", "interval_end_days"]].sub(table["entry_days"], axis=0).to_numpy(float).T
        / every_days
    )
    kind = table["cause"].to_numpy(object)
    on_film, known_day = kind == SEEN_ON_FILMS, np.isin(kind, EVENT_CAUSES[1:])
    free = np.floor(without + OFF_SCHEDULE)
    _refuse_other_rhythm(~on_film & ~known_day & ((without - free > OFF_SCHEDULE) | (free < 1)), every_days)
    nearest = np.rint(end)
    off_schedule = on_film & ((np.abs(end - nearest) > OFF_SCHEDULE) | (nearest < 1))
    # a film between two planned visits shows what the next one would have shown, and so is a day between them
    first_with = np.where(on_film & ~off_schedule, nearest, np.maximum(np.ceil(end), 1))
    first_with = np.where(on_film | known_day, first_with, 0)
    free = np.where(known_day, first_with - 1, np.where(on_film, np.minimum(free, first_with - 1), free))
    return PlannedVisits(free.astype(int), first_with.astype(int), kind == cause, on_film, off_schedule)


def _refuse_other_rhythm(astray: Bool[np.ndarray, "patient"], every_days: float) -> None:
    """Whoever was last filmed off schedule without an event is watched to the planned visit before; that must be few."""
    if astray.sum() > LEAST_LEFT * len(astray):
        raise UndefinedMetric(
            f"The last films of {astray.sum()} of {len(astray)} patients, all without an event, lie more than a quarter of "
            f"{every_days:g} days from every planned visit. Give the days between planned visits as every_days, or, where there is "
            "no schedule, fit the intervals themselves (lifelines' WeibullFitter.fit_interval_censoring, "
            "docs/intake/follow_up.md)."
        )


def _off_schedule(visits: PlannedVisits, visit: int) -> str:
    """How many of the progressions that count by a visit were first seen on films that stand for none; empty if none were."""
    by_then = visits.on_film & (visits.first_with <= visit)
    off = int((by_then & visits.off_schedule).sum())
    if not off:
        return ""
    return (
        f"{off} of {int(by_then.sum())} progressions so far were first seen on films more than a quarter of the interval from "
        "every planned visit; each counts between the visits around its two films"
    )


def _patterns(
    visits: PlannedVisits, shown: int
) -> tuple[Float[np.ndarray, "pattern cell"], Float[np.ndarray, "pattern"], Int[np.ndarray, "patient"]]:
    """Which cells each distinct course of a patient allows, how many patients have it, and the course of each patient.

    Cells: the event of interest at visit 1 to `shown`, another event at these, and everything later.
    """
    free = np.minimum(visits.free, shown)
    until = np.where(visits.first_with > 0, np.minimum(visits.first_with, shown + 1), shown + 1)
    kind = np.where(visits.first_with == 0, 0, np.where(visits.of_interest, 1, 2))
    kind = np.where(free >= shown, 0, kind)  # whatever comes after the last visit shown is later
    courses = np.column_stack([free, until, kind])
    distinct, pattern_of, counts = np.unique(courses, axis=0, return_inverse=True, return_counts=True)
    allowed = np.zeros((len(distinct), 2 * shown + 1))
    for row, (lower, upper, which) in zip(allowed, distinct, strict=True):
        for begin in (0, shown) if which == 0 else ((0,) if which == 1 else (shown,)):
            row[begin + lower : begin + min(upper, shown)] = 1.0
        row[-1] = float(upper > shown or which == 0)
    return allowed, counts.astype(float), pattern_of.ravel()


def _self_consistent(
    allowed: Float[np.ndarray, "pattern cell"], counts: Float[np.ndarray, "resample pattern"]
) -> Float[np.ndarray, "resample cell"]:
    """Each patient spread over the cells that the course allows, in proportion to the cells' masses, until these stay."""
    share = counts / counts.sum(1, keepdims=True)
    mass = np.full((len(counts), allowed.shape[1]), 1.0 / allowed.shape[1])
    for _ in range(_MOST_STEPS):
        within = mass @ allowed.T
        spread = np.divide(share, within, out=np.zeros_like(share), where=within > 0)
        new = mass * (spread @ allowed)
        if np.abs(new - mass).max() < _PRECISION:
            return new
        mass = new
    raise UndefinedMetric(f"The incidence did not settle within {_MOST_STEPS} steps.")
