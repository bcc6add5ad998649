"""The training state and the step that takes it forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from outcomenet.arrays import Array
from outcomenet.training.objective import network_objective
from outcomenet.training.rungs import Parameters, RungNetwork

# {"step": int32, "key": uint32[2], "networks": {rung: {"parameters": ..., "optimiser": ...}}}
State = dict[str, Any]
Metrics = dict[str, Any]
Step = Callable[[State, Mapping[str, Array]], tuple[State, Metrics]]


def initial_state(parameters: Mapping[str, Parameters], optimiser: optax.GradientTransformation, seed: int) -> State:
    """State before the first step."""
    return {
        "step": jnp.zeros((), jnp.int32),
        "key": jax.random.key_data(jax.random.key(seed)),
        "networks": {
            name: {"parameters": params, "optimiser": optimiser.init(params)} for name, params in parameters.items()
        },
    }


def make_step(
    networks: Mapping[str, RungNetwork], optimiser: optax.GradientTransformation, weights: Mapping[str, float]
) -> Step:
    """The step: every rung learns from the same batch with the same joints hidden; randomness is (key, step)."""

    def step(state: State, batch: Mapping[str, Array]) -> tuple[State, Metrics]:
        key = jax.random.fold_in(jax.random.wrap_key_data(state["key"]), state["step"])
        metrics: Metrics = {}
        rungs = {}
        for name, network in networks.items():

            def loss(parameters: Parameters, network: RungNetwork = network) -> tuple[Array, dict[str, Array]]:
                return network_objective(network.merge(parameters), batch, key, weights)

            old = state["networks"][name]
            (total, parts), gradient = jax.value_and_grad(loss, has_aux=True)(old["parameters"])
            update, optimiser_state = optimiser.update(gradient, old["optimiser"], old["parameters"])
            rungs[name] = {
                "parameters": optax.apply_updates(old["parameters"], update),
                "optimiser": optimiser_state,
            }
            metrics[name] = {"loss": total, "gradient_norm": optax.tree.norm(gradient), **parts}
        return {"step": state["step"] + 1, "key": state["key"], "networks": rungs}, metrics

    return step
