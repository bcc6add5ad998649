"""Verdict on a paired difference from its interval and the Monte Carlo error of its bounds."""

from __future__ import annotations

import math
from enum import StrEnum


class Verdict(StrEnum):
    """What a paired difference with its 95 % interval shows."""

    BETTER = "better"
    WORSE = "worse"
    BORDERLINE = "borderline"
    UNDECIDED = "no difference was shown"
    ABSENT = "not computed"


def verdict_of(
    lower: float, upper: float, *, lower_margin: float = 0.0, upper_margin: float = 0.0, higher_is_better: bool = True
) -> Verdict:
    """Reads the interval of predictor minus reference; one that holds or touches 0 shows no difference.

    A bound that lies no further from 0 than its Monte Carlo margin (see `resampling.monte_carlo_margins`) could lie on
    the other side with other resamples: borderline, whichever side it is on.

    Args:
        lower: lower bound of predictor minus reference.
        upper: upper bound.
        lower_margin: Monte Carlo margin of the lower bound.
        upper_margin: that of the upper one.
        higher_is_better: which way the metric improves.

    >>> str(verdict_of(0.01, 0.10)), str(verdict_of(0.002, 0.155, lower_margin=0.004))
    ('better', 'borderline')
    """
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return Verdict.ABSENT
    if abs(lower) <= lower_margin > 0 or abs(upper) <= upper_margin > 0:
        return Verdict.BORDERLINE
    if lower <= 0 <= upper:
        return Verdict.UNDECIDED
    return Verdict.BETTER if (lower > 0) == higher_is_better else Verdict.WORSE
