"""Data parallelism: the batch is split over all devices, the state is on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from outcomenet.arrays import Array, Shaped
from outcomenet.devices import usable_devices
from outcomenet.errors import UsageError
from outcomenet.training.step import Step

State = TypeVar("State")


def device_mesh(devices: int | None = None) -> Mesh:
    """A mesh of one axis `data` over the first `devices` devices, all by default.

    Raises:
        UsageError: there are fewer devices.
    """
    available = usable_devices()
    devices = devices or len(available)
    if devices > len(available):
        raise UsageError(f"`training.devices` asks for {devices} devices, but {len(available)} are there.")
    # Auto: the compiler places what no sharding was given for; make_mesh defaults to Explicit
    return jax.make_mesh((devices,), ("data",), axis_types=(AxisType.Auto,), devices=available[:devices])


def compile_step(step: Step, mesh: Mesh) -> Step:
    """The step compiled for a mesh: state on every device, batch split by visit; sums run over the whole batch.

    Args:
        step: one update.
        mesh: the devices.

    Returns:
        The same step. The state that it is given is donated: its memory is reused, and it cannot be read afterwards.
    """
    whole, split = replicated(mesh), NamedSharding(mesh, PartitionSpec("data"))
    return jax.jit(step, in_shardings=(whole, split), out_shardings=(whole, whole), donate_argnums=0)


def put_batch(
    batch: Mapping[str, Shaped[np.ndarray, "batch ..."]], mesh: Mesh
) -> dict[str, Shaped[Array, "batch ..."]]:
    """Splits a host's batch over the devices.

    Args:
        batch: arrays with a first axis of visits.
        mesh: the devices.

    Raises:
        UsageError: the number of visits is no multiple of the number of devices.
    """
    size = len(next(iter(batch.values())))
    if size % mesh.size:
        raise UsageError(
            f"A batch of {size} visits cannot be split over {mesh.size} devices; change training.batch_size."
        )
    return jax.device_put(dict(batch), NamedSharding(mesh, PartitionSpec("data")))


def put_state(state: State, mesh: Mesh) -> State:
    """Puts the whole state onto every device.

    Args:
        state: nested records of arrays.
        mesh: the devices.
    """
    return jax.device_put(state, replicated(mesh))


def replicated(mesh: Mesh) -> NamedSharding:
    """The whole of an array on every device of a mesh."""
    return NamedSharding(mesh, PartitionSpec())
