"""A run folder as an object: its record and its tables, once every file is known to be the one that was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import JsonObject
from outcomenet.errors import UsageError
from outcomenet.runs.chain import EVALUATION, check_run, read_evaluation
from outcomenet.runs.typed_tables import TABLE_ONE, TRAINING, read_table


def open_run(folder: Path | str) -> Run:
    """Opens a run folder, if its files are the ones that were written.

    Args:
        folder: A run that `train` or `pool` made.

    Returns:
        The run; its tables are data frames.

    Raises:
        UsageError: There is no run, or its training did not come to its end.
        DataRefused: A file is missing, extra or changed; the sentence names it and what to do.

    Example:
        >>> import outcomenet as on
        >>> run = on.open_run("runs/demo")  # doctest: +SKIP
        >>> run.metrics.query("outcome == 'haq' and metric == 'r2'")  # doctest: +SKIP
    """
    return Run.open(folder)


def folder_of(run: Path | str | Run) -> Path:
    """The folder of a run that is named by it or by an opened run."""
    return run.folder if isinstance(run, Run) else Path(run)


@dataclass(frozen=True)
class Run:
    """A run. Each table is read when it is asked for, and anew each time: what you change in one changes no other."""

    folder: Path
    record: JsonObject = field(repr=False)
    """How the run was made: command, experiment, configuration, data, versions, seeds (docs/runs.md)."""

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """As `open_run`."""
        return cls(Path(folder), check_run(Path(folder)))

    @property
    def name(self) -> str:
        """The run's name, as column `run` of its tables has it."""
        return self.record["name"]

    @property
    def notes(self) -> list[str]:
        """What the evaluation could not compute, and under which other conditions it ran."""
        self._expect_evaluation()
        return read_evaluation(self.folder)["notes"]

    @property
    def predictions(self) -> pd.DataFrame:
        """One row per patient, visit, outcome and predictor of the ladder; rows of the split `test` were held out."""
        return self._table("predictions.parquet")

    @property
    def metrics(self) -> pd.DataFrame:
        """One row per predictor, outcome, subgroup and metric on held-out patients: value, 95 % interval, n, events."""
        return self._table("metrics.csv")

    @property
    def comparisons(self) -> pd.DataFrame:
        """One row per pair of predictors, outcome and metric: the difference on the same patients, with 95 % interval."""
        return self._table("comparisons.csv")

    @property
    def nested_comparison(self) -> pd.DataFrame:
        """Human total against film score, both adjusted for the same covariates."""
        return self._table("nested_comparison.csv")

    @property
    def biomarkers(self) -> pd.DataFrame:
        """One row per patient and visit: the score of the films, its parts by joint, the embedding.

        `may_be_used` is False where the network learned from that very patient.
        """
        return self._table("biomarkers.parquet")

    @property
    def codebook(self) -> pd.DataFrame:
        """One row per column of every table: meaning, unit, direction, codes, and its name and label in Stata."""
        return self._table("codebook.csv")

    @property
    def visits(self) -> pd.DataFrame:
        """One row per patient and visit: covariates, outcomes, human score and score of the films."""
        return self._table("visits.parquet")

    @property
    def follow_up(self) -> pd.DataFrame:
        """One row per patient: the first event after the first graded film, with covariates and score of that film."""
        return self._table("follow_up.parquet")

    @property
    def biomarker_links(self) -> pd.DataFrame:
        """One row per fold: how its score is laid on the common scale and on HAQ units."""
        return self._table("biomarker_links.csv")

    @property
    def audits(self) -> pd.DataFrame:
        """One row per audit: question, judgement, finding."""
        return self._table("audits.csv")

    @property
    def recalibration(self) -> pd.DataFrame:
        """Calibration of the networks' risks before and after recalibration."""
        return self._table("recalibration.csv")

    @property
    def responsiveness(self) -> pd.DataFrame:
        """How a change of the score goes with a change of outcome, of visits in pairs."""
        return self._table("responsiveness.csv")

    @property
    def score_change(self) -> pd.DataFrame:
        """What score and human total see of change in held-out patients seen twice, and the size of trial that it takes."""
        return self._table("score_change.csv")

    @property
    def undefined_metrics(self) -> pd.DataFrame:
        """One row per number that has no value on these data, with the reason."""
        return self._table("undefined_metrics.csv")

    @property
    def ledger(self) -> pd.DataFrame:
        """What was left out at intake: step, unit, reason, count."""
        return self._table("ledger.csv")

    @property
    def flow(self) -> pd.DataFrame:
        """The patients' flow, from the cohort to the splits."""
        return self._table("flow.csv")

    @property
    def table_one(self) -> pd.DataFrame:
        """The patients' characteristics, as text for printing."""
        return self._table(TABLE_ONE)

    @property
    def agreement(self) -> pd.DataFrame:
        """How human readers of the score agree."""
        return self._table("agreement.csv")

    @property
    def training(self) -> pd.DataFrame:
        """One row per logged step of training; parts of the loss are columns `part.name`."""
        if not (self.folder / TRAINING).is_file():
            raise UsageError(f"{self.folder} has no {TRAINING}: its experiment trained no network.")
        return read_table(self.folder, TRAINING)

    def _table(self, name: str) -> pd.DataFrame:
        self._expect_evaluation()
        if not (self.folder / name).is_file():
            raise UsageError(
                f"{self.folder} has no {name}: its experiment or its data set gave nothing for that table (a run of regressions "
                "alone has no biomarkers). What could not be computed is in `notes`."
            )
        return read_table(self.folder, name)

    def _expect_evaluation(self) -> None:
        if not (self.folder / EVALUATION).is_file():
            raise UsageError(
                f"{self.folder} is not evaluated yet; call `outcomenet.evaluate` or run `outcomenet evaluate {self.folder}`, "
                "then ask again."
            )
