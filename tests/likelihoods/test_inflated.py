"""The inflated logit-normal against scipy's distributions, numerical integration and statsmodels."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit

from outcomenet.errors import UsageError
from outcomenet.likelihoods.inflated import (
    InflatedParameters,
    expected_value,
    inflated_loss,
    inflated_parameters,
    inflated_probabilities,
    quantile,
)
from outcomenet.losses.reduction import masked_mean

MM = (0.0, 100.0)
FLOOR, CEILING, LOCATION, SLOPE, SPREAD = -2.0, 4.0, -0.3, 0.8, 1.1
SHAPE = InflatedParameters(*(jnp.float32(v) for v in (FLOOR, CEILING, LOCATION, SLOPE, SPREAD)))
ETA = 0.6


def likelihood(values, half=0.5, eta=ETA) -> np.ndarray:
    values = jnp.asarray(values, jnp.float32)
    part = inflated_loss(jnp.full(len(values), eta), SHAPE, values, jnp.full(len(values), half), bounds=MM)
    return np.exp(-np.asarray(part.value))


def between(low: float, high: float, eta: float = ETA) -> float:
    """scipy: P(low < 100 sigmoid(N(location + slope eta, spread)) <= high) times P(neither bound)."""
    z = stats.norm(LOCATION + SLOPE * eta, SPREAD)
    above = z.cdf(logit(high / 100)) if high < 100 else 1.0
    below = z.cdf(logit(low / 100)) if low > 0 else 0.0
    return (expit(eta - FLOOR) - expit(eta - CEILING)) * (above - below)


def test_values_have_the_probabilities_of_scipys_normal_of_the_logit():
    by_hand = [expit(FLOOR - ETA) + between(0, 0.5), between(0.5, 1.5), between(41.5, 42.5), between(98.5, 99.5)]
    by_hand.append(expit(ETA - CEILING) + between(99.5, 100))
    assert likelihood([0, 1, 42, 99, 100]) == pytest.approx(by_hand, rel=2e-4)


@pytest.mark.parametrize(("step", "half"), [(1, 0.5), (10, 5.0)])
def test_the_probabilities_of_all_values_of_an_instrument_sum_to_one(step, half):
    """Whole millimetres, and an NRS of 0 to 10 times 10."""
    assert likelihood(np.arange(0, 101, step), half).sum() == pytest.approx(1.0, abs=1e-4)


def test_gradients_are_those_of_differences(assert_gradient_by_differences):
    value, half = np.array([0.0, 1.0, 37.0, 99.0, 100.0, 60.0]), np.array([0.5, 0.5, 0.5, 0.5, 0.5, 5.0])

    def loss(x):
        given = jnp.asarray(value, x.dtype), jnp.asarray(half, x.dtype)
        return masked_mean(inflated_loss(x[:6], inflated_parameters(x[6:]), *given, bounds=MM))

    assert_gradient_by_differences(loss, np.array([-1.0, 0.2, 0.5, 1.0, 2.0, -0.4, -2.0, 3.0, -0.2, 0.1, 0.7]))


def test_ordered_logit_and_least_squares_of_statsmodels_maximise_it():
    """With hardly any mass rounding to a bound the likelihood is that of an ordered logit of the three parts and of a
    normal regression of the logits."""
    import statsmodels.api as sm
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(5)
    x = rng.normal(size=800)
    latent = x + rng.logistic(size=800)
    inner = expit(0.1 + 0.5 * x + 0.6 * rng.normal(size=800))
    value = np.where(latent < -2, 0.0, np.where(latent > 2, 100.0, np.clip(np.round(100 * inner, 1), 0.1, 99.9)))
    part = np.where(value == 0, 0, np.where(value == 100, 2, 1))
    ordered = OrderedModel(part, x[:, None], distr="logit").fit(method="bfgs", disp=False)
    scale, cuts = ordered.params[0], ordered.model.transform_threshold_params(ordered.params[1:])[1:-1]
    inside = part == 1
    line = sm.OLS(logit(value[inside] / 100), sm.add_constant(x[inside])).fit()
    spread = np.sqrt(line.ssr / inside.sum())
    width = 0.001 / (value[inside] / 100 * (1 - value[inside] / 100))  # of 0.1 mm on the logit scale
    reference = ordered.llf + line.llf + np.log(width).sum()

    def loss(parameters):
        shape = InflatedParameters(*parameters)
        given = jnp.asarray(scale * x, jnp.float32), shape, jnp.asarray(value, jnp.float32), jnp.full(800, 0.05)
        return inflated_loss(*given, bounds=MM).value.sum()

    fitted = jnp.asarray([*cuts, line.params[0], line.params[1] / scale, spread], jnp.float32)
    value_there, slope = jax.value_and_grad(loss)(fitted)
    assert float(value_there) == pytest.approx(-reference, rel=1e-4)
    assert np.abs(slope).max() < 1.0  # a sum over 800 patients


def test_the_expected_value_is_the_integral():
    density = stats.norm(LOCATION + SLOPE * ETA, SPREAD).pdf
    inner = integrate.quad(lambda z: expit(z) * density(z), -12, 12)[0]
    by_hand = 100 * (expit(ETA - CEILING) + (expit(ETA - FLOOR) - expit(ETA - CEILING)) * inner)
    assert float(expected_value(jnp.array([ETA]), SHAPE, bounds=MM)[0]) == pytest.approx(by_hand, rel=1e-5)


def test_quantiles_invert_the_distribution_and_rest_on_the_bounds():
    eta = jnp.array([ETA])
    for level in (0.1, 0.5, 0.9):
        value = float(quantile(eta, SHAPE, level, bounds=MM)[0])
        assert expit(FLOOR - ETA) + between(0, value) == pytest.approx(level, abs=1e-4)
    assert float(quantile(eta, SHAPE, 0.05, bounds=MM)[0]) == 0.0  # P(0) = 0.069
    assert float(quantile(eta, SHAPE, 0.99, bounds=MM)[0]) == 100.0  # P(100) = 0.032


def test_the_three_parts_sum_to_one():
    p = inflated_probabilities(jnp.array([-20.0, -1.0, 0.0, 3.0, 20.0]), SHAPE)
    assert np.asarray(p).sum(-1) == pytest.approx(1.0, abs=1e-6)


def test_higher_eta_means_more_pain_in_every_part_of_the_distribution():
    eta = jnp.linspace(-4, 4, 17)
    assert (np.diff(expected_value(eta, SHAPE, bounds=MM)) > 0).all()
    for level in (0.1, 0.5, 0.9):
        assert (np.diff(quantile(eta, SHAPE, level, bounds=MM)) >= 0).all()
    p = inflated_probabilities(eta, SHAPE)
    assert (np.diff(p[:, 0]) < 0).all()
    assert (np.diff(p[:, 2]) > 0).all()


def test_free_numbers_give_ordered_cuts_and_positive_slope_and_spread():
    shape = inflated_parameters(jnp.array([1.0, -5.0, 0.0, -4.0, -3.0]))
    assert shape.floor_cut < shape.ceiling_cut
    assert shape.slope > 0
    assert shape.spread > 0.04


@pytest.mark.parametrize("eta", [-60.0, 60.0])
def test_both_tails_stay_finite_in_single_precision(eta):
    values = jnp.array([0.0, 1.0, 50.0, 99.0, 100.0])

    def loss(e, shape):
        return inflated_loss(e, shape, values, jnp.full(5, 0.5), bounds=MM).value.sum()

    value, slopes = jax.value_and_grad(loss, (0, 1))(jnp.full(5, eta), SHAPE)
    assert np.isfinite(value)
    assert all(np.isfinite(s).all() for s in jax.tree.leaves(slopes))


def test_a_missing_value_reaches_neither_value_nor_gradient():
    given = jnp.array([30.0, jnp.nan]), jnp.array([0.5, jnp.nan])

    def loss(eta, value, half):
        return masked_mean(inflated_loss(eta, SHAPE, value, half, bounds=MM))

    value, slope = jax.value_and_grad(loss)(jnp.array([ETA, 0.0]), *given)
    assert float(value) == pytest.approx(-np.log(likelihood([30.0])[0]), rel=1e-5)
    assert slope[0] != 0
    assert slope[1] == 0


def test_a_batch_without_values_costs_nothing_and_moves_nothing():
    missing = jnp.full(2, jnp.nan)
    value, slopes = jax.value_and_grad(
        lambda e, shape: masked_mean(inflated_loss(e, shape, missing, missing, bounds=MM)), (0, 1)
    )(jnp.zeros(2), SHAPE)
    assert value == 0
    assert all((np.asarray(s) == 0).all() for s in jax.tree.leaves(slopes))


@pytest.mark.parametrize("level", [0.0, 1.0, 50.0])
def test_a_quantile_of_an_impossible_level_is_refused(level):
    with pytest.raises(UsageError, match=rf"between 0 and 1; got {level:g}\. Divide a percentage by 100"):
        quantile(jnp.zeros(1), SHAPE, level, bounds=MM)


def test_bounds_in_the_wrong_order_are_refused():
    with pytest.raises(UsageError, match=r"from its floor to its ceiling; got bounds \(100, 0\)"):
        inflated_loss(jnp.zeros(1), SHAPE, jnp.zeros(1), jnp.ones(1), bounds=(100.0, 0.0))
