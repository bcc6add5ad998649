"""Coefficients of a linear model with their covariance: intervals, contrasts and joint tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution


class Term(NamedTuple):
    """One coefficient with its two-sided interval and the p of zero, both by Student's t."""

    estimate: float
    lower: float
    upper: float
    p: float


class Contrast(NamedTuple):
    """Joint test that coefficients are zero: F on `numerator` and `denominator` degrees of freedom."""

    f: float
    numerator: float
    denominator: float
    p: float


@dataclass(frozen=True)
class Fit:
    """Coefficients of a linear model with their covariance."""

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    freedom: np.ndarray
    """Degrees of freedom of each coefficient: patients minus coefficients, or Barnard and Rubin's of a pooled fit."""
    rows: int
    patients: int
    correlation: float = np.nan
    """Of two rows of one patient, the covariates given; missing where the method has none."""
    between: np.ndarray | None = None
    """Of a pooled fit, the covariance between imputations."""
    imputations: int = 1

    def combination(self, weights: dict[str, float], level: float = 0.95) -> Term:
        """A weighted sum of coefficients, such as a difference of two slopes.

        Args:
            weights: Weight by name of the coefficient.
            level: Of the interval.
        """
        along = np.array([weights.get(name, 0.0) for name in self.names])
        value, error = float(along @ self.coefficients), float(along @ self.covariance @ along) ** 0.5
        freedom = float(self.freedom[along != 0].min())
        half = float(t_distribution.ppf(0.5 + level / 2, freedom)) * error
        p = float(2 * t_distribution.sf(abs(value) / error, freedom)) if error > 0 else np.nan
        return Term(value, value - half, value + half, p)

    def term(self, name: str, level: float = 0.95, *, scale: float = 1.0) -> Term:
        """One coefficient, times `scale`.

        Args:
            name: Of the coefficient.
            level: Of the interval.
            scale: Such as the SD of the variable, which makes a slope standardised.
        """
        return self.combination({name: scale}, level)

    def jointly_zero(self, names: Sequence[str]) -> Contrast:
        """Wald's F test that several coefficients are all zero.

        Of a pooled fit the D1 statistic of Li, Raghunathan & Rubin (J Am Stat Assoc 1991;86:1065).

        Args:
            names: Of the coefficients.
        """
        at = [self.names.index(name) for name in names]
        k, value, covariance = len(at), self.coefficients[at], self.covariance[np.ix_(at, at)]
        denominator = float(self.freedom[at].min())
        if self.between is not None:
            within = covariance - (1 + 1 / self.imputations) * self.between[np.ix_(at, at)]
            more = (
                (1 + 1 / self.imputations) * float(np.trace(self.between[np.ix_(at, at)] @ np.linalg.inv(within))) / k
            )
            covariance = (1 + more) * within
            complete = float(self.patients - len(self.names))
            denominator = min(complete, _d1_freedom(k, self.imputations, more, denominator))
        f = float(value @ np.linalg.solve(covariance, value)) / k
        return Contrast(f, k, denominator, float(f_distribution.sf(f, k, denominator)))


def _d1_freedom(k: int, imputations: int, more: float, otherwise: float) -> float:
    """Denominator of D1: equation 1.17 and 1.18 of Li, Raghunathan & Rubin; without loss to imputation that of the fit."""
    if more <= 0:
        return otherwise
    lost = k * (imputations - 1)
    if lost > 4:
        return 4 + (lost - 4) * (1 + (1 - 2 / lost) / more) ** 2
    return (imputations - 1) * (k + 1) * (1 + 1 / more) ** 2 / 2
