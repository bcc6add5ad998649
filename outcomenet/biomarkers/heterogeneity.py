"""Heterogeneity of estimates between groups, and their random effects mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2
from scipy.stats import t as t_distribution

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

HALVINGS = 80  # of an interval in the search for tau2: down to the last digit


class Heterogeneity(NamedTuple):
    """Cochran's Q with its p, I2 (share of the spread that is no sampling error), tau2, and the random effects mean."""

    q: float
    freedom: int
    p: float
    i2: float
    i2_lower: float
    i2_upper: float
    tau2_dersimonian_laird: float
    tau2_paule_mandel: float
    mean: float
    lower: float
    upper: float


def heterogeneity(
    estimates: Float[np.ndarray, "group"], errors: Float[np.ndarray, "group"], level: float = 0.95
) -> Heterogeneity:
    """How far estimates of groups differ beyond their sampling errors.

    Q = sum of w (y - mean)^2 with w = 1 / error^2 (Cochran, Biometrics 1954;10:101); I2 = max(0, (Q - df) / Q) (Higgins &
    Thompson, Stat Med 2002;21:1539), its interval from that of tau2 by the Q profile (Viechtbauer, Stat Med 2007;26:37); tau2
    by DerSimonian & Laird (Control Clin Trials 1986;7:177) and by Paule & Mandel (J Res Natl Bur Stand 1982;87:377). The mean
    weighs groups by 1 / (error^2 + tau2 of Paule & Mandel), with Knapp & Hartung's interval (Stat Med 2003;22:2693), which few
    groups need.

    Args:
        estimates: One of each group, in one unit.
        errors: Their standard errors.
        level: Of the intervals.

    Raises:
        UndefinedMetric: There are fewer than two groups, or an error is not above 0.

    >>> result = heterogeneity(np.array([0.1, 0.5, 0.3]), np.array([0.1, 0.1, 0.1]))
    >>> round(result.q, 4), round(result.i2, 4), round(result.tau2_dersimonian_laird, 4)
    (8.0, 0.75, 0.03)
    """
    if len(estimates) < 2 or not (errors > 0).all():
        raise UndefinedMetric(
            f"Heterogeneity needs two groups or more with standard errors; there are {len(estimates)}."
        )
    freedom, variances = len(estimates) - 1, errors**2

    def q_at(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        return float(weights @ (estimates - weights @ estimates / weights.sum()) ** 2)

    weights = 1 / variances
    q = q_at(0.0)
    apart = float(weights.sum() - (weights**2).sum() / weights.sum())
    typical = freedom / apart  # sampling variance of a typical group, as Higgins & Thompson define it
    low, high = (_tau2_where(q_at, float(chi2.ppf(share, freedom))) for share in (0.5 + level / 2, 0.5 - level / 2))
    tau2 = _tau2_where(q_at, float(freedom))
    mean, half = _mean(estimates, variances + tau2, freedom, level)
    return Heterogeneity(
        q, freedom, float(chi2.sf(q, freedom)), max(0.0, (q - freedom) / q) if q > 0 else 0.0, low / (low + typical),
        high / (high + typical), max(0.0, (q - freedom) / apart), tau2, mean, mean - half, mean + half,
    )  # fmt: skip


def _tau2_where(q_at: Callable[[float], float], value: float) -> float:
    """Q falls with tau2; 0 where it is below the value from the start."""
    if q_at(0.0) <= value:
        return 0.0
    low, high = 0.0, 1.0
    while q_at(high) > value:
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if q_at(middle) > value else (low, middle)
    return high


def _mean(estimates: np.ndarray, variances: np.ndarray, freedom: int, level: float) -> tuple[float, float]:
    weights = 1 / variances
    mean = float(weights @ estimates / weights.sum())
    spread = float(weights @ (estimates - mean) ** 2) / freedom / float(weights.sum())
    return mean, float(t_distribution.ppf(0.5 + level / 2, freedom)) * spread**0.5
