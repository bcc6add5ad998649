"""Patients of a follow-up table with scores and covariates: one population for every prognostic model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from outcomenet.biomarkers.design_matrix import (
    Population,
    as_numbers,
    coded,
    complete_rows,
    is_factor,
    standard_deviations,
)
from outcomenet.biomarkers.resampled import noted
from outcomenet.biomarkers.section import expect_columns
from outcomenet.errors import UndefinedMetric, did_you_mean
from outcomenet.metrics.incidence import PlannedVisits, in_planned_visits
from outcomenet.outcome_kinds import EVENT_CAUSES, status_at_horizon
from outcomenet.outcomes import DAYS_PER_YEAR

# Columns of follow_up.csv that say when a patient was watched, in days since symptom onset.
DAYS = ("entry_days", "last_film_without_days", "interval_start_days", "interval_end_days")
CENSORED = "censored"


@dataclass(frozen=True)
class FollowUpStudy:
    """Complete rows of a follow-up table, one per patient, and what is asked of them."""

    population: Population
    scores: tuple[str, ...]
    covariates: tuple[str, ...]
    clinical: tuple[str, ...]
    event: str
    horizon_years: float
    every_days: float
    deviations: Mapping[str, float]
    titles: Mapping[str, str]
    level: float

    @property
    def table(self) -> pd.DataFrame:
        """One row per patient."""
        return self.population.table

    @property
    def outcome(self) -> str:
        """The event in words."""
        return self.title(self.event)

    @cached_property
    def visits(self) -> PlannedVisits:
        """Courses in planned visits, with regard to the event."""
        return in_planned_visits(self.table, self.event, self.every_days)

    @property
    def horizon_visit(self) -> int:
        """The planned visit at the horizon, at least the first."""
        return max(1, round(self.horizon_years * DAYS_PER_YEAR / self.every_days))

    def title(self, name: str) -> str:
        """A column in words.

        Args:
            name: Of the column.
        """
        return self.titles.get(name, name.replace("_", " ") if name in EVENT_CAUSES else name)

    def adjustments(self, score: str) -> dict[str, tuple[str, ...]]:
        """Sets of columns beside a score, by their name in `adjustment`.

        Args:
            score: Which is not adjusted for itself.
        """
        sets: dict[str, tuple[str, ...]] = {"crude": ()}
        for columns in (self.covariates, self.clinical):
            others = tuple(name for name in columns if name != score)
            if others:
                sets[", ".join(map(self.title, others))] = others
        return sets

    @property
    def horizon(self) -> str:
        """The horizon in words."""
        return f"{self.horizon_years:g} year{'' if self.horizon_years == 1 else 's'}"

    def design(self, scores: Iterable[str], others: Iterable[str] = ()) -> pd.DataFrame:
        """Scores in their SD over the population, and coded columns beside them.

        Args:
            scores: Whose slopes are wanted.
            others: Adjusted for.
        """
        names = list(scores)
        standardised = {name: as_numbers(self.table, name) / self.deviations[name] for name in names}
        rest = coded(self.table, [name for name in others if name not in names])
        return pd.concat([pd.DataFrame(standardised, index=self.table.index), rest], axis=1)

    def days(self, name: str) -> np.ndarray:
        """A column of days, counted from the first film.

        Args:
            name: One of `DAYS`.
        """
        return (self.table[name] - self.table["entry_days"]).to_numpy(float)

    def status(self) -> np.ndarray:
        """Whether each patient had the event by the horizon: 1, 0, or NaN where it is not known (`status_at_horizon`)."""
        cause = self.table["cause"]
        code = np.where(cause == self.event, 0, np.where(cause == CENSORED, -1, 1)).astype(float)
        end = np.where(cause == CENSORED, np.inf, self.days("interval_end_days"))
        return status_at_horizon(self.days("interval_start_days"), end, self.horizon_years * DAYS_PER_YEAR, code)

    def row(self, **entries: object) -> dict[str, object]:
        """A row of the estimates with counts, outcome and level filled in; a note stands before that of the population.

        Args:
            **entries: Further columns, which go before what is filled in.
        """
        counts = {"n_visits": len(self.table), "n_patients": len(self.table)}
        filled = {"section": "prognosis", "outcome": self.event, "level": self.level} | counts
        return {**filled, **entries, "note": noted(entries.get("note", ""), self.population.note)}


def follow_up_study(
    follow_up: pd.DataFrame,
    *,
    scores: Sequence[str],
    covariates: Sequence[str] = (),
    clinical: Sequence[str] = (),
    event: str = EVENT_CAUSES[0],
    horizon_years: float = 1.0,
    visits_every_days: float = DAYS_PER_YEAR,
    patient: str = "patient_id",
    titles: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> FollowUpStudy:
    """Checks a follow-up table and keeps the rows that know every column.

    Args:
        follow_up: One row per patient: `DAYS`, `cause` ("censored" or one of `EVENT_CAUSES`), scores and covariates.
        scores: Number columns, known at entry.
        covariates: Adjusted for.
        clinical: Columns of the clinical matrix.
        event: Cause of interest.
        horizon_years: Since the first film.
        visits_every_days: Days between planned visits.
        patient: Column of the patient.
        titles: Words for columns.
        level: Of the intervals.

    Raises:
        UndefinedMetric: A column is missing or cannot be used, a patient has two rows, a cause is unknown, times
            contradict each other, or nobody had the event.
    """
    follow_up = checked_follow_up(follow_up, event, patient)
    if not scores:
        raise UndefinedMetric("No score was named: give the columns whose prognosis is asked about as `scores`.")
    columns = list(dict.fromkeys([*scores, *covariates, *clinical]))
    population = complete_rows(follow_up, columns, patient=patient)
    for name in scores:
        if is_factor(follow_up, name):
            raise UndefinedMetric(f"Column {name!r} is text, but a score is a number: give its numbers.")
    if not (population.table["cause"] == event).any():
        raise UndefinedMetric(
            f"None of the {len(population.table)} patients with complete rows has the event {event!r}: nothing can be said of "
            "its prognosis."
        )
    return FollowUpStudy(
        population, tuple(scores), tuple(covariates), tuple(clinical), event, horizon_years, visits_every_days,
        standard_deviations(population.table, list(scores)), titles or {}, level,
    )  # fmt: skip


def checked_follow_up(follow_up: pd.DataFrame, event: str, patient: str) -> pd.DataFrame:
    """A follow-up table whose days are numbers, and whose patients, causes and days do not contradict what it is.

    Args:
        follow_up: One row per patient with `DAYS` and `cause`.
        event: Cause of interest.
        patient: Column of the patient.

    Raises:
        UndefinedMetric: A column is missing, an unknown cause, a patient with two rows, a day that is missing or before another.
    """
    expect_columns(follow_up, patient, *DAYS, "cause")
    causes = (CENSORED, *EVENT_CAUSES)
    if event not in EVENT_CAUSES:
        raise UndefinedMetric(f"{event!r} is no event of a follow-up table. {did_you_mean(event, EVENT_CAUSES)}")
    twice = follow_up.loc[follow_up[patient].duplicated(), patient]
    if len(twice):
        raise UndefinedMetric(
            f"{len(twice)} rows repeat a patient, the first is {twice.iloc[0]}: a follow-up table has one row per patient."
        )
    unknown = follow_up.loc[~follow_up["cause"].isin(causes), "cause"]
    if len(unknown):
        raise UndefinedMetric(
            f"{len(unknown)} rows have a cause that is none of {', '.join(causes)}, the first is {unknown.iloc[0]!r}."
        )
    days = {name: as_numbers(follow_up, name) for name in DAYS}
    happened = follow_up["cause"] != CENSORED
    empty = sum(days[name].isna() for name in DAYS[:3]) + (days["interval_end_days"].isna() & happened)
    backwards = (days["interval_start_days"] < days["entry_days"]) | (
        days["interval_end_days"] < days["interval_start_days"]
    )
    for wrong, what in ((empty > 0, "a day that is missing"), (backwards, "an interval that ends before it starts")):
        if wrong.any():
            raise UndefinedMetric(
                f"{int(wrong.sum())} of {len(follow_up)} rows have {what}, the first is patient "
                f"{follow_up.loc[wrong, patient].iloc[0]}; all days count from symptom onset, and whoever has an event has its "
                "interval (docs/intake/follow_up.md)."
            )
    return follow_up.assign(**days)
