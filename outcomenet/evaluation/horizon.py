"""Whether an event had happened at a horizon, from the films around it."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float

# Films a year apart are rarely 365 days apart: a film up to a quarter of the horizon early or late speaks for it.
TOLERANCE = 0.25


def status_at_horizon(
    start: Float[np.ndarray, "row"], end: Float[np.ndarray, "row"], horizon_days: float
) -> Float[np.ndarray, "row"]:
    """1 where the event lies before the horizon, 0 where the horizon was reached without it, NaN where unknown.

    `start` is the last film without, `end` the first film with the event, in days (infinite: never seen). Known to be 1
    when `end` <= horizon x 1.25, known to be 0 when `start` >= horizon x 0.75 and it is not 1.

    >>> status_at_horizon(np.array([0.0, 370.0, 100.0]), np.array([360.0, np.inf, np.inf]), 365.0)
    array([ 1.,  0., nan])
    """
    event = end <= horizon_days * (1 + TOLERANCE)
    free = ~event & (start >= horizon_days * (1 - TOLERANCE))
    return np.where(event, 1.0, np.where(free, 0.0, np.nan))
