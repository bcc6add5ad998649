"""A process that takes one waiting trial of a sweep after the other, until none is left; start as many as there are devices.

    python -m outcomenet.sweeps.worker SWEEP [--cores 0 1] [--parent PID]

A launcher starts workers and needs to do nothing else: what is planned and what is done stands in the sweep's files. SIGTERM makes a
worker save its step and end with exit code 4; after a SIGKILL the next worker goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outcomenet.artifacts import MANIFEST, sha256_of
from outcomenet.errors import OutcomenetError, Preempted
from outcomenet.failures import in_words, is_of_disk
from outcomenet.progress import Progress
from outcomenet.runs.chain import CHECKPOINTS
from outcomenet.runs.config import changed_settings
from outcomenet.runs.provenance import source_sha256, typed
from outcomenet.runs.record import utc_now
from outcomenet.stopping import interrupted_by_signals
from outcomenet.sweeps import STOP
from outcomenet.sweeps.sweep_folder import (
    Condition,
    State,
    Sweep,
    held,
    is_whole,
    read_state,
    read_sweep,
    write_state,
)
from outcomenet.sweeps.trials import Trial

if TYPE_CHECKING:
    from outcomenet.inference.embedded_films import KeptEmbeddings

HEARTBEAT_SECONDS = 20.0
WATCH_SECONDS = 1.0
# Attempts that ended without a word and without a further checkpoint: a trial that kills its process does so again.
MOST_ATTEMPTS = 3


def work(folder: Path, progress: Progress) -> int:
    """Takes waiting trials until there is none.

    Args:
        folder: Of the sweep.
        progress: Is told of each trial.

    Returns:
        How many trials it brought to an end, well or not.

    Raises:
        Preempted: The process was asked to stop; the trial's last step is saved.
        OutcomenetError: The disk or the folder failed; the trial waits as before.
    """
    from outcomenet.inference.embedded_films import KeptEmbeddings

    ended, kept = 0, KeptEmbeddings()
    while True:
        sweep, before = read_sweep(folder), ended
        if sweep.program != source_sha256():
            raise OutcomenetError(
                f"{folder} was planned with another version of outcomenet; go on with that one, or plan it again in another folder."
            )
        for trial in sweep.trials:
            if (folder / STOP).exists():
                raise Preempted(f"{folder / STOP} asks the sweep to stop; run the same command to go on.")
            if read_state(sweep, trial).condition in (Condition.DONE, Condition.FAILED):
                continue
            with held(sweep, trial) as mine:
                # another worker may have finished it between the two lines above
                if mine and read_state(sweep, trial).condition not in (Condition.DONE, Condition.FAILED):
                    _run(sweep, trial, progress, kept)
                    ended += 1
        if ended == before:
            return ended


def _run(sweep: Sweep, trial: Trial, progress: Progress, kept: KeptEmbeddings) -> None:
    """Brings one trial, which this process holds, to an end."""
    state = taken(sweep, trial)
    write_state(sweep, trial, state)
    if state.condition is Condition.FAILED:
        return
    begun = time.monotonic()
    progress.say(f"Trial {trial.name}: {trial.words}, seed {trial.seed}" + _fold_words(trial))
    try:
        with _heartbeat(sweep, trial, state):
            _train_and_evaluate(sweep, trial, progress, kept)
    except (Preempted, KeyboardInterrupt):
        write_state(sweep, trial, _ended(state, Condition.PLANNED, begun, step=last_step(sweep.run(trial))))
        raise
    except Exception as error:
        sentence = str(error) if isinstance(error, OutcomenetError) else str(in_words(error) or _first_line(error))
        if is_of_disk(error):
            # every other trial would fail there too: nothing is written down against this one
            raise OutcomenetError(sentence) from error
        traceback.print_exc()
        write_state(sweep, trial, _ended(state, Condition.FAILED, begun, error=sentence.splitlines()[0]))
        return
    done = _ended(state, Condition.DONE, begun, manifest=sha256_of(sweep.run(trial) / MANIFEST), attempts=0)
    write_state(sweep, trial, done)
    progress.say(f"Trial {trial.name} is done.")


def taken(sweep: Sweep, trial: Trial) -> State:
    """The state of a trial that is begun or gone on with; failed where its process died too often without a further step.

    Args:
        sweep: The sweep.
        trial: One of its trials, which this process holds.
    """
    old, step = read_state(sweep, trial), last_step(sweep.run(trial))
    attempts = 0
    if old.condition is Condition.RUNNING:  # its process ended without a word
        attempts = old.attempts + 1 if step <= old.step else 1
    new = replace(old, step=step, attempts=attempts, error="", manifest="")
    if attempts >= MOST_ATTEMPTS:
        sentence = (
            f"Its process ended {attempts} times without a word and without a step beyond {step}: killed from outside, out of memory, or "
            "crashed; the log of its worker has the last lines."
        )
        return replace(new, condition=Condition.FAILED, error=sentence)
    now = utc_now()
    return replace(
        new, condition=Condition.RUNNING, host=socket.gethostname(), process=os.getpid(), begun=now, heartbeat=now
    )


def _ended(state: State, condition: Condition, begun: float, **values: object) -> State:
    seconds = round(state.seconds + time.monotonic() - begun, 1)
    return replace(state, condition=condition, seconds=seconds, heartbeat=utc_now(), **values)


def _train_and_evaluate(sweep: Sweep, trial: Trial, progress: Progress, kept: KeptEmbeddings) -> None:
    from outcomenet import workflow

    run, data = sweep.run(trial), sweep.data_folder
    with typed(_command(sweep, trial)):
        workflow.run_training(
            sweep.file(trial),
            trial.experiment,
            data,
            run,
            progress=progress,
            kept=kept,
            writers=sweep.writers,
            viewers=sweep.viewers(trial),
        )
        if sweep.evaluate != "none" and not sweep.predictions(trial).is_file():
            workflow.run_validation(run, data, sweep.predictions(trial), progress=progress)
        if sweep.evaluate == "test":
            workflow.run_evaluation(run, data, progress=progress)


def _command(sweep: Sweep, trial: Trial) -> list[str]:
    """What a person would type to get this one run, for its record."""
    from outcomenet.experiment import load_experiment

    file = sweep.file(trial)
    if file is None:
        return ["sweep", str(sweep.folder)]
    words = ["train", str(file), "--data", str(sweep.data_folder), "--out", str(sweep.run(trial))]
    for path, value in changed_settings(trial.experiment, load_experiment(file)).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [f"--{path.replace('_', '-')}", *map(str, values)]
    return words


@contextmanager
def _heartbeat(sweep: Sweep, trial: Trial, state: State) -> Iterator[None]:
    """Writes the time into the trial's state now and then, for people; nobody takes a trial by it."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                write_state(sweep, trial, replace(state, heartbeat=utc_now()))
            except OSError:  # a full disk stops the training by itself, with a sentence
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def last_step(run: Path) -> int:
    """The last checkpoint that a run folder has; 0 where there is none.

    Args:
        run: Its folder.
    """
    folder = run / CHECKPOINTS
    return (
        max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=0) if folder.is_dir() else 0
    )


def checked(sweep: Sweep) -> list[Trial]:
    """Trials whose state says done while their files are not all there; they are planned again.

    Args:
        sweep: The sweep.
    """
    lost = []
    for trial in sweep.trials:
        state = read_state(sweep, trial)
        if state.condition is Condition.DONE and not is_whole(sweep, trial, state):
            with held(sweep, trial) as mine:
                if mine:
                    write_state(sweep, trial, replace(state, condition=Condition.PLANNED, manifest=""))
                    lost.append(trial)
    return lost


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'without a message'}"


def _fold_words(trial: Trial) -> str:
    return "" if trial.fold is None else f", fold {trial.fold}"


def _watch(folder: Path, parent: int | None) -> None:
    """Ends this process after its step where the sweep is asked to stop, or where who started it has gone."""
    while True:
        time.sleep(WATCH_SECONDS)
        if (folder / STOP).exists() or (parent is not None and os.getppid() != parent):
            os.kill(os.getpid(), signal.SIGTERM)
            return


def main(arguments: list[str] | None = None) -> int:
    """Runs a worker; its exit codes are those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m outcomenet.sweeps.worker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, nargs="*", default=[], help="of this machine that the process keeps to")
    parser.add_argument("--parent", type=int, default=None, help="process without which the worker ends")
    given = parser.parse_args(arguments)
    if given.cores:
        os.sched_setaffinity(0, given.cores)
    threading.Thread(target=_watch, args=(given.folder, given.parent), daemon=True).start()
    try:
        with interrupted_by_signals():
            work(given.folder, Progress())
    except OutcomenetError as error:
        print(f"outcomenet sweep: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return Preempted.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
