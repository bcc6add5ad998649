"""A network is compiled once, for one shape, and what fills a batch up changes nothing."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINTS, Side
from outcomenet.errors import DataRefused
from outcomenet.inference.limbs import LimbJoints, PreparedLimb, infer_limbs
from outcomenet.inference.prediction_task import LIMBS_PER_BATCH, film_network
from outcomenet.localization.localizer import Localizer
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.strategies import NO_HANDLING
from outcomenet.training.rungs import NetworkShape, RungNetwork
from tests.compilation import compiled_programs

OUTCOMES = ("haq", "pain", "progression")
SHAPE = NetworkShape(16, OUTCOMES, ("age", "fm"), 1)
NETWORK = RungNetwork(OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8)), NO_HANDLING, SHAPE)


def limb(number: int, side: Side) -> PreparedLimb:
    """A limb of noise; of one in three nothing could be cut."""
    row = {"film_id": f"F{number}", "side": str(side)}
    if number % 3 == 0:
        return PreparedLimb(row)
    own = [n for n, joint in enumerate(JOINTS) if joint.side is side]
    crops, present = np.zeros((JOINT_COUNT, 16, 16), np.uint16), np.zeros(JOINT_COUNT, bool)
    crops[own] = np.random.default_rng(number).integers(0, 65536, (len(own), 16, 16))
    present[own[1:]] = True
    return PreparedLimb(row, joints=LimbJoints(crops, present, own, np.arange(2.0 * len(own)).reshape(-1, 2)))


LIMBS = [limb(number, list(Side)[number % 4]) for number in range(11)]


def inferred(network, limbs):
    return list(infer_limbs(network, limbs, outcomes=OUTCOMES, main="haq", calibrators=None))


@pytest.fixture(scope="module")
def network():
    return film_network(NETWORK, NETWORK.initial_parameters(0))


def test_a_limb_whose_joints_are_all_masked_has_no_score_and_says_why_of_each_joint(network):
    cut = limb(1, Side.LEFT_HAND)
    far = np.where(cut.joints.present, 1.4, np.nan)
    masked = replace(cut.joints, present=np.zeros(JOINT_COUNT, bool), distances=far)
    ((_, values, rows),) = inferred(network, [replace(cut, joints=masked)])
    assert values == {}
    judged = [row for row in rows if row["unlike_training"] != ""]
    assert len(judged) == len(rows) - 1  # the first joint was not on the film
    assert all(row["unlike_training"] and row["distance"] == 1.4 and not row["visible"] for row in judged)
    assert np.isnan([row["contribution"] for row in rows]).all()


def test_limbs_of_several_films_are_scored_as_each_alone(network):
    together = inferred(network, LIMBS)
    assert [own.row["film_id"] for own, *_ in together] == [f"F{n}" for n in range(11)]
    for own, values, joints in together:
        ((_, alone, joints_alone),) = inferred(network, [own])
        assert (own.joints is None) == (not values) == (not joints)
        assert values == pytest.approx(alone, abs=1e-6, nan_ok=True)
        assert len(joints) == len(joints_alone)
        for row, row_alone in zip(joints, joints_alone, strict=True):
            assert row == pytest.approx(row_alone, abs=1e-6, nan_ok=True)
            assert row["visible"] == np.isfinite(row["contribution"])
        assert sum(row["contribution"] for row in joints if row["visible"]) == pytest.approx(
            values.get("score", 0.0), abs=1e-5
        )


def test_a_row_does_not_depend_on_what_fills_its_batch_up(network):
    first, second = (limb for limb in LIMBS if limb.joints is not None and limb.row["film_id"] in ("F1", "F2"))
    ((_, alone, _),) = inferred(network, [first])
    (_, beside, _), _ = inferred(network, [first, second])
    ((_, single, _),) = inferred(replace(network, batch_size=1), [first])
    assert beside == pytest.approx(alone, abs=1e-6, nan_ok=True)
    assert single == pytest.approx(alone, abs=1e-6, nan_ok=True)


def test_all_batches_of_all_networks_of_one_architecture_are_one_program():
    """Another seed's parameters, a second object, full and part-full batches: nothing is compiled again."""
    other = replace(NETWORK, shape=replace(SHAPE, readers=3))  # no other test has compiled it
    assert len(LIMBS) % LIMBS_PER_BATCH
    parameters = [other.initial_parameters(seed) for seed in (0, 1)]
    with compiled_programs() as names:
        for own in parameters:
            inferred(film_network(replace(other), own), LIMBS)
    assert names.count("_ensemble_outputs") == 1


def test_no_visit_at_all_is_refused(network):
    with pytest.raises(DataRefused, match="no visit at all"):
        network.infer(network.batches([]))


@pytest.mark.parametrize("members", [1, 2])
def test_shapes_of_parameters_are_known_without_drawing_a_number(members):
    ensemble = replace(NETWORK, members=members, shape=replace(SHAPE, readers=4))
    with compiled_programs() as names:
        abstract = ensemble.abstract_parameters
    assert not names
    initial = ensemble.initial_parameters(0)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), abstract) == jax.tree.map(lambda a: (a.shape, a.dtype), initial)


def test_a_second_localiser_compiles_nothing():
    film = np.random.default_rng(0).integers(0, 65536, (300, 200)).astype(np.uint16)
    first = Localizer().locate(film)
    with compiled_programs() as names:
        second = Localizer().locate(film)
    assert not names
    assert second.dark_bones == first.dark_bones
