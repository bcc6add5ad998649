"""Training of one network: batches of samples made in threads, a step, the training loop that all networks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import jax
import numpy as np
import optax
from flax import nnx

from outcomenet.localizer_training.finder_samples import finder_sample
from outcomenet.localizer_training.limb_samples import landmark_sample, patch_sample
from outcomenet.localizer_training.losses import Batch, Parts, Scalar, finder_loss, landmark_loss, refiner_loss
from outcomenet.localizer_training.source import Sample, Source
from outcomenet.progress import Progress
from outcomenet.stopping import asked_by_signals
from outcomenet.training.loop import TrainingConfig, train
from outcomenet.training.optimiser import OptimiserConfig
from outcomenet.training.sharding import device_mesh
from outcomenet.training.state import NetworkState, TrainState, initial_state

Network = TypeVar("Network", bound=nnx.Module)
Loss = Callable[[Any, Batch], tuple[Scalar, Parts]]  # of the stage's own network
STAGES: dict[str, tuple[Loss, Callable[[Source, int, int], Sample]]] = {
    "finder": (finder_loss, finder_sample),
    "landmarks": (landmark_loss, landmark_sample),
    "refiner": (refiner_loss, patch_sample),
}


def train_stage(
    name: str,
    network: Network,
    source: Source,
    config: TrainingConfig,
    optimiser_config: OptimiserConfig,
    folder: Path,
    run_id: str,
    progress: Progress,
) -> Network:
    """Trains one network, or goes on where its folder stopped.

    Args:
        name: `finder`, `landmarks` or `refiner`; decides loss and samples.
        network: Its start.
        source: Films and mean shapes.
        config: Steps, batch size, seed, checkpoints.
        optimiser_config: Optimiser and schedule.
        folder: Checkpoints and log.
        run_id: What the checkpoints are of; those of another run are refused.
        progress: Shows how far the work is.

    Returns:
        The network, trained.

    Raises:
        Preempted: The process was asked to stop; what was reached is saved.
    """
    loss, sample = STAGES[name]
    definition, state = nnx.split(network)
    optimiser = optimiser_config.build(config.steps)
    # the loop that all networks share holds its states by name; samples carry their seeds, so the state's key is not used
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
    batches = SampleBatches(source, sample, config.seed, config.batch_size, config.threads)
    progress.say(f"{name}:")
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


class SampleBatches:
    """Batches of samples, made ahead in threads; the position is the number of the next batch."""

    def __init__(
        self,
        source: Source,
        sample: Callable[[Source, int, int], Sample],
        seed: int,
        batch_size: int,
        threads: int,
        ahead: int = 4,
    ):
        self.make = lambda number: sample(source, seed, number)
        self.size, self.ahead = batch_size, ahead
        self.pool = ThreadPoolExecutor(max(1, threads))
        self.next = 0
        self.waiting: list[list[Future[Sample]]] = []

    def __iter__(self) -> Iterator[Sample]:
        return self

    def __next__(self) -> Sample:
        # samples depend on their number alone, so that threads and restarts change none
        while len(self.waiting) < self.ahead:
            first = (self.next + len(self.waiting)) * self.size
            self.waiting.append([self.pool.submit(self.make, first + n) for n in range(self.size)])
        samples = [future.result() for future in self.waiting.pop(0)]
        self.next += 1
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def get_state(self) -> dict[str, int]:
        """The position, for a checkpoint; batches made ahead do not count."""
        return {"next": self.next}

    def set_state(self, state: dict[str, int]) -> None:
        """Goes to the position of a checkpoint; batches made ahead are forgotten."""
        self.waiting.clear()
        self.next = state["next"]
