"""Bias and limits of agreement of two ways of measuring the same thing, in the unit of the measurement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float


class LimitsOfAgreement(NamedTuple):
    """First minus second, an entry per resample: `bias` is best at 0; 95 % of the differences lie between the limits,
    the closer the better; `sd` is the differences' SD."""

    bias: np.ndarray
    lower_limit: np.ndarray
    upper_limit: np.ndarray
    sd: np.ndarray


def difference_sums(first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row sum"]:
    """What has to be summed over rows to get the limits: 1, the difference and its square.

    Args:
        first: measurements one way.
        second: the same quantities the other way, in the same unit.
    """
    difference = first - second
    return np.column_stack([np.ones(len(difference)), difference, difference**2])


def limits_of_sums(sums: Float[np.ndarray, "resample sum"]) -> LimitsOfAgreement:
    """Bias +- 1.96 SD of the differences in many resamples at once (Bland & Altman, Stat Methods Med Res 1999).

    The differences are taken as normal and alike over the range; look at the plot before believing the limits. NaN
    where fewer than two rows were drawn.
    """
    n, total, squares = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = total / n
        sd = np.where(n > 1, np.sqrt(np.maximum(squares - n * bias**2, 0.0) / (n - 1)), np.nan)
    return LimitsOfAgreement(bias, bias - 1.96 * sd, bias + 1.96 * sd, sd)
