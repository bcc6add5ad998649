"""Kinds of outcome: what is stored of one, how it is read from the visit table, and by which metrics it is judged.

All outcomes of a kind are treated alike; nothing else asks which kind one is. The distribution of a kind, which needs JAX,
is its likelihood (`likelihoods.registry`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.haq import HAQ_CATEGORIES

# Competing first events of a patient's follow-up; a cause is its place in this list.
EVENT_CAUSES = ("progression", "death", "joint_surgery")
# "Within a year" is a window: films a year apart are rarely 365 days apart, and a film up to a quarter of the horizon
# early or late speaks for it. A visit "a year later" lies within an eighth.
HORIZON_TOLERANCE = 0.25
LATER_VISIT_TOLERANCE = 0.125


@runtime_checkable
class OutcomeKind(Protocol):
    """What all outcomes of a kind have in common. `visits` are rows of the visit table, `name` is the outcome's."""

    @property
    def name(self) -> str:
        """The kind's name."""
        ...

    @property
    def is_event(self) -> bool:
        """Whether it is predicted as a risk, rather than as a value in a unit."""
        ...

    @property
    def is_change(self) -> bool:
        """Whether it compares two visits, so that networks of pairs can learn it."""
        ...

    @property
    def is_index(self) -> bool:
        """Whether its value is the index of its parts, which is an outcome of its own."""
        ...

    @property
    def headline_metric(self) -> str:
        """The one metric by which predictors are judged."""
        ...

    @property
    def error_metric(self) -> str:
        """The metric of how far off predictions are, in their own unit."""
        ...

    @property
    def deed(self) -> str:
        """What a predictor does with it, for a sentence: "in predicting"."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """Ends of the names of its fields, and what each is: a sentence with places for name, title, unit and window."""
        ...

    def column(self, name: str) -> str:
        """The column of the visit table that is filled where the outcome is known."""
        ...

    def window(self, years: float) -> str:
        """Which later visit an outcome of a later day is known from, as a sentence."""
        ...

    def is_known(self, visits: pd.DataFrame, name: str) -> pd.Series:
        """Which rows know the outcome."""
        ...

    def target(self, visits: pd.DataFrame, name: str, horizon_days: float) -> Float[np.ndarray, "row"]:
        """What predictions are compared with, NaN where it is not known."""
        ...

    def observed(self, visits: pd.DataFrame, name: str) -> Float[np.ndarray, "row"]:
        """What was seen, without any horizon, as one number for a regression; any number where it is not known."""
        ...

    def interval(self, visits: pd.DataFrame, name: str) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row"]]:
        """Last day without and first day with the event (infinite: never seen); NaN for a value."""
        ...


@dataclass(frozen=True)
class ValueKind:
    """A number in a unit. It comes with the half width of the interval in which it is known."""

    name: str
    is_change: bool = False
    is_index: bool = False
    parts: Mapping[str, str] = field(
        default_factory=lambda: {"": "", "_half_width": "Half width of the interval in which {name} is known, {unit}."},
        hash=False,
    )
    is_event: bool = field(default=False, init=False)
    headline_metric: str = field(default="r2", init=False)
    error_metric: str = field(default="mae", init=False)
    deed: str = field(default="in predicting", init=False)

    def column(self, name: str) -> str:
        return name

    def window(self, years: float) -> str:
        early, late = years * (1 - LATER_VISIT_TOLERANCE), years * (1 + LATER_VISIT_TOLERANCE)
        return f"The later visit is the one nearest to {years:g} year, {early:g} to {late:g} years after the film's."

    def is_known(self, visits: pd.DataFrame, name: str) -> pd.Series:
        return visits[name].notna()

    def target(self, visits: pd.DataFrame, name: str, horizon_days: float) -> Float[np.ndarray, "row"]:
        return visits[name].to_numpy(float)

    def observed(self, visits: pd.DataFrame, name: str) -> Float[np.ndarray, "row"]:
        return visits[name].to_numpy(float)

    def interval(self, visits: pd.DataFrame, name: str) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row"]]:
        nothing = np.full(len(visits), np.nan)
        return nothing, nothing


@dataclass(frozen=True)
class EventKind:
    """The first of competing events: the last day without it, the first day with it (infinite: never seen) and its
    cause's place in `EVENT_CAUSES` (-1: censored)."""

    name: str
    is_event: bool = field(default=True, init=False)
    is_change: bool = field(default=False, init=False)
    is_index: bool = field(default=False, init=False)
    headline_metric: str = field(default="auroc", init=False)
    error_metric: str = field(default="brier", init=False)
    deed: str = field(default="in ranking the risk of", init=False)

    @property
    def parts(self) -> Mapping[str, str]:
        causes = ", ".join(f"{place} {cause}" for place, cause in enumerate(EVENT_CAUSES))
        return {
            "_start": "Last day after the visit without the event. {title}: {window}",
            "_end": "First day after the visit with the event; infinite: never seen.",
            "_cause": f"Which event came first: {causes}, -1 none (censored).",
        }

    def column(self, name: str) -> str:
        return f"{name}_start"

    def window(self, years: float) -> str:
        early, late = years * (1 - HORIZON_TOLERANCE), years * (1 + HORIZON_TOLERANCE)
        return (
            f"A patient has the event if a film by {late:g} years shows it, and has not if a film from {early:g} years on "
            "does not show it; otherwise nothing is known."
        )

    def is_known(self, visits: pd.DataFrame, name: str) -> pd.Series:
        """Rows with any follow-up."""
        return (visits[f"{name}_start"] > 0) | np.isfinite(visits[f"{name}_end"])

    def target(self, visits: pd.DataFrame, name: str, horizon_days: float) -> Float[np.ndarray, "row"]:
        """The status at the horizon, 1 or 0."""
        start, end, cause = (visits[f"{name}{part}"].to_numpy(float) for part in self.parts)
        return status_at_horizon(start, end, horizon_days, cause)

    def observed(self, visits: pd.DataFrame, name: str) -> Float[np.ndarray, "row"]:
        """Whether the event itself was seen at all, 1 or 0."""
        return (visits[f"{name}_cause"] == 0).to_numpy(float)

    def interval(self, visits: pd.DataFrame, name: str) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row"]]:
        """A competing event ends the watch: for the event itself the patient is censored on that day."""
        start, end, cause = (visits[f"{name}{part}"].to_numpy(float) for part in self.parts)
        return start, np.where(cause > 0, np.inf, end)


def status_at_horizon(
    start: Float[np.ndarray, "row"],
    end: Float[np.ndarray, "row"],
    horizon_days: float,
    cause: Float[np.ndarray, "row"] | None = None,
) -> Float[np.ndarray, "row"]:
    """Whether an event had happened at a horizon, from the films around it.

    Args:
        start: the last film without the event, in days.
        end: the first film with the event, in days (infinite: never seen).
        horizon_days: the day that is asked about.
        cause: of the first event; above 0 another came first. None: there are no competing events.

    Returns:
        1 where the event is known to lie before the horizon, `end` <= horizon x 1.25; 0 where the horizon was reached
        without it, `start` >= horizon x 0.75; NaN where nothing is known. Where a competing event came first, by the
        horizon, the event itself can no longer come first: 0.

    >>> status_at_horizon(np.array([0.0, 370.0, 100.0]), np.array([360.0, np.inf, np.inf]), 365.0)
    array([ 1.,  0., nan])
    """
    by_horizon = end <= horizon_days * (1 + HORIZON_TOLERANCE)
    # without causes every event is the event itself
    competing: Bool[np.ndarray, "row"] = np.zeros(len(end), bool) if cause is None else np.asarray(cause) > 0
    event = by_horizon & ~competing
    free = ~event & ((start >= horizon_days * (1 - HORIZON_TOLERANCE)) | (by_horizon & competing))
    return np.where(event, 1.0, np.where(free, 0.0, np.nan))


# A value on a bounded scale with exact floor and ceiling.
BOUNDED_ORDINAL = ValueKind("bounded_ordinal")
# A bounded value with point masses at floor and ceiling.
INFLATED = ValueKind("inflated")
# The HAQ's categories, each graded 0-3, with the index derived from them.
CATEGORIES = ValueKind(
    "categories",
    is_index=True,
    parts={f"_{category}": "HAQ category score, 0-3; higher is worse." for category in HAQ_CATEGORIES},
)
# A change per year, of any sign, with heavy tails.
CHANGE = ValueKind("change", is_change=True)
# The first of competing events: an interval, a day, or a censoring time.
TIME_TO_EVENT = EventKind("time_to_event")

KINDS: tuple[OutcomeKind, ...] = (BOUNDED_ORDINAL, INFLATED, CATEGORIES, CHANGE, TIME_TO_EVENT)
