"""Predictions of every rung for every patient, by rungs that never saw them: predictions.parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.cohorts.splits import fold_of
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.ladder import prediction_table
from outcomenet.outcomes import outcome
from outcomenet.predictions import write_predictions


def predict(task: EvaluationTask, facts: LadderFacts, run: Path) -> tuple[pd.DataFrame, list[str]]:
    """Fits the regressions, predicts with every rung and writes predictions.parquet.

    Args:
        task: outcomes, split and seed.
        facts: inputs of every rung.
        run: the folder that is written to.

    Returns:
        The prediction table, and notes on predictors that are absent.
    """
    if task.cross_fit_folds:
        predictions, notes = _cross_fitted(task, facts)
    else:
        split = facts.visits["split"]
        predictions, notes = prediction_table(
            facts, task.outcomes, split == "train", split == "validation", run=task.run, seed=task.seed, fold=task.fold
        )
    write_predictions(predictions, run / "predictions.parquet")
    return predictions, notes


def _cross_fitted(task: EvaluationTask, facts: LadderFacts) -> tuple[pd.DataFrame, list[str]]:
    """Every patient predicted by regressions that never saw them; each row carries its fold and counts as held out."""
    patients = facts.visits["patient_id"]
    fold = patients.map(lambda patient: fold_of(str(patient), f"fold-{task.seed}", task.cross_fit_folds))
    tables, notes = [], []
    for k in range(task.cross_fit_folds):
        # conformal intervals need patients whom the regressions of this fold did not learn from either: the next fold's
        held_out, calibrate = fold == k, fold == (k + 1) % task.cross_fit_folds
        table, absent = prediction_table(
            facts, task.outcomes, ~held_out & ~calibrate, calibrate, run=task.run, seed=task.seed, fold=k
        )
        mine = set(patients[held_out])
        # the others are predicted too, by regressions that learned from them
        tables.append(table[table["patient_id"].isin(mine)].assign(split="test"))
        notes += [note for note in absent if note not in notes]
    table, absent = in_every_part(pd.concat(tables, ignore_index=True), task.cross_fit_folds)
    return table, notes + absent


def in_every_part(predictions: pd.DataFrame, parts: int) -> tuple[pd.DataFrame, list[str]]:
    """Predictions without those of predictors that are absent in some of the parts of an outcome.

    Kept, they would take the other parts' patients from every comparison.

    Args:
        predictions: the prediction tables of all parts; the column `fold` numbers the parts.
        parts: how many parts there are.

    Returns:
        The rows that stay, and a sentence for each predictor that is left out.
    """
    known = predictions.groupby(["outcome", "predictor"])["fold"].nunique()
    few = known[known < parts]
    keys = pd.MultiIndex.from_frame(predictions[["outcome", "predictor"]])
    notes = [
        f"{predictor} for {outcome(name).title} is left out of what was joined: it is there in {count} of {parts} parts."
        for name, predictor, count in few.reset_index().itertuples(index=False)
    ]
    return predictions[~keys.isin(few.index)].reset_index(drop=True), notes
