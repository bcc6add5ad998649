"""Training state: parameters and optimiser of every network, with the step and the key of the random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax

from outcomenet.arrays import Array, Int, UInt
from outcomenet.training.ensemble import over_members
from outcomenet.training.rungs import Parameters, RungNetwork


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NetworkState:
    """One network in training; of an ensemble every array has a leading axis for the members."""

    parameters: Parameters
    optimiser: optax.OptState


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrainState:
    """All that a step changes, and all that a checkpoint needs besides the data's position. Names of the fields are names
    in the checkpoint."""

    step: Int[Array, ""]  # how many are done
    key: UInt[Array, "2"]  # the same at every step, which folds its number in
    networks: dict[str, NetworkState]  # by rung


def initial_state(
    parameters: Mapping[str, Parameters], optimiser: optax.GradientTransformation, seed: int, members: int = 1
) -> TrainState:
    """State before the first step.

    Args:
        parameters: of every network, by rung.
        optimiser: one for all of them.
        seed: of what is random in training besides the order of the data.
        members: of an ensemble, each with an optimiser state of its own.
    """
    start = over_members(optimiser.init, members)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        key=jax.random.key_data(jax.random.key(seed)),
        networks={name: NetworkState(own, start(own)) for name, own in parameters.items()},
    )


def abstract_state(networks: Mapping[str, RungNetwork], optimiser: optax.GradientTransformation) -> TrainState:
    """Names, shapes and types of a state, without a number of it; see `initial_state`.

    Args:
        networks: structures by rung.
        optimiser: one for all of them.
    """
    members = max((network.members for network in networks.values()), default=1)
    return jax.eval_shape(
        lambda parameters: initial_state(parameters, optimiser, 0, members),
        {name: network.abstract_parameters for name, network in networks.items()},
    )
