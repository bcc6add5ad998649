"""The training state and the step that takes it forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax

from outcomenet.arrays import Array
from outcomenet.training.ensemble import over_members
from outcomenet.training.objective import network_objective
from outcomenet.training.rungs import Parameters, RungNetwork

# {"step": int32, "key": uint32[2], "networks": {rung: {"parameters": ..., "optimiser": ...}}}
State = dict[str, Any]
Metrics = dict[str, Any]
Step = Callable[[State, Mapping[str, Array]], tuple[State, Metrics]]


def initial_state(
    parameters: Mapping[str, Parameters], optimiser: optax.GradientTransformation, seed: int, members: int = 1
) -> State:
    """State before the first step."""
    start = over_members(optimiser.init, members)
    return {
        "step": jnp.zeros((), jnp.int32),
        "key": jax.random.key_data(jax.random.key(seed)),
        "networks": {name: {"parameters": params, "optimiser": start(params)} for name, params in parameters.items()},
    }


def make_step(
    networks: Mapping[str, RungNetwork],
    optimiser: optax.GradientTransformation,
    weights: Mapping[str, float],
    steps: int = 1,
) -> Step:
    """The step: every rung learns from the same batch with the same joints hidden; randomness is (key, step), and the
    member's place in an ensemble, whose members start apart and hide joints apart.

    Adversaries watch until a share of the `steps` is over and push the encoder from then on, which then moves more
    slowly (see `ConfoundingConfig`).
    """

    def step(state: State, batch: Mapping[str, Array]) -> tuple[State, Metrics]:
        key = jax.random.fold_in(jax.random.wrap_key_data(state["key"]), state["step"])
        metrics: Metrics = {}
        rungs = {}
        for name, network in networks.items():
            how = network.confounding
            pushing = how.adversarial & (state["step"] >= how.adversary_from * steps)
            push = jnp.where(pushing, how.adversary_weight, 0.0)
            rate = jnp.where(pushing, how.encoder_rate_after, 1.0)
            learn = partial(_learn, network, optimiser, batch, key, weights, push, rate)
            members = network.members
            rungs[name], said = over_members(learn, members)(state["networks"][name], jnp.arange(members))
            metrics[name] = jax.tree.map(jnp.mean, said)
        return {"step": state["step"] + 1, "key": state["key"], "networks": rungs}, metrics

    return step


def _learn(
    network: RungNetwork,
    optimiser: optax.GradientTransformation,
    batch: Mapping[str, Array],
    key: Array,
    weights: Mapping[str, float],
    push: Array,
    rate: Array,
    old: dict[str, Any],
    member: Array,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """One update of one member: (its new parameters and optimiser state, its losses)."""
    if network.members > 1:
        key = jax.random.fold_in(key, member)

    def loss(parameters: Parameters) -> tuple[Array, dict[str, Array]]:
        return network_objective(network.merge(parameters), batch, key, weights, push)

    (total, parts), gradient = jax.value_and_grad(loss, has_aux=True)(old["parameters"])
    update: Any
    update, optimiser_state = optimiser.update(gradient, old["optimiser"], old["parameters"])
    if network.confounding.adversarial:
        update = {**update, "encoder": jax.tree.map(lambda u: rate * u, update["encoder"])}
    new = {"parameters": optax.apply_updates(old["parameters"], update), "optimiser": optimiser_state}
    return new, {"loss": total, "gradient_norm": optax.tree.norm(gradient), **parts}
