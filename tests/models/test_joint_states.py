"""Joint network: levels of a state, comparison of two films, weights that go through a file."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.errors import DataRefused, UsageError
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.joint_states import (
    CHANGES,
    JOINT_STATES,
    LEVELS,
    JointNetConfig,
    expected_level,
    level_loss,
)
from outcomenet.models.joint_weights import JointWeights, begun_from, load_joint_weights, save_joint_weights
from outcomenet.simulation.states import JointStates
from outcomenet.weight_files import read_weights, write_weights

CONFIG = JointNetConfig(CnnConfig(widths=(8, 8), embedding=8))


def films(seed: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=(2, 58, 16, 16)), jnp.float32)


@pytest.fixture(scope="module")
def network():
    net = CONFIG.build(16, 0)
    # the comparison adds nothing at the start: let it
    net.films.comparison.out.kernel[...] = 0.3 * jax.random.normal(jax.random.key(1), (16, 8))
    return net


def test_states_are_those_of_the_simulation():
    assert set(JOINT_STATES) == set(JointStates._fields) - {"amputated"}
    assert CHANGES[: len(JOINT_STATES)] == JOINT_STATES


def test_the_loss_is_least_where_the_mean_of_the_levels_is_the_value():
    """Two-hot targets: at the best logits 0.37 lies 0.7 of the way from 0.3 to 0.4, and the loss is the entropy of that."""
    value = jnp.array([0.37])
    best = jnp.log(jnp.where(jnp.isclose(LEVELS, 0.3), 0.3, jnp.where(jnp.isclose(LEVELS, 0.4), 0.7, 1e-9)))[None]
    assert expected_level(best, LEVELS)[0] == pytest.approx(0.37, abs=1e-4)
    entropy = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
    assert level_loss(best, value, LEVELS)[0] == pytest.approx(entropy, abs=1e-4)
    assert level_loss(jnp.zeros((1, 11)), value, LEVELS)[0] == pytest.approx(np.log(11), abs=1e-5)


def test_values_beyond_the_levels_count_as_their_ends():
    logits = jnp.asarray(np.random.default_rng(0).normal(size=(1, 11)), jnp.float32)
    assert level_loss(logits, jnp.array([1.4]), LEVELS) == level_loss(logits, jnp.array([1.0]), LEVELS)


def test_the_same_film_twice_has_changed_by_nothing_and_swapped_films_by_the_opposite(network):
    first, second = network(films(0)).embeddings, network(films(1)).embeddings
    assert float(jnp.abs(network.films(first, first).mean).max()) == 0
    there, back = network.films(first, second), network.films(second, first)
    np.testing.assert_allclose(there.mean, -back.mean, atol=1e-6)
    np.testing.assert_allclose(there.sd, back.sd, atol=1e-6)
    assert float(there.sd.min()) > 0


@pytest.mark.parametrize(
    "encoder", [CnnConfig(widths=(8, 8), embedding=8), VitConfig(patch=4, width=8, blocks=1, heads=2, embedding=8)]
)
def test_weights_come_back_from_their_file(encoder, tmp_path):
    written = JointNetConfig(encoder).build(16, 3)
    path = tmp_path / "w.safetensors"
    save_joint_weights(JointWeights(written, 16, 0.5, {"seed": 3}), path)
    back = load_joint_weights(path)
    assert (back.size_px, back.mm_per_px, back.card) == (16, 0.5, {"seed": 3})
    assert back.network.config.encoder == encoder
    # half precision keeps three digits
    np.testing.assert_allclose(back.network(films(0)).state_logits, written(films(0)).state_logits, atol=0.02)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_other_files_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(
        UsageError, match=r"no weights file .*none.safetensors.*train experiments/pretrained_encoder.py"
    ):
        load_joint_weights(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(DataRefused, match="not a readable safetensors file"):
        load_joint_weights(tmp_path / "text.safetensors")
    write_weights(tmp_path / "other.safetensors", {"a": np.zeros(2, np.float16)}, {"format": "something"})
    with pytest.raises(DataRefused, match="holds 'something', but 'outcomenet joint network 2'"):
        load_joint_weights(tmp_path / "other.safetensors")


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path, network):
    from safetensors.numpy import load_file

    from outcomenet.weight_files import read_weights

    path = tmp_path / "w.safetensors"
    save_joint_weights(JointWeights(network, 16, 0.5, {}), path)
    about, _ = read_weights(path, "")
    tensors = load_file(path)
    tensors.pop("joints/states/kernel")
    write_weights(path, tensors, about)
    with pytest.raises(DataRefused, match=r"tensor joints/states/kernel of shape \[8, 121\], got none"):
        load_joint_weights(path)


def test_training_goes_on_from_a_file_of_a_version_that_told_fewer_changes(tmp_path):
    before = CONFIG.build(16, 3)
    path = tmp_path / "w.safetensors"
    save_joint_weights(JointWeights(before, 16, 0.5, {"seed": 3}), path)
    about, tensors = read_weights(path, "it")
    kernel = "joints/films/change/kernel"
    write_weights(path, tensors | {kernel: tensors[kernel][:, :12]}, about)
    fresh = CONFIG.build(16, 4)
    went_on, card = begun_from(fresh, 16, path)
    assert card == {"seed": 3}
    np.testing.assert_array_equal(went_on.states.kernel[...], before.states.kernel[...].astype(jnp.float16))
    changes = went_on.films.change.kernel[...]
    np.testing.assert_array_equal(changes[:, :12], before.films.change.kernel[:, :12].astype(jnp.float16))
    np.testing.assert_array_equal(changes[:, 12:], fresh.films.change.kernel[:, 12:].astype(jnp.float16))


def test_training_does_not_go_on_from_another_encoder(tmp_path):
    path = tmp_path / "w.safetensors"
    save_joint_weights(JointWeights(CONFIG.build(16, 3), 16, 0.5, {}), path)
    other = JointNetConfig(CnnConfig(widths=(8, 16), embedding=8)).build(16, 0)
    with pytest.raises(UsageError, match="own encoder and crops"):
        begun_from(other, 16, path)
    with pytest.raises(UsageError, match="own encoder and crops"):
        begun_from(CONFIG.build(32, 0), 32, path)
