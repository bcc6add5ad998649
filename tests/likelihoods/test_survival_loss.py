"""Discrete hazards against a hand calculation and lifelines."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lifelines import ExponentialFitter, KaplanMeierFitter
from scipy.special import logit
from single_cause import event_probability, interval_censored_negative_log_likelihood, log_survival

from outcomenet.likelihoods.registry import likelihood_of
from outcomenet.losses.reduction import masked_mean
from outcomenet.outcomes import PROGRESSION

EDGES = jnp.array([0.0, 100.0, 200.0, 300.0])
HAZARDS = np.array([0.1, 0.2, 0.4])
LOGITS = jnp.asarray(logit(HAZARDS), jnp.float32)[None]


def likelihood(start: float, end: float) -> float:
    nll = interval_censored_negative_log_likelihood(LOGITS, EDGES, jnp.array([float(start)]), jnp.array([float(end)]))
    return float(jnp.exp(-nll)[0])


def test_by_hand():
    # event in the second interval: (1 - .1) x .2; censored at 200: .9 x .8; event between 0 and 200: 1 - .72
    assert likelihood(100, 200) == pytest.approx(0.9 * 0.2, rel=1e-5)
    assert likelihood(200, np.inf) == pytest.approx(0.72, rel=1e-5)
    assert likelihood(0, 200) == pytest.approx(0.28, rel=1e-5)


def test_within_an_interval_log_survival_is_linear():
    half = log_survival(LOGITS, EDGES, jnp.array([50.0]))
    assert float(half[0]) == pytest.approx(0.5 * np.log(0.9), rel=1e-5)


def test_censoring_at_zero_says_nothing_and_an_end_beyond_the_edges_means_not_seen():
    assert likelihood(0, np.inf) == pytest.approx(1.0)
    assert likelihood(200, 5000) == pytest.approx(0.72, rel=1e-5)


def test_event_probability_rises_with_the_hazard():
    low, high = (float(event_probability(LOGITS + d, EDGES, 200.0)[0]) for d in (0.0, 1.0))
    assert low == pytest.approx(0.28, rel=1e-5)
    assert high > low


def _fit(start: np.ndarray, end: np.ndarray, edges: jnp.ndarray) -> np.ndarray:
    """Maximum likelihood hazards by gradient descent on our loss."""

    def loss(cuts):
        rows = jnp.broadcast_to(cuts, (len(start), len(cuts)))
        return interval_censored_negative_log_likelihood(rows, edges, jnp.asarray(start), jnp.asarray(end)).mean()

    step = jax.jit(lambda c: c - 2.0 * jax.grad(loss)(c))
    cuts = jnp.full(len(edges) - 1, -1.0)
    for _ in range(3000):
        cuts = step(cuts)
    return np.asarray(cuts)


def test_right_censored_fit_is_the_kaplan_meier_estimate():
    rng = np.random.default_rng(1)
    visit = rng.integers(1, 4, 300) * 100.0  # events and censoring at interval ends
    event = rng.random(300) < 0.6
    start = np.where(event, visit - 100, visit).astype(np.float32)
    end = np.where(event, visit, np.inf).astype(np.float32)
    cuts = _fit(start, end, EDGES)
    km = KaplanMeierFitter().fit(visit, event)
    ours = np.exp(np.asarray(log_survival(jnp.asarray(cuts)[None], EDGES, jnp.array([300.0]))))[0]
    assert ours == pytest.approx(float(km.predict(300.0)), abs=2e-3)


def test_interval_censored_likelihood_is_that_of_lifelines_exponential_fit():
    rng = np.random.default_rng(2)
    time = rng.exponential(220, 400)
    first, gap = rng.uniform(40, 120, 400), rng.uniform(60, 120, 400)
    start = np.where(time < first, 1e-3, np.where(time < first + gap, first, first + gap))
    end = np.where(time < first, first, np.where(time < first + gap, first + gap, np.inf))
    theirs = ExponentialFitter().fit_interval_censoring(start, end)
    # a constant rate: the same hazard in every interval of 100 days
    hazard = 1 - np.exp(-100 / theirs.lambda_)
    logits = jnp.full((400, 3), float(logit(hazard)))
    bounds = jnp.asarray(start, jnp.float32), jnp.asarray(end, jnp.float32)
    nll = interval_censored_negative_log_likelihood(logits, EDGES, *bounds)
    assert float(-nll.sum()) == pytest.approx(theirs.log_likelihood_, rel=1e-3)


def test_missing_follow_up_is_masked_and_harmless():
    eta, free = jnp.zeros(2), jnp.asarray(likelihood_of(PROGRESSION).start())
    batch = {field: jnp.full(2, jnp.nan) for field in PROGRESSION.fields}
    value, gradient = jax.value_and_grad(lambda e: masked_mean(likelihood_of(PROGRESSION).loss(e, free, batch)))(eta)
    assert value == 0
    assert (np.asarray(gradient) == 0).all()
