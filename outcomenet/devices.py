"""Devices that JAX can start on this machine, or the reason why it can start none."""

from __future__ import annotations

import os
from typing import Protocol

from outcomenet.errors import OutcomenetError, UsageError

# XLA maps far more than it uses (the demo 5.4 GB on two cores, and each core has its own arena and stack). With less it
# was seen to crash (4 GB) or to wait for ever for a thread that could not be started.
LEAST_ADDRESS_SPACE = 6 * 2**30
ADDRESS_SPACE_PER_CORE = 2**27


# Peak of one device, 10^12 operations a second, bfloat16 with dense matrices, from the makers' data sheets; by the beginning of JAX's
# `device_kind`, longer ones first.
_PEAK_TERAFLOPS = {
    "NVIDIA H200": 989.0, "NVIDIA H100 PCIe": 756.0, "NVIDIA H100": 989.0, "NVIDIA A100": 312.0, "NVIDIA L4": 121.0,
    "TPU v6 lite": 918.0, "TPU v5 lite": 197.0, "TPU v5": 459.0, "TPU v4": 275.0,
}  # fmt: skip


class Device(Protocol):
    """A device of JAX, as far as it is told apart here: jax.Device itself is no type to a checker."""

    platform: str
    device_kind: str


def usable_devices() -> list[Device]:
    """The devices of this machine that JAX starts, those of its default platform.

    Raises:
        UsageError: JAX_PLATFORMS asks for a kind of device that cannot be started here.
        OutcomenetError: The address space of this shell is too small for XLA, or no device starts at all.
    """
    _refuse_small_address_space()
    import jax

    asked = os.environ.get("JAX_PLATFORMS", "")
    try:
        return jax.devices()
    except (RuntimeError, AssertionError) as error:  # the second where a plug-in is there and its device is not
        # JAX adds advice on its own setting, which is not ours to give
        reason = str(error).partition("\n")[0].partition(" (set JAX_PLATFORMS")[0].rstrip(".")
        because = f" ({reason})" if reason else ""
        if asked:
            raise UsageError(
                f"JAX_PLATFORMS={asked} asks for a device that cannot be started on this machine{because}. "
                "Unset JAX_PLATFORMS to take what is there, or set JAX_PLATFORMS=cpu."
            ) from error
        raise OutcomenetError(
            f"JAX can start no device on this machine{because}; look at `outcomenet doctor`."
        ) from error


def peak_teraflops(device_kind: str) -> float:
    """Peak of a device, 10^12 operations a second in bfloat16; NaN where it is not known here.

    Args:
        device_kind: As JAX names it.

    >>> peak_teraflops("NVIDIA A100-SXM4-80GB"), peak_teraflops("TPU v5 lite"), peak_teraflops("cpu")
    (312.0, 197.0, nan)
    """
    return next((peak for kind, peak in _PEAK_TERAFLOPS.items() if device_kind.startswith(kind)), float("nan"))


def device_memory() -> float:
    """Bytes that are free on the first device; of a device without memory of its own, half of what is free on the machine.

    Half: the rest is for networks, batches and the system.
    """
    import jax

    told = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in told:
        return float(told["bytes_limit"] - told.get("bytes_in_use", 0))
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2


def _refuse_small_address_space() -> None:
    try:
        import resource
    except ImportError:  # no such limit on this system
        return
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    needed = LEAST_ADDRESS_SPACE + ADDRESS_SPACE_PER_CORE * (os.cpu_count() or 1)
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        raise OutcomenetError(
            f"This shell allows {allowed / 2**30:.1f} GB of address space (ulimit -v), and the networks' compiler maps up "
            f"to {needed / 2**30:.1f} GB, most of it unused. Set `ulimit -v unlimited`; to limit memory use a cgroup or the "
            "batch system's --mem."
        )
