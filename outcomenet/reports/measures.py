"""Measures of performance in words: title, explanation, direction and rounding of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outcomenet.metrics.verdict import Verdict, verdict_of
from outcomenet.outcomes import outcome
from outcomenet.reports.numbers import inside_sentence
from outcomenet.reports.rows import AdjustedComparison, Comparison


class Better(StrEnum):
    """Which way a measure of performance improves."""

    HIGHER = "higher is better"
    LOWER = "lower is better"
    ONE = "1 is best"
    ZERO = "0 is best"
    NOMINAL = "0.90 is meant"
    UNKNOWN = "no direction"


@dataclass(frozen=True)
class Measure:
    """`digits` are decimals; None means that they follow the outcome's own unit."""

    name: str
    title: str
    explanation: str
    better: Better
    digits: int | None = 2


R_SQUARED = "R\N{SUPERSCRIPT TWO}"

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "r2", R_SQUARED,
            "share of the differences between patients that the prediction explains; 0 is no better than giving "
            "everyone the average, below 0 is worse than that",
            Better.HIGHER,
        ),
        Measure(
            "mae", "Mean absolute error", "average distance from the truth, in the outcome's own unit",
            Better.LOWER, None,
        ),
        Measure("rmse", "Root mean squared error", "typical distance, large misses counting more", Better.LOWER, None),
        Measure(
            "auroc", "AUROC",
            "chance that a patient with the event was given the higher risk of two; 0.5 is a coin toss, 1 is perfect",
            Better.HIGHER,
        ),
        Measure("average_precision", "Average precision", "precision averaged over recall", Better.HIGHER),
        Measure(
            "harrell_c", "Harrell’s C",
            "chance that of two comparable patients the one with the earlier event was given the higher risk; time is counted in "
            "planned visits, and there must be several of them",
            Better.HIGHER,
        ),
        Measure(
            "uno_c", "Uno’s C",
            "the same for events seen up to a quarter beyond the horizon, each pair weighted by the inverse chance of being still "
            "followed; it assumes that the end of follow-up has nothing to do with the risk",
            Better.HIGHER,
        ),
        Measure(
            "ibs", "Integrated Brier score", "average squared error of the predicted risk over time", Better.LOWER, 3,
        ),
        Measure("brier", "Brier score", "average squared error of the predicted risk", Better.LOWER, 3),
        Measure(
            "calibration_slope", "Calibration slope",
            "1 when predicted differences are as large as real ones; below 1 the predictions are too extreme",
            Better.ONE,
        ),
        Measure(
            "calibration_intercept", "Calibration intercept",
            "0 when predictions are right on average", Better.ZERO,
        ),
        Measure(
            "coverage", "Coverage",
            "share of patients whose outcome lay within the prediction’s 90 % interval; 0.90 is intended", Better.NOMINAL,
        ),
    )
}  # fmt: skip


def measure(name: str) -> Measure:
    """The measure called `name`; one without words here is shown under its own name, without a direction."""
    return MEASURES.get(name) or Measure(name, name, "not described in this report", Better.UNKNOWN)


def digits_of(metric: str, outcome_name: str) -> int:
    """Decimals of a metric; errors in the outcome's unit take 2 on HAQ's scale of 3, 1 on the 100 points of pain.

    Args:
        metric: name of the metric.
        outcome_name: the outcome.
    """
    digits = measure(metric).digits
    if digits is not None:
        return digits
    return 2 if outcome(outcome_name).upper <= 3 else 1


def outcome_phrase(name: str) -> str:
    """The outcome inside a sentence: `pain`, but `HAQ-DI` and `SvdH change in a year`."""
    return inside_sentence(outcome(name).title)


def verdict(metric: str, lower: float, upper: float, lower_margin: float = 0.0, upper_margin: float = 0.0) -> Verdict:
    """Reads the interval of predictor minus reference with its Monte Carlo margins (see `metrics.verdict`).

    Args:
        metric: name of the metric.
        lower: lower bound of the difference.
        upper: upper bound.
        lower_margin: Monte Carlo margin of the lower bound.
        upper_margin: that of the upper one.

    Returns:
        Absent where the metric has no direction.

    >>> str(verdict("r2", 0.01, 0.10)), str(verdict("mae", 0.01, 0.10)), str(verdict("r2", 0.0, 0.10))
    ('better', 'worse', 'no difference was shown')
    """
    better = measure(metric).better
    if better not in (Better.HIGHER, Better.LOWER):
        return Verdict.ABSENT
    return verdict_of(
        lower, upper, lower_margin=lower_margin, upper_margin=upper_margin, higher_is_better=better is Better.HIGHER
    )


def verdict_on(row: Comparison | AdjustedComparison) -> Verdict:
    """The verdict on one row of comparisons.csv or nested_comparison.csv."""
    return verdict(row.metric, row.lower, row.upper, row.lower_margin, row.upper_margin)


# What the tables and figures say of a difference.
READINGS = {
    Verdict.BETTER: "first better", Verdict.WORSE: "reference better", Verdict.BORDERLINE: "borderline",
    Verdict.UNDECIDED: "no difference shown", Verdict.ABSENT: "not computed",
}  # fmt: skip
