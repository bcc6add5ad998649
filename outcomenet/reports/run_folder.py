"""A run folder's files as the report takes them, required and optional, checked for their columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import JsonObject, read_json_object
from outcomenet.errors import DataRefused, UsageError
from outcomenet.outcomes import main_outcome, outcome
from outcomenet.predictors import predictor
from outcomenet.runs.typed_tables import TABLE_ONE, TRAINING, read_table, read_table_if_there


@dataclass(frozen=True)
class RunFolder:
    """The contents of a run; an optional file that is not there is None."""

    path: Path
    figures: Path  # where the report's figures go
    record: JsonObject
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
    score_probes: pd.DataFrame | None
    audits: pd.DataFrame | None
    ledger: pd.DataFrame | None
    training: pd.DataFrame | None
    films: pd.DataFrame | None
    flow: pd.DataFrame | None
    table_one: pd.DataFrame | None
    agreement: pd.DataFrame | None

    @property
    def data(self) -> JsonObject:
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
    """Parses the tables of a run folder.

    Args:
        run: Run folder.
        into: Where the report goes; None: into the run folder.

    Returns:
        The tables; optional ones that are not there are None.

    Raises:
        UsageError: A required file is missing; the sentence names the command to run first.
        DataRefused: A table lacks columns or rows, or the record has no name.
    """
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
        predictions=read_table(run, "predictions.parquet"),
        metrics=read_table(run, "metrics.csv"),
        comparisons=read_table(run, "comparisons.csv"),
        nested=read_table_if_there(run, "nested_comparison.csv"),
        recalibration=read_table_if_there(run, "recalibration.csv"),
        responsiveness=read_table_if_there(run, "responsiveness.csv"),
        score_change=read_table_if_there(run, "score_change.csv"),
        undefined=read_table_if_there(run, "undefined_metrics.csv"),
        biomarkers=read_table_if_there(run, "biomarkers.parquet"),
        codebook=read_table_if_there(run, "codebook.csv"),
        probes=read_table_if_there(run, "audit_probes.csv"),
        score_probes=read_table_if_there(run, "audit_score_site.csv"),
        audits=read_table_if_there(run, "audits.csv"),
        ledger=read_table_if_there(run, "ledger.csv"),
        training=read_table_if_there(run, TRAINING),
        films=read_table_if_there(run, "examples/films.csv"),
        flow=read_table_if_there(run, "flow.csv"),
        table_one=read_table_if_there(run, TABLE_ONE),
        agreement=read_table_if_there(run, "agreement.csv"),
    )
    # an outcome or predictor of another version is refused here, by name, before anything is drawn
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


def _record(run: Path) -> JsonObject:
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
