"""Arms of a trial against statsmodels and sums worked out here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower

from outcomenet.datasets.dataset import Dataset
from outcomenet.evaluation.trial_arms import arm_statistics, n_ratio, treatment_arms
from outcomenet.metrics.trial_effect import arm_effect

RNG = np.random.default_rng(5)
ARM = np.arange(200) % 2 == 1
CHANGE = RNG.normal(2.0, 4.0, 200) - 1.5 * ARM
ONE = np.ones((1, 200))


def dataset(treatment: list[object], tmp_path) -> tuple[Dataset, pd.DataFrame]:
    visits = pd.DataFrame(
        {"patient_id": [f"p{n}" for n in range(len(treatment))], "visit_id": "v0", "treatment": treatment}
    )
    manifest: Any = SimpleNamespace()
    return Dataset(tmp_path, manifest, visits), visits


def test_the_effect_is_cohens_d_with_the_pooled_sd():
    control, active = CHANGE[~ARM], CHANGE[ARM]
    pooled = np.sqrt((control.var(ddof=1) + active.var(ddof=1)) / 2)
    assert arm_effect(CHANGE, ARM, ONE)[0] == pytest.approx((control.mean() - active.mean()) / pooled)


def test_a_resample_counts_each_patient_as_often_as_it_was_drawn():
    twice = np.where(np.arange(200) < 20, 2.0, 1.0)[None]
    repeated = np.concatenate([np.arange(200), np.arange(20)])
    expected = arm_effect(CHANGE[repeated], ARM[repeated], np.ones((1, 220)))[0]
    assert arm_effect(CHANGE, ARM, twice)[0] == pytest.approx(expected)


def test_the_number_of_patients_is_that_of_statsmodels():
    effect = np.concatenate([[0.3], RNG.normal(0.3, 0.05, 500)])
    rows = {row.name: row for row in arm_statistics(effect)}
    needed = TTestIndPower().solve_power(effect_size=0.3, power=0.8, alpha=0.05)
    row = rows["n_per_arm_of_trial_80"]
    assert row.value == np.ceil(needed)
    assert row.lower < row.value < row.upper < np.inf


def test_an_effect_whose_interval_holds_nothing_sets_no_upper_limit():
    rows = {row.name: row for row in arm_statistics(np.concatenate([[0.05], RNG.normal(0.05, 0.1, 500)]))}
    assert rows["n_per_arm_of_trial_80"].upper == np.inf


def test_a_measure_with_twice_the_effect_needs_a_quarter_of_the_patients():
    effect = np.concatenate([[0.4], RNG.normal(0.4, 0.01, 300)])
    ratio = n_ratio(effect, 0.5 * effect)
    assert ratio.value == pytest.approx(0.25)
    assert ratio.lower == pytest.approx(0.25)


def test_arms_are_two_treatments_of_ten_patients_or_more(tmp_path):
    of, pairs = dataset(["csDMARD"] * 12 + ["bDMARD"] * 10, tmp_path)
    arms = treatment_arms(of, pairs)
    assert arms is not None
    assert arms.sum() == 12  # the name that comes last
    for treatment in (
        ["a"] * 12 + ["b"] * 9,
        ["a"] * 30,
        ["a"] * 10 + ["b"] * 10 + ["c"] * 10,
        ["a"] * 20 + ["b"] * 19 + [None],
    ):
        of, pairs = dataset(treatment, tmp_path)
        assert treatment_arms(of, pairs) is None
    assert treatment_arms(Dataset(tmp_path, of.manifest, of.visits.drop(columns="treatment")), pairs) is None
