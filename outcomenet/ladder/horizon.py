"""Status of an event at a horizon, from the films around it."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float
from outcomenet.outcomes import HORIZON_TOLERANCE


def status_at_horizon(
    start: Float[np.ndarray, "row"],
    end: Float[np.ndarray, "row"],
    horizon_days: float,
    cause: Float[np.ndarray, "row"] | None = None,
) -> Float[np.ndarray, "row"]:
    """1 where the event lies before the horizon, 0 where the horizon was reached without it, NaN where unknown.

    Where a competing event (`cause` above 0) came first, by the horizon, the event itself can no longer come first: 0.

    `start` is the last film without, `end` the first film with the event, in days (infinite: never seen). Known to be 1
    when `end` <= horizon x 1.25, known to be 0 when `start` >= horizon x 0.75 and it is not 1.

    Args:
        start: days.
        end: days; infinite where the event was never seen.
        horizon_days: the horizon.
        cause: 0 for none, above 0 for a competing event; None where there are none.

    >>> status_at_horizon(np.array([0.0, 370.0, 100.0]), np.array([360.0, np.inf, np.inf]), 365.0)
    array([ 1.,  0., nan])
    """
    by_horizon = end <= horizon_days * (1 + HORIZON_TOLERANCE)
    competing = np.zeros(len(end), bool) if cause is None else np.asarray(cause) > 0
    event = by_horizon & ~competing
    free = ~event & ((start >= horizon_days * (1 - HORIZON_TOLERANCE)) | (by_horizon & competing))
    return np.where(event, 1.0, np.where(free, 0.0, np.nan))
