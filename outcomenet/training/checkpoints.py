"""Checkpoints: one record of run, step, state and data position, written by Orbax, trusted only after its hashes agree.

Orbax restores flipped bits without a word, so every file's SHA-256 goes into a manifest beside it. A checkpoint is
written under a temporary name and renamed when complete: a killed process leaves whole checkpoints or none.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from outcomenet.artifacts import MANIFEST, first_difference, read_json_object, read_manifest, unlisted, write_manifest
from outcomenet.errors import CheckpointError, DataRefused
from outcomenet.training import processes

METADATA_BYTES = 2**20  # what Orbax writes beside the numbers
STATE, POSITION = "state", "position.json"
Tree = TypeVar("Tree")  # a state: nested records of arrays
Position = Mapping[str, Mapping[str, object]]  # of the data: the state of each iterator by its name, as JSON holds it
# without leading zeros: 007 would be a second folder of step 7
STEP = re.compile(r"0|[1-9][0-9]*")  # name of a checkpoint's folder


class Checkpoints:
    """The checkpoints of a run, `folder/<step>/`; the newest `keep` stay. Each carries `run_id`, the run's identity."""

    def __init__(self, folder: Path, run_id: str, keep: int = 2):
        self.folder, self.run_id, self.keep = folder, run_id, keep
        self._saving: Future[Path] | None = None

    def steps(self) -> list[int]:
        """Steps with a complete checkpoint, sound or not, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if STEP.fullmatch(path.name) and path.is_dir())

    def newest_sound(self) -> int | None:
        """The newest step whose files are as they were written; None where there is none."""
        return next((step for step in reversed(self.steps()) if not damage_of(self.folder / str(step))), None)

    def save(self, step: int, state: object, position: Position) -> Path:
        """Writes state and data position as one record and removes checkpoints beyond `keep`.

        A sound checkpoint of that step stays; a damaged one gives way.
        """
        final, partial = self.folder / str(step), self.folder / f".{step}.partial"
        if final.exists() and not damage_of(final):
            return final
        for leftover in self.folder.glob(".*.partial"):  # of a process that was killed while saving
            shutil.rmtree(leftover)
        partial.mkdir(parents=True)
        try:
            self._fill(partial, state, {"run_id": self.run_id, "step": step, "position": position})
            if final.exists():
                shutil.rmtree(final)
            partial.rename(final)
        finally:  # where the disk is full, the part that was written is given back
            shutil.rmtree(partial, ignore_errors=True)
        # newer ones are damaged: training went back behind them, and they do not count among those kept
        for old in [older for older in self.steps() if older <= step][: -self.keep]:
            shutil.rmtree(self.folder / str(old))
        return final

    def save_beside(self, step: int, state: object, position: Position) -> None:
        """As `save`, while training goes on: the state is copied on its device first. One is written at a time.

        Raises:
            OSError: The one before could not be written.
        """
        self.wait()
        # a copy: the next step takes the state's memory
        copied = jax.tree.map(jnp.copy, state)
        pool = ThreadPoolExecutor(1)
        self._saving = pool.submit(self.save, step, copied, position)
        pool.shutdown(wait=False)

    def wait(self) -> None:
        """Waits for the checkpoint that is being written.

        Raises:
            OSError: It could not be written.
        """
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result()

    @staticmethod
    def _fill(partial: Path, state: object, saved: dict[str, object]) -> None:
        _refuse_full_disk(partial, state)
        with _without_reports(), _checkpointer() as checkpointer:
            # plain arrays: what is saved must not depend on the devices that are there today
            checkpointer.save((partial / STATE).absolute(), jax.device_get(state))
        (partial / POSITION).write_text(json.dumps(saved))
        # last: it vouches for everything that was written before
        write_manifest(partial)

    def restore(self, abstract: Tree, step: int | None = None) -> tuple[Tree, Position] | None:
        """Reads one checkpoint.

        Args:
            abstract: names, shapes, types and shardings that are expected (see `abstract_of`).
            step: the newest by default.

        Returns:
            State and data position; None when there is no checkpoint.

        Raises:
            CheckpointError: a file is missing, extra or altered, the checkpoint is of another run or another step, or
                holds other arrays.
        """
        steps = self.steps()
        if step is None and not steps:
            return None
        wanted = steps[-1] if step is None else step
        if damage := damage_of(self.folder / str(wanted)):
            sound = self.newest_sound()
            raise CheckpointError(
                f"{damage}; run the `outcomenet train` command of this run again, which goes on from step {sound}."
                if sound is not None
                else f"{damage}, and no other is sound; remove {self.folder} and train anew."
            )
        return self._load(wanted, abstract)

    def resume(self, abstract: Tree, say: Callable[[str], None]) -> tuple[Tree, Position] | None:
        """As `restore`, from the newest checkpoint that is sound; `say` is told of damaged ones after it.

        Raises CheckpointError where there are checkpoints and none is sound.
        """
        damages = []
        for step in reversed(self.steps()):
            if damage := damage_of(self.folder / str(step)):
                damages.append(damage)
                continue
            if damages:
                say(f"{'; '.join(damages)}. Training goes on from step {step}, the newest sound checkpoint.")
            return self._load(step, abstract)
        if damages:
            raise CheckpointError(f"{'; '.join(damages)}. No checkpoint is sound; remove {self.folder} to train anew.")
        return None

    def _load(self, step: int, abstract: Tree) -> tuple[Tree, Position]:
        folder = self.folder / str(step)
        _refuse_unlisted(folder)
        position = self._own_position(folder)
        with _checkpointer() as checkpointer:
            stored = checkpointer.metadata((folder / STATE).absolute()).item_metadata.tree
            _refuse_other_arrays(folder, stored, abstract)
            state = checkpointer.restore((folder / STATE).absolute(), abstract)
        return state, position

    def _own_position(self, folder: Path) -> Position:
        """The data position of a verified checkpoint that was written by this run at the step that its folder names."""
        saved = read_json_object(folder / POSITION, "the checkpoint cannot be trusted")
        if saved.get("run_id") != self.run_id:
            raise CheckpointError(
                f"Checkpoint {folder} is of another run than the folder that it lies in (experiment, configuration, seed or "
                "data differ); put this run's own checkpoint back, or train the run again in another folder."
            )
        if saved.get("step") != int(folder.name):
            raise CheckpointError(
                f"Checkpoint {folder} was written at step {saved.get('step')}, not at step {folder.name}; "
                "give the folder its own name again."
            )
        return saved["position"]


def _refuse_full_disk(folder: Path, state: object) -> None:
    """Raises OSError where a state would not fit: Orbax would find out in a dozen threads, each with a report of its own."""
    needed = sum(leaf.nbytes for leaf in jax.tree.leaves(state)) + METADATA_BYTES
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _checkpointer() -> ocp.StandardCheckpointer:
    """One that this process uses alone: of several that train together the first one writes and each reads for itself."""
    own = processes.number()
    return ocp.StandardCheckpointer(
        multiprocessing_options=ocp.options.MultiprocessingOptions(
            primary_host=own, active_processes={own}, barrier_sync_key_prefix=f"process{own}"
        )
        if processes.count() > 1
        else ocp.options.MultiprocessingOptions()
    )


@contextmanager
def _without_reports() -> Iterator[None]:
    """Orbax's threads print tracebacks beside the error that they raise; the error is enough."""
    logger = logging.getLogger("absl")
    before, hook = logger.disabled, threading.excepthook
    # not the whole of stderr: training shows its progress there meanwhile
    logger.disabled, threading.excepthook = True, lambda _: None
    try:
        yield
    finally:
        logger.disabled, threading.excepthook = before, hook


def _refuse_other_arrays(folder: Path, stored: object, abstract: object) -> None:
    """Raises CheckpointError unless names, shapes and types agree: Orbax turns one type into another without a word."""
    held, expected = _described(stored), _described(abstract)
    for name in sorted(held.keys() | expected.keys()):
        if held.get(name) != expected.get(name):
            raise CheckpointError(
                f"Checkpoint {folder} holds {held.get(name, 'nothing')} under the name {name}, where "
                f"{expected.get(name, 'nothing')} is expected: it is of another network. Use the program that wrote it, or "
                "train anew."
            )


def _described(tree: object) -> dict[str, str]:
    """Type and shape of each array of a tree, by its name."""
    # what Orbax tells of a stored array has a shape and is a record itself: it counts as one leaf
    leaves = jax.tree_util.tree_leaves_with_path(tree, is_leaf=lambda node: hasattr(node, "shape"))
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): f"{np.dtype(leaf.dtype)}{list(leaf.shape)}"
        for path, leaf in leaves
    }


def verify(folder: Path) -> None:
    """Compares every file of a checkpoint with its manifest; raises CheckpointError naming the first that differs."""
    if damage := damage_of(folder):
        raise CheckpointError(f"{damage}.")
    _refuse_unlisted(folder)


def damage_of(folder: Path) -> str:
    """What is wrong with the files of a checkpoint, as a sentence without its full stop; "" where they are as written."""
    if not (folder / MANIFEST).is_file():
        return f"Checkpoint {folder} has no {MANIFEST}"
    try:
        digests = read_manifest(folder, "the checkpoint cannot be trusted")
    except DataRefused as damage:
        return str(damage).rstrip(".")
    if difference := first_difference(folder, digests):
        name, wrong = difference
        return f"Checkpoint file {folder / name} {wrong}"
    if missing := {POSITION, STATE} - {name.split("/")[0] for name in digests}:
        return f"{folder / MANIFEST} lists no {' and no '.join(sorted(missing))}"
    return ""


def _refuse_unlisted(folder: Path) -> None:
    """A file too many is no damage: nothing of it is read, but somebody may want it."""
    for name in unlisted(folder, read_manifest(folder, "the checkpoint cannot be trusted")):
        raise CheckpointError(f"{folder / name} does not belong to the checkpoint; move it elsewhere.")


def abstract_of(state: Tree, sharding: jax.sharding.Sharding | None = None) -> Tree:
    """Names, shapes, types and shardings of a state, for restoring.

    Args:
        state: arrays, or their shapes and types.
        sharding: of every array; those that `state` has by default.
    """
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding or a.sharding), state)
