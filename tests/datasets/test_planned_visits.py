"""Planned visits: the cohort's own numbers, or the nearest whole year, once for each patient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.planned_visits import GIVEN, NEAREST_YEAR, with_planned_visits
from outcomenet.datasets.visit_table import visit_table
from outcomenet.intake.account.follow_up_table import follow_up_table
from outcomenet.intake.account.table_one import table_one


def visits(days: list[float], planned: list[float] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"patient_id": "P", "visit_id": [str(n) for n in range(len(days))], "days": days})
    return table if planned is None else table.assign(planned_visit=planned)


def test_nearest_year_within_a_quarter_and_once_for_a_patient():
    # 0; 340 and 380 days are 0.931 and 1.040 years: the nearer one is visit 1; 550 days are 1.51 years; 1187 days are 3.25 years
    found = with_planned_visits(visits([0, 340, 380, 550, 1187, 1188]))
    np.testing.assert_array_equal(found["planned_visit"], [0, np.nan, 1, np.nan, 3, np.nan])
    assert set(found["planned_visit_source"]) == {NEAREST_YEAR}


def test_numbers_of_the_cohort_stand_and_a_visit_without_one_was_not_planned():
    found = with_planned_visits(visits([0, 90, 180], [0, np.nan, 2]))
    np.testing.assert_array_equal(found["planned_visit"], [0, np.nan, 2])
    assert set(found["planned_visit_source"]) == {GIVEN}
    # numbers that are nowhere filled in are none
    assert set(with_planned_visits(visits([0, 90], [np.nan, np.nan]))["planned_visit_source"]) == {NEAREST_YEAR}


def test_they_reach_the_visits_the_follow_up_and_table_one(small_cohort):
    cohort = read_cohort(small_cohort)
    table = visit_table(cohort, Ledger())
    expected = table["visit_id"].str.removeprefix("V").astype(float)  # V0, V1: a year apart
    known = table["planned_visit"].notna()
    assert known.mean() > 0.9
    assert (table["planned_visit"] == expected)[known].all()
    follow_up = follow_up_table(cohort, table, Ledger())
    assert set(follow_up["planned_visit"].dropna()) <= {0.0, 1.0}
    assert set(follow_up["split"]) <= {"train", "validation", "test"}
    row = table_one(table).loc["Planned visits that took place (per patient), median [Q1,Q3]"]
    assert str(row["Overall"].iloc[0]).startswith("2.0")
