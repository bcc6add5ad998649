"""Agreement on ordered grades beyond chance: Cohen's kappa, plain or weighted by how far apart two grades are."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from outcomenet.arrays import Float
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

    >>> kappa(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]), Disagreement.PLAIN)
    0.5
    """
    value = float(resampled_kappa(first, second, np.ones((1, len(first))), disagreement)[0])
    if np.isnan(value):
        raise UndefinedMetric(f"Kappa is undefined: all {len(first)} rows have the same grade from both readers.")
    return value


def resampled_kappa(
    first: Float[np.ndarray, "row"],
    second: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    disagreement: Disagreement = Disagreement.QUADRATIC,
) -> Float[np.ndarray, "resample"]:
    """Kappa of many resamples at once; NaN where both readers give one single grade."""
    grades = np.unique(np.concatenate([first, second]))
    cost = _cost(grades[:, None], grades[None, :], disagreement)
    n = weights.sum(1)
    observed = weights @ _cost(first, second, disagreement)
    # how often each reader gives each grade in each resample; chance pairs the two readers' grades at random
    by_first = weights @ (first[:, None] == grades).astype(float)
    by_second = weights @ (second[:, None] == grades).astype(float)
    expected = ((by_first @ cost) * by_second).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - observed * n / expected, np.nan)


def _cost(first: np.ndarray, second: np.ndarray, disagreement: Disagreement) -> np.ndarray:
    if disagreement is Disagreement.PLAIN:
        return (first != second).astype(float)
    distance = np.abs(first - second)
    return distance if disagreement is Disagreement.LINEAR else distance**2
