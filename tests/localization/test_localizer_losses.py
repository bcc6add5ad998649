"""The localiser's losses against scipy and by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.stats import multivariate_t

from outcomenet.localization.networks import LANDMARK_COUNT, LandmarkNet, LocalizerConfig, folded, unfolded
from outcomenet.localizer_training.finder_samples import FINDER_CELLS
from outcomenet.localizer_training.losses import finder_loss, landmark_loss, refiner_loss, student_t_2d

SMALL = LocalizerConfig(finder_widths=(8, 8, 8, 8), landmark_widths=(8, 8, 8, 8), refiner_widths=(8, 8, 8))


def test_the_refiners_likelihood_is_a_student_t():
    scale, offset = 1.7, np.array([0.9, -2.2])
    ours = student_t_2d(jnp.array((offset @ offset) / scale**2)) + 2 * np.log(scale)
    far = np.array([5.0, 1.0])
    theirs = [-multivariate_t(np.zeros(2), scale**2 * np.eye(2), df=4).logpdf(x) for x in (offset, far)]
    there = student_t_2d(jnp.array((far @ far) / scale**2)) + 2 * np.log(scale)
    # equal but for one constant
    assert float(there - ours) == pytest.approx(theirs[1] - theirs[0], rel=1e-5)


class Says:
    """A network that says what it is told."""

    def __init__(self, *answers):
        self.answers = answers[0] if len(answers) == 1 else answers

    def __call__(self, *inputs):
        return self.answers


def landmark_batch(seen: bool) -> dict:
    points = np.full((1, LANDMARK_COUNT, 2), 42.0, np.float32)
    known = np.zeros((1, LANDMARK_COUNT), bool)
    known[0, 3] = True
    return {
        "image": jnp.zeros((1, 160, 128, 2)), "region": jnp.zeros(1, int), "points": jnp.asarray(points),
        "seen": jnp.asarray(known & seen), "known": jnp.asarray(known),
        "is_limb": jnp.array([True]),
    }  # fmt: skip


def test_only_known_landmarks_count_and_a_landmark_that_is_not_seen_should_be_nowhere():
    rng = np.random.default_rng(0)
    everything = rng.standard_normal((1, 40 * 32 + 1, LANDMARK_COUNT))
    logs = everything - np.log(np.exp(everything).sum(1, keepdims=True))
    heat, absent = logs[:, :-1].reshape(1, 40, 32, -1), logs[:, -1]
    loss, _ = landmark_loss(Says(jnp.asarray(heat), jnp.asarray(absent), jnp.array([20.0])), landmark_batch(seen=False))
    assert float(loss) == pytest.approx(-absent[0, 3], rel=1e-5)
    # seen: cross entropy with a bump about cell (10.5, 10.5), by hand
    loss, _ = landmark_loss(Says(jnp.asarray(heat), jnp.asarray(absent), jnp.array([20.0])), landmark_batch(seen=True))
    column, row = np.meshgrid(np.arange(32) + 0.5, np.arange(40) + 0.5)
    bump = np.exp(-((column - 10.5) ** 2 + (row - 10.5) ** 2) / (2 * 0.7**2))
    assert float(loss) == pytest.approx(-(bump / bump.sum() * heat[0, :, :, 3]).sum(), rel=1e-4)


def test_a_batch_without_any_landmark_is_harmless():
    batch = landmark_batch(seen=True) | {"known": jnp.zeros((1, LANDMARK_COUNT), bool)}
    batch["seen"] = batch["known"]
    network = LandmarkNet(SMALL, nnx.Rngs(0))
    graph, state = nnx.split(network)
    (_, parts), gradient = jax.value_and_grad(lambda s: landmark_loss(nnx.merge(graph, s), batch), has_aux=True)(state)
    assert float(parts["where"]) == float(parts["nowhere"]) == 0.0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_a_refiner_is_not_asked_where_a_landmark_lies_that_is_not_there():
    offset, log_error, logit = jnp.zeros((2, 2)), jnp.zeros(2), jnp.array([0.0, 0.0])
    batch = {
        "image": jnp.zeros((1, 2, 48, 48, 2)), "landmark": jnp.zeros((1, 2), int),
        "offset": jnp.array([[[1.0, 0.0], [9.0, 9.0]]]), "there": jnp.array([[True, False]]),
    }  # fmt: skip
    _, parts = refiner_loss(Says(offset, log_error, logit), batch)
    assert float(parts["error_px"]) == pytest.approx(1.0, abs=1e-3)
    assert float(parts["offset"]) == pytest.approx(3 * np.log(1.25), rel=1e-5)
    assert float(parts["there"]) == pytest.approx(np.log(2), rel=1e-5)


def test_the_finders_loss_is_near_nothing_when_it_is_right():
    cells = (1, FINDER_CELLS, FINDER_CELLS)
    heat = np.zeros((*cells, 2), np.float32)
    heat[0, 4, 5, 0] = 1.0
    batch = {
        "image": jnp.zeros((1, 128, 128, 2)), "heat": jnp.asarray(heat), "weight": jnp.asarray(heat.max(-1)),
        "place": jnp.full((*cells, 2), 0.25), "direction": jnp.broadcast_to(jnp.array([0.0, -1.0]), (*cells, 2)),
        "log_length": jnp.full(cells, 0.3), "thumb_right": jnp.ones(cells), "view": jnp.zeros(cells, int),
        "dark_bones": jnp.array([False]),
    }  # fmt: skip
    right = {
        "region": jnp.asarray(40 * heat - 20), "place": batch["place"], "direction": 3 * batch["direction"],
        "log_length": jnp.full((*cells, 1), 0.3), "thumb_right": jnp.full((*cells, 1), 20.0),
        "view": jnp.broadcast_to(jnp.array([20.0, 0.0, 0.0]), (*cells, 3)), "dark_bones": jnp.array([-20.0]),
    }  # fmt: skip
    good, _ = finder_loss(Says(right), batch)
    wrong, parts = finder_loss(Says(right | {"direction": -right["direction"]}), batch)
    assert float(good) < 1e-3
    assert float(parts["direction"]) == pytest.approx(2.0, rel=1e-4)
    assert float(wrong) > 3.9


def test_folding_is_undone_by_unfolding():
    x = jnp.asarray(np.random.default_rng(0).standard_normal((2, 6, 4, 5)))
    assert np.array_equal(unfolded(folded(x, 2)), x)


def test_each_landmark_is_somewhere_or_nowhere():
    network = LandmarkNet(SMALL, nnx.Rngs(0))
    heat, absent, is_limb = network(
        jnp.asarray(np.random.default_rng(0).standard_normal((2, 160, 128, 2))), jnp.array([0, 1])
    )
    assert heat.shape == (2, 40, 32, LANDMARK_COUNT)
    assert is_limb.shape == (2,)
    assert np.allclose(np.exp(heat).sum((1, 2)) + np.exp(absent), 1.0, atol=1e-4)
