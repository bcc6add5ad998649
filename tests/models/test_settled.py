"""Mean of two readings half a patch apart: what it is, and that it holds still where one reading does not."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.settled import settled_embeddings
from outcomenet.models.joint_weights import load_joint_weights
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.pair_batches import PairBatches


def test_it_is_the_mean_of_both_places():
    encoder = CnnConfig(patch=8, widths=(8, 8), embedding=8).build(32, nnx.Rngs(0))
    wide = jnp.asarray(np.random.default_rng(0).normal(size=(1, 58, 36, 36)), jnp.float32)
    # the margin of a crop goes on as it is: give it one that does
    wide = jnp.pad(wide[..., 4:-4, 4:-4], ((0, 0), (0, 0), (4, 4), (4, 4)), mode="edge")
    by_hand = 0.5 * (encoder(wide[..., :32, :32]) + encoder(wide[..., 4:, 4:]))
    np.testing.assert_allclose(settled_embeddings(encoder, wide[..., 2:-2, 2:-2]), by_hand, atol=1e-6)


def test_an_encoder_of_tiny_patches_reads_once():
    encoder = CnnConfig(patch=2, widths=(8, 8), embedding=8).build(16, nnx.Rngs(0))
    crops = jnp.asarray(np.random.default_rng(0).normal(size=(1, 58, 16, 16)), jnp.float32)
    np.testing.assert_array_equal(settled_embeddings(encoder, crops), encoder(crops))


def test_crops_cut_half_a_patch_beside_change_less_than_in_one_reading():
    """Simulated joints of a seed that the shipped encoder has not seen."""
    encoder = load_joint_weights().network.encoder
    crops = jnp.asarray(PairBatches(JointBank(4321), 1).block(0)[0]["crops"][0])
    moved = jnp.roll(crops, (4, 4), (-2, -1))

    def change(embed) -> float:
        return float(jnp.linalg.norm(embed(moved) - embed(crops), axis=-1).mean())

    once, settled = change(encoder), change(lambda seen: settled_embeddings(encoder, seen))
    assert settled == pytest.approx(0.0, abs=0.85 * once)
