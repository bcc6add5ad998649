"""Data parallelism: the batch is split over all devices, the state is on each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from outcomenet.arrays import Array, Shaped
from outcomenet.devices import usable_devices
from outcomenet.errors import UsageError
from outcomenet.training import processes
from outcomenet.training.state import TrainState
from outcomenet.training.step import Metrics, Step

State = TypeVar("State")


def device_mesh(devices: int | None = None) -> Mesh:
    """A mesh of one axis `data` over the first `devices` devices, all by default.

    Raises:
        UsageError: there are fewer devices, or several processes train together and a number is given.
    """
    available = usable_devices()
    if devices and processes.count() > 1:
        raise UsageError(
            "Several processes use all of their devices: leave training.devices at 0, and give each process fewer."
        )
    devices = devices or len(available)
    if devices > len(available):
        raise UsageError(f"`training.devices` asks for {devices} devices, but {len(available)} are there.")
    # Auto: the compiler places what no sharding was given for; make_mesh defaults to Explicit
    return jax.make_mesh((devices,), ("data",), axis_types=(AxisType.Auto,), devices=available[:devices])


class CompiledStep:
    """One update, compiled for a mesh at its first call: state on every device, batch split by visit; sums run over the whole batch.

    The state that it is given is donated: its memory is reused, and it cannot be read afterwards.
    """

    def __init__(self, step: Step, mesh: Mesh, held: Mapping[str, Shaped[np.ndarray, "example ..."]] | None = None):
        """Puts what is held onto the devices.

        Args:
            step: one update.
            mesh: the devices.
            held: all training examples, from which a batch then only tells the `place` of each row; None: a batch holds its rows.
        """
        whole, split = replicated(mesh), NamedSharding(mesh, PartitionSpec("data"))
        self._held = () if held is None else (put_state(dict(held), mesh),)

        def of_held(state: TrainState, batch: Mapping[str, Array], *held: Mapping[str, Array]):
            return step(state, {name: values[batch["place"]] for name, values in held[0].items()} if held else batch)

        self._jitted = jax.jit(
            of_held,
            in_shardings=(whole, split, *[whole] * len(self._held)),
            out_shardings=(whole, whole),
            donate_argnums=0,
        )
        self.program: jax.stages.Compiled | None = None  # once it is compiled

    def compile(self, state: TrainState, batch: Mapping[str, Array]) -> jax.stages.Compiled:
        """Compiles without a step.

        Args:
            state: of `put_state`.
            batch: of `put_batch`.
        """
        self.program = self._jitted.lower(state, batch, *self._held).compile()
        return self.program

    def __call__(self, state: TrainState, batch: Mapping[str, Array]) -> tuple[TrainState, Metrics]:
        """(The state after one update, the losses before it.)"""
        program = self.program or self.compile(state, batch)
        return program(state, batch, *self._held)

    @property
    def teraflop(self) -> float:
        """Floating-point operations of a step on all devices, 10^12, as the compiler counts them; NaN where it does not."""
        counted = (self.program.cost_analysis() if self.program else None) or {}
        return float(counted.get("flops", math.nan)) / 1e12


def put_batch(
    batch: Mapping[str, Shaped[np.ndarray, "batch ..."]], mesh: Mesh
) -> dict[str, Shaped[Array, "batch ..."]]:
    """Splits a batch over the devices; of several processes each gives its own rows, in the order of their numbers.

    Args:
        batch: arrays with a first axis of visits.
        mesh: the devices.

    Raises:
        UsageError: the number of visits is no multiple of the number of devices.
    """
    size = len(next(iter(batch.values()))) * processes.count()
    if size % mesh.size:
        raise UsageError(
            f"A batch of {size} visits cannot be split over {mesh.size} devices; change training.batch_size."
        )
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    if processes.count() == 1:
        return jax.device_put(dict(batch), sharding)
    return {name: jax.make_array_from_process_local_data(sharding, values) for name, values in batch.items()}


def put_state(state: State, mesh: Mesh) -> State:
    """Puts the whole state onto every device, also those of other processes, which have the same.

    Args:
        state: nested records of arrays.
        mesh: the devices.
    """
    sharding = replicated(mesh)
    if processes.count() == 1:
        return jax.device_put(state, sharding)

    def everywhere(values: Array) -> Array:
        here = np.asarray(values)
        return jax.make_array_from_callback(here.shape, sharding, lambda part: here[part])

    return jax.tree.map(everywhere, state)


def replicated(mesh: Mesh) -> NamedSharding:
    """The whole of an array on every device of a mesh."""
    return NamedSharding(mesh, PartitionSpec())
