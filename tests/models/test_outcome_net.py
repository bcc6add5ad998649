"""Networks: sums of contributions, masks, missing limbs, both aggregations, both number formats."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINTS, Region
from outcomenet.datasets.visit_example import TARGETS
from outcomenet.errors import UsageError
from outcomenet.experiment import BASE, TINY
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import HumanHead, OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.scoring import SVDH
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig
from outcomenet.training.objective import hide_joints, network_objective

CONFIG = OutcomeNetConfig(encoder=CnnConfig(widths=(8, 8), embedding=8))
FEET = np.array([joint.side.region is Region.FOOT for joint in JOINTS])


ADJUSTED = ConfoundingConfig(outcome_terms=("age", "fm"), seen_osteoarthritis=True)


def build(config=CONFIG, confounding=ADJUSTED):
    return config.build(
        confounding=confounding,
        crop_size=16,
        outcomes=("haq", "pain", "progression"),
        covariates=("age", "fm"),
        readers=1,
        seed=0,
    )


def visit(seed=0, batch=2):
    rng = np.random.default_rng(seed)
    return Visit(
        jnp.asarray(rng.normal(size=(batch, JOINT_COUNT, 16, 16)), jnp.float32),
        jnp.ones((batch, JOINT_COUNT), bool),
        jnp.asarray(rng.normal(size=(batch, 2)), jnp.float32),
        jnp.ones((batch, 2), bool),
    )


def batch_of(seen: Visit, **targets):
    n = len(seen.crops)
    missing = {name: jnp.full(n, jnp.nan) for name in TARGETS}
    missing |= {"svdh": jnp.full((n, 1, 86), -1), "kellgren_lawrence": jnp.full((n, 22), -1)}
    return {**seen._asdict(), **missing, **targets}


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_the_score_is_the_sum_of_the_contributions(aggregation):
    reading = build(replace(CONFIG, aggregation=aggregation))(visit())
    assert np.asarray(reading.contributions.sum(1)) == pytest.approx(np.asarray(reading.score), abs=1e-6)
    assert reading.outcome_eta["progression"].shape == (2,)
    assert reading.svdh_eta.shape == (2, 86)


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_a_patient_without_feet_is_read_and_hidden_pixels_do_not_matter(aggregation):
    net, seen = build(replace(CONFIG, aggregation=aggregation)), visit()
    hidden = seen._replace(visible=jnp.asarray(np.tile(~FEET, (2, 1))))
    other = hidden._replace(crops=jnp.where(FEET[None, :, None, None], 1e6, seen.crops))
    first, second = net(hidden), net(other)
    assert np.isfinite(first.score).all()
    assert np.array_equal(first.score, second.score)
    assert np.array_equal(first.osteoarthritis, second.osteoarthritis)


def test_a_visit_without_any_joint_is_harmless():
    net, seen = build(), visit()
    reading = net(seen._replace(visible=jnp.zeros((2, JOINT_COUNT), bool)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(reading))


def test_a_score_does_not_depend_on_who_else_is_in_the_batch():
    net, seen = build(), visit(batch=3)
    alone = net(Visit(*(None if value is None else value[:1] for value in seen)))
    assert np.asarray(net(seen).score[:1]) == pytest.approx(np.asarray(alone.score), abs=1e-5)


def test_without_adjustment_the_covariates_do_nothing():
    net, seen = build(confounding=NO_HANDLING), visit()
    net.heads["haq"].terms[...] = jnp.ones(2)
    moved = seen._replace(covariates=seen.covariates + 5)
    assert np.array_equal(net(seen).outcome_eta["haq"], net(moved).outcome_eta["haq"])


def test_the_outcome_side_term_shifts_the_outcome_but_not_the_film_score():
    net, seen = build(), visit()
    net.heads["haq"].terms[...] = jnp.array([2.0, 0.0])
    moved = seen._replace(covariates=seen.covariates + jnp.array([[1.0, 0.0]]))
    before, after = net(seen), net(moved)
    assert np.asarray(after.outcome_eta["haq"] - before.outcome_eta["haq"]) == pytest.approx(2.0, abs=1e-5)
    assert np.array_equal(before.score, after.score)


def _encoder_gradient(config, **targets) -> float:
    from flax import nnx

    net, seen = build(config), visit()
    graph, parameters = nnx.split(net, nnx.Param)

    def loss(values):
        return network_objective(nnx.merge(graph, values), batch_of(seen, **targets), jax.random.key(0), {})[0]

    gradient = jax.grad(loss)(parameters)
    return float(sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(gradient["encoder"])))


def test_the_human_head_trains_the_encoder_only_when_joined():
    grades = jnp.ones((2, 1, len(SVDH.sites)), jnp.int32)
    assert _encoder_gradient(CONFIG, svdh=grades) > 0
    assert _encoder_gradient(replace(CONFIG, human_head=HumanHead.STOP_GRADIENT), svdh=grades) == 0
    assert _encoder_gradient(replace(CONFIG, human_head=HumanHead.OFF), svdh=grades) == 0


def test_a_batch_without_any_label_has_no_gradient():
    assert _encoder_gradient(CONFIG) == 0


def test_bfloat16_reads_nearly_the_same():
    half = build(replace(CONFIG, encoder=replace(CONFIG.encoder, bfloat16=True)))(visit())
    assert np.asarray(half.score) == pytest.approx(np.asarray(build()(visit()).score), abs=0.05)
    assert half.score.dtype == jnp.float32


@pytest.mark.parametrize("crop_size", [48, 64, 96])
def test_both_sizes_read_every_crop_size(crop_size):
    for config in (TINY, BASE):
        net = config.build(
            confounding=NO_HANDLING, crop_size=crop_size, outcomes=("haq",), covariates=("age",), readers=1, seed=0
        )
        crops = jax.ShapeDtypeStruct((1, JOINT_COUNT, crop_size, crop_size), jnp.float32)
        assert jax.eval_shape(net.encoder, crops).shape == (1, JOINT_COUNT, config.encoder.embedding)


def test_a_patch_that_does_not_divide_the_crop_is_refused():
    with pytest.raises(UsageError, match="cannot be cut into patches of 4"):
        CONFIG.build(confounding=NO_HANDLING, crop_size=50, outcomes=("haq",), covariates=("age",), readers=1, seed=0)


def test_hiding_leaves_every_visit_something_to_see():
    shown = hide_joints(jnp.ones((200, JOINT_COUNT), bool), jax.random.key(0), joint=0.5, limb=0.9)
    assert shown.any(1).all()
    assert 0.0 < float(shown.mean()) < 0.9
