"""The contract of every kind of outcome: a loss with its gradient, a prediction in its unit, a direction, a harmless missing value."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.errors import UsageError
from outcomenet.likelihoods.ordinal import increasing_thresholds
from outcomenet.likelihoods.registry import LIKELIHOODS, likelihood_of
from outcomenet.likelihoods.time_to_event import FOLLOW_UP_INTERVALS, hazard_logits
from outcomenet.losses.reduction import masked_mean
from outcomenet.outcome_kinds import EVENT_CAUSES, KINDS, ValueKind
from outcomenet.outcomes import HAQ, HAQ_BY_CATEGORY, OUTCOMES, PAIN, PROGRESSION, SVDH_CHANGE

SPECS = list(OUTCOMES.values())
NAMED = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


def observed(spec, rows: int = 3) -> dict:
    """A batch of plausible values, the first missing."""
    if spec.kind.is_event:
        values = {"start": [np.nan, 360.0, 200.0], "end": [np.nan, 720.0, 200.0], "cause": [np.nan, 0.0, 1.0]}
        return {f"{spec.name}_{part}": jnp.asarray(v, jnp.float32) for part, v in values.items()}
    if spec.kind.is_index:
        scores = np.array([[np.nan] * 8, [0, 1, 2, 3, 0, 1, np.nan, 1], [1] * 8])
        return {field: jnp.asarray(scores[:, n], jnp.float32) for n, field in enumerate(spec.fields)}
    value = {"pain": [np.nan, 0.0, 43.0], "svdh_change": [np.nan, 0.0, 6.5]}.get(spec.name, [np.nan, 0.0, 1.25])
    value_field, width_field = spec.fields
    return {value_field: jnp.asarray(value, jnp.float32), width_field: jnp.full(rows, spec.step / 2)}


@NAMED
def test_a_missing_value_has_no_loss_and_no_gradient(spec):
    free, batch = jnp.asarray(likelihood_of(spec).start()), observed(spec)
    missing = {field: jnp.full(3, jnp.nan) for field in spec.fields}
    for data, expected in ((batch, False), (missing, True)):
        value, gradient = jax.value_and_grad(lambda e, d=data: masked_mean(likelihood_of(spec).loss(e, free, d)))(
            jnp.zeros(3)
        )
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        assert gradient[0] == 0
        assert (float(jnp.abs(gradient).max()) == 0) is expected


@NAMED
def test_a_higher_eta_predicts_worse_within_the_outcomes_range(spec):
    predicted = np.asarray(
        likelihood_of(spec).expected(jnp.linspace(-3.0, 3.0, 13), jnp.asarray(likelihood_of(spec).start()))
    )
    assert (np.diff(predicted) > 0).all()
    assert spec.lower <= predicted.min() < predicted.max() <= spec.upper


@NAMED
def test_the_loss_pulls_the_prediction_towards_what_was_seen(spec):
    """A step against the gradient in eta and the free numbers lowers the loss."""
    batch = observed(spec)

    def loss(parameters):
        return masked_mean(likelihood_of(spec).loss(parameters["eta"], parameters["free"], batch))

    start = {"eta": jnp.zeros(3), "free": jnp.asarray(likelihood_of(spec).start())}
    value, gradient = jax.value_and_grad(loss)(start)
    moved = jax.tree.map(lambda p, g: p - 0.01 * g, start, gradient)
    assert loss(moved) < value


@NAMED
def test_gradients_are_those_of_finite_differences(spec):
    """Central differences of 0.01 in each free number and each eta, whose error in single precision is below 1 %."""
    batch, likelihood = observed(spec), likelihood_of(spec)

    def loss(parameters):
        return masked_mean(likelihood.loss(parameters["eta"], parameters["free"], batch))

    start = {"eta": jnp.array([0.3, -0.4, 0.5]), "free": jnp.asarray(likelihood.start())}
    gradient = jax.grad(loss)(start)
    for name, values in start.items():
        for place in np.ndindex(values.shape):
            step = jnp.zeros_like(values).at[place].set(0.01)
            up, down = loss({**start, name: values + step}), loss({**start, name: values - step})
            assert float(gradient[name][place]) == pytest.approx(float(up - down) / 0.02, rel=0.02, abs=2e-3)


@NAMED
def test_the_variance_is_never_negative_and_finite_far_out(spec):
    likelihood = likelihood_of(spec)
    variance = np.asarray(likelihood.variance(jnp.linspace(-30.0, 30.0, 61), jnp.asarray(likelihood.start())))
    assert np.isfinite(variance).all()
    assert (variance >= -1e-5 * (spec.upper - spec.lower) ** 2).all()


@NAMED
def test_an_adversary_is_told_the_outcome_as_a_share_of_its_range_where_it_is_known(spec):
    value, known = likelihood_of(spec).as_feature(observed(spec))
    assert list(np.asarray(known)) == [False, True, True]
    assert (np.asarray(value)[1:] >= 0).all()
    assert (np.asarray(value)[1:] <= 1).all()


def test_what_an_adversary_is_told_of_each_kind():
    expected = {HAQ: [0.0, 1.25 / 3], PAIN: [0.0, 0.43], SVDH_CHANGE: [0.5, (6.5 + 448) / 896], PROGRESSION: [1.0, 0.0]}
    expected[HAQ_BY_CATEGORY] = [8 / 7 / 3, 1 / 3]
    for spec, values in expected.items():
        assert np.asarray(likelihood_of(spec).as_feature(observed(spec)).value)[1:] == pytest.approx(values, abs=1e-6)


def test_every_kind_has_a_likelihood_and_an_outcome():
    assert list(LIKELIHOODS) == [kind.name for kind in KINDS]
    assert {spec.kind for spec in SPECS} == set(KINDS)


def test_a_kind_without_a_likelihood_is_refused():
    with pytest.raises(UsageError, match="Outcome haq is of kind count, which has no likelihood; add it to"):
        likelihood_of(replace(HAQ, kind=ValueKind("count")))


def test_the_outcomes_fields_are_declared_once():
    assert OUTCOMES["haq"].fields == ("haq", "haq_half_width")
    assert PROGRESSION.fields == ("progression_start", "progression_end", "progression_cause")
    assert len(OUTCOMES["haq_by_category"].fields) == 8
    assert [spec.name for spec in SPECS if spec.kind.is_event] == ["progression"]
    assert [spec.name for spec in SPECS if spec.kind.is_change] == ["svdh_change", "haq_change"]


def test_the_index_of_equal_categories_is_their_expected_score():
    """Categories with the same thresholds and loadings: the index is one category's sum of P(score > k)."""
    spec = OUTCOMES["haq_by_category"]
    free = jnp.asarray(likelihood_of(spec).start())
    cuts = np.asarray(increasing_thresholds(free[0, :3]))
    by_hand = (1 / (1 + np.exp(cuts - 0.7))).sum()
    assert float(likelihood_of(spec).expected(jnp.array([0.7]), free)[0]) == pytest.approx(by_hand, abs=1e-5)


def test_progression_follows_the_film_and_other_events_as_far_as_learned():
    free = np.array(likelihood_of(PROGRESSION).start())
    free[-1] = [9.0, 0.5, 0.0]  # the first is not used: progression always follows fully
    logits = np.asarray(hazard_logits(jnp.array([0.0, 2.0]), jnp.asarray(free)))
    assert logits.shape == (2, FOLLOW_UP_INTERVALS, len(EVENT_CAUSES))
    assert (logits[1] - logits[0])[0] == pytest.approx([2.0, 1.0, 0.0])


def test_a_visit_counts_the_same_however_many_categories_it_answered():
    spec = OUTCOMES["haq_by_category"]
    free = jnp.asarray(likelihood_of(spec).start())
    whole = likelihood_of(spec).loss(jnp.zeros(1), free, {field: jnp.ones(1) for field in spec.fields})
    half = {field: jnp.ones(1) if n < 4 else jnp.full(1, jnp.nan) for n, field in enumerate(spec.fields)}
    assert float(likelihood_of(spec).loss(jnp.zeros(1), free, half).value[0]) == pytest.approx(
        float(whole.value[0]), rel=1e-6
    )


def test_the_variance_of_an_index_of_categories_is_that_of_their_mean():
    """Given eta the categories are independent: the variance of their mean is the sum of theirs over 8 squared."""
    spec = OUTCOMES["haq_by_category"]
    free, total, eta = jnp.asarray(likelihood_of(spec).start()), 0.0, 0.4
    for number in range(8):
        scores = np.full((4, 8), np.nan)
        scores[:, number] = range(4)
        batch = {field: jnp.asarray(scores[:, n], jnp.float32) for n, field in enumerate(spec.fields)}
        chance = np.exp(-np.asarray(likelihood_of(spec).loss(jnp.full(4, eta), free, batch).value, float))
        assert chance.sum() == pytest.approx(1, abs=1e-5)
        total += (chance * np.arange(4) ** 2).sum() - (chance * np.arange(4)).sum() ** 2
    assert float(likelihood_of(spec).variance(jnp.full(1, eta), free)[0]) == pytest.approx(total / 64, rel=1e-4)


ON_A_GRID = [s for s in SPECS if not (s.kind.is_event or s.kind.is_index)]


@pytest.mark.parametrize("spec", ON_A_GRID, ids=lambda spec: spec.name)
def test_the_variance_is_that_of_the_likelihood_summed_over_the_grid(spec):
    """P(value) of every grid point is exp(-loss); its mean and variance must be those that the head states."""
    free, eta = jnp.asarray(likelihood_of(spec).start()), 0.4
    low, high = (-150.0, 150.0) if spec is SVDH_CHANGE else (spec.lower, spec.upper)
    step = 0.5 if spec is SVDH_CHANGE else spec.step
    if spec.name == "haq_change":
        low, high, step = -60.0, 60.0, 0.03125  # the tails beyond the scale count in the distribution's own variance
    grid = np.arange(low, high + step / 2, step)
    fields = {spec.fields[0]: jnp.asarray(grid, jnp.float32), spec.fields[1]: jnp.full(len(grid), step / 2)}
    chance = np.exp(-np.asarray(likelihood_of(spec).loss(jnp.full(len(grid), eta), free, fields).value, float))
    assert chance.sum() == pytest.approx(1, abs=2e-3)
    mean = (chance * grid).sum()
    assert float(likelihood_of(spec).expected(jnp.full(1, eta), free)[0]) == pytest.approx(mean, rel=0.02)
    variance = (chance * (grid - mean) ** 2).sum()
    assert float(likelihood_of(spec).variance(jnp.full(1, eta), free)[0]) == pytest.approx(variance, rel=0.02)
