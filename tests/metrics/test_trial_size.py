"""Patients per arm, against statsmodels and published trials' numbers."""

from __future__ import annotations

import math

import pytest
from statsmodels.stats.power import TTestIndPower

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.trial_size import patients_per_arm


@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize("effect", [0.05, 0.17, 0.236, 0.5, 1.0, 3.0])
def test_patients_per_arm_are_those_of_statsmodels(effect, power):
    exact = TTestIndPower().solve_power(effect_size=effect, alpha=0.05, power=power)
    assert patients_per_arm(effect, power=power) == max(2, math.ceil(exact))


def test_espoir_needs_about_540_patients_per_arm():
    """One-year change 1.7, SD 5.0 (ESPOIR): SRM 0.34; half of it is d = 0.17. Normal formula 2 (1.96 + 0.842)^2 / 0.17^2 =
    543.2; Student's t adds one or two."""
    assert patients_per_arm(0.5 * 1.7 / 5.0) == 545
    assert patients_per_arm(-0.17) == 545


def test_cohens_table_for_a_medium_effect():
    assert patients_per_arm(0.5) == 64  # Cohen 1988, table 2.4.1


def test_no_effect_has_no_trial():
    for effect in (0.0, math.nan):
        with pytest.raises(UndefinedMetric, match="no number of patients is enough"):
            patients_per_arm(effect)
