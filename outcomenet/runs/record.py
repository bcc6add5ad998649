"""Run record (record.json): command, configuration, versions, seeds and data fingerprint; it lets the same command go on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from outcomenet.artifacts import JsonObject, read_json_object, sha256_of, sha256_of_json, write_whole
from outcomenet.errors import DataRefused, UsageError
from outcomenet.runs.environment import environment
from outcomenet.runs.provenance import command_line

RECORD = "record.json"
# What must agree for a run to be gone on with; its digest is the run's identity, which every checkpoint carries.
IDENTITY = ("experiment", "experiment_sha256", "config", "data")


def origin(experiment_file: Path | None) -> JsonObject:
    """The first entries of every record: command, experiment file, program, machine and time.

    An experiment that was made in Python has no file: its entries are empty, and the record's `config` says all of it.
    """
    return {
        "command": command_line(),
        "experiment": experiment_file.name if experiment_file else "",
        "experiment_sha256": sha256_of(experiment_file) if experiment_file else "",
        **environment(),
        "times": {"begun": utc_now()},
    }


def begin_run(run: Path, record: JsonObject) -> JsonObject:
    """Writes the record of a new run, or takes up the same run that was begun before.

    Args:
        run: Run folder.
        record: The record without `run_id`; it becomes plain JSON.

    Returns:
        The record as it stands in the folder: the new one, or the one of the run begun before.

    Raises:
        UsageError: The folder holds something else, or another run (other experiment, configuration or data); the message
            names the first difference.
    """
    path = run / RECORD
    record = json.loads(json.dumps(record))  # tuples become lists, as in the file that it is compared with
    record["run_id"] = run_id(record)  # of the JSON form, from which it is computed again at each reading
    if not path.exists():
        # what a kill left of the record's own writing is no other thing
        if run.exists() and any(path.name != f".{RECORD}.partial" for path in run.iterdir()):
            raise UsageError(f"{run} exists and is not a run (it has no {RECORD}); choose another --out.")
        run.mkdir(parents=True, exist_ok=True)
        write_record(run, record)
        return record
    old = read_record(run)
    for key in IDENTITY:
        # in the order of `IDENTITY`: another experiment is the better explanation of another configuration
        if old.get(key) != record[key]:
            raise UsageError(
                f"{run} was made with another {key.replace('_', ' ')} ({_difference(old.get(key), record[key])}); "
                "choose another --out, or remove that folder to start anew."
            )
    return old


def run_id(record: JsonObject) -> str:
    """The run's identity: a digest of experiment, resolved configuration (seeds and split included) and data."""
    return sha256_of_json({key: record.get(key) for key in IDENTITY})


def read_record(run: Path) -> JsonObject:
    """Parses the record of a run.

    Raises:
        UsageError: The folder is no run.
        DataRefused: The record is not the one that was written.
    """
    path = run / RECORD
    if not path.is_file():
        raise UsageError(f"{run} is not a run (it has no {RECORD}); make one with `outcomenet train EXPERIMENT.py`.")
    advice = "restore it from a copy, or train the run again in another folder"
    record = read_json_object(path, advice)
    if "run_id" not in record:
        raise DataRefused(
            f"{path} does not say which run it is of: an earlier version of outcomenet made it, or it was edited; {advice}."
        )
    if record["run_id"] != run_id(record):
        raise DataRefused(
            f"{path} was changed after the run began (its experiment, configuration or data are not those of run "
            f"{str(record['run_id'])[:12]}); {advice}."
        )
    return record


def write_record(run: Path, record: JsonObject) -> None:
    """Writes record.json, whole or not at all.

    Args:
        run: Run folder.
        record: The record, of plain JSON values.
    """
    write_whole(run / RECORD, json.dumps(record, indent=1) + "\n")


def utc_now() -> str:
    """The time now, in UTC and ISO 8601 to the second: it names no place."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _difference(old: object, new: object, path: str = "") -> str:
    """The first place where two records differ, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                return _difference(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    return f"{path or 'value'}: was {old!r}, now {new!r}"
