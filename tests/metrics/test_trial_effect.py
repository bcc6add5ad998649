"""Variance that is known before a trial: against statsmodels, least squares of repeated rows, and a hand calculation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from outcomenet.metrics.resampling import Estimate
from outcomenet.metrics.trial_effect import explained_variance
from outcomenet.metrics.trial_size import patients_per_arm, power_of_t_test, size_with_bounds

RNG = np.random.default_rng(3)
X = RNG.normal(100, 5, (60, 2))
ARM = (np.arange(60) % 2).astype(float)
Y = 0.3 * X[:, 0] + ARM + RNG.normal(0, 2, 60)
ONE = np.ones((1, 60))


def test_it_is_the_adjusted_r2_of_statsmodels():
    expected = sm.OLS(Y, sm.add_constant(X)).fit().rsquared_adj
    assert explained_variance(Y, X, ONE)[0] == pytest.approx(expected)


def test_within_arms_it_compares_residual_variances():
    some = sm.OLS(Y, sm.add_constant(ARM)).fit().mse_resid
    more = sm.OLS(Y, sm.add_constant(np.column_stack([ARM, X[:, :1]]))).fit().mse_resid
    found = explained_variance(Y, X[:, :1], ONE, given=ARM[:, None])
    assert found[0] == pytest.approx(1 - more / some)


def test_a_resample_counts_each_row_as_often_as_it_was_drawn():
    rows = RNG.integers(0, 60, 60)
    weights = np.bincount(rows, minlength=60)[None].astype(float)
    assert explained_variance(Y, X, weights)[0] == pytest.approx(explained_variance(Y[rows], X[rows], ONE)[0])


def test_change_or_last_value_leave_the_same_once_the_first_value_is_known():
    last = Y + X[:, 0]
    of_change = (1 - explained_variance(Y, X[:, :1], ONE)) * Y.var()
    of_last = (1 - explained_variance(last, X[:, :1], ONE)) * last.var()
    assert of_change == pytest.approx(of_last)


def test_a_covariate_that_is_another_one_again_adds_nothing_and_a_constant_endpoint_nothing_to_explain():
    alone, doubled = (explained_variance(Y, np.column_stack([X[:, 0]] * k), ONE)[0] for k in (1, 2))
    assert 1 - doubled == pytest.approx((1 - alone) * 58 / 57)
    assert np.isnan(explained_variance(np.ones(60), X, ONE)[0])


def test_bounds_of_a_size_change_places_and_an_interval_that_holds_0_has_no_upper_one():
    size = size_with_bounds(Estimate(-0.5, -0.8, -0.4))
    assert size == (patients_per_arm(0.5), patients_per_arm(0.8), patients_per_arm(0.4))
    assert size_with_bounds(Estimate(0.1, -0.1, 0.3)).upper == np.inf
    assert size_with_bounds(Estimate(0.0, 0.0, 0.0)) == (np.inf, np.inf, np.inf)
    assert np.isnan(size_with_bounds(Estimate(0.5, np.nan, np.nan)).upper)


def test_power_is_that_of_cohens_table():
    assert power_of_t_test(0.5, 64) == pytest.approx(0.80, abs=0.005)  # Cohen 1988, table 2.3.5
    assert power_of_t_test(0.5, 64) == pytest.approx(power_of_t_test(-0.5, 64))
    assert power_of_t_test(0.0, 64) == pytest.approx(0.05)
    assert power_of_t_test(1.2, 400) == pytest.approx(1.0)  # where scipy's distribution gives NaN
