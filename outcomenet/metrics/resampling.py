"""Patient-cluster bootstrap: patients are drawn with replacement and bring all their rows along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as t_distribution

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric

# Resamples drawn at a time: keeps the weights of many resamples of a large cohort out of memory.
BLOCK = 2000
# More undefined resamples than this share, and no interval is given.
MOST_UNDEFINED = 0.05


def bootstrap_weights(patients: pd.Series, resamples: int, seed: int) -> Float[np.ndarray, "resample row"]:
    """How often each row counts in each resample; the first row of the result is the sample itself (all ones).

    Draws depend on the patients' sorted names alone, so that every predictor and outcome sees the same resamples of
    the same patients.

    Args:
        patients: patient of each row; a patient's rows are kept together.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
    """
    (weights,) = weight_blocks(patients, resamples, seed, block=max(resamples, 1))
    return weights


def weight_blocks(
    patients: pd.Series, resamples: int, seed: int, block: int = BLOCK
) -> Iterator[Float[np.ndarray, "resample row"]]:
    """The rows of `bootstrap_weights` in blocks of at most `block` resamples (the sample itself leads the first one), so
    that many resamples of many rows fit into memory. More resamples begin with the same ones.

    Args:
        patients: patient of each row; a patient's rows are kept together.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        block: resamples at a time.
    """
    names, codes = np.unique(patients.to_numpy(str), return_inverse=True)
    rng = np.random.default_rng(seed)
    itself = np.ones((1, len(patients)))
    for drawn in range(0, max(resamples, 1), block):
        size = min(block, resamples - drawn)
        counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size).astype(float)
        yield counts[:, codes] if drawn else np.concatenate([itself, counts[:, codes]])


def percentile_interval(values: Float[np.ndarray, "resample"], level: float = 0.95) -> tuple[float, float]:
    """Percentile interval over the resamples in which the metric is defined (Efron & Tibshirani 1993).

    UndefinedMetric where more than 5 % of them are not.

    Args:
        values: the metric in each resample, without the sample itself; NaN where it is undefined.
        level: of the interval.
    """
    defined = values[np.isfinite(values)]
    if len(defined) < (1 - MOST_UNDEFINED) * len(values):
        raise UndefinedMetric(
            f"The metric is undefined in {len(values) - len(defined)} of {len(values)} bootstrap resamples: "
            "too few patients or events for an interval."
        )
    lower, upper = np.quantile(defined, [0.5 - level / 2, 0.5 + level / 2])
    return float(lower), float(upper)


class Estimate(NamedTuple):
    """A value with its two-sided bootstrap interval."""

    value: float
    lower: float
    upper: float


def estimate(values: Float[np.ndarray, "resample"], level: float = 0.95) -> Estimate:
    """A metric of the sample with its percentile interval, whose bounds are NaN where it has none.

    Args:
        values: the metric of the sample itself, and behind it of each resample; NaN where it is undefined.
        level: of the interval.

    Returns:
        The sample's value, which may be NaN itself, and the bounds of `percentile_interval`.

    >>> estimate(np.array([0.5, np.nan, np.nan]))
    Estimate(value=0.5, lower=nan, upper=nan)
    """
    try:
        return Estimate(float(values[0]), *percentile_interval(values[1:], level))
    except UndefinedMetric:
        return Estimate(float(values[0]), np.nan, np.nan)


def expanded_level(patients: int, level: float = 0.95) -> float:
    """The level at which the percentile interval of a mean is as wide as Student's at `level`.

    A bootstrap of few patients is too narrow: it divides by n, not n - 1, and has no t distribution (Hesterberg, Am Stat
    2015;69:371, "expanded percentile interval").

    Args:
        patients: how many there are, at least 2.
        level: of Student's interval.

    >>> round(expanded_level(17), 4), round(expanded_level(1000), 4)
    (0.9711, 0.9504)
    """
    quantile = (patients / (patients - 1)) ** 0.5 * t_distribution.ppf(0.5 + level / 2, patients - 1)
    return float(1 - 2 * norm.sf(quantile))


def monte_carlo_margins(values: Float[np.ndarray, "resample"], level: float = 0.95) -> tuple[float, float]:
    """How far each bound of `percentile_interval` may lie from where endless resamples would put it, with 95 % certainty.

    Half the distance between the order statistics that hold a quantile with 95 % probability: the rank of the true
    quantile p among B draws is binomial with SD sqrt(B p (1 - p)) (Efron & Tibshirani 1993, ch. 19; David & Nagaraja,
    Order Statistics, 2003, sec. 7.1). It falls with the root of B and knows nothing of the patients' own number.

    Args:
        values: the metric in each resample; NaN where it is undefined.
        level: of the interval.

    Returns:
        Margin of the lower and of the upper bound, in the metric's unit.
    """
    defined = values[np.isfinite(values)]
    margins = []
    for share in (0.5 - level / 2, 0.5 + level / 2):
        half = 1.96 * np.sqrt(share * (1 - share) / len(defined))
        low, high = np.quantile(defined, np.clip([share - half, share + half], 0, 1))
        margins.append(float(high - low) / 2)
    return margins[0], margins[1]


def of_sample(metric: Callable[..., Float[np.ndarray, "resample"]], *columns: np.ndarray, **settings) -> float:
    """The metric of the sample itself, for metrics that take resample weights; UndefinedMetric where it has no value.

    >>> from outcomenet.metrics.regression import mae
    >>> of_sample(mae, np.array([1.0, 2.0]), np.array([1.5, 2.5]))
    0.5
    """
    n = len(columns[0])
    value = float(metric(*columns, weights=np.ones((1, n)), **settings)[0])
    if not np.isfinite(value):
        raise UndefinedMetric(
            f"{metric.__name__} has no value on these {n} rows: one class only, no pair to compare, or no variation."
        )
    return value
