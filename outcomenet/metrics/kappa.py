"""Agreement on ordered grades beyond chance: Cohen's kappa, plain or weighted by how far apart two grades are."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from outcomenet.arrays import Float, Int
from outcomenet.errors import UndefinedMetric


class Disagreement(StrEnum):
    """What two different grades cost."""

    PLAIN = "plain"  # any difference the same (Cohen, Educ Psychol Meas 1960)
    LINEAR = "linear"  # the distance (Cicchetti & Allison 1971)
    QUADRATIC = "quadratic"  # the squared distance (Cohen, Psychol Bull 1968; Fleiss & Cohen 1973)


def kappa(first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], disagreement: Disagreement) -> float:
    """1 - observed / expected disagreement; 1 is perfect, 0 what chance gives, higher is better.

    Grades are numbers whose distances mean something; the factor by which tables of weights are scaled cancels.
    One single grade throughout raises UndefinedMetric.

    Args:
        first: one reader's grades.
        second: the other's, of the same rows.
        disagreement: how far apart two grades count.

    >>> kappa(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]), Disagreement.PLAIN)
    0.5
    """
    grades, counts = grade_counts(first, second, np.zeros(len(first), int), 1)
    value = float(kappa_of_counts(counts, grades, disagreement)[0])
    if np.isnan(value):
        raise UndefinedMetric(f"Kappa is undefined: all {len(first)} rows have the same grade from both readers.")
    return value


def grade_counts(
    first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], patient: Int[np.ndarray, "row"], patients: int
) -> tuple[Float[np.ndarray, "grade"], Float[np.ndarray, "patient pair"]]:
    """The grades that occur, and how often each patient's rows have each pair of them, first reader's grade slowest.

    `patient` numbers each row's patient from 0; `patients` is how many there are. Weighted by a patient bootstrap the
    counts give the kappa of every resample.

    Args:
        first: one reader's grades.
        second: the other's, of the same rows.
        patient: number of each row's patient.
        patients: how many patients there are.
    """
    grades = np.unique(np.concatenate([first, second]))
    pairs = len(grades) ** 2
    pair = np.searchsorted(grades, first) * len(grades) + np.searchsorted(grades, second)
    counts = np.bincount(patient * pairs + pair, minlength=patients * pairs)
    return grades, counts.reshape(patients, pairs).astype(float)


def kappa_of_counts(
    counts: Float[np.ndarray, "resample pair"], grades: Float[np.ndarray, "grade"], disagreement: Disagreement
) -> Float[np.ndarray, "resample"]:
    """Kappa of many tables of counts at once; NaN where both readers give one single grade.

    Args:
        counts: times that each pair of grades occurs, as `grade_counts` orders them.
        grades: the grades that occur, rising.
        disagreement: how far apart two grades count.
    """
    tables = counts.reshape(len(counts), len(grades), len(grades))
    cost = _cost(grades[:, None], grades[None, :], disagreement)
    # chance pairs the two readers' grades at random
    expected = ((tables.sum(2) @ cost) * tables.sum(1)).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (tables * cost).sum((1, 2)) * tables.sum((1, 2)) / expected, np.nan)


def _cost(first: np.ndarray, second: np.ndarray, disagreement: Disagreement) -> np.ndarray:
    if disagreement is Disagreement.PLAIN:
        return (first != second).astype(float)
    distance = np.abs(first - second)
    return distance if disagreement is Disagreement.LINEAR else distance**2
