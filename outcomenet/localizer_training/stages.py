"""The localiser's three networks in training: the loss of each, and the samples that it learns from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from flax import nnx

from outcomenet.localizer_training.finder_samples import finder_sample
from outcomenet.localizer_training.limb_samples import landmark_sample, patch_sample
from outcomenet.localizer_training.losses import finder_loss, landmark_loss, refiner_loss
from outcomenet.localizer_training.source import Sample, Source
from outcomenet.progress import Progress
from outcomenet.training.ahead import BatchesAhead
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig
from outcomenet.training.single_network import Loss, train_network

Network = TypeVar("Network", bound=nnx.Module)
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

    def batch(number: int) -> list[Sample]:
        samples = [sample(source, config.seed, number * config.batch_size + n) for n in range(config.batch_size)]
        return [{name: np.stack([sample[name] for sample in samples]) for name in samples[0]}]

    progress.say(f"{name}:")
    batches = BatchesAhead(batch, config.threads)
    return train_network(name, network, loss, batches, config, optimiser_config, folder, run_id, progress)
