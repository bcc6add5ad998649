"""What follows a film: progression, death and joint surgery, whichever comes first."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from outcomenet.datasets.progression import (
    WATCHED_DAYS,
    FirstEvent,
    ProgressionInterval,
    first_event,
    progression_intervals,
    too_near,
)
from outcomenet.datasets.visit_table import visit_table
from outcomenet.outcome_kinds import status_at_horizon
from outcomenet.outcomes import OUTCOMES, SHORTEST_PROGRESSION_DAYS

NONE = math.nan
NEVER = math.inf


@pytest.mark.parametrize(
    ("interval", "last_film", "death", "surgery", "expected"),
    [
        ((360.0, 720.0), 720.0, NONE, NONE, (360.0, 720.0, 0)),  # progression between two films
        ((720.0, NEVER), 720.0, NONE, NONE, (720.0, NEVER, -1)),  # watched, nothing seen
        ((NONE, NONE), 0.0, NONE, NONE, (NONE, NONE, NONE)),  # no later film, no event: nothing is known
        ((360.0, NEVER), 360.0, 500.0, NONE, (500.0, 500.0, 1)),  # died before the next film was due
        ((NONE, NONE), 0.0, 200.0, NONE, (200.0, 200.0, 1)),  # died in the first year
        ((360.0, NEVER), 360.0, 360.0 + WATCHED_DAYS + 1, NONE, (360.0, NEVER, -1)),  # died when no longer watched
        ((360.0, 720.0), 720.0, NONE, 500.0, (500.0, 500.0, 2)),  # operated on between the two films
        ((360.0, 720.0), 720.0, NONE, 900.0, (360.0, 720.0, 0)),  # operated on after progression
        ((720.0, NEVER), 720.0, 900.0, 800.0, (800.0, 800.0, 2)),  # the earlier of two events
    ],
)
def test_the_first_event(interval, last_film, death, surgery, expected):
    found = first_event(ProgressionInterval(*interval), last_film, death, surgery)
    assert np.array_equal(found, FirstEvent(*map(float, expected)), equal_nan=True)


def test_another_visit_of_the_same_day_is_no_later_film():
    same, later, _ = progression_intervals(np.array([0.0, 0.0, 365.25]), np.array([0.0, 9.0, 9.0]))
    assert same == ProgressionInterval(0.0, 365.25)
    assert later == ProgressionInterval(365.25, NEVER)


@pytest.mark.parametrize("gap", [1, 7, 30, 90, SHORTEST_PROGRESSION_DAYS - 1])
def test_a_film_soon_after_another_makes_no_progression_of_some_grades(gap):
    # a grade a day later is 365 a year; the film of two years later is the first that counts
    days, totals = np.array([0.0, gap, 730.0]), np.array([10.0, 14.0, 14.0])
    assert progression_intervals(days, totals)[0] == ProgressionInterval(730.0, NEVER)
    assert too_near(days, totals) == 1
    assert too_near(days, np.array([10.0, NONE, 14.0])) == 0  # it was not scored
    alone = progression_intervals(days[:2], totals[:2])[0]
    assert np.isnan(alone).all()  # nothing is known, neither way
    assert progression_intervals(days, totals, shortest=1)[0] == ProgressionInterval(0.0, gap)


def test_from_the_shortest_interval_on_a_rise_is_told():
    days = np.array([0.0, SHORTEST_PROGRESSION_DAYS])
    # over the shortest interval five units a year are the smallest detectable change of 3.0
    assert progression_intervals(days, np.array([10.0, 13.0]))[0] == ProgressionInterval(0.0, SHORTEST_PROGRESSION_DAYS)
    assert progression_intervals(days, np.array([10.0, 12.5]))[0].end == NEVER
    assert too_near(days, np.array([10.0, 13.0])) == 0


def test_films_too_near_are_counted_in_the_ledger(small_cohort):
    from dataclasses import replace

    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.cohorts.ledger import Ledger

    cohort = read_cohort(small_cohort)
    ledger = Ledger()
    visit_table(cohort, ledger)
    assert "progression" not in set(ledger.to_frame()["step"])  # films a year apart
    second = cohort.visits["visit_id"] == "V1"
    first_day = cohort.visits.groupby("patient_id")["date"].transform("min")
    early = cohort.visits.assign(date=cohort.visits["date"].where(~second, first_day + pd.Timedelta(days=30)))
    table = visit_table(replace(cohort, visits=early), ledger)
    noted = ledger.to_frame().query("step == 'progression'").iloc[0]
    assert noted["unit"] == "visit (kept)"
    assert "within 219 days" in noted["reason"]
    assert 0 < noted["count"] <= second.sum()
    assert not (table["progression_cause"] == 0).any()


@pytest.mark.parametrize(("lost", "cause"), [(450.0, -1), (500.0, 1), (600.0, 1)])
def test_a_death_after_the_patient_was_lost_was_not_watched_for(lost, cause):
    found = first_event(ProgressionInterval(360.0, NEVER), 360.0, death=500.0, surgery=NONE, lost=lost)
    assert found.cause == cause
    assert found.start == (360.0 if cause < 0 else 500.0)


def test_a_competing_event_by_the_horizon_means_no_progression():
    start, end = np.array([0.0, 200.0, 200.0, 700.0]), np.array([360.0, 200.0, np.inf, 700.0])
    status = status_at_horizon(start, end, 365, cause=np.array([0.0, 1.0, -1.0, 2.0]))
    assert np.array_equal(status, [1, 0, np.nan, 0], equal_nan=True)


def test_the_window_is_said_and_is_the_one_that_is_used():
    spec = OUTCOMES["progression"]
    assert "0.75 to 1.25 years" in spec.title
    assert "by 1.25 years" in spec.window
    assert "from 0.75 years on" in spec.window
    end = np.array([1.24 * 365, 1.26 * 365])
    assert np.array_equal(status_at_horizon(np.zeros(2), end, 365), [1, NONE], equal_nan=True)
    start = np.array([0.76 * 365, 0.74 * 365])
    assert np.array_equal(status_at_horizon(start, np.full(2, NEVER), 365), [0, NONE], equal_nan=True)
    assert "0.875 to 1.125 years" in OUTCOMES["future_haq"].window
    assert OUTCOMES["haq"].window == ""


def test_the_visit_table_holds_every_outcomes_fields(small_cohort):
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.cohorts.ledger import Ledger
    from outcomenet.datasets.visit_example import TARGETS

    cohort = read_cohort(small_cohort)
    table = visit_table(cohort, Ledger())
    assert set(TARGETS) <= set(table.columns)
    first = table.groupby("patient_id").head(1).set_index("patient_id")
    died = cohort.events.query("event == 'death'")["patient_id"]
    assert (first.loc[first.index.isin(died), "progression_cause"] >= 0).all()
    # the index is the mean of the answered categories
    scores = table[[c for c in TARGETS if c.startswith("haq_by_category_")]]
    assert np.allclose(scores.mean(axis=1), table["haq"])
    # a change a year is the difference of the totals over the years between the films
    pair = table[table["svdh_change"].notna()].iloc[0]
    later = table[(table["patient_id"] == pair["patient_id"]) & (table["days"] > pair["days"])].iloc[0]
    by_hand = (later["svdh_total"] - pair["svdh_total"]) / ((later["days"] - pair["days"]) / 365.25)
    assert pair["svdh_change"] == pytest.approx(by_hand)
