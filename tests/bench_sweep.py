"""How long a sweep of many finished trials takes to plan, to look at and to check; one run of Python, no training.

    python -m tests.bench_sweep [--trials 10 100 1000]

Prints seconds and the exponent by which they grow with the number of trials (1: in proportion).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from outcomenet.artifacts import MANIFEST, sha256_of, write_manifest
from outcomenet.experiment import Experiment
from outcomenet.sweeps.sweep import status
from outcomenet.sweeps.sweep_folder import Condition, State, Sweep, count_ended, read_sweep, write_state, write_sweep
from outcomenet.sweeps.trials import planned_trials
from outcomenet.sweeps.worker import checked

FILES = 12  # in a finished run folder of a small network


def seconds_of(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def finished(folder: Path, trials: int) -> Sweep:
    """A sweep of so many trials, every one done."""
    planned = plan(trials)
    sweep = Sweep(folder, "mine", "?", "haq", "../data", "d", "p", "", {}, "none", tuple(planned))
    write_sweep(sweep)
    for trial in planned:
        run = sweep.run(trial)
        run.mkdir()
        for number in range(FILES):
            (run / f"file{number}").write_text("content")
        write_manifest(run)
        write_state(sweep, trial, State(Condition.DONE, seconds=10.0, manifest=sha256_of(run / MANIFEST)))
    return sweep


def plan(trials: int) -> list:
    return planned_trials(Experiment("mine", "?"), {}, seeds=trials, folds=0, fingerprint="d", program="p")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[10, 100, 1000])
    sizes = parser.parse_args().trials
    found: dict[str, list[float]] = {}
    for trials in sizes:
        with tempfile.TemporaryDirectory() as place:
            sweep = finished(Path(place) / "sweep", trials)
            for name, call in {
                "plan": lambda trials=trials: plan(trials),
                "read sweep.json": lambda sweep=sweep: read_sweep(sweep.folder),
                "status": lambda sweep=sweep: status(sweep.folder),
                "check what is done": lambda sweep=sweep: checked(sweep),
                "count what has ended": lambda sweep=sweep: count_ended(sweep),
            }.items():
                found.setdefault(name, []).append(seconds_of(call))
    print("| " + " | ".join(["seconds for trials", *map(str, sizes), "exponent"]) + " |")
    print("| --- |" + " --- |" * (len(sizes) + 1))
    for name, seconds in found.items():
        exponent = np.polyfit(np.log(sizes), np.log(seconds), 1)[0] if len(sizes) > 1 else np.nan
        print("| " + " | ".join([name, *(f"{value:.3f}" for value in seconds), f"{exponent:.2f}"]) + " |")


if __name__ == "__main__":
    main()
