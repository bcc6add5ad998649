"""Calibration of a predicted risk: Brier score, and the logistic line between risk and event.

`risk` is a probability that rises towards the event; `target` is 1 or 0. `weights` [resample, row] as in `regression`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from outcomenet.arrays import Float

ITERATIONS = 30
PRECISION = 1e-6  # of a step: the error that it leaves is about its square
LONGEST_STEP = 3.0  # on the logit scale: keeps Newton's method from leaping out of a poor start
AT_A_TIME = 128  # resamples whose arrays stay in the processor's cache together


def brier(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Mean squared distance of the risk from 1 or 0; lower is better (Brier, Mon Weather Rev 1950).

    The event's frequency p given to everybody scores p (1 - p).

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> brier(np.array([1.0, 0.0]), np.array([0.5, 0.1]), np.ones((1, 2)))
    array([0.13])
    """
    return weights @ (target - risk) ** 2 / weights.sum(1)


def net_benefit(
    target: Float[np.ndarray, "row"],
    risk: Float[np.ndarray, "row"],
    weights: Float[np.ndarray, "resample row"],
    *,
    threshold: float,
) -> Float[np.ndarray, "resample"]:
    """TP/n - FP/n t/(1-t) where all with a risk of t or more are treated; higher is better, 0 is treating nobody.

    In true positives per patient: the threshold says how many unneeded treatments one needed treatment is worth (Vickers
    & Elkin, Med Decis Making 2006;26:565).

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        threshold: t, above 0 and below 1.

    >>> net_benefit(np.array([1.0, 0.0]), np.array([0.5, 0.3]), np.ones((1, 2)), threshold=0.2)
    array([0.375])
    """
    gain = np.where(risk >= threshold, np.where(target == 1, 1.0, -threshold / (1 - threshold)), 0.0)
    return weights @ gain / weights.sum(1)


def risk_calibration_slope(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Slope of the event on logit(risk); 1 is best, below 1 the risks are too extreme (Cox, Biometrika 1958).

    NaN where it does not exist, as in `recalibration_line`.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
    """
    return recalibration_line(target, risk, weights)[1]


def risk_calibration_intercept(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Calibration in the large: the logit by which all risks are too low, the slope held at 1; 0 is best.

    Logistic intercept with logit(risk) as offset (Cox, Biometrika 1958; Steyerberg, Clinical Prediction Models, 2019).
    NaN with one class only, or a risk of exactly 0 or 1.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
    """
    return _in_chunks(_shift, target, risk, weights)[0]


def recalibration_line(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "2 resample"]:
    """Intercept and slope of the logistic regression of the event on logit(risk); (0, 1) is best (Cox 1958).

    NaN with one class only, with a risk of exactly 0 or 1, without variation, or where a cut of the risk separates the
    classes and the slope has no finite value.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
    """
    return _in_chunks(_line, target, risk, weights)


def _in_chunks(fit: Callable[..., np.ndarray], target: np.ndarray, risk: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if ((risk <= 0) | (risk >= 1)).any():
        return np.full((2, len(weights)), np.nan)
    x = logit(risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [fit(x, target, weights[at : at + AT_A_TIME]) for at in range(0, len(weights), AT_A_TIME)]
    return np.concatenate(parts, axis=1)


def _shift(x: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Newton's method for the intercept alone, the slope staying 1, in all resamples side by side."""
    n, wanted = weights.sum(1), weights @ target
    a = logit(wanted / n) - logit(weights @ expit(x) / n)
    step = np.full_like(a, np.inf)
    for _ in range(ITERATIONS):
        p = expit(a[:, None] + x)
        weighted = weights * p
        step = (wanted - weighted.sum(1)) / (weighted - weighted * p).sum(1)
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        a = a + step
        if not (np.abs(step) > PRECISION).any():  # an undefined resample is NaN and does not hold up the others
            break
    return np.stack([np.where(np.abs(step) <= PRECISION, a, np.nan), np.ones_like(a)])


def _line(x: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Newton's method for intercept and slope on the standardised logit, which keeps both steps of one size."""
    centre, spread = x.mean(), x.std()
    z = (x - centre) / spread
    moments = np.stack([np.ones_like(z), z, z**2], axis=1)
    a, b = logit(weights @ target / weights.sum(1)), np.zeros(len(weights))
    wanted = weights @ (target[:, None] * moments[:, :2])
    steps = np.full((2, len(weights)), np.inf)
    for _ in range(ITERATIONS):
        p = expit(a[:, None] + b[:, None] * z)
        weighted = weights * p
        g0, g1 = (wanted - weighted @ moments[:, :2]).T
        i0, i1, i2 = ((weighted - weighted * p) @ moments).T
        determinant = i0 * i2 - i1**2
        steps = np.stack([i2 * g0 - i1 * g1, i0 * g1 - i1 * g0]) / determinant
        steps = np.clip(steps, -LONGEST_STEP, LONGEST_STEP)
        a, b = a + steps[0], b + steps[1]
        if not (np.abs(steps) > PRECISION).any():
            break
    there = (np.abs(steps) <= PRECISION).all(0)
    return np.where(there, np.stack([a - b * centre / spread, b / spread]), np.nan)
