"""Proportional odds model of ordered classes, with a covariance robust to the clustering of rows in patients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.errors import UndefinedMetric

ITERATIONS = 60
PRECISION = 1e-9  # of the gain in log likelihood that a step promises
# Largest slope on the log odds per SD of a covariate: beyond it the classes are separated.
LARGEST = 30.0


def ordinal_fit(codes: np.ndarray, design: pd.DataFrame, patients: np.ndarray) -> Fit:
    """logit P(Y > j) = b x - theta_j, by Newton's method (McCullagh, J R Stat Soc B 1980;42:109).

    The covariance is H^-1 [sum over patients of s_i s_i'] H^-1, times G / (G - 1), with s_i the sum of the scores of his
    rows and H the observed information.

    Args:
        codes: Class of each row, 0, 1, ..., none of them empty.
        design: Covariates, none missing and none constant.
        patients: Patient of each row.

    Returns:
        Slopes on the log odds of a higher class; the thresholds are left out.

    Raises:
        UndefinedMetric: The likelihood has no maximum on these rows, as with perfect separation.
    """
    centre, scale = design.mean().to_numpy(), design.std(ddof=0).to_numpy()
    x = (design.to_numpy(float) - centre) / scale
    classes = int(codes.max()) + 1
    parameters = np.concatenate([_start(codes, classes), np.zeros(x.shape[1])])
    here = _likelihood(codes, x, parameters)
    for _ in range(ITERATIONS):
        step = np.linalg.solve(here.information, here.scores.sum(0))
        if step @ here.scores.sum(0) < PRECISION:
            break
        parameters, here = _uphill(codes, x, parameters, step, here)
    else:
        _no_maximum()
    if np.abs(parameters[classes - 1 :]).max() > LARGEST:
        _no_maximum()
    groups, _ = pd.factorize(np.asarray(patients))
    sums = np.zeros((groups.max() + 1, len(parameters)))
    np.add.at(sums, groups, here.scores)
    bread = np.linalg.inv(here.information)
    covariance = len(sums) / (len(sums) - 1) * bread @ (sums.T @ sums) @ bread
    slopes = slice(classes - 1, None)
    return Fit(
        tuple(map(str, design.columns)), parameters[slopes] / scale, covariance[slopes, slopes] / np.outer(scale, scale),
        np.full(x.shape[1], float(len(sums) - len(parameters))), len(codes), len(sums),
    )  # fmt: skip


def _no_maximum() -> None:
    raise UndefinedMetric("the likelihood has no maximum: a covariate separates the classes. Adjust for less.")


def _start(codes: np.ndarray, classes: int) -> np.ndarray:
    """Thresholds at which all rows have the classes' frequencies."""
    below = np.cumsum(np.bincount(codes, minlength=classes))[:-1] / len(codes)
    return np.log(below / (1 - below))


class _Likelihood(NamedTuple):
    value: float
    scores: np.ndarray
    """Row by row, of thresholds and then of slopes."""
    information: np.ndarray


def _likelihood(codes: np.ndarray, x: np.ndarray, parameters: np.ndarray) -> _Likelihood:
    k = len(parameters) - x.shape[1]
    thresholds = np.concatenate([[-np.inf], parameters[:k], [np.inf]])
    if (np.diff(thresholds) <= 0).any():
        return _Likelihood(-np.inf, np.zeros((len(codes), len(parameters))), np.eye(len(parameters)))
    line = x @ parameters[k:]
    upper, lower = expit(thresholds[codes + 1] - line), expit(thresholds[codes] - line)
    share = np.maximum(upper - lower, 1e-300)
    # densities of both ends and their slopes, as shares of the probability of the row's class
    dense = upper * (1 - upper) / share, lower * (1 - lower) / share
    bent = dense[0] * (1 - 2 * upper), dense[1] * (1 - 2 * lower)
    above, below = np.zeros((len(codes), k + 2)), np.zeros((len(codes), k + 2))
    above[np.arange(len(codes)), codes + 1] = 1.0
    below[np.arange(len(codes)), codes] = 1.0
    ends = np.hstack([above[:, 1:-1], -x]), np.hstack([below[:, 1:-1], -x])
    scores = dense[0][:, None] * ends[0] - dense[1][:, None] * ends[1]
    curvature = (ends[0] * bent[0][:, None]).T @ ends[0] - (ends[1] * bent[1][:, None]).T @ ends[1]
    return _Likelihood(float(np.log(share).sum()), scores, scores.T @ scores - curvature)


def _uphill(
    codes: np.ndarray, x: np.ndarray, parameters: np.ndarray, step: np.ndarray, here: _Likelihood
) -> tuple[np.ndarray, _Likelihood]:
    """The step, halved until the likelihood rises."""
    for halvings in range(30):
        there = _likelihood(codes, x, parameters + step / 2**halvings)
        if there.value > here.value - 1e-12 * abs(here.value):
            return parameters + step / 2**halvings, there
    return parameters, here
