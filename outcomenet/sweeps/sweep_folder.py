"""Sweep folder: the frozen set of trials, what each trial's state is, and who holds it. Files alone, with no server.

    sweep.json            every trial with its configuration; the experiment, data fingerprint, program
    experiment/           the experiment file as it was when its trials were planned
    trials/NAME/          a run folder for each trial
    state/NAME.json       planned, running (host and heartbeat), done, failed (first line of the error)
    validation/NAME.parquet   predictions for the validation patients, by which trials are compared

A trial is done if its run folder is whole; the state file only says so quickly. Who runs a trial holds a lock of the system on
`trials/.NAME.lock`, which no crash outlives: a trial is never taken from a living process, however old its heartbeat, and never
waits for a dead one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from outcomenet.artifacts import MANIFEST, files_of, read_json_object, read_manifest, sha256_of, write_whole
from outcomenet.errors import DataRefused, UsageError
from outcomenet.locks import only_writer
from outcomenet.runs.provenance import resolved_path
from outcomenet.runs.record import utc_now
from outcomenet.sweeps.trials import Trial

SWEEP = "sweep.json"
TRIALS, STATE, VALIDATION, EXPERIMENT, VIEWERS = "trials", "state", "validation", "experiment", "viewers"
FORMAT = 1


class Condition(StrEnum):
    """Where a trial stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


ENDED = (Condition.DONE, Condition.FAILED)


@dataclass(frozen=True)
class State:
    """What state/NAME.json says."""

    condition: Condition = Condition.PLANNED
    host: str = ""
    process: int = 0
    begun: str = ""
    heartbeat: str = ""
    """UTC; for people. Whether a process lives is told by its lock."""
    seconds: float = 0.0
    """Of training and validation, over all attempts that ended."""
    step: int = 0
    """The last step at which an attempt ended without having finished."""
    attempts: int = 0
    """Attempts in a row that ended without a further step."""
    error: str = ""
    """First line of what went wrong."""
    manifest: str = ""
    """SHA-256 of the finished run's manifest."""


@dataclass(frozen=True)
class Sweep:
    """What is frozen: the question and its trials."""

    folder: Path
    name: str
    question: str
    outcome: str
    """The main outcome, by whose headline metric arms are compared."""
    data: str
    """Data set, as seen from the folder."""
    fingerprint: str
    program: str
    commit: str
    axes: dict[str, list[dict[str, object]]]
    evaluate: str
    """validation, test or none."""
    trials: tuple[Trial, ...]
    writers: tuple[str, ...] = ()
    """Viewers' files of each trial's metrics (`training.metric_writers`), in `viewers/`."""
    searched: bool = False
    """Whether arms were suggested by what earlier arms gave: such a sweep explores, and confirms nothing."""

    @property
    def data_folder(self) -> Path:
        """Where the data set lies."""
        return Path(os.path.normpath(resolved_path(self.data, self.folder)))

    def file(self, trial: Trial) -> Path | None:
        """The experiment file that a trial was planned with."""
        return self.folder / EXPERIMENT / trial.file if trial.file else None

    def run(self, trial: Trial) -> Path:
        """Run folder of a trial."""
        return self.folder / TRIALS / trial.name

    def viewers(self, trial: Trial) -> Path:
        """Where viewers' files of its metrics lie, less the name of the viewer: not among the runs."""
        return self.folder / VIEWERS / trial.name

    def predictions(self, trial: Trial) -> Path:
        """Its predictions for the validation patients."""
        return self.folder / VALIDATION / f"{trial.name}.parquet"

    def state_file(self, trial: Trial) -> Path:
        """File of its state."""
        return self.folder / STATE / f"{trial.name}.json"


def kept_file(folder: Path, experiment_file: Path) -> str:
    """Copies an experiment file into a sweep, so that a later change of it changes no trial that waits.

    Args:
        folder: Of the sweep.
        experiment_file: What is copied.

    Returns:
        Where it lies below experiment/.
    """
    name = f"{sha256_of(experiment_file)[:8]}/{experiment_file.name}"
    copy = folder / EXPERIMENT / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_whole(copy, experiment_file.read_bytes())
    return name


def write_sweep(sweep: Sweep) -> None:
    """Freezes a sweep in its folder, or adds the trials that a grown one has more.

    Args:
        sweep: What is frozen.
    """
    for name in (TRIALS, STATE, VALIDATION):
        (sweep.folder / name).mkdir(parents=True, exist_ok=True)
    record = {
        "format": FORMAT,
        "frozen": utc_now(),
        **{key: getattr(sweep, key) for key in _PLAIN},
        "trials": [asdict(trial) for trial in sweep.trials],
    }
    write_whole(sweep.folder / SWEEP, json.dumps(record, indent=1) + "\n")


_PLAIN = (
    "name",
    "question",
    "outcome",
    "data",
    "fingerprint",
    "program",
    "commit",
    "axes",
    "evaluate",
    "writers",
    "searched",
)


def read_sweep(folder: Path) -> Sweep:
    """A sweep as it was frozen.

    Args:
        folder: Its folder.

    Raises:
        UsageError: It is no sweep.
        DataRefused: sweep.json is damaged, or a trial's name is not that of what it computes.
    """
    file = folder / SWEEP
    if not file.is_file():
        raise UsageError(
            f"{folder} is no sweep (it has no {SWEEP}); begin one with `outcomenet sweep EXPERIMENT --data DATASET --out {folder}`."
        )
    advice = "restore it from a copy, or plan the sweep again in another folder"
    record = read_json_object(file, advice)
    try:
        trials = tuple(Trial(**trial) for trial in record["trials"])
        plain = {key: record[key] for key in _PLAIN}
        plain["writers"] = tuple(plain["writers"])
        return Sweep(folder, trials=trials, **plain)
    except (KeyError, TypeError) as missing:
        raise DataRefused(f"{file} is not one that this version of outcomenet wrote ({missing}); {advice}.") from None


def read_state(sweep: Sweep, trial: Trial) -> State:
    """State of a trial as its file says; a file that a full disk cut short counts as none: the run folder decides.

    Args:
        sweep: The sweep.
        trial: One of its trials.
    """
    file = sweep.state_file(trial)
    if not file.is_file():
        return State()
    try:
        record = read_json_object(file, "it is written anew")
        return State(**{**record, "condition": Condition(record["condition"])})
    except (DataRefused, KeyError, TypeError, ValueError):
        return State()


def write_state(sweep: Sweep, trial: Trial, state: State) -> None:
    """Writes a trial's state, whole or not at all; only who holds the trial's lock may."""
    write_whole(sweep.state_file(trial), json.dumps(asdict(state), indent=1) + "\n")


def count_ended(sweep: Sweep, waiting: list[Trial] | None = None) -> int:
    """How many trials are done or failed.

    Args:
        sweep: The sweep.
        waiting: Trials that had not ended when last looked at, which is brought up to date; a sweep has thousands, and those that have
            ended are not read again. None: all are read.
    """
    waiting = list(sweep.trials) if waiting is None else waiting
    waiting[:] = [trial for trial in waiting if read_state(sweep, trial).condition not in ENDED]
    return len(sweep.trials) - len(waiting)


def is_whole(sweep: Sweep, trial: Trial, state: State) -> bool:
    """Whether what a done trial left is still there: its manifest, every file that it names, its predictions.

    Contents are not hashed here, since a sweep has thousands of trials; `outcomenet evaluate` checks each file that it uses.

    Args:
        sweep: The sweep.
        trial: One of its trials.
        state: Its state.
    """
    run = sweep.run(trial)
    if not (run / MANIFEST).is_file() or sha256_of(run / MANIFEST) != state.manifest:
        return False
    if sweep.evaluate != "none" and not sweep.predictions(trial).is_file():
        return False
    there = set(files_of(run))
    return all(name in there for name in read_manifest(run, "make it again"))


@contextmanager
def held(sweep: Sweep, trial: Trial) -> Iterator[bool]:
    """Whether this process holds the trial now; it is given back when the block ends, however the process ends.

    Args:
        sweep: The sweep.
        trial: One of its trials.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(only_writer(sweep.run(trial)))
        except UsageError:
            yield False
            return
        yield True
