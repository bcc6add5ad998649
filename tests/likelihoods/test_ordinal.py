"""Cumulative-link likelihood against hand calculations and statsmodels."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from outcomenet.likelihoods.ordinal import (
    bounded_negative_log_likelihood,
    expected_grade,
    grade_negative_log_likelihood,
    grid_probabilities,
    increasing_thresholds,
    interval_log_likelihood,
)

CUTS = np.linspace(-2, 2, 24)


def test_grade_likelihood_by_hand():
    cuts = jnp.array([[-1.0, 0.5]])
    eta = jnp.array([0.2])
    expected = [expit(-1.2), expit(0.3) - expit(-1.2), 1 - expit(0.3)]
    got = [float(jnp.exp(-grade_negative_log_likelihood(eta, cuts, jnp.array([k])))[0]) for k in range(3)]
    assert got == pytest.approx(expected, rel=1e-5)


def test_grid_probabilities_sum_to_one_and_give_the_expectation():
    p = grid_probabilities(jnp.array([0.3]), jnp.asarray(CUTS))
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-6)
    by_grid = float((p[0] * jnp.arange(25)).sum())
    assert by_grid == pytest.approx(float(expected_grade(jnp.array([0.3]), jnp.asarray(CUTS)[None])[0]), rel=1e-5)


def test_a_value_on_the_own_grid_has_its_category_probability():
    p = grid_probabilities(jnp.array([0.3]), jnp.asarray(CUTS))[0]
    values = jnp.array([0.0, 0.125, 1.5, 3.0])
    nll = bounded_negative_log_likelihood(
        jnp.full(4, 0.3), jnp.asarray(CUTS), values, jnp.full(4, 0.0625), bounds=(0.0, 3.0)
    )
    assert np.exp(-np.asarray(nll)) == pytest.approx(np.asarray(p)[[0, 1, 12, 24]], rel=1e-4)


def test_sevenths_share_out_the_same_probability():
    values = jnp.arange(22) / 7
    nll = bounded_negative_log_likelihood(
        jnp.full(22, 0.3), jnp.asarray(CUTS), values, jnp.full(22, 1 / 14), bounds=(0.0, 3.0)
    )
    assert float(jnp.exp(-nll).sum()) == pytest.approx(1.0, abs=1e-3)


def test_higher_eta_means_a_worse_value():
    low, high = (expected_grade(jnp.array([e]), jnp.asarray(CUTS)[None])[0] for e in (-1.0, 1.0))
    assert high > low


def test_gradient_stays_finite_in_both_tails():
    for eta in (-60.0, 60.0):
        gradient = jax.grad(lambda e: interval_log_likelihood(e, jnp.array([0.0]), jnp.array([0.1])).sum())(
            jnp.array([eta])
        )
        assert np.isfinite(gradient).all()


def test_thresholds_increase_whatever_the_parameters():
    assert (np.diff(increasing_thresholds(jnp.array([3.0, -9.0, 0.0, 5.0]))) > 0).all()


def test_maximum_likelihood_equals_statsmodels_ordered_logit():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = np.digitize(0.9 * x + rng.logistic(size=400), [-1.0, 0.3, 1.4])
    fit = OrderedModel(y, x[:, None], distr="logit").fit(method="bfgs", disp=False)
    slope, cuts = fit.params[0], fit.model.transform_threshold_params(fit.params[1:])[1:-1]
    nll = grade_negative_log_likelihood(
        jnp.asarray(slope * x, jnp.float32), jnp.tile(jnp.asarray(cuts, jnp.float32), (400, 1)), jnp.asarray(y)
    )
    assert float(nll.sum()) == pytest.approx(-fit.llf, rel=1e-4)
