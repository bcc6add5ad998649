"""Predictions of a linear or logistic model for patients on whom it was not fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomenet.arrays import Float, Int
from outcomenet.errors import UndefinedMetric

ITERATIONS = 50
PRECISION = 1e-10
# Added to the information of standardised covariates, per row: keeps the risks of separated classes finite, else unseen.
RIDGE = 1e-8
LARGEST_STEP = 5.0  # on the logit scale


def patient_folds(
    patients: pd.Series, folds: int, seed: int, outcome: Float[np.ndarray, "row"] | None = None
) -> Int[np.ndarray, "row"]:
    """Fold of each row: patients are shuffled and dealt out, all rows of one together, so that folds are alike in the outcome.

    A fold with few events is predicted by models of many: ranks and calibration of predictions that are pooled over folds would
    suffer for it. The order of rows does not matter.

    Args:
        patients: Patient of each row.
        folds: How many.
        seed: Of the shuffle.
        outcome: One number a row; patients of like means are dealt to different folds. None: dealt without regard to it.

    Raises:
        UndefinedMetric: There are fewer patients than folds.
    """
    names, codes = np.unique(patients.astype(str).to_numpy(), return_inverse=True)
    if len(names) < folds:
        raise UndefinedMetric(f"{folds} folds need as many patients; there are {len(names)}. Take fewer folds.")
    rng = np.random.default_rng(seed)
    # in an order of chance, so that sums over rows do not depend on theirs
    means = np.zeros(len(names)) if outcome is None else np.round(np.bincount(codes, outcome) / np.bincount(codes), 9)
    alike = np.lexsort((rng.random(len(names)), means))
    dealt = np.empty(len(names), int)
    for block in range(0, len(names), folds):
        here = alike[block : block + folds]
        dealt[here] = rng.permutation(folds)[: len(here)]
    return dealt[codes]


def held_out(
    outcome: Float[np.ndarray, "row"], design: pd.DataFrame, folds: Int[np.ndarray, "row"], *, binary: bool
) -> Float[np.ndarray, "row"]:
    """Prediction of each row by the model fitted to all other folds.

    Args:
        outcome: One number a row; 0 or 1 where it is binary.
        design: Covariates without an intercept.
        folds: Fold of each row.
        binary: Whether the model is logistic.

    Returns:
        Expected outcome, or risk from 0 to 1, in the order of the rows.
    """
    columns = np.column_stack([np.ones(len(outcome)), design.to_numpy(float)])
    predictions = np.empty(len(outcome))
    for fold in np.unique(folds):
        test = folds == fold
        if binary:
            predictions[test] = expit(columns[test] @ logistic(outcome[~test], columns[~test]))
        else:
            predictions[test] = columns[test] @ np.linalg.lstsq(columns[~test], outcome[~test], rcond=None)[0]
    return predictions


def repeated_predictions(
    outcome: Float[np.ndarray, "row"],
    design: pd.DataFrame,
    patients: pd.Series,
    *,
    binary: bool,
    folds: int,
    repeats: int,
    seed: int,
) -> list[Float[np.ndarray, "row"]]:
    """Predictions of each row by models fitted to other patients, once for each dealing of patients to folds.

    Args:
        outcome: One number a row; 0 or 1 where it is binary.
        design: Covariates without an intercept; without a column all rows get the mean outcome.
        patients: Patient of each row.
        binary: Whether the model is logistic.
        folds: Of each dealing.
        repeats: Dealings, each with other folds.
        seed: Of the first dealing.
    """
    if not len(design.columns):
        # means of other folds would be lower where the fold's is higher
        return [np.full(len(outcome), outcome.mean())] * repeats
    dealings = [patient_folds(patients, folds, seed + repeat, outcome) for repeat in range(repeats)]
    return [held_out(outcome, design, dealing, binary=binary) for dealing in dealings]


def logistic(
    outcome: Float[np.ndarray, "row"], columns: Float[np.ndarray, "row column"]
) -> Float[np.ndarray, "column"]:
    """Coefficients of a logistic regression by Newton's method, the first column being the intercept's.

    Args:
        outcome: 0 or 1.
        columns: The intercept and covariates.

    Raises:
        UndefinedMetric: The outcome has one value.

    >>> logistic(np.array([1.0] * 8 + [0.0] * 2), np.ones((10, 1))).round(4)  # log of 8 to 2
    array([1.3863])
    """
    if not 0 < outcome.mean() < 1:
        raise UndefinedMetric("A logistic model needs rows with and without the event; in a fold all are alike.")
    centre, scale = columns.mean(0), columns.std(0)
    centre[0], scale[0] = 0.0, 1.0
    x = (columns - centre) / np.where(scale > 0, scale, 1.0)
    value = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], RIDGE * len(x))
    ridge[0] = 0.0
    for _ in range(ITERATIONS):
        risk = expit(x @ value)
        gradient = x.T @ (outcome - risk) - ridge * value
        step = np.linalg.solve((x * (risk * (1 - risk))[:, None]).T @ x + np.diag(ridge + 1e-12), gradient)
        value = value + step * min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        if gradient @ step < PRECISION:
            break
    slopes = value / np.where(scale > 0, scale, 1.0)
    slopes[0] = value[0] - centre[1:] @ slopes[1:]
    return slopes


def log_likelihood_of_risk(outcome: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"]) -> float:
    """Sum of the logarithms of the probabilities of what happened.

    Args:
        outcome: 0 or 1.
        risk: Of the event, 0 to 1.
    """
    tiny = np.finfo(float).tiny
    return float(np.log(np.where(outcome == 1, risk, 1 - risk).clip(tiny)).sum())
