"""Score from joint states: it parts into damage, activity and osteoarthritis, and a change is the change of each."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.errors import UsageError
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_states import JOINT_STATES, LEVELS
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.state_score import OWN_SHARE, PARTS, STATE_SCALE, StateAggregation, state_scales
from outcomenet.models.visit import Visit
from outcomenet.models.visit_comparison import PairReading
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig

HELD_FIXED = ConfoundingConfig(outcome_terms=("age",), seen_osteoarthritis=True)
CONFIG = OutcomeNetConfig(
    encoder=CnnConfig(widths=(8, 8), embedding=8), initial="w.safetensors", aggregation=Aggregation.STATES
)


def levels_of(**states: float) -> jax.Array:
    """Every joint certainly at one level of each state, its root, 0 where none is given."""
    levels = np.zeros((1, JOINT_COUNT, len(JOINT_STATES), len(LEVELS)), np.float32)
    for number, name in enumerate(JOINT_STATES):
        levels[:, :, number, np.abs(LEVELS - states.get(name, 0.0)).argmin()] = 1.0
    return jnp.asarray(levels)


@pytest.fixture
def aggregation():
    made = StateAggregation(1, nnx.Rngs(0))
    made.by_kind[...] = 0.1 * jax.random.normal(jax.random.key(2), made.by_kind[...].shape)
    return made


SEEN = jnp.ones((1, JOINT_COUNT), bool)


def net_of(confounding=NO_HANDLING, config=CONFIG):
    return config.build(
        confounding=confounding, crop_size=16, outcomes=("haq", "pain"), covariates=("age",), readers=1, seed=0
    )


def visit(batch: int = 2, pairs: bool = False) -> Visit:
    rng = np.random.default_rng(1)
    first, second = jnp.asarray(rng.normal(size=(2, batch, JOINT_COUNT, 16, 16)), jnp.float32)
    return Visit(
        first, jnp.ones((batch, JOINT_COUNT), bool), jnp.zeros((batch, 1)), jnp.ones((batch, 1), bool),
        second if pairs else None, jnp.full(batch, 2.0) if pairs else None,
    )  # fmt: skip


def test_every_state_belongs_to_one_part():
    assert sorted(state for states in PARTS.values() for state in states) == sorted(JOINT_STATES)


def test_a_healthy_joint_contributes_nothing_and_a_lesion_to_its_own_part_alone(aggregation):
    assert not np.asarray(aggregation(levels_of(), SEEN)).any()
    for state, part in (("erosion", 0), ("swelling", 1), ("osteophyte", 2)):
        parts = np.asarray(aggregation(levels_of(**{state: 0.5}), SEEN))
        assert parts[:, :, part].any()
        assert not np.delete(parts, part, axis=2).any()


def test_a_contribution_is_the_weighted_sum_of_root_and_share(aggregation):
    parts = np.asarray(aggregation(levels_of(narrowing=0.5), SEEN))
    at = JOINT_STATES.index("narrowing")
    first = np.asarray(aggregation.shared[...] + OWN_SHARE * aggregation.by_kind[...][0])[at, :, 0]
    assert parts[0, 0, 0, 0] == pytest.approx(STATE_SCALE * (first[0] * 0.5 + first[1] * 0.25), abs=1e-6)
    np.testing.assert_allclose(state_scales(levels_of(narrowing=0.5))[0, 0, at], [0.5, 0.25], atol=1e-6)


def test_the_change_of_a_contribution_is_its_later_minus_its_earlier_value(aggregation):
    before, after = levels_of(erosion=0.3, swelling=0.6), levels_of(erosion=0.5, swelling=0.2)
    change = (after - before) @ jnp.asarray(LEVELS)
    parts = aggregation.of_change(before, after, change, SEEN)
    np.testing.assert_allclose(parts, aggregation(after, SEEN) - aggregation(before, SEEN), atol=1e-6)
    hidden = aggregation.of_change(before, after, change, ~SEEN)
    assert not np.asarray(hidden).any()


def test_osteoarthritis_is_part_of_the_score_only_where_it_is_not_held_fixed():
    whole, adjusted = net_of()(visit()), net_of(HELD_FIXED)(visit())
    assert whole.parts is not None
    assert adjusted.parts is not None
    np.testing.assert_allclose(whole.contributions, whole.parts.sum(2), atol=1e-6)
    np.testing.assert_allclose(adjusted.contributions, adjusted.parts[:, :, :2].sum(2), atol=1e-6)
    np.testing.assert_allclose(adjusted.osteoarthritis_part, adjusted.parts[:, :, 2].sum(1), atol=1e-6)
    assert not np.asarray(whole.osteoarthritis_part).any()


def test_two_films_are_compared_whether_outcomes_are_of_visits_or_of_changes():
    pair = visit(pairs=True)
    change = net_of().film_change(pair)
    same = net_of().film_change(pair._replace(later_crops=pair.crops))
    assert np.asarray(change.parts).any()
    assert not np.asarray(same.parts).any()
    of_changes = net_of(config=replace(CONFIG, pairs=PairReading.PAIRED))
    yearly = of_changes(pair)
    np.testing.assert_allclose(2.0 * yearly.contributions, of_changes.film_change(pair).parts.sum(2), atol=1e-6)
    single = net_of(config=replace(CONFIG, pairs=PairReading.SINGLE)).film_change(pair)
    assert single.parts.shape == (2, JOINT_COUNT, 3, 2)


def test_a_network_of_embeddings_compares_no_films():
    with pytest.raises(UsageError, match="this network's aggregation is additive"):
        net_of(config=replace(CONFIG, aggregation=Aggregation.ADDITIVE)).film_change(visit(pairs=True))


def test_states_need_pretrained_weights_and_no_part_of_the_embedding_for_osteoarthritis():
    with pytest.raises(UsageError, match="with network.initial none there is no such network"):
        OutcomeNetConfig(initial="none", aggregation=Aggregation.STATES)
    with pytest.raises(UsageError, match="has a part for it already"):
        net_of(ConfoundingConfig(oa_features=2))
