"""HAQ by category against a hand calculation, an enumeration of all answers and statsmodels."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from outcomenet.errors import UsageError
from outcomenet.likelihoods.haq_categories import (
    CATEGORY_COUNT,
    expected_category_scores,
    expected_index,
    haq_category_loss,
    index_probabilities,
    unit_loadings,
)
from outcomenet.losses.reduction import masked_mean

RNG = np.random.default_rng(3)
THRESHOLDS = np.sort(RNG.normal(0.5, 1.5, (8, 3)), -1) + np.array([-0.3, 0.0, 0.3])
LOADINGS = np.exp(RNG.normal(0, 0.3, 8))
ETA = np.array([-0.7, 0.4, 1.9])
SCORES = RNG.integers(0, 4, (3, 8))


def single(*arrays):
    return [jnp.asarray(a, jnp.float32) for a in arrays]


def probability(eta: float, category: int, score: int) -> float:
    """By hand: P(Y <= k) = sigmoid(theta_k - loading eta), differences of neighbours."""
    at_most = [0.0, *expit(THRESHOLDS[category] - LOADINGS[category] * eta), 1.0]
    return at_most[score + 1] - at_most[score]


def test_every_category_has_its_probability_by_hand():
    eta, cuts, loadings = single(ETA, THRESHOLDS, LOADINGS)
    part = haq_category_loss(eta, cuts, jnp.asarray(SCORES), loadings)
    by_hand = [[probability(e, c, SCORES[b, c]) for c in range(8)] for b, e in enumerate(ETA)]
    assert np.exp(-np.asarray(part.value)) == pytest.approx(np.array(by_hand), rel=1e-4)
    assert np.asarray(part.mask).all()


def test_gradients_in_eta_thresholds_and_loadings_are_those_of_differences(assert_gradient_by_differences):
    scores = jnp.asarray(np.where(SCORES == 2, -1, SCORES))

    def loss(x):
        return masked_mean(haq_category_loss(x[:3], x[3:27].reshape(8, 3), scores, x[27:]))

    assert_gradient_by_differences(loss, np.concatenate([ETA, THRESHOLDS.ravel(), LOADINGS]))


def test_at_the_maximum_of_statsmodels_ordered_logits_the_likelihood_agrees_and_the_gradient_is_zero():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(4)
    x = rng.normal(size=500)
    latent = LOADINGS * x[:, None] + rng.logistic(size=(500, 8))
    scores = (latent[..., None] > np.linspace(-1.2, 1.4, 3)).sum(-1)
    slopes, cuts, log_likelihood = [], [], 0.0
    for category in range(8):
        fit = OrderedModel(scores[:, category], x[:, None], distr="logit").fit(method="bfgs", gtol=1e-7, disp=False)
        slopes.append(fit.params[0])
        cuts.append(fit.model.transform_threshold_params(fit.params[1:])[1:-1])
        log_likelihood += fit.llf
    eta, cuts, slopes = single(x, cuts, slopes)

    def loss(cuts, slopes):
        return haq_category_loss(eta, cuts, jnp.asarray(scores), slopes).value.sum()

    assert float(loss(cuts, slopes)) == pytest.approx(-log_likelihood, rel=1e-5)
    for slope in jax.grad(loss, (0, 1))(cuts, slopes):
        assert np.abs(slope).max() < 0.05  # of a sum over 500 patients, whose single gradients are of order 1


def test_without_loadings_each_category_weighs_one():
    eta, cuts = single(ETA, THRESHOLDS)
    alone = haq_category_loss(eta, cuts, jnp.asarray(SCORES)).value
    assert np.asarray(alone) == pytest.approx(
        np.asarray(haq_category_loss(eta, cuts, jnp.asarray(SCORES), jnp.ones(8)).value)
    )


def test_an_unanswered_category_counts_in_neither_value_nor_gradient():
    eta, cuts, loadings = single(ETA, THRESHOLDS, LOADINGS)
    scores = SCORES.copy()
    scores[:, 2] = -1
    value, slope = jax.value_and_grad(lambda c: masked_mean(haq_category_loss(eta, c, jnp.asarray(scores), loadings)))(
        cuts
    )
    keep = [c for c in range(8) if c != 2]
    rest = haq_category_loss(eta, cuts[jnp.array(keep)], jnp.asarray(scores[:, keep]), loadings[jnp.array(keep)])
    assert float(value) == pytest.approx(float(rest.value.mean()), rel=1e-6)
    assert (np.asarray(slope)[2] == 0).all()
    assert (np.asarray(slope)[keep] != 0).any()


def test_a_batch_without_answers_costs_nothing_and_moves_nothing():
    eta, cuts = single(ETA, THRESHOLDS)
    missing = jnp.full((3, 8), -1)
    value, slope = jax.value_and_grad(lambda e: masked_mean(haq_category_loss(e, cuts, missing)))(eta)
    assert value == 0
    assert (np.asarray(slope) == 0).all()


@pytest.mark.parametrize("eta", [-80.0, 80.0])
@pytest.mark.parametrize("score", [0, 1, 2, 3])
def test_far_tails_stay_finite_in_single_precision(eta, score):
    (cuts,) = single(THRESHOLDS)
    value, slope = jax.value_and_grad(lambda e: haq_category_loss(e, cuts, jnp.full((1, 8), score)).value.sum())(
        jnp.array([eta])
    )
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


def test_the_expected_index_is_the_mean_of_the_expected_scores():
    eta, cuts, loadings = single(ETA, THRESHOLDS, LOADINGS)
    scores = expected_category_scores(eta, cuts, loadings)
    by_hand = [[sum(k * probability(e, c, k) for k in range(4)) for c in range(8)] for e in ETA]
    assert np.asarray(scores) == pytest.approx(np.array(by_hand), rel=1e-4)
    assert np.asarray(expected_index(scores)) == pytest.approx(np.mean(by_hand, -1), rel=1e-4)


def test_the_expected_index_follows_the_form_over_what_was_answered():
    scores = jnp.asarray([[3.0, 3.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]] * 3)
    answered = jnp.array([[True] * 8, [True] * 6 + [False] * 2, [True] * 5 + [False] * 3])
    got = expected_index(scores, answered)
    assert float(got[0]) == pytest.approx(1.0)
    assert float(got[1]) == pytest.approx(1.0)  # 6 of 6 points: 6 / 6
    assert np.isnan(got[2])  # five categories have no index
    slope = jax.grad(
        lambda s: jnp.where(jnp.isnan(expected_index(s, answered)), 0.0, expected_index(s, answered)).sum()
    )
    assert np.isfinite(slope(scores)).all()


def test_the_distribution_of_the_index_is_the_sum_over_all_answers():
    eta, cuts, loadings = single(ETA, THRESHOLDS[:3], LOADINGS[:3])
    got = np.asarray(index_probabilities(eta, cuts, loadings))
    enumerated = np.zeros((3, 10))
    for b, e in enumerate(ETA):
        for answers in itertools.product(range(4), repeat=3):
            enumerated[b, sum(answers)] += np.prod([probability(e, c, k) for c, k in enumerate(answers)])
    assert got == pytest.approx(enumerated, abs=1e-6)


def test_the_distribution_of_the_index_has_the_expected_index_as_its_mean():
    eta, cuts, loadings = single(ETA, THRESHOLDS, LOADINGS)
    p = np.asarray(index_probabilities(eta, cuts, loadings))
    assert p.shape == (3, 8 * 3 + 1)
    assert p.sum(-1) == pytest.approx(1.0, abs=1e-6)
    expected = np.asarray(expected_index(expected_category_scores(eta, cuts, loadings)))
    assert p @ np.arange(25) / 8 == pytest.approx(expected, rel=1e-5)


def test_higher_eta_means_a_higher_index_whatever_the_free_loadings():
    loadings = unit_loadings(jnp.asarray(RNG.normal(0, 2, CATEGORY_COUNT), jnp.float32))
    assert (np.asarray(loadings) > 0).all()
    assert float(jnp.log(loadings).mean()) == pytest.approx(0.0, abs=1e-6)
    eta, cuts = single([-1.0, 0.0, 1.0], THRESHOLDS)
    assert (np.diff(expected_index(expected_category_scores(eta, cuts, loadings))) > 0).all()


@pytest.mark.parametrize("count", [2, 24])
def test_categories_with_another_number_of_thresholds_are_refused(count):
    with pytest.raises(UsageError, match=rf"scored 0 to 3 and has 3 thresholds; got {count}\. Thresholds of the index"):
        haq_category_loss(jnp.zeros(3), jnp.zeros((8, count)), jnp.asarray(SCORES))
