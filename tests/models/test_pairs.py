"""Two visits' films compared: nothing changed is 0, swapped films change sign, and the order counts where it is known."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.errors import UsageError
from outcomenet.experiment import DEFAULT_CONFOUNDING, Experiment
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.models.visit_comparison import PairReading
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig

MODES = [mode for mode in PairReading if mode is not PairReading.OFF]


def net_of(mode: PairReading, aggregation: Aggregation = Aggregation.ADDITIVE):
    config = OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8), aggregation=aggregation, pairs=mode)
    net = config.build(
        confounding=NO_HANDLING, crop_size=16, outcomes=("haq_change",), covariates=(), readers=1, seed=0
    )
    # as after training: nothing is 0 any more
    graph, state = nnx.split(net, nnx.Param)
    keys = iter(jax.random.split(jax.random.key(1), 200))
    return nnx.merge(graph, jax.tree.map(lambda p: p + 0.1 * jax.random.normal(next(keys), p.shape), state))


def films(seed: int):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(3, JOINT_COUNT, 16, 16)), jnp.float32)


def pair(first, later, years=1.0) -> Visit:
    seen = jnp.ones((3, JOINT_COUNT), bool).at[0, :5].set(False)
    return Visit(first, seen, jnp.zeros((3, 0)), jnp.zeros((3, 0), bool), later, jnp.full(3, years))


@pytest.mark.parametrize("aggregation", Aggregation)
@pytest.mark.parametrize("mode", MODES)
def test_films_that_are_the_same_have_changed_by_exactly_nothing(mode, aggregation):
    reading = net_of(mode, aggregation)(pair(films(0), films(0)))
    assert jnp.all(reading.score == 0)
    assert jnp.all(reading.contributions == 0)


@pytest.mark.parametrize("mode", MODES)
def test_swapped_films_change_the_sign_where_the_order_is_hidden(mode):
    net = net_of(mode)
    forth, back = net(pair(films(0), films(1))).score, net(pair(films(1), films(0))).score
    assert jnp.all(forth != 0)
    same = bool(jnp.allclose(forth, -back, atol=1e-5))
    assert same == (mode is not PairReading.CHRONOLOGICAL)


@pytest.mark.parametrize("mode", MODES)
def test_films_read_apart_do_not_look_at_each_other(mode):
    """In single mode the change of a joint is additive over three visits; side by side it need not be."""
    net = net_of(mode)
    a, b, c = films(0), films(1), films(2)
    whole, steps = net(pair(a, c)).score, net(pair(a, b)).score + net(pair(b, c)).score
    assert bool(jnp.allclose(whole, steps, atol=1e-5)) == (mode is PairReading.SINGLE)


def test_a_change_is_per_year_and_unseen_joints_add_nothing():
    net = net_of(PairReading.PAIRED)
    year, two = net(pair(films(0), films(1))), net(pair(films(0), films(1), years=2.0))
    assert jnp.allclose(year.score, 2 * two.score, rtol=1e-5)
    assert jnp.all(year.contributions[0, :5] == 0)
    assert jnp.all(year.contributions[1, :5] != 0)


def test_what_is_kept_for_osteoarthritis_never_reaches_a_change():
    handled = ConfoundingConfig(oa_features=3)
    config = OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8), pairs=PairReading.CHRONOLOGICAL)
    net = config.build(confounding=handled, crop_size=16, outcomes=("haq_change",), covariates=(), readers=1, seed=0)
    assert net(pair(films(0), films(1))).scored.shape[-1] == 5


def test_one_visit_is_refused_and_so_are_outcomes_that_are_no_change():
    net = net_of(PairReading.PAIRED)
    with pytest.raises(UsageError, match="it compares pairs of visits, and one visit came"):
        net(pair(films(0), None))
    paired = OutcomeNetConfig(pairs=PairReading.PAIRED)
    with pytest.raises(UsageError, match="no network is trained"):
        Experiment("x", "?", outcomes=("haq_change",), rungs=(), network=paired)
    penalised = replace(DEFAULT_CONFOUNDING, joint_decorrelation=1.0)
    with pytest.raises(UsageError, match="joint_decorrelation is about the films of one visit"):
        Experiment("x", "?", outcomes=("haq_change",), network=paired, confounding=penalised)
    with pytest.raises(UsageError, match="haq is no change between two visits. Outcomes for pairs: svdh_change, haq_"):
        Experiment("x", "?", outcomes=("haq",), network=OutcomeNetConfig(pairs=PairReading.PAIRED))
