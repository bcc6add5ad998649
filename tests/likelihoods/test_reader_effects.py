"""Reader effects against a hand calculation, the loss without readers and statsmodels."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from outcomenet.errors import UsageError
from outcomenet.likelihoods.reader_effects import centred, grade_loss, reader_grade_loss, reader_ridge
from outcomenet.losses.reduction import masked_mean

RNG = np.random.default_rng(15)
ETA = jnp.asarray(RNG.normal(0, 1, (4, 5)), jnp.float32)
CUTS = jnp.asarray(np.tile([-1.0, 0.2, 1.5], (5, 1)), jnp.float32)
GRADES = jnp.asarray(RNG.integers(-1, 4, (4, 3, 5)))
SEEN = jnp.asarray(RNG.random((4, 5)) < 0.8)
EFFECTS = jnp.array([-0.7, 0.1, 0.6])
KIND = jnp.array([0, 0, 1, 1, 1])


def test_a_stricter_reader_by_hand():
    # P(Y <= 1) = sigmoid(0.2 - eta - effect), less P(Y <= 0)
    part = reader_grade_loss(jnp.array([[0.4]]), CUTS[:1], jnp.array([[[1]]]), jnp.array([[True]]), jnp.array([0.5]))
    assert float(jnp.exp(-part.value[0, 0, 0])) == pytest.approx(expit(-0.7) - expit(-1.9), rel=1e-5)


def test_without_effects_it_is_the_loss_without_readers():
    ours, theirs = reader_grade_loss(ETA, CUTS, GRADES, SEEN, jnp.zeros(3)), grade_loss(ETA, CUTS, GRADES, SEEN)
    assert np.asarray(ours.value) == pytest.approx(np.asarray(theirs.value))
    assert (np.asarray(ours.mask) == np.asarray(theirs.mask)).all()


def test_effects_of_a_kind_of_lesion_move_its_sites_only():
    effects = jnp.stack([jnp.zeros(3), EFFECTS], -1)
    by_kind = reader_grade_loss(ETA, CUTS, GRADES, SEEN, effects, KIND).value
    none, all_sites = (reader_grade_loss(ETA, CUTS, GRADES, SEEN, e).value for e in (jnp.zeros(3), EFFECTS))
    assert np.asarray(by_kind[..., :2]) == pytest.approx(np.asarray(none[..., :2]))
    assert np.asarray(by_kind[..., 2:]) == pytest.approx(np.asarray(all_sites[..., 2:]))


def test_gradients_in_eta_and_effects_are_those_of_differences(assert_gradient_by_differences):
    def loss(x):
        eta, effects = x[:20].reshape(4, 5), centred(x[20:].reshape(3, 2))
        return masked_mean(reader_grade_loss(eta, CUTS.astype(x.dtype), GRADES, SEEN, effects, KIND))

    start = np.concatenate([np.asarray(ETA).ravel(), RNG.normal(0, 0.5, 6)])
    assert_gradient_by_differences(loss, start)


def test_statsmodels_ordered_logit_with_a_column_per_reader_maximises_it():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(16)
    x = rng.normal(size=(400, 1))
    offsets = np.array([-0.8, 0.2, 0.6])
    grades = np.digitize(x[:, :, None] + offsets[:, None] + rng.logistic(size=(400, 3, 1)), [-1.0, 0.5, 1.8])
    columns = np.stack([np.repeat(x, 3), np.tile([0, 1, 0], 400), np.tile([0, 0, 1], 400)], -1)
    fit = OrderedModel(grades.ravel(), columns, distr="logit").fit(method="bfgs", gtol=1e-7, disp=False)
    cuts = fit.model.transform_threshold_params(fit.params[3:])[1:-1]
    raw = np.array([0.0, fit.params[1], fit.params[2]])
    eta, seen = jnp.asarray(fit.params[0] * x, jnp.float32), jnp.ones((400, 1), bool)
    moved = jnp.asarray(cuts - raw.mean(), jnp.float32)[None]  # the effects sum to zero, the thresholds take the mean

    def loss(free, cuts):
        return reader_grade_loss(eta, cuts, jnp.asarray(grades), seen, centred(free)).value.sum()

    free = jnp.asarray(raw, jnp.float32)
    assert float(loss(free, moved)) == pytest.approx(-fit.llf, rel=1e-5)
    for slope in jax.grad(loss, (0, 1))(free, moved):
        assert np.abs(slope).max() < 0.1  # of a sum over 1,200 grades
    assert np.asarray(centred(free)) == pytest.approx(offsets, abs=0.25)


def test_effects_sum_to_zero_over_readers_for_every_kind():
    effects = centred(jnp.asarray(RNG.normal(1, 1, (3, 2)), jnp.float32))
    assert np.asarray(effects.sum(0)) == pytest.approx([0.0, 0.0], abs=1e-6)


def test_the_ridge_is_the_normal_density_and_pulls_to_zero():
    from scipy.stats import norm

    part = reader_ridge(EFFECTS, standard_deviation=0.5)
    by_scipy = norm(0, 0.5).logpdf(0) - norm(0, 0.5).logpdf(np.asarray(EFFECTS))
    assert np.asarray(part.value) == pytest.approx(by_scipy, rel=1e-5)
    slope = jax.grad(lambda e: masked_mean(reader_ridge(e, standard_deviation=0.5)))(EFFECTS)
    assert (np.sign(slope) == np.sign(EFFECTS)).all()


def test_a_reader_without_grades_and_a_site_not_seen_reach_neither_value_nor_gradient():
    grades = GRADES.at[:, 1].set(-1)
    seen = SEEN.at[:, 2].set(False)
    eta = ETA.at[:, 2].set(1e3)

    def loss(eta, effects):
        return masked_mean(reader_grade_loss(eta, CUTS, grades, seen, effects))

    value, (of_eta, of_effect) = jax.value_and_grad(loss, (0, 1))(eta, EFFECTS)
    without = masked_mean(reader_grade_loss(ETA[:, [0, 1, 3, 4]], CUTS[:4], grades[:, ::2][..., [0, 1, 3, 4]],
                                            seen[:, [0, 1, 3, 4]], EFFECTS[::2]))  # fmt: skip
    assert float(value) == pytest.approx(float(without), rel=1e-6)
    assert of_effect[1] == 0
    assert (np.asarray(of_eta)[:, 2] == 0).all()


def test_a_batch_without_grades_costs_nothing_and_moves_nothing():
    none = jnp.full((4, 3, 5), -1)
    value, slopes = jax.value_and_grad(lambda e, r: masked_mean(reader_grade_loss(e, CUTS, none, SEEN, r)), (0, 1))(
        ETA, EFFECTS
    )
    assert value == 0
    assert all((np.asarray(s) == 0).all() for s in slopes)


def test_effects_per_kind_without_the_kinds_of_the_sites_are_refused():
    with pytest.raises(UsageError, match=r"shape \(3, 2\) are per reader and kind of lesion; expected `kind_of_site`"):
        reader_grade_loss(ETA, CUTS, GRADES, SEEN, jnp.zeros((3, 2)))


def test_higher_effects_mean_higher_grades():
    top = jnp.full((4, 3, 5), 3)
    cost = reader_grade_loss(ETA, CUTS, top, SEEN, EFFECTS).value
    assert (np.diff(cost, axis=1) < 0).all()


@pytest.mark.parametrize("spread", [0.0, -1.0])
def test_a_ridge_without_spread_is_refused(spread):
    with pytest.raises(UsageError, match=rf"positive standard deviation; got {spread:g}\. To leave readers out"):
        reader_ridge(EFFECTS, standard_deviation=spread)
