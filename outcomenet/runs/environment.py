"""Environment of a run: everything besides the configuration that changes numbers is set, refused, or recorded and compared."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from outcomenet.artifacts import JsonObject
from outcomenet.devices import Device, usable_devices
from outcomenet.errors import UsageError
from outcomenet.runs.provenance import provenance

# Set by us, whatever the environment says: with another value the same seed gives other numbers (x64 alone moved a
# loss by 0.29), and no run needs it.
NUMERICS: dict[str, bool | int | str | None] = {
    "jax_enable_x64": False,
    "jax_numpy_dtype_promotion": "standard",
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_random_seed_offset": 0,
    "jax_default_matmul_precision": None,
}
# Vector instructions by which compilers of linear algebra choose how a sum is ordered.
CPU_FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve")
# Settings by which threads divide a sum, and the precision of products on GPUs.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "NVIDIA_TF32_OVERRIDE")
# A flag as XLA parses it: its value may be quoted and then hold blanks.
_FLAG = re.compile(r"""(?<!\S)-[^\s=]*(?:=(?:'[^']*'|"(?:\\.|[^"\\])*"|\S*))?""")
_NOT_RECORDED = re.compile(r"--xla_(dump|force_host_platform_device_count|hlo_profile)")
# Compared between training, evaluation and pooling: these move numbers in their last digits, or are another program.
COMPARED = {
    "version": "the version of outcomenet",
    "source_sha256": "the program's source",
    "python": "Python",
    "packages": "the packages",
    "machine": "the kind of machine",
    "cpu_features": "the processor's features",
    "cores": "the number of cores",
    "threads": "the settings of threads and precision",
    "devices": "the devices",
    "xla_flags": "XLA_FLAGS",
}


def set_numerics() -> None:
    """Sets those options of JAX that change numbers and that no configuration names, before anything is computed.

    Raises:
        UsageError: XLA_FLAGS ask for fast mathematics, which gives other numbers at every call, or name a file of flags.
    """
    import jax

    if fast := [flag for flag in _xla_flags() if re.search(r"fast_?math", flag) and not flag.endswith("=false")]:
        raise UsageError(
            f"XLA_FLAGS asks for {', '.join(fast)}: results could not be repeated elsewhere. Take it out of XLA_FLAGS "
            "and run the command again."
        )
    for name, value in NUMERICS.items():
        jax.config.update(name, value)


def environment() -> JsonObject:
    """Program, packages, processor, cores, threads, devices and flags of this process."""
    return {
        **provenance(),
        "cpu_features": _cpu_features(),
        # those that a batch system or container leaves to this process, not those of the machine
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": {name: os.environ[name] for name in THREADS if name in os.environ},
        "devices": [f"{count} x {kind}" for kind, count in sorted(Counter(map(_kind, usable_devices())).items())],
        "xla_flags": _xla_flags(),
        "numerics": NUMERICS,
    }


def differences(then: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Compares two environments by the entries of `COMPARED`.

    Args:
        then: Environment of an earlier step, from its record; an entry that is absent counts as not recorded.
        now: The present environment.

    Returns:
        One text for each difference, such as "the packages (jax: was 0.9, now 0.10)"; empty where there is none.
    """
    return [
        f"{words} ({_change(then.get(name), now.get(name))})"
        for name, words in COMPARED.items()
        if then.get(name) != now.get(name)
    ]


def _change(old: object, new: object) -> str:
    """Both values in words; of two records, their differing entries."""
    if isinstance(old, dict) and isinstance(new, dict):
        changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        return "; ".join(f"{name}: was {_short(old.get(name))}, now {_short(new.get(name))}" for name in changed)
    return f"was {_short(old)}, now {_short(new)}"


def _short(value: object) -> str:
    """A value in words; a digest by its first 12 characters."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if value is None:
        return "not recorded"
    text = str(value)
    return text[:12] if re.fullmatch(r"[0-9a-f]{64}", text) else text


def _kind(device: Device) -> str:
    return f"{device.platform}: {device.device_kind}"


def _xla_flags() -> list[str]:
    """Flags of XLA but those that say where to write, and how many devices a host shows: devices are compared apart.

    Of a flag whose value holds a path, its name.
    """
    text = os.environ.get("XLA_FLAGS", "")
    if text.strip() and not text.lstrip().startswith("-"):  # XLA takes such a value for the name of a file of flags
        raise UsageError(
            "XLA_FLAGS names a file of flags instead of flags, which begin with `-`: a record could not tell what was set. "
            "Write the flags themselves into XLA_FLAGS and run the command again."
        )
    flags = [flag for flag in _FLAG.findall(text) if not _NOT_RECORDED.match(flag)]
    # a path may name a person or a machine
    return sorted(flag.split("=")[0] if re.search(r"[/\\~]", flag) else flag for flag in flags)


def _cpu_features() -> list[str]:
    """Of `CPU_FEATURES`, those that this processor has; empty where the system does not tell."""
    file = Path("/proc/cpuinfo")
    if not file.is_file():
        return []
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", file.read_text(), re.MULTILINE)  # x86; ARM
    there = set(line.group(1).split()) if line else set()
    return [name for name in CPU_FEATURES if name in there]
