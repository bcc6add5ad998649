"""The public functions that train, evaluate, join and report runs: what commands and notebooks call.

Each takes paths as text too, keeps other processes from the run that it writes, and gives back a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from outcomenet import workflow
from outcomenet.evaluation.pool import pool_runs
from outcomenet.experiment import Experiment
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.localizer_run import run_localizer_training
from outcomenet.locks import only_writer
from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment
from outcomenet.pretraining.pretraining_run import run_pretraining
from outcomenet.progress import Progress
from outcomenet.runs.record import read_record
from outcomenet.runs.run import Run, folder_of
from outcomenet.training import processes
from outcomenet.training.processes import ProcessGroup


def train(
    experiment: Experiment,
    data: Path | str,
    out: Path | str,
    *,
    file: Path | str | None = None,
    stages: Sequence[Mapping[str, object]] = (),
    writers: Sequence[str] = (),
    group: ProcessGroup | None = None,
    progress: Progress | None = None,
) -> Run:
    """Trains the networks of an experiment on a data set; the same call goes on where an earlier one stopped.

    Args:
        experiment: The question, and how it is put to the data.
        data: Data set that `intake` made.
        out: Run folder to write, or to go on with.
        file: Where the experiment was loaded from, for the record; None: it was made in Python, and the record holds all of it.
        stages: Speed and memory of the data's making, for the record.
        writers: `tensorboard`, `mlflow`, `wandb`: files of the metrics for these viewers, beside the run; nothing is sent.
        group: Processes that train this run together, this one among them; each makes the same call. None: this one alone.
        progress: Where progress is shown.

    Returns:
        The run, to be evaluated next.

    Raises:
        UsageError: The data set cannot answer the question, or `out` holds another run.
        DataRefused: The data set is not the one that was written, or has patients in two splits.
        Preempted: The process was asked to stop; the same call goes on.

    Example:
        >>> import outcomenet as on
        >>> experiment = on.load_experiment("demo").with_settings({"training.steps": 200})
        >>> run = on.train(experiment, "dataset", "runs/mine")  # doctest: +SKIP
    """
    if group is not None:
        group.join()
    first = processes.number() == 0
    with processes.ends_with_the_others(), only_writer(Path(out)) if first else nullcontext():
        workflow.run_training(
            None if file is None else Path(file), experiment, Path(data), Path(out),
            progress=progress or Progress(quiet=not first), before=stages, writers=writers,
        )  # fmt: skip
    return _written(out)


def train_localizer(
    experiment: LocalizerExperiment,
    out: Path | str,
    *,
    file: Path | str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Trains the networks that find joints, on simulated films; the same call goes on where an earlier one stopped.

    Args:
        experiment: Films, networks and lengths of training.
        out: Run folder to write, or to go on with.
        file: Where the experiment was loaded from, for the record.
        progress: Where progress is shown.

    Returns:
        The weights file, for `localize`.

    Raises:
        UsageError: `out` holds another run.
    """
    with only_writer(Path(out)):
        origin = None if file is None else Path(file)
        return run_localizer_training(origin, experiment, Path(out), progress=progress or Progress())


def pretrain(
    experiment: PretrainingExperiment,
    out: Path | str,
    *,
    file: Path | str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Pretrains the joint encoder on simulated joints whose state is known; the same call goes on where an earlier one stopped.

    Args:
        experiment: Joints to draw, their looks, network and length of training.
        out: Run folder to write, or to go on with.
        file: Where the experiment was loaded from, for the record.
        progress: Where progress is shown.

    Returns:
        The weights file, for `network.initial`.

    Raises:
        UsageError: `out` holds another run.
        Preempted: The process was asked to stop; the same call goes on.
    """
    with only_writer(Path(out)):
        origin = None if file is None else Path(file)
        return run_pretraining(origin, experiment, Path(out), progress=progress or Progress())


def evaluate(run: Path | str | Run, data: Path | str | None = None, *, progress: Progress | None = None) -> Run:
    """Compares the ladder of predictors on the held-out patients of a trained run.

    Args:
        run: The run, or its folder. One that is evaluated already is left as it is.
        data: Its data set; None: the one that it was trained on, where it has not moved.
        progress: Where progress is shown.

    Returns:
        The run with its tables; `notes` says what could not be computed.

    Raises:
        UsageError: The run is not trained to the end, or its data set is gone.
        DataRefused: A file of the run was changed, or the data set is another one.

    Example:
        >>> import outcomenet as on
        >>> on.evaluate("runs/mine").metrics  # doctest: +SKIP
    """
    folder = folder_of(run)
    read_record(folder)
    with only_writer(folder):
        workflow.run_evaluation(folder, None if data is None else Path(data), progress=progress or Progress())
    return _written(folder)


def pool(runs: Iterable[Path | str | Run], out: Path | str, *, progress: Progress | None = None) -> Run:
    """Joins evaluated runs of one experiment that held out different patients: everyone is predicted by rungs that never saw them.

    Args:
        runs: One for each fold, or for each hospital.
        out: Run folder to write; it must not exist, unless the same call made it.
        progress: Where progress is shown.

    Returns:
        The joined run.

    Raises:
        UsageError: The runs differ in more than whom they held out, or a fold or hospital is missing.
        DataRefused: A file of a run was changed.

    Example:
        >>> import outcomenet as on
        >>> on.pool([f"runs/fold{k}" for k in range(5)], "runs/all")  # doctest: +SKIP
    """
    pool_runs([folder_of(run) for run in runs], Path(out), progress or Progress())
    return _written(out)


def report(run: Path | str | Run) -> Path:
    """Writes the report of an evaluated run: one HTML file that needs no network and can be sent as it is.

    Args:
        run: The run, or its folder.

    Returns:
        The report's path.

    Raises:
        UsageError: The run is not evaluated to the end.
        DataRefused: A file of the run was changed.

    Example:
        >>> import outcomenet as on
        >>> on.report("runs/mine")  # doctest: +SKIP
    """
    folder = folder_of(run)
    read_record(folder)
    with only_writer(folder):
        return workflow.run_report(folder)


def _written(run: Path | str) -> Run:
    """A run that was just written; `open_run` would look at every file again."""
    return Run(Path(run), read_record(Path(run)))
