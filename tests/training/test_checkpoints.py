"""Checkpoints: the newest sound one is gone on from, aloud; nothing depends on the devices that saved them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

from outcomenet.artifacts import MANIFEST
from outcomenet.errors import CheckpointError
from outcomenet.training.checkpoints import POSITION, Checkpoints, abstract_of


def state(step: int) -> dict:
    return {"step": jnp.int32(step), "weights": jnp.arange(6.0).reshape(2, 3) / step}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Checkpoints of the steps 10 and 20."""
    checkpoints = Checkpoints(tmp_path_factory.mktemp("written") / "checkpoints", "run")
    for step in (10, 20):
        checkpoints.save(step, state(step), {"batches": {"next": step}})
    return checkpoints.folder


@pytest.fixture
def folder(written, tmp_path) -> Path:
    return shutil.copytree(written, tmp_path / "checkpoints")


def largest(folder: Path) -> Path:
    return max((f for f in folder.rglob("*") if f.is_file() and f.name != MANIFEST), key=lambda f: f.stat().st_size)


def flipped(folder: Path) -> None:
    victim = largest(folder)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)


DAMAGES = {
    "a flipped bit": (flipped, "its SHA-256 differs"),
    "a file gone": (lambda f: (f / POSITION).unlink(), "is missing"),
    "a file cut": (lambda f: largest(f).write_bytes(b""), "its SHA-256 differs"),
    "a link": (lambda f: ((f / POSITION).unlink(), (f / POSITION).symlink_to("/dev/null")), "is a link"),
    "no manifest": (lambda f: (f / MANIFEST).unlink(), f"has no {MANIFEST}"),
    "an empty manifest": (lambda f: (f / MANIFEST).write_text(""), "is empty"),
    "a cut manifest": (lambda f: (f / MANIFEST).write_text((f / MANIFEST).read_text()[:90]), "is not whole JSON"),
    "a manifest that is a list": (lambda f: (f / MANIFEST).write_text("[]"), "should be a JSON object and is a list"),
    "a manifest of numbers": (lambda f: (f / MANIFEST).write_text('{"a": 1}'), "has no SHA-256 for 'a'"),
    "a manifest of nothing": (lambda f: (f / MANIFEST).write_text("{}"), "names no file"),
    "a manifest without the state": (
        lambda f: (f / MANIFEST).write_text(json.dumps({POSITION: json.loads((f / MANIFEST).read_text())[POSITION]})),
        "lists no state",
    ),
    "nothing left": (lambda f: [shutil.rmtree(p) if p.is_dir() else p.unlink() for p in f.iterdir()], "has no"),
}


@pytest.mark.parametrize("name", list(DAMAGES))
def test_a_damaged_checkpoint_is_gone_behind_and_said(folder, name):
    damage, sentence = DAMAGES[name]
    damage(folder / "20")
    checkpoints, said = Checkpoints(folder, "run"), []
    restored = checkpoints.resume(abstract_of(state(20)), said.append)
    assert restored is not None
    assert int(restored[0]["step"]) == 10
    assert restored[1] == {"batches": {"next": 10}}
    assert len(said) == 1
    assert sentence in said[0]
    assert said[0].endswith("Training goes on from step 10, the newest sound checkpoint.")
    # evaluation refuses, and says from where training goes on
    with pytest.raises(CheckpointError, match="train` command of this run again, which goes on from step 10"):
        checkpoints.restore(abstract_of(state(20)))
    # when the step is reached again, its checkpoint is made anew and the sound one before stays
    checkpoints.save(20, state(20), {"batches": {"next": 20}})
    assert checkpoints.steps() == [10, 20]
    again = checkpoints.restore(abstract_of(state(20)))
    assert again is not None
    assert again[0]["weights"].tolist() == state(20)["weights"].tolist()


def test_where_none_is_sound_it_is_one_sentence(folder):
    for step in ("10", "20"):
        flipped(folder / step)
    checkpoints = Checkpoints(folder, "run")
    for attempt in (
        lambda: checkpoints.restore(abstract_of(state(1))),
        lambda: checkpoints.resume(abstract_of(state(1)), print),
    ):
        with pytest.raises(CheckpointError, match=r"sound; remove .*checkpoints (and|to) train anew"):
            attempt()


def test_a_damaged_newer_checkpoint_does_not_crowd_out_sound_ones(folder):
    flipped(folder / "20")
    Checkpoints(folder, "run").save(15, state(15), {})
    assert Checkpoints(folder, "run").steps() == [10, 15, 20]


@pytest.mark.parametrize("name", [".DS_Store", "._position.json", "Thumbs.db", "position.json~", "lost+found/1"])
@pytest.mark.parametrize("where", ["", "20", "20/state", "20/state/d"])
def test_litter_is_no_damage(folder, name, where):
    (folder / where / name).parent.mkdir(exist_ok=True)
    (folder / where / name).write_bytes(b"\0\0\0\1Bud1")
    restored = Checkpoints(folder, "run").restore(abstract_of(state(20)))
    assert restored is not None
    assert int(restored[0]["step"]) == 20


def test_a_file_of_somebody_is_neither_read_nor_removed(folder):
    (folder / "20" / "notes.txt").write_text("look at this")
    checkpoints = Checkpoints(folder, "run")
    for attempt in (
        lambda: checkpoints.restore(abstract_of(state(1))),
        lambda: checkpoints.resume(abstract_of(state(1)), print),
    ):
        with pytest.raises(CheckpointError, match=r"notes.txt does not belong to the checkpoint; move it elsewhere"):
            attempt()
    checkpoints.save(20, state(20), {})
    assert (folder / "20" / "notes.txt").is_file()


def test_other_names_are_no_steps(folder):
    for name in ("020", "20 copy", ".21.partial", "-3"):
        (folder / name).mkdir()
    (folder / "30").touch()
    assert Checkpoints(folder, "run").steps() == [10, 20]
    assert Checkpoints(folder / "none", "run").steps() == []
    assert Checkpoints(folder / "none", "run").restore({}) is None


SAVE_ON_FOUR = """
import sys, jax, jax.numpy as jnp
from pathlib import Path
from outcomenet.training.checkpoints import Checkpoints
from outcomenet.training.sharding import device_mesh, put_state
assert len(jax.devices()) == 4
state = {"step": jnp.int32(7), "weights": jax.random.normal(jax.random.key(0), (5, 3))}
Checkpoints(Path(sys.argv[1]), "run").save(7, put_state(state, device_mesh()), {})
"""


def test_devices_at_restore_may_be_others_than_at_saving(tmp_path):
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    subprocess.run([sys.executable, "-c", SAVE_ON_FOUR, str(tmp_path)], check=True, env=os.environ | flags)
    expected = np.asarray(jax.random.normal(jax.random.key(0), (5, 3)))
    restored = Checkpoints(tmp_path, "run").restore(abstract_of({"step": jnp.int32(0), "weights": jnp.zeros((5, 3))}))
    assert restored is not None
    assert (np.asarray(restored[0]["weights"]) == expected).all()
    # without saying what is expected, too: Orbax refuses arrays that name devices that are not there
    with ocp.StandardCheckpointer() as checkpointer:
        whole = checkpointer.restore((tmp_path / "7" / "state").absolute())
    assert (np.asarray(whole["weights"]) == expected).all()
