"""Data parallelism: the batch is split over all devices, the state is on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from outcomenet.devices import usable_devices
from outcomenet.errors import UsageError
from outcomenet.training.step import Step

State = TypeVar("State")


def device_mesh(devices: int | None = None) -> Mesh:
    """A mesh of one axis `data` over the first `devices` devices, all by default."""
    available = usable_devices()
    devices = devices or len(available)
    if devices > len(available):
        raise UsageError(f"`training.devices` asks for {devices} devices, but {len(available)} are there.")
    # Auto: the compiler places what no sharding was given for; make_mesh defaults to Explicit
    return jax.make_mesh((devices,), ("data",), axis_types=(AxisType.Auto,), devices=available[:devices])


def compile_step(step: Step, mesh: Mesh) -> Step:
    """The step, jitted: state replicated and donated, batch split by visit. Sums run over the whole batch."""
    whole, split = replicated(mesh), NamedSharding(mesh, PartitionSpec("data"))
    return jax.jit(step, in_shardings=(whole, split), out_shardings=(whole, whole), donate_argnums=0)


def put_batch(batch: Mapping[str, np.ndarray], mesh: Mesh) -> dict[str, jax.Array]:
    """A host's batch onto the mesh; its size must be a multiple of the number of devices."""
    size = len(next(iter(batch.values())))
    if size % mesh.size:
        raise UsageError(
            f"A batch of {size} visits cannot be split over {mesh.size} devices; change training.batch_size."
        )
    return jax.device_put(dict(batch), NamedSharding(mesh, PartitionSpec("data")))


def put_state(state: State, mesh: Mesh) -> State:
    """The state onto every device."""
    return jax.device_put(state, replicated(mesh))


def replicated(mesh: Mesh) -> NamedSharding:
    """The whole of an array on every device of a mesh."""
    return NamedSharding(mesh, PartitionSpec())
