"""Rims of crops: measured where they are, and an alarm only when they tell something."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.network.borders import audit_borders, border_features
from outcomenet.errors import UndefinedMetric

PATIENTS = pd.Series([f"p{i // 2:03d}" for i in range(300)])


def test_only_the_rim_counts():
    crops = np.zeros((2, 32, 32))
    crops[:, 2:-2, 2:-2] = 99.0
    crops[0, 0] = 7.0  # half of the upper rim, 32 of 240 pixels
    mean, _, spread, _ = border_features(crops, np.array([True, False]))
    assert mean == pytest.approx(7 * 32 / 240)
    assert spread == pytest.approx(7 * np.sqrt(32 / 240 * 208 / 240))
    assert np.isnan(border_features(crops, np.array([True, False]))[[1, 3]]).all()


@pytest.mark.parametrize(("planted", "judgement"), [(1.0, Judgement.ALARM), (0.0, Judgement.PASS)])
def test_a_shortcut_in_the_rims_is_found_and_noise_is_not(planted, judgement):
    rng = np.random.default_rng(3)
    age = rng.normal(size=300)
    target = 0.5 * age + rng.normal(size=300)
    borders = rng.normal(size=(300, 20))
    borders[:, :5] += planted * (target - 0.5 * age)[:, None]
    covariates = pd.DataFrame({"age": age})
    table, found = audit_borders(borders, covariates, target, PATIENTS, resamples=200, permutations=100, seed=0)
    assert found.judgement is judgement
    assert bool(table.set_index("source").loc["gain by borders", "r2"] > 0.2) is (planted > 0)


def test_unknown_outcomes_are_left_out_and_too_few_patients_are_refused():
    target = np.where(np.arange(300) < 60, 1.0, np.nan)
    with pytest.raises(UndefinedMetric, match="At least 50 patients are needed, there are 30"):
        audit_borders(
            np.ones((300, 2)), pd.DataFrame({"age": target}), target, PATIENTS, resamples=10, permutations=10, seed=0
        )
