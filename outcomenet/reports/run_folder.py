"""What the report reads of a run folder: required and optional files, checked for their columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.artifacts import read_json_object
from outcomenet.csv_files import read_csv
from outcomenet.errors import DataRefused, UsageError
from outcomenet.outcomes import main_outcome, outcome
from outcomenet.predictors import predictor

COLUMNS: dict[str, tuple[str, ...]] = {
    "predictions.parquet": (
        "split", "patient_id", "visit_id", "predictor", "outcome", "horizon", "prediction", "target", "observed",
        "fold", "seed",
    ),
    "metrics.csv": (
        "predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events",
    ),
    "comparisons.csv": (
        "outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper", "n",
        "share_above_zero", "resamples", "lower_margin", "upper_margin",
    ),
    "nested_comparison.csv": (
        "adjusted_for", "outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper", "n",
        "lower_margin", "upper_margin",
    ),
    "recalibration.csv": (
        "predictor", "outcome", "horizon", "calibrator", "metric", "value", "lower", "upper", "n", "events",
    ),
    "responsiveness.csv": ("measure", "statistic", "against", "value", "lower", "upper", "n"),
    "score_change.csv": ("measure", "statistic", "against", "value", "lower", "upper", "patients", "n", "note"),
    "undefined_metrics.csv": ("predictor", "outcome", "metric", "reason"),
    "biomarkers.parquet": ("patient_id", "visit_id", "split", "score", *(f"joint_{name}" for name in JOINT_NAMES)),
    "codebook.csv": ("column", "meaning", "unit", "direction"),
    "audit_probes.csv": (
        "target", "given", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "events", "reading",
    ),
    "audits.csv": ("audit", "question", "judgement", "finding"),
    "ledger.csv": ("step", "unit", "reason", "count"),
    "flow.csv": ("step", "unit", "count", "excluded", "reason"),
    "table1.csv": ("variable", "level", "Overall"),
    "agreement.csv": (
        "scheme", "reading_mode", "measure", "readers", "statistic", "value", "lower", "upper", "n", "note",
    ),
    "examples/films.csv": ("film_id", "side", "visit_id", "png"),
}  # fmt: skip
_TEXT = ("patient_id", "visit_id", "film_id", "side", "png", "predictor", "reference", "outcome", "subgroup", "metric",
         "reason", "target", "given", "reading", "step", "unit", "column", "meaning", "direction",
         "audit", "question", "judgement", "finding", "adjusted_for", "calibrator", "measure", "statistic", "against",
         "scheme", "reading_mode", "readers", "note")  # fmt: skip


@dataclass(frozen=True)
class RunFolder:
    """The contents of a run; an optional file that is not there is None."""

    path: Path
    figures: Path  # where the report's figures go
    record: dict[str, Any]
    predictions: pd.DataFrame
    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    nested: pd.DataFrame | None
    recalibration: pd.DataFrame | None
    responsiveness: pd.DataFrame | None
    score_change: pd.DataFrame | None
    undefined: pd.DataFrame | None
    biomarkers: pd.DataFrame | None
    codebook: pd.DataFrame | None
    probes: pd.DataFrame | None
    audits: pd.DataFrame | None
    ledger: pd.DataFrame | None
    training: pd.DataFrame | None
    films: pd.DataFrame | None
    flow: pd.DataFrame | None
    table_one: pd.DataFrame | None
    agreement: pd.DataFrame | None

    @property
    def data(self) -> dict[str, Any]:
        """What the record says of the data; empty where it says nothing."""
        return self.record.get("data") or {}

    @property
    def simulated(self) -> bool | None:
        """Whether the patients are simulated; None where the record does not say."""
        return self.data.get("simulated")

    @property
    def held_out(self) -> pd.DataFrame:
        """Prediction rows of the test split."""
        return self.predictions[self.predictions["split"] == "test"]

    @property
    def main_outcome(self) -> str:
        """The outcome that the run's answer and its biomarker are about, see `outcomes.main_outcome`."""
        config = self.record.get("config") or {}
        return main_outcome(config.get("outcomes") or self.metrics["outcome"], config.get("main_outcome", ""))

    @property
    def split_of_visit(self) -> dict[str, str]:
        """The split of each visit, by "<patient>_<visit>", from the biomarkers, which hold training patients too."""
        frames = [self.predictions] if self.biomarkers is None else [self.predictions, self.biomarkers]
        return {
            f"{row.patient_id}_{row.visit_id}": str(row.split)
            for frame in frames
            for row in frame[["patient_id", "visit_id", "split"]].drop_duplicates().itertuples()
        }

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """(outcome, horizon in days) in the order of metrics.csv."""
        return list(dict.fromkeys(zip(self.metrics["outcome"], self.metrics["horizon"].astype(int), strict=True)))


def read_run(run: Path, into: Path | None = None) -> RunFolder:
    """Reads a run folder, whose report goes into the folder `into` or the run's own; UsageError names the command to run
    first where a required file is missing."""
    if not run.is_dir():
        raise UsageError(
            f"A report needs a run folder; {run} is none. Run `outcomenet train` and then evaluate the run."
        )
    for name in ("record.json", "predictions.parquet", "metrics.csv", "comparisons.csv"):
        if not (run / name).is_file():
            raise UsageError(
                f"A report needs {name}, and {run} has none. Run `outcomenet evaluate {run}` first, then ask again."
            )
    folder = RunFolder(
        path=run,
        figures=(into or run) / "figures",
        record=_record(run),
        predictions=_parquet(run, "predictions.parquet"),
        metrics=_csv(run, "metrics.csv"),
        comparisons=_csv(run, "comparisons.csv"),
        nested=_csv_if_there(run, "nested_comparison.csv"),
        recalibration=_csv_if_there(run, "recalibration.csv"),
        responsiveness=_csv_if_there(run, "responsiveness.csv"),
        score_change=_csv_if_there(run, "score_change.csv"),
        undefined=_csv_if_there(run, "undefined_metrics.csv"),
        biomarkers=_parquet(run, "biomarkers.parquet") if (run / "biomarkers.parquet").is_file() else None,
        codebook=_csv_if_there(run, "codebook.csv"),
        probes=_csv_if_there(run, "audit_probes.csv"),
        audits=_csv_if_there(run, "audits.csv"),
        ledger=_csv_if_there(run, "ledger.csv"),
        training=_json_lines(run / "metrics.jsonl") if (run / "metrics.jsonl").is_file() else None,
        films=_csv_if_there(run, "examples/films.csv"),
        flow=_csv_if_there(run, "flow.csv"),
        table_one=_text_if_there(run, "table1.csv"),
        agreement=_csv_if_there(run, "agreement.csv"),
    )
    for frame in (folder.predictions, folder.metrics, folder.comparisons):
        for name in frame["outcome"].unique():
            outcome(name)
        for name in frame["predictor"].unique():
            predictor(name)
    if folder.metrics.empty:
        raise DataRefused(
            f"{run / 'metrics.csv'} has no row. Run `outcomenet evaluate {run}` again, then ask for a report."
        )
    return folder


def _record(run: Path) -> dict[str, Any]:
    """The run's record, with the notes and stages of its evaluation."""
    path, advice = run / "record.json", "restore it or run the experiment again"
    record = read_json_object(path, advice)
    if "name" not in record:
        raise DataRefused(f"{path} must be a JSON object with at least a name; {advice}.")
    if not (run / "evaluation.json").is_file():
        return record
    evaluation = read_json_object(run / "evaluation.json", f"run `outcomenet evaluate {run}` again")
    stages = [*record.get("stages", []), *evaluation.get("stages", [])]
    return record | {"stages": stages, "notes": evaluation.get("notes", [])}


def _parquet(run: Path, name: str) -> pd.DataFrame:
    return _with_columns(pd.read_parquet(run / name), run, name)


def _csv(run: Path, name: str) -> pd.DataFrame:
    # "NA" or "none" may be a patient's or a subgroup's name, so only an empty cell is missing
    texts = {column: str for column in _TEXT}
    frame = read_csv(run / name, dtype=texts, keep_default_na=False, na_values=["", "nan", "NaN"])
    frame = _with_columns(frame, run, name)
    return frame.fillna({column: "" for column in frame.columns if column in _TEXT})


def _csv_if_there(run: Path, name: str) -> pd.DataFrame | None:
    return _csv(run, name) if (run / name).is_file() else None


def _text_if_there(run: Path, name: str) -> pd.DataFrame | None:
    """A table of finished text: nothing is a number, and an empty cell is empty."""
    if not (run / name).is_file():
        return None
    return _with_columns(read_csv(run / name, dtype=str, keep_default_na=False), run, name)


def _with_columns(frame: pd.DataFrame, run: Path, name: str) -> pd.DataFrame:
    missing = [column for column in COLUMNS[name] if column not in frame.columns]
    if missing:
        raise DataRefused(
            f"{run / name} lacks the columns {', '.join(missing[:5])}. Run `outcomenet evaluate {run}` again, "
            "which writes them all."
        )
    return frame


def _json_lines(path: Path) -> pd.DataFrame:
    """One row per line; nested parts become columns `part.name`."""
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise DataRefused(
                f"Line {number} of {path} is not JSON ({error.msg}). Delete that line or train the run again."
            ) from error
    return pd.json_normalize(lines)
