"""Two ways of measuring the same thing: bias and limits of agreement, in the unit of the measurement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import t as t_distribution

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric


class Bound(NamedTuple):
    """A value with its two-sided interval."""

    value: float
    lower: float
    upper: float


class LimitsOfAgreement(NamedTuple):
    """First minus second: `bias` is best at 0; 95 % of the differences lie between the limits, the closer the better."""

    bias: Bound
    lower_limit: Bound
    upper_limit: Bound
    sd: float
    n: int


def limits_of_agreement(
    first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], level: float = 0.95
) -> LimitsOfAgreement:
    """Bias +- 1.96 SD of the differences, each with its interval (Bland & Altman, Stat Methods Med Res 1999).

    The variance of a limit is (1/n + 1.96^2 / (2 (n - 1))) SD^2. Rows are taken as independent, the differences as
    normal and alike over the range; look at the plot before believing them.
    """
    difference = first - second
    n = len(difference)
    if n < 3 or np.isnan(difference).any():
        raise UndefinedMetric(
            f"Limits of agreement need at least 3 pairs without gaps; got {n}, {int(np.isnan(difference).sum())} of "
            "them with a gap."
        )
    sd, bias = float(difference.std(ddof=1)), float(difference.mean())
    t = float(t_distribution.ppf(0.5 + level / 2, n - 1))
    of_bias, of_limit = t * sd / n**0.5, t * sd * (1 / n + 1.96**2 / (2 * (n - 1))) ** 0.5

    def bound(value: float, half: float) -> Bound:
        return Bound(value, value - half, value + half)

    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    return LimitsOfAgreement(bound(bias, of_bias), bound(low, of_limit), bound(high, of_limit), sd, n)
