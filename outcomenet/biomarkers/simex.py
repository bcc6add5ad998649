"""Slopes under measurement error of many resamples at once: as observed, by regression calibration, and by SIMEX."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

# Error variances that are added, in units of the score's own (Cook & Stefanski 1994); 0 is the score as it is.
ADDED = (0.0, 0.5, 1.0, 1.5, 2.0)
DEGREES = {"quadratic": 2, "cubic": 3}


class Slopes(NamedTuple):
    """Slope of the outcome on the score in each resample, per unit of the score."""

    naive: Float[np.ndarray, "resample"]
    calibrated: Float[np.ndarray, "resample"]
    """By regression calibration; NaN where the error is larger than the score's variance."""
    simulated: Float[np.ndarray, "resample added"]
    """Mean slope with each of `ADDED` error variances."""
    reliability: Float[np.ndarray, "resample"]
    """Share of the score's variance that is no error, the covariates given."""


def slopes_under_error(
    outcome: Float[np.ndarray, "row"],
    score: Float[np.ndarray, "row"],
    covariates: Float[np.ndarray, "row covariate"],
    codes: np.ndarray,
    counts: Float[np.ndarray, "resample patient"],
    sem: Float[np.ndarray, "resample"],
    *,
    remeasurements: int,
    rng: np.random.Generator,
) -> Slopes:
    """Least squares slopes on a score W = X + U with U of variance SEM^2, independent of all else.

    Naive: the slope on W. Regression calibration divides it by the reliability given the covariates, 1 - SEM^2 / var(W | Z)
    (Carroll, Ruppert, Stefanski & Crainiceanu, Measurement Error in Nonlinear Models, 2nd ed. 2006, ch. 4). SIMEX adds more
    error, k SEM^2, and averages the slope over many draws of it (Cook & Stefanski, J Am Stat Assoc 1994;89:1314). Slopes come
    from sums over patients, so that thousands of resamples take seconds.

    Args:
        outcome: Y.
        score: W.
        covariates: Z, without an intercept.
        codes: Patient of each row, 0, 1, ...
        counts: How often each patient counts in each resample.
        sem: Standard error of measurement in each resample, in the score's unit.
        remeasurements: Draws of the added error.
        rng: Of these draws.
    """
    z = np.column_stack([np.ones(len(score)), covariates])
    score = score - score.mean()  # squares of large numbers would lose digits
    q = z.shape[1]

    def per_resample(values: np.ndarray) -> np.ndarray:
        sums = np.stack([np.bincount(codes, column) for column in values.T], axis=1)
        return counts @ sums

    products = np.einsum("ij,ik->ijk", z, z).reshape(len(z), q * q)
    inverse = np.linalg.pinv(per_resample(products).reshape(-1, q, q), hermitian=True)
    fixed = np.column_stack([z * outcome[:, None], z * score[:, None], score**2, score * outcome])
    sums = per_resample(fixed)
    zy, zw, ww, wy = sums[:, :q], sums[:, q : 2 * q], sums[:, -2], sums[:, -1]
    rows = counts @ np.bincount(codes).astype(float)

    def apart(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """left' (Z'Z)^-1 right of each resample."""
        return np.einsum("ri,rij,rj->r", left, inverse, right)

    naive = (wy - apart(zw, zy)) / (ww - apart(zw, zw))
    reliability = 1 - sem**2 / ((ww - apart(zw, zw)) / (rows - q))
    simulated = np.zeros((len(counts), len(ADDED)))
    for _ in range(remeasurements):
        u = rng.normal(size=len(score))
        drawn = per_resample(np.column_stack([z * u[:, None], score * u, u**2, u * outcome]))
        zu, wu, uu, uy = drawn[:, :q], drawn[:, -3], drawn[:, -2], drawn[:, -1]
        pairs = apart(zw, zu), apart(zu, zu), apart(zu, zy)
        for at, added in enumerate(ADDED):
            size = sem * added**0.5
            top = (wy - apart(zw, zy)) + size * (uy - pairs[2])
            bottom = (ww - apart(zw, zw)) + 2 * size * (wu - pairs[0]) + size**2 * (uu - pairs[1])
            simulated[:, at] += top / bottom / remeasurements
    calibrated = np.where(reliability > 0, naive / np.where(reliability > 0, reliability, 1.0), np.nan)
    return Slopes(naive, calibrated, simulated, reliability)


def extrapolated(simulated: Float[np.ndarray, "resample added"], degree: int, at: float = -1.0) -> np.ndarray:
    """The least squares polynomial through the slopes at `ADDED`, read off where no error is left.

    Args:
        simulated: Slopes of each resample.
        degree: Of the polynomial: 2 corrects too little rather than too much, 3 more, with more noise.
        at: Where it is read off: -1 takes all error away.

    Raises:
        UndefinedMetric: The polynomial has more coefficients than there are points.

    >>> extrapolated(np.array([[1 - 0.1 * k for k in ADDED]]), 2).round(6)
    array([1.1])
    """
    if degree >= len(ADDED):
        raise UndefinedMetric(f"A polynomial of degree {degree} needs more than {len(ADDED)} points.")
    powers = np.vander(ADDED, degree + 1, increasing=True)
    along = np.vander([at], degree + 1, increasing=True) @ np.linalg.pinv(powers)
    return simulated @ along[0]
