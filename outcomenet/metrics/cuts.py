"""Sensitivity, specificity and predictive values of a decision at a stated risk; higher is better for all four.

The cut is chosen beforehand or on other patients: a cut that was tuned on these rows flatters itself. The intervals
are Wilson's and take rows as independent; several visits of a patient make them too narrow.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.proportions import Share, wilson


def sensitivity(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of the events that are called positive (Yerushalmy, Public Health Rep 1947).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.

    >>> sensitivity(np.array([1.0, 1.0, 0.0]), np.array([0.3, 0.1, 0.2]), cut=0.2).value
    0.5
    """
    return _share(risk >= cut, target == 1, f"Sensitivity at {cut:g}", "no row with the event", level)


def specificity(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of the rows without the event that are called negative (Yerushalmy, Public Health Rep 1947).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(risk < cut, target == 0, f"Specificity at {cut:g}", "no row without the event", level)


def positive_predictive_value(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share of events among those called positive; falls with the event's frequency (Vecchio, N Engl J Med 1966).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(target == 1, risk >= cut, f"The positive predictive value at {cut:g}", "no risk reaches it", level)


def negative_predictive_value(
    target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"], cut: float, level: float = 0.95
) -> Share:
    """Share without the event among those called negative; falls as the event gets frequent (Vecchio 1966).

    Args:
        target: 1 with the event, 0 without.
        risk: rises towards the event.
        cut: a risk of at least this is called positive.
        level: of the interval.

    Raises:
        UndefinedMetric: no row is left to count among.
    """
    return _share(target == 0, risk < cut, f"The negative predictive value at {cut:g}", "every risk reaches it", level)


def _share(
    counted: Bool[np.ndarray, "row"], among: Bool[np.ndarray, "row"], name: str, otherwise: str, level: float
) -> Share:
    if not among.any():
        raise UndefinedMetric(f"{name} is undefined among {len(among)} rows: {otherwise}.")
    return wilson(int((counted & among).sum()), int(among.sum()), level)
