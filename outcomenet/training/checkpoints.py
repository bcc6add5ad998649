"""Checkpoints: one record of state and data position, written by Orbax, trusted only after its hashes agree.

Orbax restores flipped bits without a word, so every file's SHA-256 goes into a manifest beside it. A checkpoint is
written under a temporary name and renamed when complete: a killed process leaves whole checkpoints or none.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from outcomenet.artifacts import MANIFEST, first_difference, read_manifest, unlisted, write_manifest
from outcomenet.errors import CheckpointError

STATE, POSITION = "state", "position.json"


class Checkpoints:
    """The checkpoints of a run, `folder/<step>/`; the newest `keep` stay."""

    def __init__(self, folder: Path, keep: int = 2):
        self.folder, self.keep = folder, keep
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".*.partial"):  # of a process that was killed while saving
            shutil.rmtree(leftover)

    def steps(self) -> list[int]:
        """Steps with a complete checkpoint, oldest first."""
        return sorted(int(path.name) for path in self.folder.iterdir() if re.fullmatch(r"\d+", path.name))

    def save(self, step: int, state: Any, position: dict[str, Any]) -> Path:
        """Writes state and data position as one record and removes checkpoints beyond `keep`."""
        final, partial = self.folder / str(step), self.folder / f".{step}.partial"
        if final.exists():
            return final
        partial.mkdir()
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save((partial / STATE).absolute(), state)
        (partial / POSITION).write_text(json.dumps(position))
        write_manifest(partial)
        partial.rename(final)
        for old in self.steps()[: -self.keep]:
            shutil.rmtree(self.folder / str(old))
        return final

    def restore(self, abstract: Any, step: int | None = None) -> tuple[Any, dict[str, Any]] | None:
        """State and data position of `step` (the newest by default); None when there is no checkpoint.

        `abstract` gives shapes, types and shardings. A file that is missing, extra or altered raises CheckpointError.
        """
        steps = self.steps()
        if step is None and not steps:
            return None
        folder = self.folder / str(steps[-1] if step is None else step)
        verify(folder)
        with ocp.StandardCheckpointer() as checkpointer:
            state = checkpointer.restore((folder / STATE).absolute(), abstract)
        return state, json.loads((folder / POSITION).read_text())


def verify(folder: Path) -> None:
    """Compares every file of a checkpoint with its manifest; raises CheckpointError naming the first that differs."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise CheckpointError(
            f"Checkpoint {folder} has no {MANIFEST}; delete that folder to go on from the checkpoint before."
        )
    advice = f"delete {folder} to go on from the checkpoint before"
    digests = read_manifest(folder, advice)
    if difference := first_difference(folder, digests):
        name, wrong = difference
        raise CheckpointError(f"Checkpoint file {folder / name} {wrong}; {advice}.")
    for name in unlisted(folder, digests):
        raise CheckpointError(f"Checkpoint file {folder / name} is none that was written; move it elsewhere.")


def abstract_of(state: Any) -> Any:
    """Shapes, types and shardings of a state, for restoring."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding), state)
