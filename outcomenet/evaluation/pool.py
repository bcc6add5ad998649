"""Runs that held out different patients, joined: every patient predicted by rungs that never saw them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from outcomenet.artifacts import refuse_existing
from outcomenet.audits.findings import findings_table
from outcomenet.audits.sites import audit_sites, sites_finding
from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import LEDGER
from outcomenet.errors import DataRefused, UndefinedMetric, UsageError
from outcomenet.metrics.table import comparisons_table, metrics_table, primary_contrast
from outcomenet.outcomes import HAQ, main_outcome, outcome
from outcomenet.predictions import write_predictions
from outcomenet.runs.manifest import write_manifest
from outcomenet.runs.record import read_record, write_record

PREDICTIONS = "predictions.parquet"


def pool_runs(runs: Sequence[Path], out: Path) -> pd.DataFrame:
    """Writes the joined run `out` (predictions, metrics, comparisons, for hospitals left out audit_sites.csv) and
    returns its metrics.

    The runs must be of one experiment, configuration and data set but for what they held out, and hold out every fold,
    or every hospital of the data, exactly once: UsageError or DataRefused says what differs or is missing.
    """
    if not runs:
        raise UsageError("Name the runs to join: one for each fold, or for each hospital.")
    refuse_existing(out)
    records = [read_record(run) for run in runs]
    for run, record in zip(runs, records, strict=True):
        _same_but_for_the_split(runs[0], records[0], run, record)
        if not (run / PREDICTIONS).is_file():
            raise UsageError(f"{run} is not evaluated yet; run `outcomenet evaluate {run}` first.")
    tables = [pd.read_parquet(run / PREDICTIONS) for run in runs]
    splits = [record["config"]["split"] for record in records]
    of_sites = any(split["leave_site_out"] for split in splits)
    _complete(runs, splits, tables, of_sites)
    held_out = [table[table["split"] == "test"].assign(fold=k) for k, table in enumerate(tables)]
    pooled, absent = in_every_part(pd.concat(held_out, ignore_index=True).assign(run=out.name), len(runs))
    twice = pooled.duplicated(["predictor", "outcome", "horizon", "patient_id", "visit_id"])
    if twice.any():
        raise DataRefused(f"{int(twice.sum())} predictions are of visits that two runs held out; name each fold once.")
    out.mkdir(parents=True)
    _write(pooled, records, runs, out, of_sites, absent)
    return pd.read_csv(out / "metrics.csv")


def in_every_part(predictions: pd.DataFrame, parts: int) -> tuple[pd.DataFrame, list[str]]:
    """Predictions without those of predictors that are absent in some of the `parts` (column `fold`) of an outcome, and a
    sentence for each: kept, they would take the other parts' patients from every comparison."""
    known = predictions.groupby(["outcome", "predictor"])["fold"].nunique()
    few = known[known < parts]
    keys = pd.MultiIndex.from_frame(predictions[["outcome", "predictor"]])
    notes = [
        f"{predictor} for {outcome(name).title} is left out of what was joined: it is there in {count} of {parts} parts."
        for (name, predictor), count in few.items()
    ]
    return predictions[~keys.isin(few.index)].reset_index(drop=True), notes


def _same_but_for_the_split(first: Path, known: dict[str, Any], run: Path, record: dict[str, Any]) -> None:
    def identity(r: dict[str, Any]) -> str:
        config = {key: value for key, value in r["config"].items() if key != "split"}
        return json.dumps([r["experiment_sha256"], config, r["data"]["fingerprint"]], sort_keys=True)

    if identity(known) != identity(record):
        raise DataRefused(
            f"{run} differs from {first} in more than the patients that it held out (experiment, configuration or data); "
            "runs of one experiment with one configuration are joined."
        )


def _complete(runs: Sequence[Path], splits: Sequence[dict], tables: Sequence[pd.DataFrame], of_sites: bool) -> None:
    if of_sites:
        there = set(tables[0]["site"].dropna())
        held = [split["leave_site_out"] for split in splits]
        if sorted(held) != sorted(there):
            raise UsageError(
                f"The data have the hospitals {', '.join(sorted(there))}; the runs held out "
                f"{', '.join(sorted(name or 'none' for name in held))}. Train one run with --split.leave-site-out for each."
            )
        return
    folds = splits[0]["folds"]
    held = sorted(split["fold"] for split in splits if split["folds"] == folds)
    if not folds or held != list(range(folds)):
        raise UsageError(
            f"Joining needs one run for each fold 0 to {max(folds, 1) - 1} of split.folds {folds}; the {len(runs)} runs hold "
            f"out {held}. Train the others with --split.folds K --split.fold k."
        )


def _write(
    pooled: pd.DataFrame,
    records: Sequence[dict[str, Any]],
    runs: Sequence[Path],
    out: Path,
    of_sites: bool,
    absent: list[str],
) -> None:
    evaluation = records[0]["config"]["evaluation"]
    chance = {"resamples": evaluation["resamples"], "seed": evaluation["seed"]}
    write_predictions(pooled, out / PREDICTIONS)
    metrics, undefined = metrics_table(pooled, **chance)
    write_csv(metrics, out / "metrics.csv")
    write_csv(undefined, out / "undefined_metrics.csv")
    primary = primary_contrast(records[0]["config"]["outcomes"])
    write_csv(comparisons_table(pooled, **chance, primary=primary), out / "comparisons.csv")
    if (runs[0] / LEDGER).is_file():
        shutil.copyfile(runs[0] / LEDGER, out / LEDGER)
    notes = absent + [note for record in records for note in record.get("notes", [])]
    main = outcome(main_outcome(records[0]["config"]["outcomes"]))
    if of_sites and main.unit == HAQ.unit:
        rows = pooled[(pooled["outcome"] == main.name) & (pooled["predictor"] != "oracle")]
        table = audit_sites(rows.assign(learned_at="other sites"), **chance)
        write_csv(table, out / "audit_sites.csv")
        try:
            write_csv(findings_table([sites_finding(table, retrained=True)]), out / "audits.csv")
        except UndefinedMetric as reason:
            notes.append(f"The audit of hospitals is absent: {reason}")
    command = " ".join(["outcomenet pool", *map(str, runs), "--out", str(out)])
    record = records[0] | {
        "name": out.name,
        "command": command,
        "pooled": [run.name for run in runs],
        "notes": list(dict.fromkeys(notes)),
    }
    record["data"] = record["data"] | {"splits": {"test": int(pooled["patient_id"].nunique())}}
    write_record(out, record)
    write_manifest(out)
