"""E-value: how strong an unmeasured confounder would have to be to explain an association away."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from outcomenet.errors import UndefinedMetric


class Effect(StrEnum):
    """Scale of an association."""

    RISK_RATIO = "risk ratio"
    ODDS_RATIO_RARE = "odds ratio of a rare outcome"
    ODDS_RATIO_COMMON = "odds ratio of a common outcome"
    HAZARD_RATIO_COMMON = "hazard ratio of a common outcome"
    MEAN_DIFFERENCE = "standardised mean difference"


class EValue(NamedTuple):
    """For the estimate, and for the bound of its interval that lies nearer to no effect (1 where the interval holds it)."""

    estimate: float
    bound: float


def e_value(estimate: float, lower: float, upper: float, effect: Effect, level: float = 0.95) -> EValue:
    """The least risk ratio that an unmeasured confounder must have with both score and outcome, beside all that is adjusted for.

    RR + sqrt(RR (RR - 1)), of 1/RR where RR is below 1 (VanderWeele & Ding, Ann Intern Med 2017;167:268). Other scales become
    risk ratios first: sqrt(OR) of a common outcome; (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)); of a standardised mean difference d
    with standard error s, exp(0.91 d) with bounds exp(0.91 d -+ 1.78 s), which takes the outcome as normal.

    Args:
        estimate: Ratio, or mean difference in SD of the outcome.
        lower: Lower bound of its interval.
        upper: Upper bound.
        effect: Scale of the three.
        level: Of the interval.

    Raises:
        UndefinedMetric: A ratio is not above 0, or the bounds do not enclose the estimate.

    >>> tuple(round(value, 2) for value in e_value(3.9, 1.8, 8.7, Effect.RISK_RATIO))
    (7.26, 3.0)
    """
    if not lower <= estimate <= upper:
        raise UndefinedMetric(f"An interval from {lower:g} to {upper:g} does not hold its estimate {estimate:g}.")
    if effect is not Effect.MEAN_DIFFERENCE and lower <= 0:
        raise UndefinedMetric(f"A {effect} lies above 0; the lower bound {lower:g} does not.")
    ratio, low, high = _risk_ratios(estimate, lower, upper, effect, level)
    if low <= 1 <= high:
        return EValue(_of_ratio(ratio), 1.0)
    return EValue(_of_ratio(ratio), _of_ratio(low if ratio > 1 else high))


def _risk_ratios(estimate: float, lower: float, upper: float, effect: Effect, level: float) -> list[float]:
    if effect is Effect.MEAN_DIFFERENCE:
        error = (upper - lower) / 2 / float(norm.ppf(0.5 + level / 2))
        return [float(np.exp(0.91 * estimate + away * error)) for away in (0.0, -1.78, 1.78)]
    values = [estimate, lower, upper]
    if effect is Effect.ODDS_RATIO_COMMON:
        return [value**0.5 for value in values]
    if effect is Effect.HAZARD_RATIO_COMMON:
        return [(1 - 0.5**value**0.5) / (1 - 0.5**value**-0.5) for value in values]
    return values


def _of_ratio(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + (above * (above - 1)) ** 0.5
