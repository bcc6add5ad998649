"""Outcomes, declared once: kind, unit, range, direction, horizon, loss weight; and the rule of rapid progression.

Heads, losses, masks, metrics and report rows are derived from `OUTCOMES`. In every outcome a higher value is worse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outcomenet.errors import UsageError, did_you_mean
from outcomenet.outcome_kinds import BOUNDED_ORDINAL, CATEGORIES, CHANGE, INFLATED, TIME_TO_EVENT, OutcomeKind


@dataclass(frozen=True)
class OutcomeSpec:
    """What an outcome is. Higher is worse in all of them.

    Attributes:
        name: in tables, settings and on the command line.
        title: in reports.
        kind: what sort of number it is, from which its likelihood, fields and metrics follow.
        unit: of the value, or of a prediction of the event.
        lower: the least possible value.
        upper: the largest possible value.
        step: the finest grid that the model predicts on.
        horizon_days: 0 for the status at the film's visit, else the day after it to which a prediction refers.
        loss_weight: of its part of a network's loss, unless an experiment says otherwise.
        direction: which way is up.
        reported: whether a cohort gives it as it is, as the column of visits.csv that has its name; else it is derived.
    """

    name: str
    title: str
    kind: OutcomeKind
    unit: str
    lower: float
    upper: float
    step: float
    horizon_days: int = 0
    loss_weight: float = 1.0
    direction: str = "higher is worse"
    reported: bool = False

    @property
    def headline_metric(self) -> str:
        """The one metric by which predictors are judged on it."""
        return self.kind.headline_metric

    @property
    def window(self) -> str:
        """Which later visit the outcome is known from, as a sentence; empty where it is that of the film's own visit."""
        return self.kind.window(self.horizon_days / 365) if self.horizon_days else ""

    @property
    def fields(self) -> tuple[str, ...]:
        """What its loss needs of a visit: columns of the visit table and features of the data set, NaN where missing."""
        return tuple(f"{self.name}{part}" for part in self.kind.parts)

    def field_words(self, field: str) -> str:
        """What one of `fields` is, as a sentence of a codebook; empty for the value itself, whose words are the outcome's."""
        words = dict(zip(self.fields, self.kind.parts.values(), strict=True))[field]
        return words.format(name=self.name, title=self.title, unit=self.unit, window=self.window)


# Five SvdH units a year or more is rapid radiographic progression (RRP; ESPOIR).
RAPID_PROGRESSION_PER_YEAR = 5.0
DAYS_PER_YEAR = 365.25
# Films nearer together show none: over a shorter time that rise is below the smallest detectable change, 3.0 units (95 %;
# 15 trials, 7,643 patients), so that measurement error alone would make it.
SHORTEST_PROGRESSION_DAYS = 219

HAQ = OutcomeSpec("haq", "HAQ-DI", BOUNDED_ORDINAL, "HAQ units", 0.0, 3.0, 0.125)
HAQ_BY_CATEGORY = OutcomeSpec(
    "haq_by_category", "HAQ-DI from its eight categories", CATEGORIES, "HAQ units", 0.0, 3.0, 0.125
)
# On a VAS a point is a millimetre; a numeric rating scale comes times 10. The cohort says which it was (`pain_scale`,
# `fatigue_scale`).
PAIN = OutcomeSpec("pain", "Pain", INFLATED, "points", 0.0, 100.0, 1.0, loss_weight=0.5, reported=True)
FATIGUE = OutcomeSpec("fatigue", "Fatigue", INFLATED, "points", 0.0, 100.0, 1.0, loss_weight=0.5, reported=True)
PROGRESSION = OutcomeSpec(
    "progression", "Rapid radiographic progression within a year (0.75 to 1.25 years)", TIME_TO_EVENT,
    "probability", 0.0, 1.0, 0.0, horizon_days=365,
)  # fmt: skip

FUTURE_HAQ = OutcomeSpec(
    "future_haq", "HAQ-DI a year later", BOUNDED_ORDINAL, "HAQ units", 0.0, 3.0, 0.125, horizon_days=365
)

SVDH_CHANGE = OutcomeSpec(
    "svdh_change", "SvdH change in a year", CHANGE, "units a year", -448.0, 448.0, 0.5, horizon_days=365
)

# Visits count as a year apart from seven eighths of a year on, so that 3 units of change may be 3.5 a year.
HAQ_CHANGE = OutcomeSpec(
    "haq_change", "HAQ-DI change in a year", CHANGE, "HAQ units a year", -3.5, 3.5, 0.125, horizon_days=365
)

OUTCOMES: dict[str, OutcomeSpec] = {
    spec.name: spec for spec in (HAQ, HAQ_BY_CATEGORY, PAIN, PROGRESSION, SVDH_CHANGE, FUTURE_HAQ, HAQ_CHANGE, FATIGUE)
}
REPORTED: tuple[OutcomeSpec, ...] = tuple(spec for spec in OUTCOMES.values() if spec.reported)


# Negative controls: what no film may predict beyond what it should not know. Both are numbers from 0 to 10.
NEGATIVE_CONTROLS: dict[str, str] = {
    "control_site": "Negative control that depends on the hospital alone",
    "control_none": "Negative control that depends on nothing",
}


def outcome(name: str) -> OutcomeSpec:
    """The outcome called `name`; an unknown one raises with the nearest known."""
    if name not in OUTCOMES:
        raise UsageError(f"There is no outcome called {name!r}. {did_you_mean(name, OUTCOMES)}")
    return OUTCOMES[name]


# HAQ-DI at the film's visit, whichever way it was learned.
HAQ_TODAY = (HAQ.name, HAQ_BY_CATEGORY.name)


def main_outcome(outcomes: Iterable[str], chosen: str = "") -> str:
    """The one outcome of a run that its headline, its biomarker, its audits and its films' scores are about.

    Args:
        outcomes: names of the run's outcomes, in the order in which it names them.
        chosen: the one that the experiment chose; empty for HAQ-DI of the visit where the run has it (as an index before
            from its categories), else the outcome named first.

    Raises:
        UsageError: `chosen` is not among the outcomes.

    >>> main_outcome(["pain", "haq"]), main_outcome(["pain", "haq_by_category"]), main_outcome(["pain", "progression"])
    ('haq', 'haq_by_category', 'pain')
    """
    names = list(outcomes)
    if chosen and chosen not in names:
        raise UsageError(
            f"main_outcome is {chosen!r}, which is none of the run's outcomes ({', '.join(names)}); name one of them, or leave "
            "it empty."
        )
    return chosen or next((name for name in HAQ_TODAY if name in names), names[0])


def annual_change(first: float, second: float, days: float) -> float:
    """Yearly change of a total between two films.

    Args:
        first: total of the earlier film.
        second: total of the later one.
        days: between the two; above 0.

    Returns:
        Units a year; positive for more damage.

    Raises:
        UsageError: the later film is not later.
    """
    if days <= 0:
        raise UsageError(f"A change needs the second film after the first; the gap is {days} days.")
    return (second - first) * DAYS_PER_YEAR / days


def is_rapid_progression(first: float, second: float, days: float) -> bool:
    """Rapid radiographic progression: an SvdH total that rises by 5 units a year or more (ESPOIR definition).

    Args:
        first: SvdH total of the earlier film.
        second: SvdH total of the later one.
        days: between the two; above 0.

    Raises:
        UsageError: the later film is not later.
    """
    return annual_change(first, second, days) >= RAPID_PROGRESSION_PER_YEAR
