"""Kills of every command at random moments: the same command, run again, ends with the same files. `make kills`.

SIGKILL must leave nothing that stops the next attempt; SIGTERM besides ends with exit code 4. Files that hold times
(record, manifest, pages, Orbax's own) are compared by name only.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.py"
RAPPORT = Path(__file__).parent / "data" / "rapport_long_coarse.csv"
SMALL = (
    "--training.steps 6 --training.batch_size 2 --training.save_every 2 --training.warm_start False --rungs direct_adjusted "
    "--network.encoder.widths 8 8 --network.encoder.embedding 8 --evaluation.resamples 20 --evaluation.rereadings 1"
).split()
CROPS = "--films crops --crop-size 32 --mm-per-pixel 0.75".split()
WITH_TIMES = {"record.json", "MANIFEST.json", "metrics.jsonl", "report.html", "intake.html", ".made", "dataset.json"}


def commands(inputs: Path, out: Path) -> dict[str, list[str]]:
    """Arguments of each command; what it needs lies in `inputs`, what it writes goes to `out`."""
    data, folds = str(inputs / "data"), [str(inputs / f"fold{k}") for k in range(3)]
    return {
        "simulate": ["simulate", str(out), "--patients", "60", *CROPS],
        "intake": ["intake", str(inputs / "cohort"), "--out", str(out)],
        "import": ["intake", str(RAPPORT), "--format", "rapport", "--out", str(out)],
        "build": ["build", str(inputs / "cohort"), "--out", str(out)],
        "localize": ["localize", str(inputs / "films"), "--out", str(out)],
        "train": ["train", str(EXPERIMENT), "--data", data, "--out", str(out), *SMALL],
        "evaluate": ["evaluate", str(out), "--data", data],
        "report": ["report", str(out)],
        "predict": ["predict", str(inputs / "run"), *map(str, (inputs / "films").glob("*.png")), "--out", str(out)],
        "pool": ["pool", *folds, "--out", str(out)],
    }


STARTS_FROM = {"evaluate": "trained", "report": "run"}  # what these two write into


def run(arguments: Sequence[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "outcomenet.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(arguments: Sequence[str]) -> float:
    """Runs a command to its end; returns its seconds."""
    begun = time.monotonic()
    process = run(arguments)
    _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"outcomenet {' '.join(arguments)} ended with {process.returncode}:\n{said}")
    return time.monotonic() - begun


def content(folder: Path) -> dict[str, str]:
    """Digest by path; "" for a file that holds times."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    kept = {name: path for name, path in files.items() if "checkpoints/" not in name and "visits/" not in name}
    return {
        name: "" if path.name in WITH_TIMES else hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in kept.items()
    }


def make_inputs(inputs: Path, wanted: Sequence[str]) -> None:
    """The smallest inputs that the wanted commands need."""
    finish(["simulate", str(inputs / "cohort"), "--patients", "60", *CROPS])
    if {"localize", "predict"} & set(wanted):
        finish(["simulate", str(inputs / "png"), "--patients", "1", "--films", "png", "--visits", "1"])
        (inputs / "films").mkdir()
        for film in (inputs / "png").rglob("*.png"):
            shutil.copy(film, inputs / "films")
    if set(wanted) - {"simulate", "intake", "import", "build", "localize"}:
        finish(["intake", str(inputs / "cohort"), "--out", str(inputs / "data")])
        train = ["train", str(EXPERIMENT), "--data", str(inputs / "data"), *SMALL]
        finish([*train, "--out", str(inputs / "trained")])
    if {"report", "predict"} & set(wanted):
        shutil.copytree(inputs / "trained", inputs / "run")
        finish(["evaluate", str(inputs / "run"), "--data", str(inputs / "data")])
    for fold in range(3) if "pool" in wanted else ():
        out = str(inputs / f"fold{fold}")
        finish([*train, "--out", out, "--split.folds", "3", "--split.fold", str(fold)])
        finish(["evaluate", out, "--data", str(inputs / "data")])


def fresh(name: str, inputs: Path, out: Path) -> None:
    """An empty place for what the command writes, or a copy of what it writes into."""
    for left in out.parent.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    if name in STARTS_FROM:
        shutil.copytree(inputs / STARTS_FROM[name], out)


def kill_once(name: str, arguments: Sequence[str], seconds: float, number: int, rng: random.Random) -> str:
    """Kills the command at a random moment and runs it again; returns what went wrong, "" for nothing."""
    process = run(arguments)
    time.sleep(rng.uniform(0, seconds))
    process.send_signal(number)
    _, said = process.communicate()
    if number == signal.SIGTERM and process.returncode not in (0, 4, -signal.SIGTERM):
        return f"exit code {process.returncode} after SIGTERM: {said.strip().splitlines()[-1:]}"
    again = run(arguments)
    _, said = again.communicate()
    return (
        ""
        if again.returncode == 0
        else f"exit code {again.returncode} when run again: {said.strip().splitlines()[-1:]}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of each command")
    parser.add_argument("--commands", nargs="+", default=list(commands(Path(), Path())))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        inputs, out = Path(folder) / "inputs", Path(folder) / "work" / "out"
        inputs.mkdir()
        out.parent.mkdir()
        make_inputs(inputs, options.commands)
        print("| command | seconds | kills | same in the end | faults |\n|---|---|---|---|---|")
        for name in options.commands:
            arguments = commands(inputs, out)[name]
            fresh(name, inputs, out)
            seconds = finish(arguments)
            whole, faults, same = content(out), [], 0
            for kill in range(options.kills):
                fresh(name, inputs, out)
                number = (signal.SIGKILL, signal.SIGTERM)[kill % 2]
                fault = kill_once(name, arguments, seconds, number, rng)
                left = [path.name for path in out.parent.iterdir() if path.name.startswith(".")]
                fault = fault or (f"left beside it: {left}" if left else "")
                same += not fault and content(out) == whole
                faults += [fault] if fault else []
            said = "; ".join(sorted(set(faults)))
            print(f"| {name} | {seconds:.1f} | {options.kills} | {same} | {said} |", flush=True)


if __name__ == "__main__":
    main()
