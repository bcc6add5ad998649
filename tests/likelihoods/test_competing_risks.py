"""Competing risks in discrete time against hand calculations, integrals, lifelines and the loss of a single event."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lifelines import AalenJohansenFitter, ExponentialFitter, KaplanMeierFitter, PiecewiseExponentialFitter
from scipy import integrate
from scipy.optimize import minimize
from scipy.special import logit
from single_cause import event_probability, interval_censored_negative_log_likelihood

from outcomenet.errors import UsageError
from outcomenet.likelihoods.competing_risks import competing_risks_loss, cumulative_incidence, event_free_probability
from outcomenet.likelihoods.first_event import FollowUp, check_follow_up
from outcomenet.losses.reduction import masked_mean

EDGES = jnp.array([0.0, 100.0, 200.0, 300.0])
# P(cause | no event before) of three causes in three intervals
CHANCES = np.array([[0.10, 0.02, 0.03], [0.20, 0.05, 0.05], [0.30, 0.10, 0.10]])
NONE = 1 - CHANCES.sum(-1)
LOGITS = jnp.asarray(np.log(CHANCES / NONE[:, None]), jnp.float32)


def follow_up(rows) -> FollowUp:
    """Rows of (entry, start, end, cause)."""
    entry, start, end, cause = np.array(rows, np.float64).T
    check_follow_up(entry, start, end, cause.astype(int))
    return FollowUp(*(jnp.asarray(a, jnp.float32) for a in (entry, start, end)), jnp.asarray(cause, jnp.int32))


def likelihood(*rows) -> np.ndarray:
    known = follow_up(rows)
    part = competing_risks_loss(jnp.broadcast_to(LOGITS[None], (len(rows), 3, 3)), EDGES, known)
    assert np.asarray(part.mask).all()
    return np.exp(-np.asarray(part.value))


def incidence(cause: int, low: float, high: float, entry: float = 0.0) -> float:
    """By numerical integration of S(t) h(t) dt / S(entry), hazards constant within intervals of 100 days."""
    rate = -np.log(NONE) / 100
    share = CHANCES / CHANCES.sum(-1, keepdims=True)

    def free(t: float) -> float:
        return np.exp(-sum(rate[m] * np.clip(t - 100 * m, 0, 100) for m in range(3)))

    def density(t: float) -> float:
        m = min(int(t // 100), 2)
        return free(t) * rate[m] * share[m, cause]

    inner = [t for t in (100, 200) if low < t < high]
    return integrate.quad(density, low, high, points=inner or None)[0] / free(entry)


def test_events_and_censoring_at_the_edges_by_hand():
    got = likelihood((0, 100, 200, 0), (0, 200, np.inf, -1), (0, 0, 200, 1), (100, 100, 200, 2), (100, 200, np.inf, -1))
    by_hand = [0.85 * 0.20, 0.85 * 0.70, 0.02 + 0.85 * 0.05, 0.05, 0.70]
    assert got == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("cause", [0, 1, 2])
def test_films_anywhere_in_an_interval_give_the_integral_of_the_sub_density(cause):
    got = likelihood((0, 30, 250, cause), (60, 150, 180, cause), (0, 100, 300, cause), (20, 40, 290, cause))
    integrals = [incidence(cause, 30, 250), incidence(cause, 150, 180, 60), incidence(cause, 100, 300)]
    assert got == pytest.approx([*integrals, incidence(cause, 40, 290, 20)], rel=1e-5)


def test_an_event_on_a_known_day_has_the_chance_of_that_day():
    days = likelihood((0, 150, 150, 1), (30, 250, 250, 2), (149.5, 150, 150, 0))  # the last entered half a day before
    by_hand = [incidence(1, 149, 150), incidence(2, 249, 250, 30), incidence(0, 149.5, 150, 149.5)]
    assert days == pytest.approx(by_hand, rel=1e-4)


def test_all_that_can_happen_after_entry_sums_to_one():
    films = [40.0, 130.0, 210.0, 300.0]
    windows = [(40.0, a, b, c) for a, b in zip(films, films[1:], strict=False) for c in range(3)]
    assert likelihood(*windows, (40.0, 300.0, np.inf, -1)).sum() == pytest.approx(1.0, abs=1e-6)


def test_an_end_beyond_the_edges_means_not_seen():
    assert likelihood((0, 200, 5000, 0)) == pytest.approx(0.85 * 0.70, rel=1e-5)


def test_with_one_cause_and_no_truncation_it_is_the_loss_of_a_single_event():
    rng = np.random.default_rng(6)
    logits = jnp.asarray(rng.normal(-1, 2, (200, 3)), jnp.float32)
    start = rng.integers(0, 200, 200).astype(np.float32)
    end = np.where(rng.random(200) < 0.3, np.inf, start + rng.integers(1, 160, 200)).astype(np.float32)
    cause = np.where(np.isinf(end), -1, 0)
    known = FollowUp(jnp.zeros(200), jnp.asarray(start), jnp.asarray(end), jnp.asarray(cause))

    def theirs(z):
        return interval_censored_negative_log_likelihood(z, EDGES, known.start, known.end)

    def ours(z):
        return competing_risks_loss(z[..., None], EDGES, known).value

    assert np.asarray(ours(logits)) == pytest.approx(np.asarray(theirs(logits)), rel=1e-4, abs=1e-6)
    slopes = [np.asarray(jax.grad(lambda z, f=f: f(z).sum())(logits)) for f in (ours, theirs)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-3, abs=1e-5)
    cif = cumulative_incidence(logits[..., None], EDGES, jnp.full(200, 170.0))
    assert np.asarray(cif[:, 0]) == pytest.approx(np.asarray(event_probability(logits, EDGES, 170.0)), rel=1e-5)


def test_gradients_are_those_of_differences(assert_gradient_by_differences):
    rows = [(0, 30, 250, 0), (60, 150, 150, 1), (0, 210, np.inf, -1), (100, 100, 300, 2), (10, 250, 900, 0)]
    known = follow_up(rows)

    def loss(x):
        days = [jnp.asarray(np.asarray(d), x.dtype) for d in known[:3]]
        edges = jnp.asarray(np.asarray(EDGES), x.dtype)
        return masked_mean(competing_risks_loss(x, edges, FollowUp(*days, known.cause)))

    logits = np.asarray(LOGITS) + np.random.default_rng(7).normal(0, 1, (len(rows), 3, 3))
    assert_gradient_by_differences(loss, logits)


def fitted(known: FollowUp, edges, causes: int) -> tuple[np.ndarray, float]:
    """Saturated maximum likelihood: one logit per interval and cause; and the log-likelihood there."""
    count, shape = len(known.start), (len(edges) - 1, causes)

    def loss(z):
        rows = jnp.broadcast_to(z.reshape(shape)[None], (count, *shape))
        return competing_risks_loss(rows, edges, known).value.sum()

    step = jax.jit(jax.value_and_grad(loss))
    found = minimize(
        lambda z: tuple(np.asarray(v, np.float64) for v in step(jnp.asarray(z, jnp.float32))),
        np.full(shape, -1.5).ravel(),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-3},
    )
    return found.x.reshape(shape), -float(found.fun)


def test_saturated_fit_of_complete_data_is_the_aalen_johansen_estimate():
    """Event times differ and censoring is at the edges, so that within an interval the risk set only loses events."""
    rng = np.random.default_rng(8)
    interval = rng.integers(0, 4, 400)
    cause = rng.choice([0, 1, 2], 400, p=[0.6, 0.25, 0.15])
    censored = (rng.random(400) < 0.25) | (interval == 3)
    day = np.where(censored, 100.0 * np.clip(interval, 1, 3), 100.0 * interval + 1 + 98 * rng.permutation(400) / 400)
    low = 100.0 * (np.ceil(day / 100) - 1)
    rows = [
        (0, d, np.inf, -1) if c else (0, a, a + 100, k) for d, c, a, k in zip(day, censored, low, cause, strict=True)
    ]
    z, _ = fitted(follow_up(rows), EDGES, 3)
    at = jnp.array([100.0, 200.0, 300.0])
    ours = np.asarray(cumulative_incidence(jnp.broadcast_to(jnp.asarray(z, jnp.float32)[None], (3, 3, 3)), EDGES, at))
    tied = day + np.where(censored, 1e-3 * rng.random(400), 0.0)  # censored just after the edge
    for k in range(3):
        estimate = AalenJohansenFitter(calculate_variance=False).fit(tied, np.where(censored, 0, cause + 1), k + 1)
        table = estimate.cumulative_density_.iloc[:, 0]
        theirs = [table[table.index <= edge].iloc[-1] for edge in (100, 200, 300)]
        assert ours[:, k] == pytest.approx(theirs, abs=2e-4)


def test_saturated_fit_with_late_entry_is_the_kaplan_meier_estimate_of_lifelines():
    rng = np.random.default_rng(9)
    entry = 100.0 * rng.integers(0, 2, 500)
    last = entry + 100.0 * rng.integers(1, 3, 500)
    last = np.minimum(last, 300.0)
    event = rng.random(500) < 0.4
    rows = [(e, d - 100, d, 0) if seen else (e, d, np.inf, -1) for e, d, seen in zip(entry, last, event, strict=True)]
    z, _ = fitted(follow_up(rows), EDGES, 1)
    estimate = KaplanMeierFitter().fit(last, event, entry=entry)
    at = jnp.array([100.0, 200.0, 300.0])
    ours = event_free_probability(jnp.broadcast_to(jnp.asarray(z, jnp.float32)[None], (3, 3, 1)), EDGES, at)
    assert np.asarray(ours) == pytest.approx([float(estimate.predict(d)) for d in (100, 200, 300)], abs=2e-4)


def test_saturated_fit_of_overlapping_intervals_is_turnbulls_estimate_of_lifelines():
    rng = np.random.default_rng(10)
    time = rng.exponential(220, 400)
    films = np.sort(rng.choice([100.0, 200.0, 300.0], (400, 2)), -1)
    start = np.where(time < films[:, 0], 0.0, np.where(time < films[:, 1], films[:, 0], films[:, 1]))
    end = np.where(time < films[:, 0], films[:, 0], np.where(time < films[:, 1], films[:, 1], np.inf))
    rows = [(0, a, b, -1 if np.isinf(b) else 0) for a, b in zip(start, end, strict=True)]
    z, _ = fitted(follow_up(rows), EDGES, 1)
    # lifelines takes intervals as closed: half a day makes them open at the start
    table = KaplanMeierFitter().fit_interval_censoring(start + 0.5, end).survival_function_
    at = jnp.array([100.0, 200.0, 300.0])
    ours = event_free_probability(jnp.broadcast_to(jnp.asarray(z, jnp.float32)[None], (3, 3, 1)), EDGES, at)
    assert np.asarray(ours) == pytest.approx(table.loc[[100.5, 200.5, 300.5]].mean(axis=1).to_numpy(), abs=5e-4)


def test_interval_censoring_with_late_entry_has_the_likelihood_of_lifelines_exponential_fit():
    rng = np.random.default_rng(11)
    entry = np.round(rng.uniform(0, 60, 500))
    time = entry + rng.exponential(220, 500)
    first, gap = entry + np.round(rng.uniform(30, 90, 500)), np.round(rng.uniform(40, 120, 500))
    start = np.where(time < first, entry + 1e-3, np.where(time < first + gap, first, first + gap))
    end = np.where(time < first, first, np.where(time < first + gap, first + gap, np.inf))
    theirs = ExponentialFitter().fit_interval_censoring(start, end, entry=entry, initial_point=np.array([200.0]))
    hazard = 1 - np.exp(-100 / theirs.lambda_)
    logits = jnp.full((500, 3, 1), float(logit(hazard)))
    rows = [(*row, -1 if np.isinf(row[2]) else 0) for row in zip(entry, start, end, strict=True)]
    part = competing_risks_loss(logits, EDGES, follow_up(rows))
    assert -float(part.value.sum()) == pytest.approx(theirs.log_likelihood_, rel=1e-4)


def test_interval_censoring_has_the_likelihood_of_lifelines_piecewise_exponential_fit():
    rng = np.random.default_rng(12)
    time = 180 * rng.weibull(1.6, 600)
    first, gap = np.round(rng.uniform(20, 120, 600)), np.round(rng.uniform(40, 150, 600))
    start = np.where(time < first, 1e-3, np.where(time < first + gap, first, first + gap))
    end = np.where(time < first, first, np.where(time < first + gap, first + gap, np.inf))
    theirs = PiecewiseExponentialFitter([100.0, 200.0])
    theirs = theirs.fit_interval_censoring(start, end, initial_point=np.full(3, 200.0))
    rows = [(0, *row, -1 if np.isinf(row[1]) else 0) for row in zip(start, end, strict=True)]
    known = follow_up(rows)
    rates = 100 / np.array([theirs.lambda_0_, theirs.lambda_1_, theirs.lambda_2_])
    there = jnp.asarray(np.log(np.expm1(rates)), jnp.float32)[:, None]
    value = competing_risks_loss(jnp.broadcast_to(there[None], (600, 3, 1)), EDGES, known).value.sum()
    assert -float(value) == pytest.approx(theirs.log_likelihood_, rel=1e-4)
    z, best = fitted(known, EDGES, 1)
    assert best == pytest.approx(theirs.log_likelihood_, rel=1e-4)
    assert np.log1p(np.exp(z[:, 0])) == pytest.approx(rates, rel=0.02)


def test_incidences_never_fall_and_sum_with_the_event_free_to_one():
    rng = np.random.default_rng(13)
    days = jnp.linspace(0, 400, 81)
    logits = jnp.broadcast_to(jnp.asarray(rng.normal(-1, 3, (1, 3, 3)), jnp.float32), (81, 3, 3))
    for entry in (None, jnp.full(81, 55.0)):
        cif = np.asarray(cumulative_incidence(logits, EDGES, days, entry))
        free = np.asarray(event_free_probability(logits, EDGES, days, entry))
        assert cif.shape == (81, 3)
        assert (np.diff(cif, axis=0) >= -1e-7).all()
        assert cif.sum(-1) + free == pytest.approx(1.0, abs=1e-6)


def test_a_higher_logit_of_a_cause_means_more_of_it_and_less_of_the_others():
    day = jnp.array([250.0])
    before = cumulative_incidence(LOGITS[None], EDGES, day)[0]
    after = cumulative_incidence(LOGITS[None] + jnp.array([[[1.0, 0.0, 0.0]]]), EDGES, day)[0]
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert after[2] < before[2]


@pytest.mark.parametrize("level", [-90.0, -30.0, 30.0, 90.0])
def test_very_rare_and_very_certain_events_keep_value_and_gradient_finite(level):
    known = follow_up([(0, 30, 250, 0), (0, 150, 150, 1), (20, 210, np.inf, -1), (0, 0, 300, 2)])

    def loss(z):
        return competing_risks_loss(z, EDGES, known).value.sum()

    value, slope = jax.value_and_grad(loss)(jnp.full((4, 3, 3), level))
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    if level < 0:  # log P rises one for one with the logits of the cause
        assert float(slope[0, :, 0].sum()) == pytest.approx(-1.0, rel=1e-4)


def test_a_row_without_follow_up_reaches_neither_value_nor_gradient():
    some = FollowUp(
        jnp.array([0.0, jnp.nan]), jnp.array([100.0, jnp.nan]), jnp.array([200.0, jnp.nan]), jnp.array([0, -1])
    )
    logits = jnp.broadcast_to(LOGITS[None], (2, 3, 3))
    value, slope = jax.value_and_grad(lambda z: masked_mean(competing_risks_loss(z, EDGES, some)))(logits)
    assert float(value) == pytest.approx(-np.log(0.17), rel=1e-5)
    assert (np.asarray(slope[1]) == 0).all()
    assert (np.asarray(slope[0]) != 0).any()


def test_a_batch_without_follow_up_costs_nothing_and_moves_nothing():
    none = FollowUp(*[jnp.full(2, jnp.nan)] * 3, jnp.array([0, -1]))
    logits = jnp.broadcast_to(LOGITS[None], (2, 3, 3))
    value, slope = jax.value_and_grad(lambda z: masked_mean(competing_risks_loss(z, EDGES, none)))(logits)
    assert value == 0
    assert (np.asarray(slope) == 0).all()


@pytest.mark.parametrize("edges", [EDGES[:2], EDGES[:3], jnp.linspace(0.0, 300.0, 7)])
def test_edges_of_another_follow_up_are_refused(edges):
    text = rf"3 intervals of hazard lie between 4 edges; got {len(edges)} edges\. Build the head"
    with pytest.raises(UsageError, match=text):
        cumulative_incidence(LOGITS[None], edges, jnp.array([100.0]))
    with pytest.raises(UsageError, match=text):
        competing_risks_loss(LOGITS[None], edges, follow_up([(0, 100, 200, 0)]))
