"""A share of rows with Wilson's interval, which stays between 0 and 1 also when all or none are counted."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.stats import norm

from outcomenet.errors import UndefinedMetric


class Share(NamedTuple):
    """`counted` of `n` rows with the two-sided interval of their share."""

    value: float
    lower: float
    upper: float
    counted: int
    n: int


def wilson(count: int, n: int, level: float = 0.95) -> Share:
    """The score interval of a proportion (Wilson, J Am Stat Assoc 1927).

    Args:
        count: rows counted.
        n: all rows.
        level: of the interval.

    Raises:
        UndefinedMetric: there is no row.

    >>> share = wilson(10, 10)
    >>> share.value, round(share.lower, 3), share.upper
    (1.0, 0.722, 1.0)
    """
    if n < 1:
        raise UndefinedMetric("A share of no rows is undefined; there is nothing to count among.")
    z, value = float(norm.ppf(0.5 + level / 2)), count / n
    centre = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    # the bounds are exactly 0 and 1 there, but rounding may miss them
    lower, upper = 0.0 if count == 0 else centre - half, 1.0 if count == n else centre + half
    return Share(value, lower, upper, count, n)
