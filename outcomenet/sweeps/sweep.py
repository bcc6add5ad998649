"""A sweep from the question to its results: planned and frozen, run by workers, compared on validation patients."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import write_whole
from outcomenet.csv_files import read_csv
from outcomenet.datasets.manifest import read_manifest
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.experiment import Experiment
from outcomenet.locks import only_writer
from outcomenet.progress import Progress
from outcomenet.reports.sweep_page import PAGE, write_sweep_page
from outcomenet.runs.provenance import portable_path, provenance, source_sha256
from outcomenet.sweeps import STOP
from outcomenet.sweeps.jobset import JobSetOptions, jobset_text
from outcomenet.sweeps.local_launcher import run_workers
from outcomenet.sweeps.slurm_launcher import SlurmOptions, expect_slurm, run_jobs
from outcomenet.sweeps.sweep_folder import (
    SWEEP,
    Condition,
    Sweep,
    count_ended,
    is_whole,
    kept_file,
    read_state,
    read_sweep,
    write_state,
    write_sweep,
)
from outcomenet.sweeps.sweep_results import ARMS_FILE, TRIALS_FILE, trials_table, winner, write_results
from outcomenet.sweeps.trials import Axis, Settings, grown, named_axes, planned_trials
from outcomenet.sweeps.worker import checked
from outcomenet.training.metric_writers import expect_writers

LAUNCHERS = ("local", "slurm", "jobset")
EVALUATE = ("validation", "test", "none")
Axes = Mapping[str, Iterable[Settings]]


@dataclass(frozen=True)
class SweepResult:
    """A sweep's folder and what is found in it so far."""

    folder: Path

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial, with its settings, where it stands, and its metrics on validation patients."""
        return read_csv(self.folder / TRIALS_FILE)

    @property
    def arms(self) -> pd.DataFrame:
        """Each arm over its seeds, and its difference from the first."""
        return read_csv(self.folder / ARMS_FILE)

    @property
    def page(self) -> Path:
        """sweep.html."""
        return self.folder / PAGE


def sweep(
    experiment: Experiment,
    data: Path | str,
    out: Path | str,
    *,
    axes: Axes | Sequence[str] = (),
    seeds: int = 1,
    folds: int = 0,
    evaluate: str = "validation",
    workers: int = 0,
    retry_failed: bool = False,
    launcher: str = "local",
    slurm: SlurmOptions | None = None,
    jobset: JobSetOptions | None = None,
    writers: Sequence[str] = (),
    searched: bool = False,
    file: Path | str | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Trains every arm of an experiment with every seed and fold, and compares the arms on validation patients.

    The same call goes on after anything: a kill, a full disk, another machine. Trials are named by what they compute, so that a
    sweep with more seeds or another axis runs only what is new, and takes over what another sweep beside it has finished.

    Args:
        experiment: The question, and how it is put to the data.
        data: Data set that `intake` made.
        out: Folder of the sweep, to write or to go on with.
        axes: Names of `sweep_...` functions of the experiment's file, or lines of settings by a name of one's own.
        seeds: Trainings of each arm, from the experiment's own seed on.
        folds: Folds of patients, each held out once; 0: as the experiment divides them.
        evaluate: "validation"; "test" opens the held-out patients too, for every trial; "none" trains alone.
        workers: Processes; 0: one for each GPU, or for two cores.
        retry_failed: Trains failed trials again.
        launcher: "local": processes on this machine; "slurm": jobs of a cluster; "jobset": a manifest for Kubernetes, written and not
            submitted.
        slurm: What a job asks of the cluster.
        jobset: What a pod asks of the cluster.
        writers: `tensorboard`, `mlflow`, `wandb`: viewers' files of every trial's metrics, in `viewers/` of the folder.
        searched: The arms were suggested by what others gave (`search`), which the page says.
        file: Where the experiment was loaded from; needed for named axes.
        progress: Where progress is shown.

    Returns:
        The sweep: tables of trials and arms, and its page.

    Raises:
        UsageError: There is no such axis, two arms are the same, or `out` holds another sweep.
        Preempted: The process was asked to stop; the same call goes on.

    Example:
        >>> import outcomenet as on
        >>> experiment = on.load_experiment("human_head")
        >>> heads = [{"network.human_head": "joint"}, {"network.human_head": "off"}]
        >>> on.sweep(experiment, "dataset", "sweeps/heads", axes={"head": heads}, seeds=3).arms  # doctest: +SKIP
    """
    out, progress = Path(out), progress or Progress()
    _expect_launcher(launcher)
    expect_writers(writers)
    planned = plan_sweep(
        experiment, Path(data), out, axes=axes, seeds=seeds, folds=folds, evaluate=evaluate, file=None if file is None else Path(file)
    )  # fmt: skip
    planned = replace(planned, searched=searched, writers=tuple(writers))
    with only_writer(out):
        out.mkdir(parents=True, exist_ok=True)
        frozen = _frozen(planned, None if file is None else Path(file), progress)
    return go_on(
        frozen.folder,
        workers=workers,
        retry_failed=retry_failed,
        launcher=launcher,
        slurm=slurm,
        jobset=jobset,
        progress=progress,
    )


def plan_sweep(
    experiment: Experiment,
    data: Path,
    out: Path,
    *,
    axes: Axes | Sequence[str] = (),
    seeds: int = 1,
    folds: int = 0,
    evaluate: str = "validation",
    file: Path | None = None,
) -> Sweep:
    """The sweep that would be frozen; nothing is written.

    Args:
        experiment: The question.
        data: Data set folder.
        out: Folder of the sweep.
        axes: As of `sweep`.
        seeds: Trainings of each arm.
        folds: Folds of patients.
        evaluate: "validation", "test" or "none".
        file: Where the experiment was loaded from.

    Raises:
        UsageError: There is no such axis, two arms are the same, or a number is out of its range.
    """
    if evaluate not in EVALUATE:
        raise UsageError(
            f"--evaluate is one of {', '.join(EVALUATE)}, got {evaluate!r}. {did_you_mean(evaluate, EVALUATE)}"
        )
    lines = _lines(axes, file)
    fingerprint = read_manifest(data).fingerprint
    trials = planned_trials(
        experiment, lines, seeds=seeds, folds=folds, fingerprint=fingerprint, program=source_sha256(),
        file="" if file is None else file.name,
    )  # fmt: skip
    made_by = provenance()
    return Sweep(
        folder=out, name=experiment.name, question=experiment.question, outcome=experiment.about, data=portable_path(data, out),
        fingerprint=fingerprint, program=source_sha256(), commit=str(made_by["commit"]),
        axes={name: [dict(line) for line in axis] for name, axis in lines.items()}, evaluate=evaluate, trials=tuple(trials),
    )  # fmt: skip


def _lines(axes: Axes | Sequence[str], file: Path | None) -> dict[str, Axis]:
    if isinstance(axes, Mapping):
        return {name: tuple(dict(line) for line in axis) for name, axis in axes.items()}
    if axes and file is None:
        raise UsageError(
            "Axes are named by functions of an experiment file; give `file`, or the lines of settings themselves."
        )
    return named_axes(file, axes) if file is not None and axes else {}


def _frozen(planned: Sweep, file: Path | None, progress: Progress) -> Sweep:
    """The sweep as it is frozen now: new, gone on with, or grown by the trials that are new."""
    folder = planned.folder
    if not (folder / SWEEP).is_file():
        if any(name for name in os.listdir(folder) if not name.startswith(".")):
            raise UsageError(f"{folder} exists and is no sweep (it has no {SWEEP}); choose another --out.")
        before, same = (), False
    else:
        old = read_sweep(folder)
        for what, mine, theirs in (
            ("program", planned.program, old.program), ("data set", planned.fingerprint, old.fingerprint), ("experiment", planned.name, old.name),
        ):  # fmt: skip
            if mine != theirs:
                raise UsageError(
                    f"{folder} was planned with another {what} ({theirs[:16]}, now {mine[:16]}); go on with that one, or choose another --out."
                )
        if old.evaluate == "test" and planned.evaluate != "test":
            planned = replace(planned, evaluate="test")  # what was opened stays opened, and is counted
        before, same = old.trials, old.writers == planned.writers
    if file is not None:
        name = kept_file(folder, file)
        planned = replace(planned, trials=tuple(replace(trial, file=name) for trial in planned.trials))
    trials = tuple(grown(planned.trials, before))
    frozen = replace(planned, trials=trials)
    if trials != before or not same:
        write_sweep(frozen)
        if len(trials) > len(before) > 0:
            progress.say(f"{len(trials) - len(before)} trials more than the {len(before)} that were planned before.")
        taken = _taken_over(frozen)
        if taken:
            progress.say(f"{taken} trials were finished by another sweep in {folder.parent} and are taken over.")
    return frozen


def _taken_over(frozen: Sweep) -> int:
    """Takes finished trials over from sweeps that lie beside this one; how many."""
    others = [
        read_sweep(file.parent)
        for file in sorted(frozen.folder.resolve().parent.glob(f"*/{SWEEP}"))
        if file.parent != frozen.folder.resolve()
    ]
    taken = 0
    for trial in frozen.trials:
        if frozen.state_file(trial).exists():
            continue
        for other in others:
            state = read_state(other, trial)
            if state.condition is not Condition.DONE or not is_whole(
                replace(other, evaluate=frozen.evaluate), trial, state
            ):
                continue
            shutil.rmtree(frozen.run(trial), ignore_errors=True)
            shutil.copytree(other.run(trial), frozen.run(trial), copy_function=_linked)
            if other.predictions(trial).is_file():
                _linked(str(other.predictions(trial)), str(frozen.predictions(trial)))
            write_state(frozen, trial, state)
            taken += 1
            break
    return taken


def _linked(source: str, target: str) -> None:
    """The same file under a second name, so that it takes no space; a copy where the disk cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _expect_launcher(launcher: str) -> None:
    if launcher not in LAUNCHERS:
        raise UsageError(
            f"--launcher is one of {', '.join(LAUNCHERS)}, got {launcher!r}. {did_you_mean(launcher, LAUNCHERS)}"
        )
    if launcher == "slurm":
        expect_slurm()


def go_on(
    folder: Path | str,
    *,
    workers: int = 0,
    retry_failed: bool = False,
    launcher: str = "local",
    slurm: SlurmOptions | None = None,
    jobset: JobSetOptions | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Runs what a frozen sweep still has to do, and writes its tables and page.

    Args:
        folder: Of the sweep.
        workers: Processes; 0: one for each GPU, or for two cores.
        retry_failed: Trains failed trials again.
        launcher: "local": processes on this machine; "slurm": jobs of a cluster; "jobset": a manifest for Kubernetes, written and not
            submitted.
        slurm: What a job asks of the cluster.
        jobset: What a pod asks of the cluster.
        progress: Where progress is shown.

    Raises:
        UsageError: It is no sweep, or another process runs it.
        Preempted: The process was asked to stop; the same call goes on.
    """
    folder, progress = Path(folder), progress or Progress()
    _expect_launcher(launcher)
    if not (folder / SWEEP).is_file():
        read_sweep(folder)  # says what is missing
    with only_writer(folder):
        frozen = read_sweep(folder)
        (folder / STOP).unlink(missing_ok=True)
        _expect_data(frozen)
        if lost := checked(frozen):
            progress.say(f"{len(lost)} finished trials have lost files ({lost[0].name} ...) and are trained again.")
        if retry_failed:
            for trial in frozen.trials:
                state = read_state(frozen, trial)
                if state.condition is Condition.FAILED:
                    write_state(frozen, trial, replace(state, condition=Condition.PLANNED, attempts=0, error=""))
        if launcher == "jobset":
            _write_jobset(frozen, jobset or JobSetOptions(), progress)
            return SweepResult(folder)
        try:
            _run(frozen, workers, slurm or SlurmOptions() if launcher == "slurm" else None, progress)
        finally:
            _write(frozen)
    failed = _count(frozen, Condition.FAILED)
    if failed:
        progress.say(
            f"{failed} trials failed; `outcomenet sweep {folder} --status` says why, `--retry failed` trains them again."
        )
    return SweepResult(folder)


def _write_jobset(frozen: Sweep, options: JobSetOptions, progress: Progress) -> None:
    seen = f"{options.mount.rstrip('/')}/{frozen.folder.name}"
    file = write_whole(frozen.folder / "jobset.yaml", jobset_text(frozen.name, seen, options))
    progress.say(
        f"{file} is written and not submitted: put data set and sweep side by side as they are here below {options.mount} of the claim, then "
        f"`kubectl create -f {file}`. It was never run on a cluster. `outcomenet sweep {frozen.folder} --status` follows it where the "
        "volume is mounted."
    )


def _run(frozen: Sweep, workers: int, slurm: SlurmOptions | None, progress: Progress) -> None:
    total = len(frozen.trials)
    waiting = list(frozen.trials)

    def ended() -> int:
        return count_ended(frozen, waiting)

    known = ended()
    if known == total:
        progress.say(f"All {total} trials of {frozen.folder} are finished.")
        return
    progress.start("trials", total - known, "sweep" if not known else f"sweep, {known} of {total} finished before")
    shown = known

    def tell() -> None:
        nonlocal shown
        now = ended()
        progress.advance(now - shown)
        shown = now

    if slurm is None:
        run_workers(frozen.folder, workers, ended, tell)
    else:
        run_jobs(frozen.folder, workers, slurm, ended, total, tell)
    tell()
    progress.finish()


def _count(frozen: Sweep, condition: Condition) -> int:
    return sum(read_state(frozen, trial).condition is condition for trial in frozen.trials)


def _expect_data(frozen: Sweep) -> None:
    if not frozen.data or not frozen.data_folder.is_dir():
        raise UsageError(
            f"{frozen.folder} was planned on a data set at {frozen.data or 'a place that names somebody'}, and there is none now; lay it there, "
            "or run the sweep's first command again with --data."
        )
    if read_manifest(frozen.data_folder).fingerprint != frozen.fingerprint:
        raise DataRefused(
            f"{frozen.data_folder} is not the data set that {frozen.folder} was planned on; name that one."
        )


def _write(frozen: Sweep) -> None:
    trials, arms = write_results(frozen)
    write_sweep_page(
        frozen.folder, name=frozen.name, question=frozen.question, evaluate=frozen.evaluate, main_outcome=frozen.outcome,
        searched=frozen.searched, trials=trials, arms=arms, best=winner(arms, frozen.outcome),
        logs={trial.name: frozen.run(trial) for trial in frozen.trials},
    )  # fmt: skip


def stop(folder: Path | str) -> None:
    """Asks every process of a sweep to save its step and end.

    Args:
        folder: Of the sweep.
    """
    frozen = read_sweep(Path(folder))
    (frozen.folder / STOP).write_text("asked to stop\n")


def status(folder: Path | str) -> pd.DataFrame:
    """Where every trial of a sweep stands, read from its files alone.

    Args:
        folder: Of the sweep.

    Returns:
        A row a trial: settings, state, seconds, first line of an error, and the process that runs it.
    """
    frozen = read_sweep(Path(folder))
    states = [read_state(frozen, trial) for trial in frozen.trials]
    columns = {name: [getattr(state, name) for state in states] for name in ("host", "process", "heartbeat")}
    return trials_table(frozen).assign(**columns)
