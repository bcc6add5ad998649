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
    networks: Mapping[str, RungNetwork],
    optimiser: optax.GradientTransformation,
    weights: Mapping[str, float],
    steps: int = 1,
) -> Step:
    """The step: every rung learns from the same batch with the same joints hidden; randomness is (key, step).

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

            def loss(
                parameters: Parameters, network: RungNetwork = network, push: Array = push
            ) -> tuple[Array, dict[str, Array]]:
                return network_objective(network.merge(parameters), batch, key, weights, push)

            old = state["networks"][name]
            (total, parts), gradient = jax.value_and_grad(loss, has_aux=True)(old["parameters"])
            update: Any
            update, optimiser_state = optimiser.update(gradient, old["optimiser"], old["parameters"])
            if how.adversarial:
                rate = jnp.where(pushing, how.encoder_rate_after, 1.0)
                update = {**update, "encoder": jax.tree.map(lambda u, rate=rate: rate * u, update["encoder"])}
            rungs[name] = {
                "parameters": optax.apply_updates(old["parameters"], update),
                "optimiser": optimiser_state,
            }
            metrics[name] = {"loss": total, "gradient_norm": optax.tree.norm(gradient), **parts}
        return {"step": state["step"] + 1, "key": state["key"], "networks": rungs}, metrics

    return step
