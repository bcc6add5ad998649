"""`outcomenet sweep`: every arm of an experiment with every seed and fold, compared on validation patients."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse, split_options
from outcomenet.errors import UsageError
from outcomenet.experiment_files import experiment_file, shipped_experiments
from outcomenet.sweeps.jobset import JobSetOptions
from outcomenet.sweeps.slurm_launcher import SlurmOptions

if TYPE_CHECKING:
    import pandas as pd

    from outcomenet.experiment import Experiment

HELP = """usage: outcomenet sweep EXPERIMENT --data DATASET --out SWEEP [--axis NAME ...] [--seeds K] [--folds K] [--path.to.setting VALUE ...]
       outcomenet sweep SWEEP [--workers N] [--retry failed]
       outcomenet sweep SWEEP --status
       outcomenet sweep SWEEP --stop

Trains every line of the named axes (functions sweep_... of the experiment's file) with every seed and fold, each in a process of its own,
and compares the arms on validation patients: SWEEP/sweep.html, trials.csv, arms.csv. EXPERIMENT is a file, or the name of one that comes with
outcomenet:
  {names}
The same command goes on after anything: a kill, a full disk, another machine. With more seeds or another axis only new trials are run.

  --axis NAME ...         axes, whose lines are combined; without one the experiment as it stands
  --seeds K               trainings of each arm (1)
  --folds K               folds of patients, each held out once (0: as the experiment divides them)
  --evaluate HOW          validation (default), none, or test, which opens the held-out patients for every trial and counts it
  --launcher ENGINE       local (default): processes on this machine; slurm: jobs of a cluster (--slurm.jobs, --slurm.partition, --slurm.account,
                          --slurm.hours, --slurm.cores, --slurm.gpus, --slurm.memory-gb, --slurm.save-seconds); jobset: a manifest for
                          Kubernetes with JobSet and Kueue (--jobset.image, --jobset.queue, --jobset.claim, --jobset.mount, --jobset.pods,
                          --jobset.gpus, --jobset.tpu, --jobset.cores, --jobset.memory-gb), written and not submitted
  --workers N             processes at a time (0: one for each GPU, or for two cores)
  --writers NAME ...      viewers' files of every trial's metrics in SWEEP/viewers: tensorboard, mlflow, wandb
  --suggest optuna        search: arms are suggested a few at a time by what earlier ones gave, within search_space() of the file; with
  --trials N              so many arms in all (20). It explores, and its page says so
  --retry failed          train failed trials again
  --status                where every trial stands; on a terminal until all have ended
  --stop                  ask every process of the sweep to save its step and end

Look before you pay: `outcomenet plan` with the same arguments says what it would cost and writes nothing.
"""
FLAGS = ("status", "stop")
OF_SLURM = ("jobs", "partition", "account", "hours", "cores", "gpus", "memory-gb", "save-seconds")
OF_JOBSET = ("image", "queue", "claim", "mount", "pods", "gpus", "tpu", "cores", "memory-gb")
VALUES = (
    "data", "out", "axis", "seeds", "folds", "evaluate", "launcher", "workers", "writers", "retry", "suggest", "trials",
    *(f"slurm.{name}" for name in OF_SLURM), *(f"jobset.{name}" for name in OF_JOBSET),
)  # fmt: skip
REFRESH_SECONDS = 2.0


@dataclass(frozen=True)
class Asked:
    """What is swept over, where, and on what."""

    data: Annotated[Path | None, tyro.conf.arg(help="Data set folder that `outcomenet intake` wrote.")] = None
    out: Annotated[Path | None, tyro.conf.arg(help="Folder of the sweep; the same command goes on.")] = None
    axis: tuple[str, ...] = ()
    seeds: int = 1
    folds: int = 0
    evaluate: Literal["validation", "test", "none"] = "validation"
    launcher: Literal["local", "slurm", "jobset"] = "local"
    workers: int = 0
    writers: tuple[str, ...] = ()
    retry: Literal["failed"] | None = None
    suggest: Literal["optuna"] | None = None
    trials: int = 20
    status: bool = False
    stop: bool = False
    slurm: SlurmOptions = field(default_factory=SlurmOptions)
    jobset: JobSetOptions = field(default_factory=JobSetOptions)


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP.format(names=", ".join(shipped_experiments())))
        if not arguments:
            raise UsageError("an experiment or a sweep's folder is needed, for instance human_head.")
        return
    subject = arguments[0]
    own, overrides = split_options(arguments[1:], VALUES, FLAGS)
    asked = parse(Asked, own, f"sweep {subject}")
    from outcomenet.sweeps.sweep_folder import SWEEP

    if (Path(subject) / SWEEP).is_file():
        _of_folder(Path(subject), asked, overrides)
        return
    if Path(subject).is_dir() or asked.status or asked.stop:
        raise UsageError(
            f"{subject} is no sweep (it has no {SWEEP}); name its folder, or an experiment with --data and --out to begin one."
        )
    if asked.data is None or asked.out is None:
        raise UsageError(
            f"A sweep needs a data set and a folder: `outcomenet sweep {subject} --data DATASET --out SWEEP`."
        )
    from outcomenet.experiment import Experiment
    from outcomenet.sweeps.search import search
    from outcomenet.sweeps.sweep import sweep

    file = experiment_file(subject)
    experiment = parse(Experiment, overrides, f"sweep {subject} --data DATASET --out SWEEP", default=on_a_dataset(file))
    if asked.suggest:
        if asked.axis or asked.folds or asked.evaluate != "validation" or asked.launcher != "local":
            raise UsageError(
                "--suggest goes without --axis, --folds, --evaluate and --launcher: it searches on validation patients, on this machine."
            )
        found = search(
            experiment, asked.data, asked.out, trials=asked.trials, seeds=asked.seeds, workers=asked.workers, file=file
        )
        _say(found.folder)
        return
    _say(
        sweep(
            experiment, asked.data, asked.out, axes=asked.axis, seeds=asked.seeds, folds=asked.folds, evaluate=asked.evaluate,
            workers=asked.workers, writers=asked.writers, retry_failed=asked.retry == "failed", launcher=asked.launcher,
            slurm=asked.slurm, jobset=asked.jobset, file=file,
        ).folder
    )  # fmt: skip


def on_a_dataset(file: Path) -> Experiment:
    """The experiment of a file.

    Args:
        file: Of the experiment.

    Raises:
        UsageError: It trains on simulated films, and so on no data set.
    """
    from outcomenet.experiment import Experiment, load_experiment

    experiment = load_experiment(file)
    if not isinstance(experiment, Experiment):
        raise UsageError(
            f"{file.stem} trains on simulated films alone and has no data set; `outcomenet train {file.stem} --help` says what it takes."
        )
    return experiment


def _of_folder(folder: Path, asked: Asked, overrides: list[str]) -> None:
    from outcomenet.sweeps.sweep import go_on, stop

    if overrides or asked.data or asked.out or asked.axis or asked.seeds != 1 or asked.folds or asked.writers:
        raise UsageError(
            f"{folder} is a sweep that is frozen: it goes on as it was planned. To add seeds or axes run its first command, with the "
            "experiment's name, again."
        )
    if asked.stop:
        stop(folder)
        print(f"Every process of {folder} saves its step and ends. `outcomenet sweep {folder}` goes on.")
    elif asked.status:
        _status(folder)
    else:
        _say(
            go_on(
                folder, workers=asked.workers, retry_failed=asked.retry == "failed", launcher=asked.launcher, slurm=asked.slurm,
                jobset=asked.jobset,
            ).folder
        )  # fmt: skip


def _say(folder: Path) -> None:
    if not (folder / "sweep.html").is_file():  # a manifest was written, and nothing run
        return
    print(f"Look at {folder}/sweep.html in a browser; {folder}/trials.csv has a row for each trial.", file=sys.stderr)


def _status(folder: Path) -> None:
    from outcomenet.sweeps.sweep import status

    while True:
        table = status(folder)
        text = status_text(table)
        live = sys.stdout.isatty()
        print(f"\033[2J\033[H{text}" if live else text, flush=True)
        if not live or table["state"].isin(["done", "failed"]).all():
            return
        time.sleep(REFRESH_SECONDS)


def status_text(table: pd.DataFrame) -> str:
    """Counts, arms, what runs and what failed, and the time left, for a terminal.

    Args:
        table: Of `sweeps.sweep.status`.
    """
    counts = table["state"].value_counts()
    lines = [
        ", ".join(f"{counts.get(state, 0):,} {state}" for state in ("done", "running", "planned", "failed"))
        + f" of {len(table):,} trials"
    ]
    done, running = table[table["state"] == "done"], int(counts.get("running", 0))
    left = len(table) - len(done) - int(counts.get("failed", 0))
    if left and len(done) and running:
        minutes = done["seconds"].mean() * left / running / 60
        lines.append(
            f"about {minutes:.0f} minutes left at {done['seconds'].mean():.0f} s a trial and {running} at a time"
        )
    by_arm = table.groupby("arm")["state"].value_counts().unstack(fill_value=0)
    lines += ["", by_arm.to_string()]
    for state, columns in (
        ("running", ["trial", "arm", "seed", "host", "process", "heartbeat"]),
        ("failed", ["trial", "arm", "seed", "error"]),
    ):
        rows = table[table["state"] == state]
        if len(rows):
            lines += ["", f"{state}:", rows[columns].to_string(index=False, max_colwidth=100)]
    return "\n".join(lines)
