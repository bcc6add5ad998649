"""Smallest detectable difference and change: what exceeds two readers' disagreement.

Both are in the score's unit, and smaller is better. A deterministic model agrees with itself perfectly: its readings
must come from re-acquired or perturbed films, crops and seeds, or the result is a false zero.
"""

from __future__ import annotations

import math

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

# The quantiles as the papers round them.
Z = {0.95: 1.96, 0.80: 1.28}


def smallest_detectable_difference(
    status: Float[np.ndarray, "patient reader"], averaged: float = 2, level: float = 0.95
) -> float:
    """SDD between two patients' scores, each the mean of `averaged` readers: z SD_d / sqrt(k) (Lassere 1999).

    SD_d is the SD over patients of the difference between the two readers' scores.

    Args:
        status: scores of two readers, one row per patient.
        averaged: readings of which a score is the mean.
        level: 0.95 or 0.8.

    Returns:
        In the score's unit.

    Raises:
        UndefinedMetric: another level, fewer than two patients, or not two readers.
    """
    return _quantile(level) * _sd_of_difference(status) / math.sqrt(averaged)


def smallest_detectable_change(
    change: Float[np.ndarray, "patient reader"], averaged: float = 2, level: float = 0.95
) -> float:
    """SDC of a patient's score, the mean of `averaged` readers: z SD_d / (sqrt(2) sqrt(k)) (Bruynesteyn 2005).

    SD_d is the SD over patients of the difference between the two readers' changes. A change holds two readings already,
    which is what sqrt(2) takes back.

    Args:
        change: changes of two readers, one row per patient.
        averaged: readings of which a score is the mean.
        level: 0.95 or 0.8.

    Returns:
        In the score's unit.

    Raises:
        UndefinedMetric: another level, fewer than two patients, or not two readers.

    >>> smallest_detectable_change(np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]]))
    1.96
    """
    return _quantile(level) * _sd_of_difference(change) / math.sqrt(2 * averaged)


def _quantile(level: float) -> float:
    if level not in Z:
        raise UndefinedMetric(f"A smallest detectable value is defined at {', '.join(map(str, Z))}; got {level}.")
    return Z[level]


def _sd_of_difference(scores: np.ndarray) -> float:
    patients, readers = scores.shape
    if readers != 2 or patients < 2 or np.isnan(scores).any():
        raise UndefinedMetric(
            f"A smallest detectable value needs 2 readers' scores of at least 2 patients without gaps; "
            f"got {patients} patients x {readers} readers. Take the patients that both read."
        )
    # the readers' mean difference is no error of a change: the SD leaves it out
    return float((scores[:, 0] - scores[:, 1]).std(ddof=1))
