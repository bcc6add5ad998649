"""Number of patients of a trial that compares the mean changes of two arms."""

from __future__ import annotations

import math

from scipy.stats import nct, norm
from scipy.stats import t as t_distribution

from outcomenet.errors import UndefinedMetric


def patients_per_arm(effect: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """The fewest patients in each of two equal arms, for a two-sided t test of their means.

    The power of n a arm is that of a noncentral t with 2 (n - 1) degrees of freedom and noncentrality effect sqrt(n / 2)
    (Cohen, Statistical Power Analysis, 1988, ch. 2).

    Args:
        effect: difference of the arms' means in SDs of the change (Cohen's d), of any sign.
        power: chance of a significant result, 0 to 1.
        alpha: two-sided level of the test.

    Returns:
        Patients per arm, 2 or more.

    Raises:
        UndefinedMetric: the effect is 0 or unknown: no number is enough.

    >>> patients_per_arm(0.17), patients_per_arm(0.5)
    (545, 64)
    """
    if not math.isfinite(effect) or effect == 0:
        raise UndefinedMetric("Without an effect no number of patients is enough for a trial.")
    effect = abs(effect)
    quantiles = norm.ppf(1 - alpha / 2) + norm.ppf(power)
    n = max(2, math.floor(2 * (quantiles / effect) ** 2))  # the normal's answer, never more than the t test's
    # a few steps: the t test needs one or two patients more than the normal says
    while _power(effect, n, alpha) < power:
        n += 1
    return n


def _power(effect: float, n: int, alpha: float) -> float:
    freedom, shift = 2 * (n - 1), effect * math.sqrt(n / 2)
    critical = t_distribution.ppf(1 - alpha / 2, freedom)
    return float(nct.sf(critical, freedom, shift) + nct.cdf(-critical, freedom, shift))
