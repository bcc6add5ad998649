"""Number of patients of a trial that compares the mean changes of two arms."""

from __future__ import annotations

import math

from scipy.stats import nct, norm
from scipy.stats import t as t_distribution

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import Estimate


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
    while power_of_t_test(effect, n, alpha) < power:
        n += 1
    return n


def size_with_bounds(effect: Estimate, *, power: float = 0.8, alpha: float = 0.05) -> Estimate:
    """Patients per arm for an effect and for the bounds of its interval: the weaker the effect, the larger the trial.

    Args:
        effect: difference of the arms' means in SDs (Cohen's d), of any sign, with its bounds.
        power: chance of a significant result, 0 to 1.
        alpha: two-sided level of the test.

    Returns:
        Patients per arm. Infinite for an effect of 0, and as the upper bound where the interval holds 0; NaN where the effect or
        the interval is not defined.

    >>> size_with_bounds(Estimate(0.5, 0.4, 0.8)), size_with_bounds(Estimate(-0.5, -0.8, 0.1)).upper
    (Estimate(value=64.0, lower=26.0, upper=100.0), inf)
    """
    ends = sorted((abs(effect.lower), abs(effect.upper)))
    weakest = 0.0 if effect.lower * effect.upper <= 0 else ends[0]
    return Estimate(*(_size(of, power, alpha) for of in (effect.value, ends[1], weakest)))


def _size(effect: float, power: float, alpha: float) -> float:
    if effect == 0 or math.isnan(effect):
        return math.inf if effect == 0 else math.nan
    return float(patients_per_arm(effect, power=power, alpha=alpha))


def power_of_t_test(effect: float, n: int, alpha: float = 0.05) -> float:
    """The chance that a two-sided t test of two arms is significant.

    Args:
        effect: difference of the arms' means in SDs (Cohen's d), of any sign.
        n: patients in each arm, 2 or more.
        alpha: two-sided level of the test.

    >>> round(power_of_t_test(0.5, 64), 3)
    0.801
    """
    freedom, shift = 2 * (n - 1), effect * math.sqrt(n / 2)
    critical = t_distribution.ppf(1 - alpha / 2, freedom)
    power = float(nct.sf(critical, freedom, shift) + nct.cdf(-critical, freedom, shift))
    # far out, scipy's noncentral t has no number (d = 1.2 with 400 in each arm); the normal one is 1 to all digits there
    return power if math.isfinite(power) else float(norm.sf(critical - abs(shift)))
