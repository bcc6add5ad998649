"""Metrics of every rung and comparisons between them: metrics.csv, comparisons.csv, nested comparison, recalibration."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.ladder.calibrators import write_calibrators
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.nested import nested_comparison
from outcomenet.ladder.recalibration import recalibrate
from outcomenet.metrics.table import comparisons_table, metrics_table, primary_contrast
from outcomenet.predictors import DIRECT_ADJUSTED
from outcomenet.progress import Progress


def write_metrics(
    task: EvaluationTask, facts: LadderFacts, predictions: pd.DataFrame, run: Path, progress: Progress
) -> list[str]:
    """Writes metrics.csv, undefined_metrics.csv, comparisons.csv and, with networks, nested_comparison.csv,
    calibration.json, recalibrated_risks.parquet and recalibration.csv.

    Args:
        task: resamples, seed and main outcome.
        facts: inputs of every rung.
        predictions: the prediction table.
        run: the folder that is written to.
        progress: is told of the bootstrap.

    Returns:
        Notes on what could not be computed.
    """
    progress.start("resamples", task.resamples, "bootstrap metrics by patient")
    table, undefined = metrics_table(predictions, resamples=task.resamples, seed=task.seed)
    comparisons = comparisons_table(
        predictions, resamples=task.resamples, seed=task.seed, primary=primary_contrast(task.main_outcome)
    )
    progress.advance(task.resamples)
    progress.finish()
    write_csv(table, run / "metrics.csv")
    write_csv(undefined, run / "undefined_metrics.csv")
    write_csv(comparisons, run / "comparisons.csv")
    return _write_nested_comparison(task, facts, run) + _write_recalibration(task, predictions, run)


def _write_nested_comparison(task: EvaluationTask, facts: LadderFacts, run: Path) -> list[str]:
    """Human total against film score at equal adjustment; nothing without a network to compare with."""
    if DIRECT_ADJUSTED not in facts.readings:
        return []
    table, notes = nested_comparison(facts, task.outcomes, resamples=task.resamples, seed=task.seed)
    write_csv(table, run / "nested_comparison.csv")
    return notes


def _write_recalibration(task: EvaluationTask, predictions: pd.DataFrame, run: Path) -> list[str]:
    """calibration.json, the networks' recalibrated risks, and calibration before and after; nothing without a network."""
    if not task.networks:
        return []
    recalibrated = recalibrate(predictions, resamples=task.resamples, seed=task.seed)
    write_calibrators(recalibrated.calibrators, run / "calibration.json")
    recalibrated.risks.to_parquet(run / "recalibrated_risks.parquet", index=False)
    write_csv(recalibrated.quality, run / "recalibration.csv")
    return recalibrated.notes
