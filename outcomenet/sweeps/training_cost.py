"""What a training would cost on this device: its step compiled and timed on a few visits, nothing written."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from outcomenet.devices import peak_teraflops
from outcomenet.experiment import Experiment
from outcomenet.input_pipeline.transforms import StoredExample
from outcomenet.progress import Progress, peak_memory_mb
from outcomenet.runs.environment import set_numerics
from outcomenet.training.sharding import CompiledStep, device_mesh, put_batch, put_state
from outcomenet.wiring import (
    parameter_counts,
    prepared,
    stored_examples,
    training_data,
    training_examples,
    training_step,
    wire,
)

TIMED_STEPS = 20


@dataclass(frozen=True)
class TrainingCost:
    """Measured on this machine, in seconds and MB."""

    device: str
    devices: int
    parameters: dict[str, int]
    """Numbers that are trained or held, by network."""
    shapes: dict[str, dict[str, tuple[int, ...]]]
    """Shape of every array of parameters, by network and path."""
    training_visits: int
    batch_size: int
    steps: int
    compile_seconds: float
    step_seconds: float
    """Median of the timed steps, the reading of their batches included."""
    waiting_share: float
    """Share of that time in which the next batch was waited for."""
    embed_seconds: float
    """Of reading all training films once, where the encoder stays as it is; 0 where it learns."""
    step_teraflop: float
    """Floating-point operations of a step, 10^12, as the compiler counts them; NaN where it does not."""
    peak_teraflops: float
    """Peak of all devices, 10^12 a second, in bfloat16 with dense matrices; NaN where it is not known."""
    device_mb: float
    """Of the compiled step: arguments, results and what it needs between; NaN where the device does not tell."""
    host_mb: float
    """Peak of this process."""

    @property
    def teraflops(self) -> float:
        """Operations a second, 10^12."""
        return self.step_teraflop / self.step_seconds

    @property
    def training_seconds(self) -> float:
        """Of one whole training, without evaluation."""
        return self.compile_seconds + self.embed_seconds + self.steps * self.step_seconds


def measure_training(experiment: Experiment, data: Path, progress: Progress) -> TrainingCost | None:
    """Compiles one step of an experiment and times twenty.

    Args:
        experiment: The question.
        data: Data set folder.
        progress: Is told of stages.

    Returns:
        The cost; None for an experiment without networks.

    Raises:
        UsageError: The data set cannot answer the question.
    """
    set_numerics()
    resolved, dataset, weights, _ = prepared(experiment, data)
    if not resolved.rungs:
        return None
    wiring = wire(resolved, dataset, weights)
    state = wiring.initial_state()
    mesh = device_mesh(resolved.training.devices or None)
    size = resolved.training.batch_size
    # as many visits as two batches take: what is timed is the step, not the whole data set
    few = _First(stored_examples(wiring), 2 * size)
    begun = time.monotonic()
    examples = training_examples(wiring, state, Progress(quiet=True), few)
    embed = (time.monotonic() - begun) / len(few) * few.all if resolved.network.is_frozen else 0.0
    batches, held = training_data(wiring, examples, Progress(quiet=True))
    compiled = CompiledStep(training_step(wiring), mesh, held)
    state, batch = put_state(state, mesh), put_batch(next(batches), mesh)
    begun = time.monotonic()
    program = compiled.compile(state, batch)
    compile_seconds = time.monotonic() - begun
    state, _ = jax.block_until_ready(compiled(state, batch))
    progress.start("steps", TIMED_STEPS, "time steps")
    whole, waiting = [], []
    for _ in range(TIMED_STEPS):
        begun = time.monotonic()
        batch = put_batch(next(batches), mesh)
        waiting.append(time.monotonic() - begun)
        state, _ = jax.block_until_ready(compiled(state, batch))
        whole.append(time.monotonic() - begun)
        progress.advance()
    progress.finish()
    return TrainingCost(
        device=mesh.devices.flat[0].device_kind,
        devices=mesh.size,
        parameters=parameter_counts(wiring.networks),
        shapes={name: _shapes(network.abstract_parameters) for name, network in wiring.networks.items()},
        training_visits=few.all,
        batch_size=size,
        steps=resolved.training.steps,
        compile_seconds=compile_seconds,
        step_seconds=float(np.median(whole)),
        waiting_share=float(np.sum(waiting) / np.sum(whole)),
        embed_seconds=embed,
        step_teraflop=compiled.teraflop,
        peak_teraflops=peak_teraflops(mesh.devices.flat[0].device_kind) * mesh.size,
        device_mb=_device_mb(program),
        host_mb=peak_memory_mb(),
    )


class _First(Sequence[StoredExample]):
    """The first examples of a longer sequence; `all` is its length."""

    def __init__(self, examples: Sequence[StoredExample], count: int):
        self.examples, self.all = examples, len(examples)
        self.shown = min(count, self.all)

    def __len__(self) -> int:
        return self.shown

    def __getitem__(self, index: int) -> StoredExample:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.examples[index]


def _device_mb(compiled: jax.stages.Compiled) -> float:
    memory = compiled.memory_analysis()
    if memory is None:
        return math.nan
    parts = (memory.argument_size_in_bytes, memory.output_size_in_bytes, memory.temp_size_in_bytes)
    # the state is donated: what comes out lies where it was
    return (sum(parts) - memory.alias_size_in_bytes) / 1e6


def _shapes(parameters: object) -> dict[str, tuple[int, ...]]:
    leaves = jax.tree_util.tree_leaves_with_path(parameters)
    return {jax.tree_util.keystr(path, simple=True, separator="."): tuple(leaf.shape) for path, leaf in leaves}
