"""Outcomes, declared once: kind, unit, range, direction, horizon; and the scoring rules of HAQ and progression.

Heads, losses, masks, metrics and report rows are derived from `OUTCOMES`. In every outcome a higher value is worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from outcomenet.errors import UsageError, did_you_mean

# Number of items per HAQ category (Fries 1980); the form's wording is copyrighted and not repeated here.
HAQ_CATEGORIES: dict[str, int] = {
    "dressing": 2, "arising": 2, "eating": 3, "walking": 2, "hygiene": 3, "reach": 2, "grip": 3, "activities": 3,
}  # fmt: skip
# Competing first events of a patient's follow-up; a cause is its place in this list.
EVENT_CAUSES = ("progression", "death", "joint_surgery")


class OutcomeKind(StrEnum):
    BOUNDED_ORDINAL = "bounded_ordinal"  # a value on a bounded scale with exact floor and ceiling
    INFLATED = "inflated"  # a bounded value with point masses at floor and ceiling
    CATEGORIES = "categories"  # the HAQ's categories, each graded 0-3, with the index derived from them
    CHANGE = "change"  # a change per year, of any sign, with heavy tails
    TIME_TO_EVENT = "time_to_event"  # the first of competing events: an interval, a day, or a censoring time

    @property
    def is_value(self) -> bool:
        """Whether the outcome is a number (judged by R2), rather than an event (judged by AUROC)."""
        return self is not OutcomeKind.TIME_TO_EVENT


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

    @property
    def headline_metric(self) -> str:
        """The one metric by which predictors are judged on it: AUROC for an event, R2 for a value."""
        return "r2" if self.kind.is_value else "auroc"

    @property
    def window(self) -> str:
        """Which later visit the outcome is known from, as a sentence; empty where it is that of the film's own visit."""
        if not self.horizon_days:
            return ""
        years = self.horizon_days / 365
        if self.kind is OutcomeKind.TIME_TO_EVENT:
            early, late = years * (1 - HORIZON_TOLERANCE), years * (1 + HORIZON_TOLERANCE)
            return (
                f"A patient has the event if a film by {late:g} years shows it, and has not if a film from {early:g} years on "
                "does not show it; otherwise nothing is known."
            )
        early, late = years * (1 - LATER_VISIT_TOLERANCE), years * (1 + LATER_VISIT_TOLERANCE)
        return f"The later visit is the one nearest to {years:g} year, {early:g} to {late:g} years after the film's."

    @property
    def fields(self) -> tuple[str, ...]:
        """What its loss needs of a visit: columns of the visit table and features of the data set, NaN where missing.

        A value comes with the half width of the interval in which it is known; an event as the last day without it,
        the first day with it (infinite: never seen) and its cause's place in `EVENT_CAUSES` (-1: censored).
        """
        if self.kind is OutcomeKind.TIME_TO_EVENT:
            return tuple(f"{self.name}_{part}" for part in ("start", "end", "cause"))
        if self.kind is OutcomeKind.CATEGORIES:
            return tuple(f"{self.name}_{category}" for category in HAQ_CATEGORIES)
        return self.name, f"{self.name}_half_width"


# Five SvdH units a year or more is rapid radiographic progression (RRP; ESPOIR).
RAPID_PROGRESSION_PER_YEAR = 5.0
DAYS_PER_YEAR = 365.25
# Films nearer together show none: over a shorter time that rise is below the smallest detectable change, 3.0 units (95 %;
# 15 trials, 7,643 patients), so that measurement error alone would make it.
SHORTEST_PROGRESSION_DAYS = 219
# "Within a year" is a window: films a year apart are rarely 365 days apart, and a film up to a quarter of the horizon
# early or late speaks for it. A visit "a year later" lies within an eighth.
HORIZON_TOLERANCE = 0.25
LATER_VISIT_TOLERANCE = 0.125

HAQ = OutcomeSpec("haq", "HAQ-DI", OutcomeKind.BOUNDED_ORDINAL, "HAQ units", 0.0, 3.0, 0.125)
HAQ_BY_CATEGORY = OutcomeSpec(
    "haq_by_category", "HAQ-DI from its eight categories", OutcomeKind.CATEGORIES, "HAQ units", 0.0, 3.0, 0.125
)
# On a VAS a point is a millimetre; a numeric rating scale comes times 10. The cohort says which it was (`pain_scale`).
PAIN = OutcomeSpec("pain", "Pain", OutcomeKind.INFLATED, "points", 0.0, 100.0, 1.0, loss_weight=0.5)
PROGRESSION = OutcomeSpec(
    "progression", "Rapid radiographic progression within a year (0.75 to 1.25 years)", OutcomeKind.TIME_TO_EVENT,
    "probability", 0.0, 1.0, 0.0, horizon_days=365,
)  # fmt: skip

FUTURE_HAQ = OutcomeSpec(
    "future_haq", "HAQ-DI a year later", OutcomeKind.BOUNDED_ORDINAL, "HAQ units", 0.0, 3.0, 0.125, horizon_days=365
)

SVDH_CHANGE = OutcomeSpec(
    "svdh_change", "SvdH change in a year", OutcomeKind.CHANGE, "units a year", -448.0, 448.0, 0.5, horizon_days=365
)

# Visits count as a year apart from seven eighths of a year on, so that 3 units of change may be 3.5 a year.
HAQ_CHANGE = OutcomeSpec(
    "haq_change", "HAQ-DI change in a year", OutcomeKind.CHANGE, "HAQ units a year", -3.5, 3.5, 0.125, horizon_days=365
)

OUTCOMES: dict[str, OutcomeSpec] = {
    spec.name: spec for spec in (HAQ, HAQ_BY_CATEGORY, PAIN, PROGRESSION, SVDH_CHANGE, FUTURE_HAQ, HAQ_CHANGE)
}
TARGET_FIELDS: tuple[str, ...] = tuple(field for spec in OUTCOMES.values() for field in spec.fields)


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


HAQ_ITEM_COLUMNS: tuple[str, ...] = tuple(
    f"haq_{category}_{n}" for category, count in HAQ_CATEGORIES.items() for n in range(1, count + 1)
)
HAQ_AID_COLUMNS: tuple[str, ...] = tuple(f"haq_aid_{category}" for category in HAQ_CATEGORIES)
HAQ_MINIMUM_CATEGORIES = 6


@dataclass(frozen=True)
class HaqScore:
    """A disability index (0-3, higher is worse) with the number of categories behind it, so its grid is 1/answered."""

    value: float
    answered: int

    @property
    def grid(self) -> float:
        """The smallest possible difference: 1/8 with all categories answered, else 1/7 or 1/6."""
        return 1.0 / self.answered


def haq_category(items: list[int | None], aid: bool = False) -> int | None:
    """Category score 0-3: the worst answered item; an aid or help raises 0 or 1 to 2, and 3 stays 3.

    A category with no answered item is missing, whatever the aid.
    """
    answered = [item for item in items if item is not None]
    for item in answered:
        if item not in (0, 1, 2, 3):
            raise UsageError(f"A HAQ item is 0, 1, 2 or 3; got {item}.")
    if not answered:
        return None
    worst = max(answered)
    return max(worst, 2) if aid else worst


def haq_category_scores(answers: Mapping[str, int | None], use_aids: bool = True) -> dict[str, int | None]:
    """Score 0-3 of every category from items `haq_<category>_<n>` and aids `haq_aid_<category>`; None: not answered."""
    scores = {}
    for category, count in HAQ_CATEGORIES.items():
        items = [answers.get(f"haq_{category}_{n}") for n in range(1, count + 1)]
        aid = bool(answers.get(f"haq_aid_{category}") or 0) and use_aids
        scores[category] = haq_category(items, aid)
    return scores


def haq_disability_index(answers: Mapping[str, int | None], use_aids: bool = True) -> HaqScore | None:
    """HAQ-DI from items `haq_<category>_<n>` and aids `haq_aid_<category>` (0 or 1).

    Sum of category scores divided by the number of answered categories; fewer than 6 of 8 make it missing (None).
    `use_aids=False` gives the alternative index that ignores aids.

    >>> haq_disability_index({f"haq_{c}_1": 1 for c in HAQ_CATEGORIES} | {"haq_aid_grip": 1})
    HaqScore(value=1.125, answered=8)
    """
    answered = [score for score in haq_category_scores(answers, use_aids).values() if score is not None]
    if len(answered) < HAQ_MINIMUM_CATEGORIES:
        return None
    return HaqScore(sum(answered) / len(answered), len(answered))


def haq_grid(value: float, tolerance: float = 5e-3) -> int | None:
    """Number of answered categories (8, 7 or 6) on whose grid a given HAQ-DI lies; None if on none of them.

    The finest agreeing grid is returned, 8 first: 1.5 is on all three and counts as 8. Exports round to two or three
    digits, hence the tolerance.
    """
    for answered in (8, 7, 6):
        steps = value * answered
        if abs(steps - round(steps)) <= tolerance * answered:
            return answered
    return None


def annual_change(first: float, second: float, days: float) -> float:
    """Change of a total per year between two films `days` apart (positive = more damage)."""
    if days <= 0:
        raise UsageError(f"A change needs the second film after the first; the gap is {days} days.")
    return (second - first) * DAYS_PER_YEAR / days


def is_rapid_progression(first: float, second: float, days: float) -> bool:
    """RRP: an SvdH total rising by 5 units a year or more (ESPOIR definition)."""
    return annual_change(first, second, days) >= RAPID_PROGRESSION_PER_YEAR
