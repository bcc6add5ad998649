"""Survey of a machine: devices, memory, film decoders, optional parts."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from pathlib import Path

from outcomenet.devices import usable_devices
from outcomenet.errors import OutcomenetError

# Which package decodes which DICOM transfer syntax, see `films.dicom_decoder`.
DECODERS = {
    "uncompressed, RLE": "pydicom",
    "JPEG baseline": "pillow",
    "JPEG Lossless, JPEG 2000 lossless": "python-gdcm",
    "JPEG 2000": "pylibjpeg-openjpeg",
    "JPEG-LS": "pyjpegls",
    "PNG, TIFF": "opencv-python-headless",
}
PARTS = (
    "jax",
    "flax",
    "optax",
    "orbax-checkpoint",
    "grain",
    "tensorflow-datasets",
    "lifelines",
    "scikit-learn",
    "matplotlib",
)


def examine() -> dict[str, list[str]]:
    """Lines to print by topic; what is missing is said with what to install."""
    return {
        "Machine": _machine(),
        "Devices": _devices(),
        "Film decoders": [f"{what}: {_version(package)}" for what, package in DECODERS.items()],
        "Packages": [f"{package}: {_version(package)}" for package in PARTS],
        "Optional": _optional(),
    }


def _machine() -> list[str]:
    lines = [f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"]
    memory = Path("/proc/meminfo")
    if memory.is_file():
        values = dict(line.split(":") for line in memory.read_text().splitlines())
        total, free = (int(values[key].split()[0]) / 2**20 for key in ("MemTotal", "MemAvailable"))
        short = "" if free >= 6 else "; the demo wants 6 GB"
        lines.append(f"memory {total:.1f} GB, {free:.1f} GB available{short}")
    lines.append(f"disk {shutil.disk_usage('.').free / 1e9:.0f} GB free here")
    return lines


def _devices() -> list[str]:
    try:
        devices = usable_devices()
    except OutcomenetError as error:
        return [str(error)]
    lines = [f"{device.platform}: {device.device_kind}" for device in devices]
    if all(device.platform == "cpu" for device in devices):
        lines.append("no accelerator found: training runs on the CPU; for a GPU install jax[cuda13]")
    return lines


def _optional() -> list[str]:
    names = {"statsmodels": "checks of statistics in the tests", "beartype": "shape checks in the tests"}
    return [
        f"{name}: {'there' if importlib.util.find_spec(name) else 'missing'} ({purpose})"
        for name, purpose in names.items()
    ] + [f"tensorflow: {'there, not used' if importlib.util.find_spec('tensorflow') else 'not there, not needed'}"]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"missing; install it with `pip install {package}`"
