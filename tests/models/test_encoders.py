"""Encoders keep one contract, whatever they are made of; a vision transformer's attention equals a calculation by hand."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX, JOINT_KINDS
from outcomenet.datasets.visit_example import TARGETS
from outcomenet.errors import UsageError
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.encoder import SIDE_INDEX, Encoder
from outcomenet.models.encoders.vit import Block, VitConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig
from outcomenet.training.rungs import NetworkShape, build_networks
from outcomenet.training.state import initial_state
from outcomenet.training.step import TrainStep

SIZE = 16
CONFIGS = [CnnConfig(widths=(8, 8), embedding=8), VitConfig(patch=4, width=8, blocks=2, heads=2, embedding=8)]
every = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)


def crops(seed: int = 0, batch: int = 2) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), (batch, JOINT_COUNT, SIZE, SIZE))


def parameters(config, size: int) -> int:
    net = nnx.eval_shape(lambda: config.build(size, nnx.Rngs(0)))
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(net, nnx.Param)))


@every
def test_a_joints_embedding_is_of_its_own_crop_alone(config):
    encoder = config.build(SIZE, nnx.Rngs(0))
    assert isinstance(encoder, Encoder)
    whole = encoder(crops())
    assert whole.shape == (2, JOINT_COUNT, encoder.embedding)
    changed = encoder(crops().at[0, 3].multiply(2.0))
    other = np.abs(np.asarray(whole - changed)).max(-1) > 1e-5
    assert np.argwhere(other).tolist() == [[0, 3]]
    np.testing.assert_allclose(encoder(crops()[:1]), whole[:1], atol=1e-5)


@every
def test_joints_with_the_same_crop_differ_by_kind_and_side_alone(config):
    same = jnp.broadcast_to(crops()[:, :1], (2, JOINT_COUNT, SIZE, SIZE))
    embeddings = np.asarray(config.build(SIZE, nnx.Rngs(0))(same))[0]
    groups = {key: n for n, key in enumerate(zip(JOINT_KIND_INDEX, SIDE_INDEX, strict=True))}
    for n, key in enumerate(zip(JOINT_KIND_INDEX, SIDE_INDEX, strict=True)):
        np.testing.assert_allclose(embeddings[n], embeddings[groups[key]], atol=1e-5)
    firsts = embeddings[sorted(groups.values())]
    assert min(np.abs(a - b).max() for i, a in enumerate(firsts) for b in firsts[:i]) > 1e-3


@every
def test_activations_in_half_precision_give_embeddings_in_single(config):
    half = replace(config, bfloat16=True).build(SIZE, nnx.Rngs(0))(crops())
    assert half.dtype == jnp.float32
    np.testing.assert_allclose(half, config.build(SIZE, nnx.Rngs(0))(crops()), atol=0.1)


def test_default_encoders_have_as_many_parameters():
    convolutions, attention = parameters(CnnConfig(), 48), parameters(VitConfig(), 48)
    assert attention == pytest.approx(convolutions, rel=0.02)
    assert round(attention / 1e6, 2) == 0.25


def test_a_block_of_attention_by_hand():
    block = Block(4, 2, jnp.float32, nnx.Rngs(1))
    tokens = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float32)

    def norm(x):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)

    def linear(layer, x):
        return x @ np.asarray(layer.kernel[...]) + np.asarray(layer.bias[...])

    joined = linear(block.query_key_value, norm(tokens[0]))
    attended = []
    for head in range(2):  # numbers 0-3 are the queries of both heads, 4-7 the keys, 8-11 the values
        query, key, value = (joined[:, start + 2 * head : start + 2 * head + 2] for start in (0, 4, 8))
        weight = np.exp(query @ key.T / np.sqrt(2))
        attended.append(weight / weight.sum(-1, keepdims=True) @ value)
    expected = tokens[0] + linear(block.attended, np.concatenate(attended, -1))
    mixed = linear(block.mix, norm(expected))
    expected = expected + linear(block.out, np.asarray(jax.nn.gelu(mixed)))
    np.testing.assert_allclose(block(jnp.asarray(tokens))[0], expected, rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_a_sentence():
    with pytest.raises(UsageError, match=r"width 96 cannot be shared out to 5 heads; choose a multiple"):
        VitConfig(heads=5)
    with pytest.raises(UsageError, match=r"Setting blocks .* got 0"):
        VitConfig(blocks=0)
    for config in (VitConfig(), CnnConfig(patch=8)):
        with pytest.raises(UsageError, match=r"Crops of 20 px cannot be cut into patches of 8 px"):
            config.build(20, nnx.Rngs(0))


@every
def test_a_step_trains_the_encoder_and_its_rate_can_be_lowered_alone(config):
    """In the second phase of training with adversaries; what belongs to the encoder is known from its contract."""
    how = replace(ConfoundingConfig(), conditional_adversary=("fm",), adversary_from=0.0, encoder_rate_after=0.0)
    network = OutcomeNetConfig(encoder=config)
    networks = build_networks(("direct", "direct_adjusted"), network, how, NetworkShape(SIZE, ("haq",), ("fm",), 1))
    assert networks["direct"].confounding == NO_HANDLING
    for own in networks.values():
        marked = {name: set(jax.tree.leaves(tree)) for name, tree in own.is_encoder.items()}
        assert {name for name, values in marked.items() if values == {True}} == {"encoder"}
        assert {True, False} not in marked.values()
    before = {name: own.initial_parameters(0) for name, own in networks.items()}
    visit = Visit(crops(), jnp.ones((2, JOINT_COUNT), bool), jnp.ones((2, 1)), jnp.ones((2, 1), bool))
    targets = {name: jnp.full(2, jnp.nan) for name in TARGETS}
    targets |= {"haq": jnp.array([0.5, 2.0]), "haq_half_width": jnp.full(2, 0.0625)}
    grades = {"svdh": jnp.full((2, 1, 86), -1), "kellgren_lawrence": jnp.full((2, 22), -1)}
    batch = {**visit._asdict(), **targets, **grades}
    del batch["later_crops"], batch["years"]
    step = jax.jit(TrainStep(networks, optax.sgd(0.1), {}))
    after, metrics = step(initial_state(before, optax.sgd(0.1), 0), batch)
    assert all(np.isfinite(value) for losses in metrics.values() for value in losses.values())

    def moved(rung: str, part: str) -> float:
        pairs = zip(*map(jax.tree.leaves, (before[rung][part], after.networks[rung].parameters[part])), strict=True)
        return max(float(jnp.abs(a - b).max()) for a, b in pairs)

    assert moved("direct", "encoder") > 0
    assert moved("direct_adjusted", "encoder") == 0
    assert moved("direct_adjusted", "heads") > 0
    assert len(JOINT_KINDS) == after.networks["direct"].parameters["encoder"]["kind"]["embedding"].shape[0]
