"""A sweep whose controller and workers are killed at random moments ends as if nobody had killed anything. `make sweep-kills`.

    python -m tests.sweep_kills --trials 20 --kills 50

Every trial must be there once, and its losses, its last parameters and its predictions must be those of a sweep that was left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import orbax.checkpoint as ocp

from outcomenet.artifacts import sha256_of
from outcomenet.sweeps.sweep_folder import Condition, Sweep, read_state, read_sweep

MOST_STARTS = 10  # of a controller after the last kill
EXPERIMENT = """
from outcomenet.experiment import Experiment
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.training.loop import TrainingConfig


def get_experiment():
    return Experiment(
        name="tiny", question="Does a kill change anything?", outcomes=("haq",), rungs=("direct_adjusted",),
        network=OutcomeNetConfig(encoder=CnnConfig(widths=(8, 8), embedding=8)),
        training=TrainingConfig(steps=24, batch_size=2, log_every=2, save_every=4, warm_start=False),
    )


def sweep_head():
    yield {}
    yield {"network.human_head": "off"}
"""


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, its words in a log."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "outcomenet.cli", *arguments], stdout=stream, stderr=stream, start_new_session=True
        )


def workers_of(folder: Path) -> list[int]:
    """Processes that work for a sweep now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"outcomenet.sweeps.worker" in words and str(folder).encode() in words:
                found.append(int(entry.name))
    return found


def disturbed(arguments: list[str], folder: Path, kills: int, rng: random.Random) -> tuple[int, int]:
    """Runs the sweep to its end, killing its controller or one of its workers at random moments; how many of each were killed."""
    log, controllers, workers = folder.parent / f"{folder.name}.log", 0, 0
    controller = start(arguments, log)
    while controllers + workers < kills and controller.poll() is None:
        time.sleep(rng.uniform(0.2, 6.0))
        if controller.poll() is not None:
            break
        there = workers_of(folder)
        if there and rng.random() < 0.7:
            os.kill(rng.choice(there), signal.SIGKILL)
            workers += 1
        else:
            controller.kill()
            controller.wait()
            controllers += 1
            controller = start(arguments, log)
    for _ in range(MOST_STARTS):
        # five workers killed in a row stop a controller: the same command goes on
        if controller.wait() == 0:
            return controllers, workers
        controller = start(arguments, log)
    raise SystemExit(f"The sweep does not come to its end:\n{log.read_text()}")


def content(sweep: Sweep) -> dict[str, str]:
    """Digests of what each trial computed: losses by step, last parameters, predictions."""
    found = {}
    for trial in sweep.trials:
        run = sweep.run(trial)
        losses = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        numbers = [{key: value for key, value in line.items() if key != "seconds"} for line in losses]
        step = trial.config["training"]["steps"]
        state = ocp.StandardCheckpointer().restore((run / "checkpoints" / str(step) / "state").resolve())
        digest = hashlib.sha256()
        for leaf in _leaves(state):
            digest.update(np.asarray(leaf).tobytes())
        found[f"{trial.name} losses"] = json.dumps(numbers)
        found[f"{trial.name} parameters"] = digest.hexdigest()
        found[f"{trial.name} predictions"] = sha256_of(sweep.predictions(trial))
    return found


def _leaves(tree: object) -> list[object]:
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in _leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for item in tree for leaf in _leaves(item)]
    return [tree]


def faults(alone: Sweep, killed: Sweep) -> list[str]:
    """What differs between a sweep that was left alone and one that was not; nothing if all is well."""
    told = []
    if [trial.name for trial in killed.trials] != [trial.name for trial in alone.trials]:
        told.append("other trials are planned")
    told += [
        f"{trial.name} is not done"
        for trial in killed.trials
        if read_state(killed, trial).condition is not Condition.DONE
    ]
    executed = {path.name for path in (killed.folder / "trials").iterdir() if not path.name.startswith(".")}
    if executed != {trial.name for trial in killed.trials}:
        told.append("the run folders are not those that were planned")
    logs = "".join(path.read_text(errors="replace") for path in (killed.folder / "logs").iterdir())
    told += [
        f"{trial.name} was finished {count} times"
        for trial in killed.trials
        if (count := logs.count(f"Trial {trial.name} is done.")) > 1
    ]
    if not told:
        first, second = content(alone), content(killed)
        told += [f"{name} differs" for name in first if first[name] != second[name]]
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for words in (
            [
                "simulate",
                str(folder / "cohort"),
                "--patients",
                "60",
                "--films",
                "crops",
                "--crop-size",
                "32",
                "--mm-per-pixel",
                "0.75",
            ],
            ["intake", str(folder / "cohort"), "--out", str(folder / "data")],
        ):
            assert start(words, folder / "made.log").wait() == 0, (folder / "made.log").read_text()
        (folder / "tiny.py").write_text(EXPERIMENT)
        arguments = [
            "sweep",
            str(folder / "tiny.py"),
            "--data",
            str(folder / "data"),
            "--axis",
            "head",
            "--seeds",
            str(given.trials // 2),
        ]
        arguments += ["--workers", str(given.workers)]
        begun = time.monotonic()
        # in two places, so that the second does not take the first one's trials over
        for name in ("alone", "killed"):
            (folder / name).mkdir()
        if start([*arguments, "--out", str(folder / "alone/sweep")], folder / "alone.log").wait():
            raise SystemExit((folder / "alone.log").read_text())
        alone = time.monotonic() - begun
        begun = time.monotonic()
        killed = [*arguments, "--out", str(folder / "killed/sweep")]
        counts = disturbed(killed, folder / "killed/sweep", given.kills, random.Random(given.seed))
        told = faults(read_sweep(folder / "alone/sweep"), read_sweep(folder / "killed/sweep"))
        print(
            f"{given.trials} trials, {counts[0]} kills of the controller and {counts[1]} of workers: {len(told)} faults; "
            f"{alone:.0f} s undisturbed, {time.monotonic() - begun:.0f} s with kills"
        )
        print("\n".join(told))
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
