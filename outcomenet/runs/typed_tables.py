"""Tables of a run folder: the columns that each must have, and how a file becomes a data frame."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.csv_files import read_csv
from outcomenet.errors import DataRefused
from outcomenet.runs.infinite_cells import restored_infinities

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
    "codebook.csv": ("table", "column", "meaning", "unit", "direction", "values", "stata_name", "stata_label"),
    "visits.parquet": ("patient_id", "visit_id", "planned_visit", "years", "site", "treatment", "split", "fold", "may_be_used"),
    "follow_up.parquet": ("patient_id", "visit_id", "entry_days", "interval_start_days", "interval_end_days", "cause", "event"),
    "biomarker_links.csv": ("fold", "run", "visits", "patients", "mean", "sd"),
    "audit_probes.csv": (
        "target", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "events", "reading",
    ),
    "audit_score_site.csv": (
        "source", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "patients", "reading",
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
         "reason", "source", "target", "given", "classifier", "reading", "step", "unit", "column", "meaning", "direction",
         "audit", "question", "judgement", "finding", "adjusted_for", "calibrator", "measure", "statistic", "against",
         "scheme", "reading_mode", "readers", "note", "table", "values", "stata_name", "stata_label", "run")  # fmt: skip
# Written line by line while a network learns.
TRAINING = "metrics.jsonl"
TABLE_ONE = "table1.csv"


def read_table(run: Path, name: str) -> pd.DataFrame:
    """One table of a run.

    Args:
        run: Run folder.
        name: Path of the table in it: `metrics.jsonl`, or a key of `COLUMNS`.

    Returns:
        The table. Texts are texts, also those that look like numbers; an empty cell is "" among texts and else NaN.

    Raises:
        DataRefused: A column is missing, or a line of metrics.jsonl is not JSON.
    """
    if name == TRAINING:
        return _json_lines(run / name)
    if name.endswith(".parquet"):
        return _with_columns(pd.read_parquet(run / name), run, name)
    if name == TABLE_ONE:  # finished text: nothing is a number, and an empty cell is empty
        return _with_columns(read_csv(run / name, dtype=str, keep_default_na=False), run, name)
    return _csv(run, name)


def read_table_if_there(run: Path, name: str) -> pd.DataFrame | None:
    """A table that not every run has.

    Args:
        run: Run folder.
        name: File of the table, as for `read_table`.

    Returns:
        The table; None where the run has no such file.

    Raises:
        DataRefused: The table is there and lacks columns.
    """
    return read_table(run, name) if (run / name).is_file() else None


def _csv(run: Path, name: str) -> pd.DataFrame:
    # "NA" or "none" may be a patient's or a subgroup's name, so only an empty cell is missing
    texts = {column: str for column in _TEXT}
    frame = read_csv(run / name, dtype=texts, keep_default_na=False, na_values=["", "nan", "NaN"])
    frame = restored_infinities(_with_columns(frame, run, name))
    return frame.fillna({column: "" for column in frame.columns if column in _TEXT})


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
