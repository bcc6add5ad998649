"""A film score cut to the grain of the human total: its values, with their frequencies.

A learned score can be better because it looks at the right things, or merely because it has more decimals than a total
that is 0 for many. Equal granularity takes the decimals away and leaves the order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused

FEWEST_SCORES = 20


@dataclass(frozen=True)
class HumanGrid:
    """`values` are the human totals that occur, rising; a score above `cuts[k]` is read as more than `values[k]`."""

    values: np.ndarray
    cuts: Float[np.ndarray, "threshold"]

    def read(self, score: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        """The score in SvdH units, higher is worse; NaN stays NaN."""
        level = np.searchsorted(self.cuts, score, side="left")
        return np.where(np.isnan(score), np.nan, self.values[level])


def equate_to_human(score: Float[np.ndarray, "row"], total: Float[np.ndarray, "visit"]) -> HumanGrid:
    """Equipercentile equating (Kolen & Brennan, Test Equating, 2014): as many of the scores lie at or below a cut as of
    the totals lie at or below its value.

    No outcome is used. `score` are of visits that the network did not learn from, `total` of any visits that are not
    held out; NaN of both are left out. With fewer scores than totals, a total may get no score.

    Args:
        score: film scores.
        total: human totals.

    >>> grid = equate_to_human(np.arange(20.0), np.repeat([0.0, 0.0, 1.0, 7.0], 5))
    >>> grid.read(np.array([-3.0, 9.0, 9.5, 14.5, 99.0]))
    array([0., 0., 1., 7., 7.])
    """
    score, total = score[np.isfinite(score)], total[np.isfinite(total)]
    if len(score) < FEWEST_SCORES or not len(total):
        raise DataRefused(
            f"Cutting the film score to the human total's grid needs {FEWEST_SCORES} validation visits with a score and "
            f"some human totals; there are {len(score)} and {len(total)}."
        )
    values, counts = np.unique(total, return_counts=True)
    shares = np.cumsum(counts)[:-1] / counts.sum()
    return HumanGrid(values, np.quantile(score, shares, method="inverted_cdf"))
