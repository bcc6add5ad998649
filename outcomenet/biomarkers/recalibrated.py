"""Predictions from a score, and predictions recalibrated, each by models that were fitted to other patients or hospitals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import logit

from outcomenet.arrays import Float
from outcomenet.biomarkers.cross_fitting import held_out, patient_folds, repeated_predictions
from outcomenet.biomarkers.design_matrix import coded, complete_rows, is_factor
from outcomenet.csv_files import as_numbers
from outcomenet.errors import UndefinedMetric

EVENT, NUMBER = "event", "number"
# A hospital with fewer rows (of an event: of its rarer class) is not left out alone: patients are left out instead.
FEWEST_ROWS, FEWEST_EVENTS = 20, 10


class Recalibrated(NamedTuple):
    """Predictions moved to a line that was fitted to other rows."""

    predictions: np.ndarray
    how: str
    """Which rows were left out of the fits, in words."""


def predicted(
    table: pd.DataFrame,
    *,
    scores: str | Sequence[str],
    outcome: str,
    covariates: Sequence[str] = (),
    kind: str = EVENT,
    patient: str = "patient_id",
    folds: int = 10,
    repeats: int = 3,
    seed: int = 0,
) -> pd.Series:
    """Expected outcome or risk of each row by a model of scores and covariates that was fitted to other patients.

    Logistic for an event, least squares for a number. It makes a prediction of a score in another unit, so that it can be
    calibrated or set into a decision curve; as the model is fitted to this very cohort its calibration in the large is good by
    construction, and says nothing of another cohort.

    Args:
        table: One row per patient, or per patient and visit.
        scores: Column or columns of the score.
        outcome: Column of 0 and 1, or of numbers.
        covariates: Further columns of the model; text is dummy coded.
        kind: "event" or "number".
        patient: Column of the patient: all rows of one are in one fold.
        folds: Of the cross-validation.
        repeats: Of it, each with other folds, whose predictions are averaged, as in `added_value`.
        seed: Of the folds.

    Returns:
        Predictions in the rows of the table; missing where a column of the model is.

    Raises:
        UndefinedMetric: A column cannot be used, or there are too few patients or events.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(100), "score": rng.normal(size=100)})
    >>> table["event"] = (rng.random(100) < 0.3).astype(float)
    >>> risk = predicted(table, scores="score", outcome="event")
    >>> bool(risk.between(0, 1).all())
    True
    """
    names = [scores] if isinstance(scores, str) else list(scores)
    columns = [*names, *covariates]
    known = complete_rows(
        table.reset_index(drop=True).assign(_row=range(len(table))), [outcome, *columns], patient=patient
    )
    target = outcome_of(known.table, outcome, kind)
    design = coded(known.table, columns)
    values = np.mean(
        repeated_predictions(
            target, design, known.patients, binary=kind == EVENT, folds=folds, repeats=repeats, seed=seed
        ),
        axis=0,
    )
    predictions = np.full(len(table), np.nan)
    predictions[known.table["_row"].to_numpy(int)] = values
    return pd.Series(predictions, index=table.index)


def outcome_of(table: pd.DataFrame, outcome: str, kind: str) -> Float[np.ndarray, "row"]:
    """The outcome as numbers; of an event 0 and 1.

    Args:
        table: Rows without a missing outcome.
        outcome: Its column.
        kind: "event" or "number".

    Raises:
        UndefinedMetric: An unknown kind, text, or an event of other numbers.
    """
    if kind not in (EVENT, NUMBER):
        raise UndefinedMetric(f"kind is 'event' or 'number', not {kind!r}.")
    if is_factor(table, outcome):
        raise UndefinedMetric(f"Column {outcome!r} is text: give the outcome as numbers, an event as 0 and 1.")
    values = as_numbers(table[outcome]).to_numpy()
    if kind == EVENT and not set(np.unique(values)) <= {0.0, 1.0}:
        raise UndefinedMetric(
            f"Column {outcome!r} should hold 0 and 1, but has {len(np.unique(values))} values, the largest {values.max():g}. "
            "Give an event, or kind='number'."
        )
    return values


def recalibrated(
    target: Float[np.ndarray, "row"],
    prediction: Float[np.ndarray, "row"],
    patients: pd.Series,
    hospitals: pd.Series | None,
    *,
    kind: str,
    folds: int = 10,
    seed: int = 0,
) -> Recalibrated:
    """Predictions after logistic (or linear) recalibration that was fitted without the rows' own hospital, or patients.

    Of an event logit(risk) becomes a + b logit(risk), of a number a + b prediction (Cox, Biometrika 1958; Steyerberg, Clinical
    Prediction Models, 2019). Where two or more hospitals have enough rows each hospital is left out in turn; else patients are,
    in folds.

    Args:
        target: 0 and 1, or numbers.
        prediction: Risks above 0 and below 1, or numbers.
        patients: Patient of each row.
        hospitals: Hospital of each row; None where there is none.
        kind: "event" or "number".
        folds: Of the cross-validation by patient.
        seed: Of its folds.
    """
    parts, how = _parts(target, patients, hospitals, kind, folds, seed)
    design = pd.DataFrame({"prediction": logit(prediction) if kind == EVENT else prediction})
    return Recalibrated(held_out(target, design, parts, binary=kind == EVENT), how)


def _parts(
    target: np.ndarray, patients: pd.Series, hospitals: pd.Series | None, kind: str, folds: int, seed: int
) -> tuple[np.ndarray, str]:
    if hospitals is not None:
        codes, names = pd.factorize(hospitals.astype(str), sort=True)
        enough = sum(has_enough(target[codes == code], kind) for code in range(len(names)))
        if enough == len(names) >= 2 and not _shared(codes, patients):
            return codes, f"each of {len(names)} hospitals left out in turn"
    return patient_folds(patients, folds, seed, target), f"patients left out in turn ({folds} folds)"


def has_enough(target: Float[np.ndarray, "row"], kind: str) -> bool:
    """Whether rows suffice for a calibration of their own.

    Args:
        target: Outcome of the rows.
        kind: "event" or "number".
    """
    if kind == EVENT:
        return min(int(target.sum()), int((1 - target).sum())) >= FEWEST_EVENTS
    return len(target) >= FEWEST_ROWS


def _shared(codes: np.ndarray, patients: pd.Series) -> bool:
    """Whether a patient was seen in two hospitals: leaving one out would not leave him out."""
    return bool((pd.Series(codes, index=patients.to_numpy()).groupby(level=0).nunique() > 1).any())
