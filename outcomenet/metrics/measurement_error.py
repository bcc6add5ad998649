"""Standard error of measurement and smallest detectable change, of many resamples of patients at once.

All are in the score's unit, and smaller is better. They come from the mean squares of a table of ratings, whose sums over
rows are `agreement.rating_sums`; two raters or more.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import mean_squares_of_sums
from outcomenet.metrics.detectable import Z

Sums = Float[np.ndarray, "resample sum"]


def agreement_sem(sums: Sums) -> Float[np.ndarray, "resample"]:
    """SEM of one reading, raters' systematic difference included: root of the mean square within targets (Bland & Altman, BMJ
    1996;313:744; as the root of raters' variance + error: de Vet, J Clin Epidemiol 2006;59:1033).

    The SEM of re-acquired films, of which none is always the second. Variances are pooled over targets: targets times
    (readings - 1) degrees of freedom.

    Args:
        sums: sums over the rows of each resample, from `agreement.rating_sums`.
    """
    return np.sqrt(np.asarray(mean_squares_of_sums(sums).within))


def consistency_sem(sums: Sums) -> Float[np.ndarray, "resample"]:
    """SEM of one rater, their systematic difference left out: root of the mean square of error (de Vet 2006).

    Args:
        sums: sums over the rows of each resample, from `agreement.rating_sums`.
    """
    return np.sqrt(np.asarray(mean_squares_of_sums(sums).error))


def detectable_difference(sums: Sums, *, averaged: float, level: float = 0.95) -> Float[np.ndarray, "resample"]:
    """SDD of two status scores, each the mean of `averaged` raters: z SD_d / sqrt(k) (Lassere 1999).

    SD_d, the SD over rows of the difference of two raters, is sqrt(2) times the consistency SEM; with more raters it is the root of
    the mean variance over their pairs.

    Args:
        sums: sums over the rows of status scores, from `agreement.rating_sums`.
        averaged: readings of which a score is the mean.
        level: 0.95 or 0.8.

    Raises:
        UndefinedMetric: another level.
    """
    return _quantile(level) * np.sqrt(2 / averaged) * consistency_sem(sums)


def detectable_change(sums: Sums, *, averaged: float, level: float = 0.95) -> Float[np.ndarray, "resample"]:
    """SDC of a patient's score, the mean of `averaged` raters: z SD_d / (sqrt(2) sqrt(k)) (Bruynesteyn, Ann Rheum Dis 2005).

    SD_d is the SD over rows of the difference between two raters' *changes*.

    Args:
        sums: sums over the rows of *changes*, one column per rater, from `agreement.rating_sums`.
        averaged: readings of which a score is the mean.
        level: 0.95 or 0.8.

    Raises:
        UndefinedMetric: another level.
    """
    return _quantile(level) / np.sqrt(averaged) * consistency_sem(sums)


def _quantile(level: float) -> float:
    if level not in Z:
        raise UndefinedMetric(f"A smallest detectable value is defined at {', '.join(map(str, Z))}; got {level}.")
    return Z[level]
