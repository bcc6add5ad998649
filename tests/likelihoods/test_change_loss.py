"""Skewed Student-t of a change in damage against scipy's t distribution."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.optimize import minimize

from outcomenet.errors import UsageError
from outcomenet.likelihoods.change import (
    ChangeDistribution,
    change_distribution,
    change_loss,
    change_quantile,
    exceedance_probability,
    expected_change,
)
from outcomenet.losses.reduction import masked_mean

LOCATION, SCALE, SKEW = 0.8, 1.7, 1.6


def one(count: int = 1, location=LOCATION, scale=SCALE, skew=SKEW) -> ChangeDistribution:
    return ChangeDistribution(*(jnp.full(count, float(v)) for v in (location, scale, skew)))


def density(x, location=LOCATION, scale=SCALE, skew=SKEW):
    """By definition: scipy's t density, its halves stretched by 1 / skew and skew, continuous at the location."""
    t = (x - location) / scale
    stretched = np.where(t < 0, t * skew, t / skew)
    return 2 / (skew + 1 / skew) * stats.t(4).pdf(stretched) / scale


def likelihood(values, half=0.5, **shape) -> np.ndarray:
    values = jnp.asarray(values, jnp.float32)
    part = change_loss(one(len(values), **shape), values, jnp.full(len(values), half))
    return np.exp(-np.asarray(part.value))


def test_without_skew_a_change_has_the_probability_of_its_rounding_interval_under_scipys_t():
    values = np.array([-200.0, -12.0, -1.0, 0.0, 1.0, 3.0, 40.0, 448.0])
    t = stats.t(4, LOCATION, SCALE)
    lower, upper = values - 0.5, values + 0.5
    by_scipy = np.where(values > 0, t.sf(lower) - t.sf(upper), t.cdf(upper) - t.cdf(lower))
    assert likelihood(values, skew=1.0) == pytest.approx(by_scipy, rel=2e-4)


def test_with_skew_it_is_the_integral_of_the_two_halves():
    values = np.array([-9.0, -1.0, 0.0, 1.0, 2.0, 14.0])
    integrals = [integrate.quad(density, v - 0.5, v + 0.5, points=[LOCATION])[0] for v in values]
    assert likelihood(values) == pytest.approx(integrals, rel=1e-4)


def test_the_probabilities_of_all_whole_changes_sum_to_one():
    assert likelihood(np.arange(-448, 449)).sum() == pytest.approx(1.0, abs=1e-5)


def test_gradients_are_those_of_differences(assert_gradient_by_differences):
    value, half = np.array([-20.0, -1.0, 0.0, 2.0, 60.0]), np.array([0.5, 0.25, 0.5, 0.25, 0.5])

    def loss(x):
        shape = change_distribution(x[:5], x[5:])
        return masked_mean(change_loss(shape, jnp.asarray(value, x.dtype), jnp.asarray(half, x.dtype)))

    assert_gradient_by_differences(loss, np.array([-1.0, 0.3, 0.1, 0.9, 2.0, 0.4, 1.2, 1.0, 0.3]))


def test_its_maximum_is_that_of_scipys_t_fit():
    rng = np.random.default_rng(14)
    values = 1.7 + 2.5 * rng.standard_t(4, 700)
    _, location, scale = stats.t.fit(values, fdf=4)
    half = jnp.full(700, 1e-2)  # narrow against the scale: the interval's probability is density times width

    @jax.jit
    def loss(x):
        shape = ChangeDistribution(*(jnp.full(700, v) for v in (x[0], jnp.exp(x[1]), jnp.float32(1.0))))
        return change_loss(shape, jnp.asarray(values, jnp.float32), half).value.mean()

    step = jax.value_and_grad(loss)
    found = minimize(
        lambda x: tuple(np.asarray(v, np.float64) for v in step(jnp.asarray(x, jnp.float32))),
        np.array([0.0, 0.0]),
        jac=True,
        options={"gtol": 1e-4},
    )
    assert found.x == pytest.approx([location, np.log(scale)], abs=5e-3)
    by_scipy = -stats.t(4, location, scale).logpdf(values).mean() - np.log(2e-2)
    assert found.fun == pytest.approx(by_scipy, abs=1e-4)


def test_expectation_exceedance_and_quantiles_are_those_of_the_density():
    expectation = sum(integrate.quad(lambda x: x * density(x), a, b)[0] for a, b in ((-np.inf, 0.8), (0.8, np.inf)))
    assert float(expected_change(one())[0]) == pytest.approx(expectation, rel=1e-4)
    for threshold in (-3.0, 0.5, 5.0, 40.0):
        above = integrate.quad(density, max(threshold, LOCATION), np.inf)[0]
        above += integrate.quad(density, threshold, LOCATION)[0] if threshold < LOCATION else 0.0
        assert float(exceedance_probability(one(), threshold)[0]) == pytest.approx(above, rel=1e-4)
    for level in (0.01, 0.25, 0.5, 0.9, 0.99):
        value = float(change_quantile(one(), level)[0])
        assert 1 - float(exceedance_probability(one(), value)[0]) == pytest.approx(level, abs=1e-5)


def test_a_far_change_pulls_the_location_less_than_a_near_one():
    pull = jax.grad(lambda v, x: change_loss(one(location=0.0)._replace(location=v), x, jnp.full(1, 0.5)).value[0])
    near, far = (float(-pull(jnp.zeros(1), jnp.array([x]))[0]) for x in (6.0, 400.0))
    assert 0 < far < near / 10


def test_higher_eta_means_more_damage_and_skew_a_longer_tail_upwards():
    shape = change_distribution(jnp.array([-1.0, 0.0, 1.0]), jnp.array([0.0, -2.0, 1.0, 0.5]))
    assert (np.diff(expected_change(shape)) > 0).all()
    assert (np.diff(exceedance_probability(shape, 5.0)) > 0).all()
    right, left = (float(exceedance_probability(one(skew=s), 5.0)[0]) for s in (1.6, 1 / 1.6))
    assert right > left


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("value", [-448.0, 0.0, 448.0])
def test_both_tails_keep_digits_in_single_precision(value, scale):
    def loss(shape):
        return change_loss(shape, jnp.array([value]), jnp.array([0.5])).value.sum()

    found, slopes = jax.value_and_grad(loss)(one(location=0.3, scale=scale, skew=1.0))
    t = stats.t(4, 0.3, scale)
    lower, upper = abs(value - 0.3) - 0.5, abs(value - 0.3) + 0.5
    assert float(found) == pytest.approx(-np.log(t.sf(0.3 + lower) - t.sf(0.3 + upper)), rel=1e-3, abs=1e-6)
    assert all(np.isfinite(s).all() for s in slopes)


def test_a_missing_change_reaches_neither_value_nor_gradient():
    given = jnp.array([2.0, jnp.nan]), jnp.array([0.5, jnp.nan])
    value, slopes = jax.value_and_grad(lambda s: masked_mean(change_loss(s, *given)))(one(2))
    assert float(value) == pytest.approx(-np.log(likelihood([2.0])[0]), rel=1e-5)
    assert all(s[1] == 0 for s in slopes)
    assert all(s[0] != 0 for s in slopes)


def test_a_batch_without_changes_costs_nothing_and_moves_nothing():
    missing = jnp.full(2, jnp.nan)
    value, slopes = jax.value_and_grad(lambda s: masked_mean(change_loss(s, missing, missing)))(one(2))
    assert value == 0
    assert all((np.asarray(s) == 0).all() for s in slopes)


@pytest.mark.parametrize("level", [0.0, 95.0])
def test_a_quantile_of_an_impossible_level_is_refused(level):
    with pytest.raises(UsageError, match=rf"between 0 and 1; got {level:g}\. Divide a percentage by 100"):
        change_quantile(one(), level)
