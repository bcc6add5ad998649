"""Predictions for the validation patients alone, by which trainings are compared while the held-out test stays closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from outcomenet.datasets.dataset import Dataset
from outcomenet.evaluation.network_outputs import ladder_facts
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.ladder.ladder import prediction_table
from outcomenet.predictions import write_predictions
from outcomenet.progress import Progress

VALIDATION = "validation"


def without_test(dataset: Dataset) -> Dataset:
    """The data set without its test patients: neither their films nor their outcomes can be read from it.

    Args:
        dataset: divided as the experiment says.
    """
    return replace(dataset, visits=dataset.visits[dataset.visits["split"] != "test"].reset_index(drop=True))


def write_validation(task: EvaluationTask, file: Path, progress: Progress) -> list[str]:
    """Runs the networks over the validation patients, fits the ladder's regressions to the training patients, writes predictions.

    Args:
        task: what is evaluated; its data set is one of `without_test`.
        file: Parquet to write, whole or not at all; its rows have `split` validation.
        progress: is advanced by every visit.

    Returns:
        Notes on predictors that are absent.
    """
    outputs = {}
    if task.networks:
        judged = task.examples((VALIDATION,))
        progress.start("visits", len(judged) * len(task.networks), "read validation films with the networks")
        for name in task.networks:
            network = task.compiled(name)
            outputs[name] = network.infer(network.batches(judged), progress)
        progress.finish()
    facts = ladder_facts(task, task.rows(), outputs)
    split = facts.visits["split"]
    table, notes = prediction_table(
        facts, task.outcomes, split == "train", split == VALIDATION, run=task.run, seed=task.seed, fold=task.fold
    )
    # a rung that learned from the validation patients themselves is not judged by them
    judged_rows = (table["split"] == VALIDATION) & table["may_be_used"]
    write_predictions(table[judged_rows].reset_index(drop=True), file)
    return notes
