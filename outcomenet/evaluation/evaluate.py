"""Evaluation of a run: its networks are run over the data once, and predictions, metrics, biomarker and audits are written."""

from __future__ import annotations

from pathlib import Path

from outcomenet.audits.network.run_audits import write_audits
from outcomenet.evaluation.analysis_files import write_analysis_files
from outcomenet.evaluation.audit_inputs import audit_inputs
from outcomenet.evaluation.ladder_metrics import write_metrics
from outcomenet.evaluation.ladder_predictions import predict
from outcomenet.evaluation.measure_files import write_measure
from outcomenet.evaluation.network_outputs import ladder_facts, run_networks
from outcomenet.evaluation.pair_responsiveness import write_responsiveness
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.intake.account.account import copy_account
from outcomenet.progress import Progress
from outcomenet.runs.run_codebook import write_run_codebook


def evaluate(task: EvaluationTask, run: Path, progress: Progress) -> list[str]:
    """Writes predictions.parquet, metrics.csv, comparisons.csv, visits and follow_up (analysis sets), codebook.csv, ledger.csv,
    audits.csv, audit_*.csv, examples/, with networks biomarkers, score_change.csv, nested_comparison.csv, calibration.json,
    recalibrated_risks.parquet and recalibration.csv, and for pairs of visits responsiveness.csv.

    Args:
        task: what is evaluated, and how.
        run: the folder that is written to.
        progress: is told of every stage.

    Returns:
        Notes on what could not be computed.
    """
    outputs, repeated = run_networks(task, progress)
    rows = task.rows()
    facts = ladder_facts(task, rows, outputs)
    predictions, notes = predict(task, facts, run)
    notes = notes + write_metrics(task, facts, predictions, run, progress)
    if task.of_pairs:
        scores = {f"{rung} ({of})": facts.reading(rung).score[of] for rung in facts.readings for of in task.outcomes}
        notes += write_responsiveness(
            task.dataset, rows, scores, task.outcomes, run, zero_is_no_change=task.zero_is_no_change,
            resamples=task.resamples, seed=task.seed,
        )  # fmt: skip
    copy_account(task.dataset.folder, run, splits=task.as_stored)
    biomarker, words, rung = None, {}, task.measuring
    if rung is not None:
        biomarker, words, absent = write_measure(task, rows, rung, outputs[rung], repeated, run, progress)
        notes += absent
    words = write_analysis_files(task.dataset, biomarker, words, run, fold=task.fold)
    # the audits come last: subgroups add their rows to metrics.csv and undefined_metrics.csv
    write_audits(audit_inputs(task, facts, predictions, biomarker, progress), run)
    write_run_codebook(run, words)  # of all tables, and so the last
    return notes
