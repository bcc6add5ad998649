"""Runs that held out different patients, joined: every patient predicted by rungs that never saw them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import JsonObject, already_made, refuse_existing, sha256_of, whole_folder, write_manifest
from outcomenet.codebooks import CODEBOOK
from outcomenet.csv_files import read_csv
from outcomenet.errors import DataRefused, UsageError
from outcomenet.evaluation.biomarker_scale import LINKS
from outcomenet.evaluation.ladder_predictions import in_every_part
from outcomenet.evaluation.pooled_biomarker import BIOMARKERS
from outcomenet.evaluation.pooled_tables import PREDICTIONS, write_pooled_tables
from outcomenet.progress import Progress
from outcomenet.runs.chain import EVALUATION, Stage, check_run, inputs_of, read_evaluation, write_evaluation
from outcomenet.runs.environment import differences, environment
from outcomenet.runs.provenance import command_line, public_name, source_sha256
from outcomenet.runs.record import read_record, run_id, utc_now, write_record
from outcomenet.runs.tables_for_all import FOLLOW_UP, VISITS


def pool_runs(runs: Sequence[Path], out: Path, progress: Progress | None = None) -> pd.DataFrame:
    """Joins runs that held out different patients into a run of its own, whole or not at all: predictions, metrics,
    comparisons, with networks biomarkers, for hospitals left out audit_sites.csv.

    Args:
        runs: evaluated and unaltered, of one experiment, configuration and data set but for what they held out; together
            they hold out every fold, or every hospital of the data, exactly once.
        out: the folder of the joined run. One that this program joined of these very parts already is left as it is.
        progress: is told where nothing was to be done.

    Returns:
        metrics.csv of the joined run.

    Raises:
        UsageError: a fold or a hospital is missing, a run is joined already, or `out` holds something else.
        DataRefused: the runs differ in more than what they held out, or one of them was altered.
    """
    if not runs:
        raise UsageError("Name the runs to join: one for each fold, or for each hospital.")
    for run in runs:
        if "pooled" in read_record(run):
            raise UsageError(f"{run} is joined already; name the runs of single folds or hospitals.")
    records = [check_run(run, needs=Stage.EVALUATION) for run in runs]
    for run in runs:
        _of_this_version(run)
    for run, record in zip(runs, records, strict=True):
        _same_but_for_the_split(runs[0], records[0], run, record)
    parts = {name: sha256_of(run / EVALUATION) for name, run in zip(_names(records), runs, strict=True)}
    if _is_joined(out, parts):
        (progress or Progress()).say(already_made(out))
        return read_csv(out / "metrics.csv")
    refuse_existing(out)
    tables = [pd.read_parquet(run / PREDICTIONS) for run in runs]
    splits = [record["config"]["split"] for record in records]
    of_sites = any(split["leave_site_out"] for split in splits)
    _complete(runs, splits, tables, of_sites)
    # a part's other rows are of patients that its networks learned from, or that another part holds out
    held_out = [table[table["split"] == "test"].assign(fold=k) for k, table in enumerate(tables)]
    pooled, absent = in_every_part(pd.concat(held_out, ignore_index=True).assign(run=public_name(out)), len(runs))
    # by visit, not by fold: the same fold named twice would have other fold numbers
    twice = pooled.duplicated(["predictor", "outcome", "horizon", "patient_id", "visit_id"])
    if twice.any():
        raise DataRefused(f"{int(twice.sum())} predictions are of visits that two runs held out; name each fold once.")
    of = {"pooled": parts, "environment": environment(), "begun": utc_now()}
    with whole_folder(out) as folder:
        notes = [note for run in runs for note in read_evaluation(run)["notes"]]
        config = records[0]["config"]
        notes += write_pooled_tables(
            pooled, runs, folder, outcomes=config["outcomes"], chosen=config.get("main_outcome", ""), of_sites=of_sites,
            resamples=config["evaluation"]["resamples"], seed=config["evaluation"]["seed"],
        )  # fmt: skip
        notes = absent + _conditions(runs, list(parts)) + list(dict.fromkeys(notes))
        _seal(
            folder,
            public_name(out),
            records,
            of,
            notes,
            command_line(["pool", *map(str, runs), "--out", str(out)]),
            pooled,
        )
    return read_csv(out / "metrics.csv")


def _same_but_for_the_split(first: Path, known: JsonObject, run: Path, record: JsonObject) -> None:
    def identity(r: JsonObject) -> str:
        config = {key: value for key, value in r["config"].items() if key != "split"}
        return json.dumps([r["experiment_sha256"], config, r["data"]["fingerprint"]], sort_keys=True)

    if identity(known) != identity(record):
        raise DataRefused(
            f"{run} differs from {first} in more than the patients that it held out (experiment, configuration or data); "
            "runs of one experiment with one configuration are joined."
        )


def _of_this_version(run: Path) -> None:
    """Refuses a part whose evaluation lacks a table that joining needs, as one of an earlier version does."""
    needed = [PREDICTIONS, f"{VISITS}.parquet", f"{FOLLOW_UP}.parquet", CODEBOOK]
    needed += [LINKS] if (run / BIOMARKERS).is_file() else []
    if absent := [name for name in needed if not (run / name).is_file()]:
        raise DataRefused(
            f"{run} has no {' and no '.join(absent)}: an earlier version of outcomenet evaluated it. Run `outcomenet evaluate {run}` "
            "again."
        )


def _complete(
    runs: Sequence[Path], splits: Sequence[JsonObject], tables: Sequence[pd.DataFrame], of_sites: bool
) -> None:
    if of_sites:
        there = set(tables[0]["site"].dropna())
        held = [split["leave_site_out"] for split in splits]
        if sorted(held) != sorted(there):
            raise UsageError(
                f"The data have the hospitals {', '.join(sorted(there))}; the runs held out "
                f"{', '.join(sorted(name or 'none' for name in held))}. Train one run with split.leave_site_out (--split.leave-site-out) for each."
            )
        return
    folds = splits[0]["folds"]
    held = sorted(split["fold"] for split in splits if split["folds"] == folds)
    if not folds or held != list(range(folds)):
        raise UsageError(
            f"Joining needs one run for each fold 0 to {max(folds, 1) - 1} of split.folds {folds}; the {len(runs)} runs hold "
            f"out {held}. Train the others with split.folds K and split.fold k (--split.folds K --split.fold k)."
        )


def _is_joined(out: Path, parts: Mapping[str, str]) -> bool:
    """Whether a whole run that this program joined of these very parts is there already, as after a kill in the last instant.

    A part is known by the digest of its evaluation.json, which names the digests of all that was evaluated and of its network.
    """
    try:
        record = check_run(out, needs=Stage.EVALUATION)
    except (UsageError, DataRefused):
        return False
    joined = list(record.get("pooled_from", {}).items())  # in their order, which gives the folds their numbers
    return joined == list(parts.items()) and record.get("source_sha256") == source_sha256()


def _names(records: Sequence[JsonObject]) -> list[str]:
    """The parts' names; those that are called alike get their place among the parts behind the name."""
    names = [record["name"] for record in records]
    return [name if names.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(names)]


def _conditions(runs: Sequence[Path], names: Sequence[str]) -> list[str]:
    """A sentence where the parts were not made by one program on one kind of machine."""
    environments = [read_evaluation(run)["environment"] for run in runs]
    sentences = []
    for name, other in zip(names, environments, strict=True):
        if changed := differences(environments[0], other):
            sentences.append(
                f"{name} was evaluated under other conditions than {names[0]}: {'; '.join(changed)}. Numbers may differ."
            )
    return sentences


def _seal(
    out: Path,
    name: str,
    records: Sequence[JsonObject],
    of: JsonObject,
    notes: list[str],
    command: str,
    pooled: pd.DataFrame,
) -> None:
    """Record, evaluation's record and manifest of a joined run, in that order."""
    data = records[0]["data"] | {"splits": {"test": int(pooled["patient_id"].nunique())}}
    record = records[0] | {
        "name": name,
        "command": command,
        "pooled": list(of["pooled"]),
        "pooled_from": of["pooled"],
        "data": data,
        **of["environment"],
        "times": {"begun": of["begun"], "finished": utc_now()},
        "stages": [],
    }
    record["run_id"] = run_id(record)
    write_record(out, record)
    entries = {"notes": notes, "stages": [], "environment": of["environment"], "times": record["times"]}
    write_evaluation(out, inputs_of(out, record), entries)
    write_manifest(out)
