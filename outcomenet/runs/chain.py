"""Chain of a run's files from record to report: each command checks what it uses and lists only what it made.

MANIFEST.json names the SHA-256 of every file. `train` writes it when training is over, `evaluate` and `report` add their
own files to it and take over the digests of the others as they stand. Their files are made in a folder beside, and moved when
all are there: a killed command leaves the old result, no valid result, or the new one, never a mixture that is believed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from outcomenet.artifacts import (
    MANIFEST,
    JsonObject,
    files_of,
    first_difference,
    read_json_object,
    read_manifest,
    sha256_of,
    unlisted,
    write_manifest,
    write_whole,
)
from outcomenet.errors import DataRefused, UsageError
from outcomenet.runs.record import RECORD, read_record

EVALUATION = "evaluation.json"
CHECKPOINTS = "checkpoints"


class Stage(IntEnum):
    """The commands that fill a run folder, in their order."""

    TRAINING = 0
    EVALUATION = 1
    REPORT = 2

    @property
    def remedy(self) -> str:
        """What to do where a file of this stage is damaged, with RUN for the folder."""
        return (
            "restore it from a copy, or train the run again in another folder",
            "run `outcomenet evaluate RUN`, which writes it anew",
            "run `outcomenet report RUN`, which writes it anew",
        )[self]


_OF_TRAINING = (RECORD, "metrics.jsonl", CHECKPOINTS)
_OF_REPORT = ("report.html", "figures")


def stage_of(name: str) -> Stage:
    """The command that makes a file of a run, by its path in the run folder."""
    top = name.partition("/")[0]
    if top in _OF_TRAINING:
        return Stage.TRAINING
    return Stage.REPORT if top in _OF_REPORT else Stage.EVALUATION


def reopen_training(run: Path) -> bool:
    """Opens a finished run again where nothing but checkpoints is damaged, so that training goes on from a sound one.

    What was made of the lost networks is removed.

    Returns:
        Whether the run is open for training; False where it is whole.

    Raises:
        UsageError: The run is not one that outcomenet made.
        DataRefused: Something else than checkpoints is damaged, as `check_run` says.
    """
    if not (run / MANIFEST).exists():
        return True
    try:
        check_run(run, upto=Stage.TRAINING)
        return False
    except DataRefused:
        digests = read_manifest(run, _remedy_of_manifest(run, read_record(run)))
        others = {n: d for n, d in digests.items() if stage_of(n) is Stage.TRAINING and not _is_checkpoint(n)}
        if first_difference(run, others) or not first_difference(
            run, {n: d for n, d in digests.items() if _is_checkpoint(n)}
        ):
            raise
    for name in digests:
        if stage_of(name) > Stage.TRAINING:
            (run / name).unlink(missing_ok=True)
    (run / MANIFEST).unlink()
    return True


def _is_checkpoint(name: str) -> bool:
    return name.startswith(f"{CHECKPOINTS}/")


def seal_training(run: Path) -> None:
    """Writes the manifest of a run whose training is over; a run that has one is checked and left as it is."""
    # a manifest is never written over files that were not checked: it would vouch for damage
    if (run / MANIFEST).exists():
        check_run(run, upto=Stage.TRAINING)
        return
    names = [name for name in files_of(run) if stage_of(name) is Stage.TRAINING]
    write_manifest(run, {name: sha256_of(run / name) for name in names})


def check_run(run: Path, upto: Stage = Stage.REPORT, needs: Stage = Stage.TRAINING) -> JsonObject:
    """Checks the files of a run against its manifest and against one another.

    Args:
        run: Run folder.
        upto: The last stage whose files are looked at; files of later ones are about to be written anew.
        needs: The stage that must be finished.

    Returns:
        The run's record.

    Raises:
        UsageError: The run is not trained, or not evaluated, to the end; the sentence names the command to run.
        DataRefused: A file is missing, extra or not the one that was written; the sentence names it and what to do.
    """
    record = read_record(run)
    if not (run / MANIFEST).exists():
        raise UsageError(
            f"{run} is not trained to the end (it has no {MANIFEST}, which comes last); run its `outcomenet train` command "
            "again, which goes on where it stopped."
        )
    digests = read_manifest(run, _remedy_of_manifest(run, record))
    # a whole evaluation that was not moved to its place: the old one may be half gone
    if upto > Stage.TRAINING and (_staging(run, Stage.EVALUATION) / MANIFEST).exists():
        raise _not_evaluated(run)
    difference = first_difference(run, {n: d for n, d in digests.items() if stage_of(n) <= upto})
    if difference:
        name, wrong = difference
        raise DataRefused(f"{run / name} {wrong}; {_remedy(run, name, record)}.")
    if needs is Stage.EVALUATION and EVALUATION not in digests:
        raise _not_evaluated(run)
    # a file too many is refused, too: a later command could take it for a result
    for name in unlisted(run, digests):
        if stage_of(name) <= upto:
            raise DataRefused(f"{run / name} was written by no command of outcomenet; move it out of the run folder.")
    _check_training(run, record, digests)
    if upto > Stage.TRAINING and EVALUATION in digests:
        _check_evaluation(run, record, digests)
    return record


def _remedy(run: Path, name: str, record: JsonObject) -> str:
    if "pooled" in record and stage_of(name) is not Stage.REPORT:
        return "remove this folder and run its `outcomenet pool` command again"
    if _is_checkpoint(name):
        return "run its `outcomenet train` command again, which goes on from the newest sound checkpoint"
    return stage_of(name).remedy.replace("RUN", str(run))


def _remedy_of_manifest(run: Path, record: JsonObject) -> str:
    if "pooled" in record:
        return _remedy(run, MANIFEST, record)
    return f"restore it from a copy, or delete it and run this run's `outcomenet train` command and `outcomenet evaluate {run}` again"


def _check_training(run: Path, record: JsonObject, digests: Mapping[str, str]) -> None:
    if RECORD not in digests:
        raise DataRefused(f"{run / MANIFEST} does not name {RECORD}; {Stage.TRAINING.remedy}.")
    if "pooled" in record or not record["config"].get("rungs"):
        return
    steps = record["config"]["training"]["steps"]
    if f"{CHECKPOINTS}/{steps}/{MANIFEST}" not in digests:
        raise UsageError(
            f"{run} has no checkpoint of step {steps}, the end of its training; run its `outcomenet train` command again, "
            "which goes on where it stopped."
        )


def _check_evaluation(run: Path, record: JsonObject, digests: Mapping[str, str]) -> None:
    evaluation = read_evaluation(run)
    again = _remedy(run, EVALUATION, record)
    if evaluation.get("of") != inputs_of(run, record):
        raise DataRefused(f"{run / EVALUATION} is of another run, or of other networks than lie here; {again}.")
    of_evaluation = {n: d for n, d in digests.items() if stage_of(n) is Stage.EVALUATION and n != EVALUATION}
    if evaluation.get("files") != of_evaluation:
        raise DataRefused(f"{run / EVALUATION} does not name the same files as {MANIFEST}; {again}.")


def _not_evaluated(run: Path) -> UsageError:
    return UsageError(
        f"{run} is not evaluated to the end (it has no whole {EVALUATION}); run `outcomenet evaluate {run}`."
    )


def inputs_of(run: Path, record: JsonObject) -> dict[str, str]:
    """The inputs of an evaluation, which tell whether it is still that of its run.

    Args:
        run: Run folder.
        record: Its record.

    Returns:
        `run_id`, `data` (the data set's fingerprint) and `checkpoint` (SHA-256 of the manifest of the last one, "" without).
    """
    steps = record["config"].get("training", {}).get("steps")
    checkpoint = run / CHECKPOINTS / str(steps) / MANIFEST
    return {
        "run_id": record["run_id"],
        "data": record["data"]["fingerprint"],
        "checkpoint": sha256_of(checkpoint) if checkpoint.is_file() else "",
    }


def read_evaluation(run: Path) -> JsonObject:
    """The record of the evaluation: its inputs, files, notes, stages and environment."""
    return read_json_object(run / EVALUATION, f"run `outcomenet evaluate {run}`, which writes it anew")


def is_evaluated(run: Path, source_sha256: str) -> bool:
    """Tells whether a run holds a whole evaluation of its present networks by the present program.

    Args:
        run: Run folder.
        source_sha256: Digest of the present program (`provenance.source_sha256`).

    Returns:
        False also where the evaluation is damaged: it is made anew then.
    """
    try:
        check_run(run, upto=Stage.EVALUATION, needs=Stage.EVALUATION)
    except (UsageError, DataRefused):
        return False
    return read_evaluation(run).get("environment", {}).get("source_sha256") == source_sha256


def write_evaluation(folder: Path, of: Mapping[str, str], entries: Mapping[str, object]) -> None:
    """Writes evaluation.json, last of all files of an evaluation.

    Args:
        folder: Folder with the evaluation's other files, whose digests are entered.
        of: The evaluation's inputs (`inputs_of`).
        entries: Further entries: notes, stages, environment.
    """
    names = [name for name in files_of(folder) if stage_of(name) is Stage.EVALUATION]
    files = {name: sha256_of(folder / name) for name in names}
    write_whole(folder / EVALUATION, json.dumps({"of": dict(of), **entries, "files": files}, indent=1) + "\n")


@contextmanager
def staged(run: Path, stage: Stage) -> Iterator[Path]:
    """A folder to fill with the files of a stage; they become the run's when the block ends well, and else disappear.

    Args:
        run: Run folder, with the manifest of the stages before.
        stage: The stage whose files are made.

    Yields:
        An empty folder inside the run.
    """
    staging = _staging(run, stage)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    write_manifest(staging)  # from here on a kill loses nothing: `finish` goes on
    _publish(run, stage)


def finish(run: Path, stage: Stage) -> None:
    """Ends what a killed command had made whole; removes what it had only begun.

    Args:
        run: Run folder.
        stage: The stage whose staged files are looked for.
    """
    staging = _staging(run, stage)
    if not staging.exists():
        return
    try:
        made = read_manifest(staging, "make it again")
    except (DataRefused, FileNotFoundError):
        shutil.rmtree(staging)
        return
    moved = {name: digest for name, digest in made.items() if not (staging / name).is_file()}
    waiting = {name: digest for name, digest in made.items() if name not in moved}
    if first_difference(staging, waiting) or first_difference(run, moved):
        for name in moved:
            (run / name).unlink(missing_ok=True)
        shutil.rmtree(staging)
        return
    _publish(run, stage)


def _publish(run: Path, stage: Stage) -> None:
    """Moves the staged files to their places. Every order of kills leaves a run that is not believed, or the whole one."""
    staging = _staging(run, stage)
    made, listed = read_manifest(staging, "make it again"), read_manifest(run, "make it again")
    kept = {name: digest for name, digest in listed.items() if stage_of(name) < stage}
    # 1. the old results go: from here on the manifest names files that are missing, so that nobody believes them
    for name in listed.keys() - kept.keys():
        if name not in made or (staging / name).exists():  # else it is new already: a killed call had moved it
            (run / name).unlink(missing_ok=True)
    # 2. the run is as before this stage
    write_manifest(run, kept)
    # 3. the new results come, in any order
    for name in made:
        if (staging / name).exists():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / name, run / name)
    # 4. and count
    write_manifest(run, {**kept, **made})
    shutil.rmtree(staging)


def _staging(run: Path, stage: Stage) -> Path:
    return run / f".{stage.name.lower()}.partial"
