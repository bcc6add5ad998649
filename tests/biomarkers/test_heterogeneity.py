"""Heterogeneity between groups, against `metafor` in R."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.biomarkers.heterogeneity import heterogeneity
from outcomenet.errors import UndefinedMetric

ESTIMATES, ERRORS = np.array([0.21, 0.35, 0.10, 0.42, 0.28]), np.array([0.06, 0.08, 0.05, 0.11, 0.07])


def test_all_numbers_are_those_of_metafor():
    result = heterogeneity(ESTIMATES, ERRORS)

    # heterogeneity.R, metafor 3.8.1: rma(method = "DL"), rma(method = "PM", test = "knha"), confint, all with tol = 1e-14
    assert result.q == pytest.approx(12.46632902, abs=1e-7)
    assert result.p == pytest.approx(0.01420036121, abs=1e-9)
    assert result.tau2_dersimonian_laird == pytest.approx(0.01002993157, abs=1e-9)
    assert result.tau2_paule_mandel == pytest.approx(0.009592624683, abs=1e-11)
    assert result.i2 == pytest.approx(0.6791356947, abs=1e-9)
    assert (result.i2_lower, result.i2_upper) == pytest.approx((0.0925615065, 0.9621978017), abs=1e-8)
    assert (result.mean, result.lower, result.upper) == pytest.approx(
        (0.2521471477, 0.100708055, 0.4035862403), abs=1e-5
    )


def test_groups_that_agree_have_no_heterogeneity():
    result = heterogeneity(np.array([0.2, 0.2, 0.2]), np.array([0.1, 0.2, 0.1]))
    assert (result.q, result.i2, result.tau2_dersimonian_laird, result.tau2_paule_mandel) == pytest.approx((0, 0, 0, 0))
    assert result.mean == pytest.approx(0.2)


def test_one_group_is_refused():
    with pytest.raises(UndefinedMetric, match="two groups or more"):
        heterogeneity(np.array([0.2]), np.array([0.1]))
