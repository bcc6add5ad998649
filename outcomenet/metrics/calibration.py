"""Calibration: do patients predicted alike fare as predicted?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric


def calibration_curve(
    target: Float[np.ndarray, row], prediction: Float[np.ndarray, row], bins: int = 8
) -> pd.DataFrame:
    """Mean prediction and mean target in bins of equal numbers: columns predicted, observed, standard_error, n.

    Fewer than two rows a bin raise UndefinedMetric.
    """
    target, prediction = np.asarray(target, float), np.asarray(prediction, float)
    if len(target) < 2 * bins:
        raise UndefinedMetric(
            f"A calibration curve of {bins} bins needs at least {2 * bins} rows; there are {len(target)}."
        )
    rows = []
    for part in np.array_split(np.argsort(prediction, kind="stable"), bins):
        y = target[part]
        rows.append((prediction[part].mean(), y.mean(), y.std(ddof=1) / np.sqrt(len(y)), len(y)))
    return pd.DataFrame(rows, columns=["predicted", "observed", "standard_error", "n"])
