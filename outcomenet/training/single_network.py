"""Training of one network on a loss of its own: what is not a rung of the ladder (localiser, joint network)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import jax
import optax
from flax import nnx

from outcomenet.arrays import Array, Float, Shaped
from outcomenet.errors import UsageError
from outcomenet.progress import Progress
from outcomenet.stopping import asked_by_signals
from outcomenet.training.loop import Batches, TrainingConfig, train
from outcomenet.training.optimiser import OptimiserConfig
from outcomenet.training.sharding import device_mesh
from outcomenet.training.state import NetworkState, TrainState, initial_state

Network = TypeVar("Network", bound=nnx.Module)
Batch = Mapping[str, Shaped[Array, "batch *axis"]]
Scalar = Float[Array, ""]
Parts = dict[str, Scalar]
Loss = Callable[[Any, Batch], tuple[Scalar, Parts]]  # of the network in training: what is minimised, its parts to show


def train_network(
    name: str,
    network: Network,
    loss: Loss,
    batches: Batches,
    config: TrainingConfig,
    optimiser_config: OptimiserConfig,
    folder: Path,
    run_id: str,
    progress: Progress,
) -> Network:
    """Trains one network, or goes on where its folder stopped.

    Args:
        name: Of the network, in its log and checkpoints.
        network: Its start.
        loss: What is minimised, of network and batch.
        batches: Endless, by number.
        config: Steps, seed, checkpoints.
        optimiser_config: Optimiser and schedule.
        folder: Checkpoints and log.
        run_id: What the checkpoints are of; those of another run are refused.
        progress: Shows how far the work is.

    Returns:
        The network, trained.

    Raises:
        UsageError: Examples were to be kept on the device.
        Preempted: The process was asked to stop; what was reached is saved.
    """
    if config.cache != "disk":
        raise UsageError(
            f"Joints are drawn anew for every step of {name}: there is nothing for training.cache to keep."
        )
    definition, state = nnx.split(network)
    optimiser = optimiser_config.build(config.steps)
    # the loop that all networks share holds its states by name; batches carry their seeds, so the state's key is not used
    start = initial_state({name: nnx.to_pure_dict(state)}, optimiser, config.seed)

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, dict[str, Parts]]:
        before = state.networks[name]

        def objective(parameters: dict[str, object]) -> tuple[Scalar, Parts]:
            return loss(nnx.merge(definition, parameters), batch)

        (total, parts), gradient = jax.value_and_grad(objective, has_aux=True)(before.parameters)
        parameters = cast(optax.Params, before.parameters)  # nested dictionaries of arrays, as optax takes them
        update, moments = optimiser.update(gradient, before.optimiser, parameters)
        after = NetworkState(cast(dict[str, object], optax.apply_updates(parameters, update)), moments)
        return replace(state, step=state.step + 1, networks={name: after}), {name: {"loss": total, **parts}}

    folder.mkdir(parents=True, exist_ok=True)
    with asked_by_signals() as stop:
        final = train(
            step,
            start,
            batches,
            config,
            folder,
            device_mesh(config.devices),
            run_id=run_id,
            progress=progress,
            stop=stop,
        )
    return nnx.merge(definition, jax.device_get(final.networks[name].parameters))
