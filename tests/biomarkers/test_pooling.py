"""Rubin's rules, against `mice` and `mitml` in R."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.biomarkers.pooling import pool, pooled

ESTIMATES = [0.50, 0.58, 0.46, 0.53, 0.49]
ERRORS = [0.10, 0.11, 0.095, 0.10, 0.105]


def _fit(coefficients, covariance) -> Fit:
    return Fit(("a", "b"), np.array(coefficients), np.array(covariance), np.full(2, 1e7), 10**8, 10**8)


def test_one_number_is_pooled_as_by_mice():
    result = pooled(ESTIMATES, ERRORS, complete_freedom=90)

    # pooling.R, mice 3.15.0: pool.scalar(q, u, n = 93, k = 3)
    assert result.estimate == pytest.approx(0.512)
    assert result.error**2 == pytest.approx(0.012914)
    assert result.freedom == pytest.approx(42.90141494)
    assert result.missing_information == pytest.approx(0.2275400512)


def test_rubins_rules_by_hand():
    # W 0.01, B 0.0016, T = 0.01 + 4/3 0.0016
    assert pooled([0.50, 0.54, 0.46], [0.1] * 3).error ** 2 == pytest.approx(0.01 + 4 / 3 * 0.0016)
    assert pooled([0.5, 0.5], [0.1, 0.1], 90).error == pytest.approx(0.1)


def test_joint_tests_are_d1():
    values = [(0.5, 0.2), (0.58, 0.1), (0.46, 0.25), (0.53, 0.16), (0.49, 0.22)]
    covariance = np.array([[0.01, 0.002], [0.002, 0.02]])
    fit = pool([_fit(value, scale * covariance) for value, scale in zip(values, (1, 1.1, 0.9, 1.05, 1), strict=True)])

    test = fit.jointly_zero(["a", "b"])

    # pooling.R, mitml 0.4.4: testConstraints(method = "D1")
    assert test.f == pytest.approx(10.440, abs=5e-4)
    assert test.denominator == pytest.approx(64.385, abs=5e-4)


def test_a_vector_is_pooled_as_its_numbers():
    fits = [_fit((value, 0.0), np.diag([error**2, 1.0])) for value, error in zip(ESTIMATES, ERRORS, strict=True)]
    term, one = pool(fits).term("a"), pooled(ESTIMATES, ERRORS)

    assert tuple(term) == pytest.approx((one.estimate, one.lower, one.upper, one.p))


def test_fits_of_different_models_are_not_pooled():
    other = Fit(("a", "c"), np.zeros(2), np.eye(2), np.full(2, 5.0), 9, 9)
    with pytest.raises(ValueError, match="different"):
        pool([_fit((0.0, 0.0), np.eye(2)), other])
