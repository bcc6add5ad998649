"""Networks that begin with pretrained weights: which ones, what they begin with, and how fast each layer moves."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from flax.traverse_util import flatten_dict
from safetensors.numpy import save_file

from outcomenet.errors import DataRefused, UsageError
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.joint_states import JointNetConfig
from outcomenet.models.joint_weights import JointWeights, load_joint_weights, save_joint_weights
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.models.visit_comparison import PairReading
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig
from outcomenet.training.pretrained import from_pretrained, resolved_start
from outcomenet.training.rungs import NetworkShape, RungNetwork
from outcomenet.training.state import NetworkState, TrainState
from outcomenet.training.step import TrainStep

ENCODER = CnnConfig(widths=(8, 8), embedding=8)
SHAPE = NetworkShape(16, ("haq",), ("age",), 3)


@pytest.fixture
def weights(tmp_path):
    graph, state = nnx.split(JointNetConfig(ENCODER).build(16, 7), nnx.Param)
    keys = iter(jax.random.split(jax.random.key(1), 200))
    # as after training: nothing is 0 any more
    moved = jax.tree.map(lambda p: p + 0.1 * jax.random.normal(next(keys), p.shape), state)
    made = JointWeights(nnx.merge(graph, moved), 16, 0.5, {})
    save_joint_weights(made, tmp_path / "own.safetensors")
    return tmp_path / "own.safetensors"


def start(path, **settings):
    return resolved_start(OutcomeNetConfig(initial=str(path), **settings), NO_HANDLING, 16, 0.5)


def test_a_file_gives_encoder_and_aggregation_and_is_named_without_its_folder(weights):
    config, loaded = start(weights)
    assert config.encoder == ENCODER
    assert config.aggregation is Aggregation.STATES
    assert config.initial == "own.safetensors"
    assert loaded is not None
    assert start(weights, aggregation=Aggregation.ADDITIVE).config.aggregation is Aggregation.ADDITIVE
    kept = resolved_start(OutcomeNetConfig(initial=str(weights)), ConfoundingConfig(oa_features=2), 16, 0.5)
    assert kept.config.aggregation is Aggregation.ADDITIVE


def test_crops_of_another_size_begin_from_chance_by_themselves_and_are_refused_where_weights_were_asked_for(weights):
    config, loaded = resolved_start(OutcomeNetConfig(), NO_HANDLING, 16, 0.5)
    assert (config.initial, config.aggregation, loaded) == ("none", Aggregation.ADDITIVE, None)
    with pytest.raises(
        UsageError, match=r"take crops of 16 px at 0.5 mm, and the data set has crops of 16 px at 0.25 mm"
    ):
        resolved_start(OutcomeNetConfig(initial=str(weights)), NO_HANDLING, 16, 0.25)
    with pytest.raises(UsageError, match="Leave network.encoder out"):
        start(weights, encoder=VitConfig())
    with pytest.raises(UsageError, match="no weights file"):
        start(weights.with_name("gone.safetensors"))


@pytest.mark.parametrize("members", [1, 2])
def test_parameters_begin_as_they_were_pretrained_but_for_the_readers(weights, members):
    config, loaded = start(weights)
    network = RungNetwork(config, NO_HANDLING, SHAPE, members)
    drawn = network.initial_parameters(0)
    begun = from_pretrained(network, drawn, loaded)
    stored = loaded.parts
    for part in ("encoder", "states", "films"):
        own = jax.tree.leaves(begun[part])
        assert len(own) == len(jax.tree.leaves(stored[part]))
        for a, b in zip(own, jax.tree.leaves(stored[part]), strict=True):
            np.testing.assert_array_equal(a if members == 1 else a[1], b)
    head = begun["svdh_head"]
    np.testing.assert_array_equal(
        head["weights"] if members == 1 else head["weights"][0], stored["svdh_head"]["weights"]
    )
    assert head["readers"].shape[-2] == 3  # this cohort's, whom nobody knows yet
    assert not np.asarray(head["readers"]).any()
    assert jax.tree.structure(begun) == jax.tree.structure(drawn)


@pytest.fixture
def foreign(tmp_path):
    """Tensors as PyTorch names and turns them, and the table of names: a file made here, of an encoder drawn from chance."""
    encoder = ENCODER.build(16, nnx.Rngs(5))
    tensors, lines = {}, ["[encoder]"]
    for place, value in flatten_dict(nnx.to_pure_dict(nnx.split(encoder, nnx.Param)[1])).items():
        theirs, name = ".".join(map(str, place)).replace("kernel", "weight"), "/".join(map(str, place))
        order = {2: [1, 0], 4: [3, 2, 0, 1]}.get(value.ndim)  # (out, in), (out, in, height, width)
        tensors[theirs] = np.ascontiguousarray(np.asarray(value).transpose(order or list(range(value.ndim))))
        back = "" if order is None else f", axes = {[order.index(axis) for axis in range(value.ndim)]}"
        lines.append(f'"{name}" = {{ name = "{theirs}"{back} }}')
    save_file(tensors, tmp_path / "public.safetensors")
    (tmp_path / "public.names.toml").write_text("\n".join(lines))
    return tmp_path / "public.safetensors", encoder


def test_an_encoder_of_another_program_comes_in_by_a_table_of_names(foreign):
    path, encoder = foreign
    config, loaded = start(path, encoder=ENCODER)
    assert (config.initial, config.aggregation) == ("public.safetensors", Aggregation.ADDITIVE)
    network = RungNetwork(config, NO_HANDLING, SHAPE)
    begun = network.merge(from_pretrained(network, network.initial_parameters(0), loaded))
    crops = jnp.asarray(np.random.default_rng(0).normal(size=(1, 58, 16, 16)), jnp.float32)
    np.testing.assert_allclose(begun.encoder(crops), encoder(crops), atol=1e-5)


def test_a_table_of_names_that_does_not_fit_is_answered_in_a_sentence(foreign):
    path, _ = foreign
    table = path.with_suffix(".names.toml")
    whole = table.read_text()
    for text, kind, sentence in (
        (whole.replace('"stem/bias"', '"stem/bais"'), UsageError, "names 'stem/bais', which the encoder does not have"),
        ("\n".join(whole.splitlines()[:-1]), UsageError, "every parameter of the encoder needs a tensor"),
        (whole.replace('"stem.weight", axes = [1, 0]', '"stem.weight"'), DataRefused, "check its axes"),
        (whole.replace('name = "stem.bias"', 'name = "stem.bais"'), DataRefused, "has no tensor 'stem.bais'"),
        (whole.replace("axes = [1, 0]", "axes = [1, 1]", 1), DataRefused, "are the numbers 0 to 1 in some order"),
        ("[encoder", DataRefused, "cannot be parsed as TOML"),
    ):
        table.write_text(text)
        with pytest.raises(kind, match=sentence):
            start(path, encoder=ENCODER)
    table.write_text(whole)
    with pytest.raises(UsageError, match="tells no joint states"):
        start(path, encoder=ENCODER, aggregation=Aggregation.STATES)


def trained(network: RungNetwork, parameters):
    """Parameters after one step on visits drawn at random."""
    rng = np.random.default_rng(0)
    optimiser = optax.sgd(0.1)
    batch = {
        "crops": rng.normal(size=(4, 58, 16, 16)).astype(np.float32), "visible": np.ones((4, 58), bool),
        "covariates": np.zeros((4, 1), np.float32), "observed": np.ones((4, 1), bool),
        "haq": np.array([0.5, 1.0, 2.0, 0.0], np.float32), "haq_half_width": np.full(4, 0.0625, np.float32),
        "svdh": rng.integers(0, 3, (4, 3, 86)), "kellgren_lawrence": rng.integers(0, 3, (4, 22)),
    }  # fmt: skip
    state = TrainState(
        jnp.zeros((), jnp.int32), jax.random.key_data(jax.random.key(0)),
        {"direct": NetworkState(parameters, optimiser.init(parameters))},
    )  # fmt: skip
    after, _ = TrainStep({"direct": network}, optimiser, {})(
        state, {name: jnp.asarray(values) for name, values in batch.items()}
    )
    return after.networks["direct"].parameters


def moved(before, after) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True))


def test_a_pretrained_encoder_stays_unless_a_rate_is_given_and_deeper_layers_move_less(weights):
    config, loaded = start(weights)
    frozen = RungNetwork(config, NO_HANDLING, SHAPE)
    begun = from_pretrained(frozen, frozen.initial_parameters(0), loaded)
    after = trained(frozen, begun)
    assert moved(begun["encoder"], after["encoder"]) == moved(begun["states"], after["states"]) == 0
    assert moved(begun["aggregation"], after["aggregation"]) > 0
    moving = RungNetwork(replace(config, encoder_rate=0.5, layer_decay=0.0), NO_HANDLING, SHAPE)
    after = trained(moving, begun)
    assert moved(begun["encoder"]["stem"], after["encoder"]["stem"]) == 0
    assert moved(begun["encoder"]["out"], after["encoder"]["out"]) > 0
    assert moved(begun["films"], after["films"]) == 0  # it takes no part in what single visits teach


def test_rates_fall_from_the_last_layer_to_the_pixels():
    config = OutcomeNetConfig(
        encoder=CnnConfig(patch=2, widths=(8, 8, 8), embedding=8), initial="w", encoder_rate=0.8, layer_decay=0.5
    )
    rates = RungNetwork(config, NO_HANDLING, SHAPE).update_rates
    encoder = rates["encoder"]
    assert encoder["out"]["kernel"] == 0.8
    assert encoder["stages"][1]["down"]["kernel"] == 0.4
    assert encoder["stages"][0]["down"]["kernel"] == 0.2
    assert encoder["stem"]["kernel"] == 0.1
    assert rates["aggregation"]["shared"] == 1.0


def two_films(first, later) -> Visit:
    """Two visits of one patient whose films are crops drawn at random, of two seeds."""
    drawn = [np.random.default_rng(seed).normal(size=(1, 58, 16, 16)).astype(np.float32) for seed in (first, later)]
    seen = jnp.ones((1, 58), bool)
    return Visit(
        jnp.asarray(drawn[0]), seen, jnp.zeros((1, 1)), jnp.ones((1, 1), bool), jnp.asarray(drawn[1]), jnp.ones(1)
    )


@pytest.mark.parametrize("mode", [PairReading.PAIRED, PairReading.CHRONOLOGICAL])
def test_a_network_of_pairs_begins_with_the_pretrained_comparison(weights, mode):
    config, loaded = start(weights, pairs=mode)
    shape = replace(SHAPE, outcomes=("haq_change",))
    network = RungNetwork(config, NO_HANDLING, shape)
    begun = from_pretrained(network, network.initial_parameters(0), loaded)
    own, stored = flatten_dict(begun["films"]), flatten_dict(loaded.parts["films"])
    for place, value in stored.items():
        np.testing.assert_array_equal(own[place], value)
    assert {place[-1] for place in own.keys() - stored.keys()} <= {"order"}
    assert loaded.card["begins"] == ["encoder", "states", "films", "svdh_head", "osteoarthritis_head"]
    # it says what the joint network itself says of the two films, whichever is shown first
    net, joints = network.merge(begun), load_joint_weights(weights).network
    forth, back = net.film_change(two_films(0, 1)).joints.mean, net.film_change(two_films(1, 0)).joints.mean
    first, later = (joints.settled(two_films(seed, seed).crops).embeddings for seed in (0, 1))
    np.testing.assert_allclose(forth, joints.films(first, later).mean, atol=1e-5)
    np.testing.assert_allclose(forth, -back, atol=1e-5)
    assert not np.asarray(net.film_change(two_films(2, 2)).joints.mean).any()
    assert not np.asarray(net(two_films(2, 2)).score).any()
