"""Loss of the joint network: least for what is true, blind to what is not known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_states import CHANGES, JOINT_STATES, JointNetConfig
from outcomenet.pretraining.joint_losses import JointLossWeights, joint_loss, true_change


def batch_of(seed: int = 0, pairs: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "crops": rng.normal(size=(pairs, 2, 58, 16, 16)).astype(np.float32),
        "present": np.ones((pairs, 2, 58), bool),
        "states": rng.random((pairs, 2, 58, len(JOINT_STATES))).astype(np.float32),
        "joint_space_mm": rng.random((pairs, 2, 58)).astype(np.float32),
        "bites": rng.random((pairs, 2, 58, 6)).astype(np.float32),
        "svdh": rng.integers(0, 3, (pairs, 2, 2, 86)).astype(np.int8),
        "kellgren_lawrence": rng.integers(0, 3, (pairs, 2, 2, 22)).astype(np.int8),
        "same": np.zeros((pairs, 58), np.float32),
        "hidden": rng.random((pairs, 2, 58, 8, 8)) < 0.5,
    }


@pytest.fixture(scope="module")
def network():
    return JointNetConfig(CnnConfig(widths=(8, 8), embedding=8)).build(16, 0)


def loss(network, batch, teachers=(), **weights):
    return joint_loss(network, {k: jnp.asarray(v) for k, v in batch.items()}, JointLossWeights(**weights), teachers)


def test_the_change_is_that_of_the_roots_and_of_the_space_in_mm():
    batch = batch_of()
    change = np.asarray(true_change(jnp.asarray(batch["states"]), jnp.asarray(batch["joint_space_mm"])))
    erosion = np.sqrt(batch["states"][:, 1, :, 0]) - np.sqrt(batch["states"][:, 0, :, 0])
    np.testing.assert_allclose(change[..., 0], erosion, atol=1e-6)
    narrowing = np.log(batch["states"][:, :, :, 1] + 0.01)
    np.testing.assert_allclose(
        change[..., CHANGES.index("log_narrowing")], narrowing[:, 1] - narrowing[:, 0], atol=1e-5
    )
    space = batch["joint_space_mm"]
    np.testing.assert_allclose(change[..., CHANGES.index("joint_space_mm")], space[:, 1] - space[:, 0], atol=1e-6)


def test_what_is_not_known_or_not_shown_counts_for_nothing(network):
    batch = batch_of()
    batch["present"][:, :, 5] = False
    batch["joint_space_mm"][:, :, 7] = np.nan
    total, parts = loss(network, batch)
    assert np.isfinite(float(total))
    other = {name: values.copy() for name, values in batch.items()}
    other["states"][:, :, 5] = 0.9
    other["bites"][:, :, 5] = 0.9
    again, same = loss(network, other)
    assert float(again) == pytest.approx(float(total), abs=1e-6)
    assert all(float(same[name]) == pytest.approx(float(parts[name]), abs=1e-6) for name in parts)


def test_a_weight_of_zero_takes_a_part_out(network):
    batch = batch_of()
    whole, parts = loss(network, batch)
    without, _ = loss(network, batch, svdh=0.0)
    assert float(whole) - float(without) == pytest.approx(float(parts["svdh"]), rel=1e-4)


def test_agreement_is_of_joints_that_have_not_changed(network):
    batch = batch_of()
    assert float(loss(network, batch)[1]["agreement"]) == 0
    batch["same"][:, 3] = 1.0
    assert float(loss(network, batch)[1]["agreement"]) > 0
    batch["crops"][:, 1] = batch["crops"][:, 0]
    assert float(loss(network, batch)[1]["agreement"]) == pytest.approx(0, abs=1e-6)


def test_a_half_hidden_joint_is_held_against_the_whole_one(network):
    batch = batch_of()
    assert "masked" not in loss(network, batch)[1]
    assert float(loss(network, batch, masked=0.5)[1]["masked"]) > 0
    batch["hidden"][:] = False
    assert float(loss(network, batch, masked=0.5)[1]["masked"]) == pytest.approx(0, abs=1e-10)


def test_what_the_teachers_tell_is_best_told_by_their_mean(network):
    """Cross entropy against the teachers is least, and equal to their entropy, where the network is its own only teacher."""
    batch = batch_of()
    assert "distilled" not in loss(network, batch, distilled=1.0)[1]
    other = JointNetConfig(CnnConfig(widths=(8, 8), embedding=8)).build(16, 1)
    own = float(loss(network, batch, [network])[1]["distilled"])
    probabilities = jax.nn.softmax(network(jnp.asarray(batch["crops"].reshape(4, 58, 16, 16))).state_logits, -1)
    assert own == pytest.approx(float(-(probabilities * jnp.log(probabilities)).sum(-1).mean()), rel=1e-4)
    assert float(loss(other, batch, [network])[1]["distilled"]) > own
    both = float(loss(other, batch, [network, other])[1]["distilled"])
    apart = [float(loss(other, batch, [teacher])[1]["distilled"]) for teacher in (network, other)]
    assert both == pytest.approx(np.mean(apart), rel=1e-4)
