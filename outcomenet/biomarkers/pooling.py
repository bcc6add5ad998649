"""Rubin's rules: one estimate from the fits of several imputed tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as t_distribution

from outcomenet.biomarkers.linear_fit import Fit


class Pooled(NamedTuple):
    """A pooled estimate with its total standard error, degrees of freedom, interval and p of zero."""

    estimate: float
    error: float
    freedom: float
    lower: float
    upper: float
    p: float
    missing_information: float
    """Fraction of the information that the gaps cost: (r + 2 / (nu + 3)) / (1 + r) with r = (1 + 1/m) B / W."""


def pooled(
    estimates: Sequence[float], errors: Sequence[float], complete_freedom: float = 1e7, level: float = 0.95
) -> Pooled:
    """One number from its estimates in m imputed tables (Rubin, Multiple Imputation, 1987, ch. 3).

    T = W + (1 + 1/m) B with W the mean of the squared errors and B the variance of the estimates; degrees of freedom
    after Barnard & Rubin (Biometrika 1999;86:948): 1 / (1/nu_m + 1/nu_obs), nu_m = (m - 1) / lambda^2, nu_obs =
    (nu + 1) / (nu + 3) nu (1 - lambda).

    Args:
        estimates: One for each imputed table, at least 2.
        errors: Their standard errors: robust ones, where the model is robust.
        complete_freedom: Degrees of freedom nu that a table without a gap would have: patients minus coefficients.
        level: Of the interval.

    Returns:
        The pooled estimate in the unit of the estimates.

    >>> round(pooled([0.50, 0.54, 0.46], [0.10, 0.10, 0.10], 90).error, 4)
    0.1102
    """
    values = np.asarray(estimates, float)
    within = float(np.mean(np.square(errors)))
    total, freedom, share = _rubin(within, float(np.var(values, ddof=1)), len(values), complete_freedom)
    value, error = float(values.mean()), total**0.5
    half = float(t_distribution.ppf(0.5 + level / 2, freedom)) * error
    p = float(2 * t_distribution.sf(abs(value) / error, freedom)) if error > 0 else np.nan
    more = share / (1 - share) if share < 1 else np.inf
    lost = (more + 2 / (freedom + 3)) / (1 + more) if np.isfinite(more) else 1.0
    return Pooled(value, error, freedom, value - half, value + half, p, lost)


def pool(fits: Sequence[Fit]) -> Fit:
    """Rubin's rules for all coefficients of a model at once, each fit with its own (robust) covariance.

    Args:
        fits: The same model on each imputed table; a single one is handed back.

    Returns:
        A fit with the total covariance and Barnard and Rubin's degrees of freedom.

    Raises:
        ValueError: The fits have different coefficients.
    """
    if len(fits) == 1:
        return fits[0]
    if len({fit.names for fit in fits}) > 1:
        raise ValueError("fits with different coefficients cannot be pooled")
    values = np.stack([fit.coefficients for fit in fits])
    within = np.mean([fit.covariance for fit in fits], axis=0)
    between = np.atleast_2d(np.cov(values, rowvar=False, ddof=1))
    freedom = [
        _rubin(within[i, i], between[i, i], len(fits), complete)[1] for i, complete in enumerate(fits[0].freedom)
    ]
    correlation = float(np.mean([fit.correlation for fit in fits]))
    return Fit(
        fits[0].names, values.mean(0), within + (1 + 1 / len(fits)) * between, np.array(freedom), fits[0].rows,
        fits[0].patients, correlation, between, len(fits),
    )  # fmt: skip


def _rubin(within: float, between: float, m: int, complete: float) -> tuple[float, float, float]:
    """Total variance, degrees of freedom, and share of the variance owed to the missing values."""
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    seen = (complete + 1) / (complete + 3) * complete * (1 - share)
    if share < 1e-12:
        return total, seen, 0.0
    return total, 1 / (share**2 / (m - 1) + 1 / seen), share
