"""Slopes on the log scale: their interval, and the ratios that they stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from outcomenet.biomarkers.linear_fit import Term
from outcomenet.errors import UndefinedMetric

# A slope per SD, or its standard error, beyond this on the log scale is that of separated classes: no finite estimate.
LARGEST_SLOPE = 15.0


def wald(value: float, error: float, name: str, level: float) -> Term:
    """A coefficient with its normal interval.

    Args:
        value: On the log scale.
        error: Its standard error.
        name: Of the column, for the refusal.
        level: Of the interval.

    Raises:
        UndefinedMetric: Either is not finite, or so large that the classes are separated.
    """
    if not (np.isfinite([value, error]).all() and abs(value) < LARGEST_SLOPE and 0 < error < LARGEST_SLOPE):
        raise UndefinedMetric(
            f"The slope of {name!r} has no finite estimate on these rows: it tells the classes apart."
        )
    half = float(norm.ppf(0.5 + level / 2)) * error
    return Term(value, value - half, value + half, float(2 * norm.sf(abs(value) / error)))


def as_ratio(slope: Term) -> Term:
    """A slope on the log scale as a ratio, above 1 where the slope is above 0.

    Args:
        slope: Estimate and bounds on the log scale.
    """
    value, lower, upper = (float(np.exp(number)) for number in slope[:3])
    return Term(value, lower, upper, slope.p)


def refuse_dependent_columns(columns: pd.DataFrame) -> None:
    """Refuses columns of which one is a sum of others.

    Args:
        columns: All of a model.

    Raises:
        UndefinedMetric: One is given by the others.
    """
    values = columns.to_numpy(float)
    if np.linalg.matrix_rank(values / np.sqrt((values**2).mean(0)).clip(1e-12)) < values.shape[1]:
        raise UndefinedMetric(
            f"Of the columns {', '.join(map(str, columns.columns))} one is given by the others: leave it out."
        )
