"""Statistics of a change by hand: response, patients per arm, and readings that were not taken twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.evaluation.change_measures import Measured, change_between
from outcomenet.evaluation.change_statistics import change_statistics, reading_statistics

VISITS = pd.MultiIndex.from_tuples([(p, v) for p in "abc" for v in ("V0", "V1")], names=["patient_id", "visit_id"])
PAIRS = pd.DataFrame({"patient_id": list("abc"), "visit_id": "V0", "later_visit_id": "V1"})
STATUS = pd.Series([1.0, 2.0, 4.0, 6.0, 0.0, 3.0], VISITS)  # changes of 1, 2 and 3
ONCE = np.ones((1, 3))


def by_name(statistics) -> dict:
    return {one.name: one for one in statistics}


def test_a_change_is_later_minus_earlier_and_empty_where_a_visit_is():
    assert change_between(STATUS, PAIRS).tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(change_between(STATUS.drop(("b", "V1")), PAIRS)).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("response", "value", "lower", "upper"),
    [([0.0, 0.0, 0.0], np.inf, np.inf, np.inf), ([np.nan, np.nan, np.nan], np.nan, np.nan, np.nan)],
)
def test_a_response_of_nothing_sets_no_limit_and_one_that_is_not_defined_no_number(response, value, lower, upper):
    statistics = by_name(change_statistics(np.array([1.0, 2.0, 3.0]), np.array(response), np.ones((3, 3))))
    of = statistics["n_per_arm_80"]
    np.testing.assert_array_equal([of.value, of.lower, of.upper], [value, lower, upper])
    assert statistics["mean_change"].value == 2.0
    assert statistics["sd_change"].value == 1.0


def test_a_weaker_response_needs_more_patients_and_more_power_too():
    weak, strong = (
        by_name(change_statistics(np.array([1.0, 2.0, 3.0]), np.array([srm, srm, srm]), np.ones((3, 3))))
        for srm in (0.5, 1.0)
    )
    assert weak["n_per_arm_80"].value > strong["n_per_arm_80"].value
    assert weak["n_per_arm_90"].value > weak["n_per_arm_80"].value


def test_what_was_read_once_says_nothing_of_readings():
    measure = Measured(STATUS, pd.DataFrame({"R1": STATUS}), 1.0, "one reader")
    assert list(reading_statistics(measure, PAIRS, ONCE, resamples=10, seed=0)) == []


def test_too_few_repeated_readings_are_told_by_a_note_and_no_number():
    second = STATUS.where([True, True, False, False, False, False])
    measure = Measured(STATUS, pd.DataFrame({"R1": STATUS, "R2": second}), 2.0, "two readers")
    statistics = by_name(reading_statistics(measure, PAIRS, ONCE, resamples=10, seed=0))
    assert list(statistics) == ["sdc", "sdc_in_sd", "icc_a1_change", "icc_a1"]
    assert np.isnan(statistics["sdc"].value)
    assert statistics["sdc"].note == "not defined: 1 of 3 changes have two readings' totals: two readers"
