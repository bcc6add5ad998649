"""Training goes on bit for bit: after a stop, and after at least ten kills."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from outcomenet.artifacts import MANIFEST, sha256_of
from outcomenet.cli import main
from outcomenet.errors import CheckpointError
from outcomenet.runs.chain import seal_training
from outcomenet.training.checkpoints import verify

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "demo.py"
SMALL = (
    "--training.batch_size 2 --training.save_every 1 --training.log_every 1 --training.warm_start False "
    "--rungs direct_adjusted --network.encoder.widths 8 8 --network.encoder.embedding 8"
).split()


def start(dataset: Path, run: Path, steps: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "outcomenet.cli", "train", str(EXPERIMENT), "--data", str(dataset)]
    command += ["--out", str(run), "--training.steps", str(steps), *SMALL]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def losses(run: Path) -> list[tuple[int, float]]:
    return [(r["step"], r["loss"]) for r in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())]


def digest(run: Path, step: int) -> str:
    """SHA-256 of the restored numbers: Orbax's own files carry times."""
    import jax
    import numpy as np
    import orbax.checkpoint as ocp

    with ocp.StandardCheckpointer() as checkpointer:
        state = checkpointer.restore((run / "checkpoints" / str(step) / "state").absolute())
    return hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state))).hexdigest()


@pytest.fixture(scope="module")
def uninterrupted(small_dataset, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "whole"
    process = start(small_dataset, run, 24)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return run


def test_ten_kills_change_nothing(small_dataset, uninterrupted, tmp_path):
    run, rng, kills = tmp_path / "killed", random.Random(0), 0
    while True:
        seen = len(losses(run)) if (run / "metrics.jsonl").exists() else 0
        process = start(small_dataset, run, 24)
        goal = seen + rng.randint(1, 2)
        while process.poll() is None and kills < 10:
            if (run / "metrics.jsonl").exists() and len((run / "metrics.jsonl").read_text().splitlines()) >= goal:
                time.sleep(rng.uniform(0, 0.1))
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.01)
        process.communicate(timeout=300)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    assert kills == 10
    assert losses(run) == losses(uninterrupted)
    assert digest(run, 24) == digest(uninterrupted, 24)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_a_training_that_was_stopped_in_the_middle_is_not_evaluated(small_dataset, tmp_path, capsys, number):
    """With a sound checkpoint of an earlier step, which must not pass for the trained network."""
    run, steps = tmp_path / "run", 60
    process = start(small_dataset, run, steps)
    until = time.monotonic() + 300
    while not list((run / "checkpoints").glob("[0-9]*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    saved = max(int(folder.name) for folder in (run / "checkpoints").iterdir() if folder.name.isdecimal())
    assert 0 < saved < steps
    verify(run / "checkpoints" / str(saved))
    if number == signal.SIGTERM:
        assert process.returncode == 4
        assert f"Stopped after step {saved} of {steps}, saved; run the same command to go on." in said
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for command in (
        ["evaluate", str(run)],
        ["report", str(run)],
        ["predict", str(run), "x.png", "--out", f"{run}-films"],
    ):
        assert main(command) == 2
        sentence = f"{run} is not trained to the end (it has no {MANIFEST}, which comes last); run its `outcomenet train` command again"
        assert sentence in capsys.readouterr().err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    # a manifest that is made by hand makes it no finished run: the checkpoint of its last step is not there
    seal_training(run)
    assert main(["evaluate", str(run)]) == 2
    assert f"{run} has no checkpoint of step {steps}, the end of its training" in capsys.readouterr().err


def test_an_altered_checkpoint_is_refused(uninterrupted):
    folder = uninterrupted / "checkpoints" / "23"
    verify(folder)
    victim = next(f for f in sorted(folder.rglob("*")) if f.is_file() and f.name != MANIFEST and f.stat().st_size > 8)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert sha256_of(victim)
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        verify(folder)


def test_another_configuration_in_the_same_folder_is_refused(small_dataset, uninterrupted):
    process = start(small_dataset, uninterrupted, 25)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "training.steps: was 24, now 25" in errors
