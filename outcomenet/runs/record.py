"""record.json: how a run was made. Re-running the same command finds it and goes on; another command is refused."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import outcomenet
from outcomenet.artifacts import write_whole
from outcomenet.errors import UsageError

RECORD = "record.json"
PACKAGES = (
    "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "array-record", "tensorflow-datasets", "numpy",
    "pandas", "scipy", "scikit-learn", "lifelines", "pydicom", "opencv-python-headless", "matplotlib",
)  # fmt: skip
# What must agree for a run to be gone on with.
IDENTITY = ("experiment", "experiment_sha256", "config", "data")


def begin_run(run: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Writes the record of a new run, or returns that of the same run begun before.

    A folder that holds another run (other experiment, configuration or data) raises UsageError naming the difference.
    """
    path = run / RECORD
    if not path.exists():
        if run.exists() and any(run.iterdir()):
            raise UsageError(f"{run} exists and is not a run (it has no {RECORD}); choose another --out.")
        run.mkdir(parents=True, exist_ok=True)
        write_record(run, record)
        return record
    old = read_record(run)
    for key in IDENTITY:
        if old.get(key) != json.loads(json.dumps(record[key])):
            raise UsageError(
                f"{run} was made with another {key.replace('_', ' ')} ({_difference(old.get(key), record[key])}); "
                "choose another --out, or remove that folder to start anew."
            )
    return old


def read_record(run: Path) -> dict[str, Any]:
    """The record of a run; UsageError when the folder is none."""
    path = run / RECORD
    if not path.is_file():
        raise UsageError(f"{run} is not a run (it has no {RECORD}); make one with `outcomenet train EXPERIMENT.py`.")
    return json.loads(path.read_text())


def write_record(run: Path, record: dict[str, Any]) -> None:
    """Writes record.json as a whole or not at all."""
    write_whole(run / RECORD, json.dumps(record, indent=1) + "\n")


def add_stages(run: Path, stages: list[dict[str, Any]], *, first: bool = False) -> None:
    """Adds the speed of stages to a run's record, before those already there if `first`."""
    record = read_record(run)
    old = record.get("stages", [])
    write_record(run, record | {"stages": stages + old if first else old + stages})


def provenance(experiment_file: Path) -> dict[str, Any]:
    """Command, commit with uncommitted changes, package versions and machine kind."""
    return {
        "command": " ".join(["outcomenet", *sys.argv[1:]]),
        "experiment": experiment_file.name,
        "experiment_sha256": hashlib.sha256(experiment_file.read_bytes()).hexdigest(),
        "version": outcomenet.__version__,
        "commit": _git("rev-parse", "HEAD"),
        "dirty": _git("diff", "HEAD"),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def _git(*arguments: str) -> str:
    """Output of git in the folder the package lies in; empty where there is no repository."""
    folder = Path(outcomenet.__file__).parent
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _difference(old: Any, new: Any, path: str = "") -> str:
    """The first place where two records differ, in words."""
    new = json.loads(json.dumps(new))
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                return _difference(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    return f"{path or 'value'}: was {old!r}, now {new!r}"
