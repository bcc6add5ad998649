"""Numbers of an analysis from resamples of patients: the columns of an estimate, and the estimate in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.metrics.resampling import BLOCK, estimate, expanded_level, monte_carlo_margins, weight_blocks
from outcomenet.metrics.verdict import Verdict, verdict_of

# No interval, and a sample of its own: what a resample gives where its patients do not allow a number.
NO_INTERVAL = "no interval: undefined in more than 5 % of the resamples"

VERDICT_WORDS = {
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.BORDERLINE: "borderline, within the Monte Carlo error",
    Verdict.UNDECIDED: "no difference was shown",
    Verdict.ABSENT: "not computed",
}


def over_resamples(
    statistic: Callable[[Float[np.ndarray, "resample row"]], Float[np.ndarray, "resample *value"]],
    patients: pd.Series,
    *,
    resamples: int,
    seed: int,
) -> Float[np.ndarray, "resample *value"]:
    """A statistic of the sample itself and of every resample of patients, a block of resamples at a time.

    Args:
        statistic: takes how often each row counts in each resample.
        patients: patient of each row.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    >>> over_resamples(lambda w: w @ np.array([1.0, 3.0]) / w.sum(1), pd.Series(["a", "b"]), resamples=2, seed=0).shape
    (3,)
    """
    # a block holds 16 bytes a row and resample while it is worked on: a large table is taken in smaller ones
    block = max(1, min(BLOCK, 20_000_000 // max(len(patients), 1)))
    return np.concatenate([statistic(weights) for weights in weight_blocks(patients, resamples, seed, block)])


def all_over_resamples(
    statistics: Sequence[Callable[[Float[np.ndarray, "resample row"]], Float[np.ndarray, "resample"]]],
    patients: pd.Series,
    *,
    resamples: int,
    seed: int,
) -> list[Float[np.ndarray, "resample"]]:
    """Several statistics of the sample and of the same resamples of patients, so that their differences are paired.

    Args:
        statistics: each takes how often each row counts in each resample.
        patients: patient of each row.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
    """

    def together(weights: np.ndarray) -> np.ndarray:
        return np.stack([of(weights) for of in statistics], axis=1)

    return list(over_resamples(together, patients, resamples=resamples, seed=seed).T)


def numbers(
    values: Float[np.ndarray, "resample"], level: float = 0.95, *, patients: int | None = None
) -> dict[str, object]:
    """Estimate, interval and level of a statistic of the sample and, behind it, of each resample; a missing one is noted.

    Args:
        values: the statistic; NaN where it is undefined.
        level: of the percentile interval.
        patients: that were resampled: the interval is as much wider as Student's is than the normal one's (Hesterberg, Am Stat
            2015;69:371), since percentiles of few patients lie too close; None: percentiles as they are.
    """
    if len(values) == 1:  # the sample alone
        return {"estimate": float(values[0])}
    drawn = level if patients is None or patients < 2 else expanded_level(patients, level)
    value, lower, upper = estimate(np.asarray(values, float), drawn)
    columns: dict[str, object] = {"estimate": value, "lower": lower, "upper": upper, "level": level}
    if math.isfinite(value) and not math.isfinite(lower):
        columns["note"] = NO_INTERVAL
    return columns


def paired_difference(
    values: Float[np.ndarray, "resample"], level: float = 0.95, *, higher_is_better: bool = True
) -> dict[str, object]:
    """A difference of two measures in the same resamples, with its verdict and the Monte Carlo error of its bounds as note.

    Args:
        values: the difference in the sample and, behind it, in each resample; NaN where it is undefined.
        level: of the percentile interval.
        higher_is_better: which way the measure improves.
    """
    value, lower, upper = estimate(values, level)
    margins = monte_carlo_margins(values[1:], level) if math.isfinite(lower) else (0.0, 0.0)
    verdict = verdict_of(
        lower, upper, lower_margin=margins[0], upper_margin=margins[1], higher_is_better=higher_is_better
    )
    note = f"{VERDICT_WORDS[verdict]}; Monte Carlo error of the bounds {margins[0]:.2g} and {margins[1]:.2g}"
    return {"estimate": value, "lower": lower, "upper": upper, "level": level, "note": note}


def noted(*notes: object) -> str:
    """Several notes as one, without the empty ones.

    Args:
        notes: sentences or nothing.

    >>> noted("two films", "", "few events")
    'two films; few events'
    """
    return "; ".join(dict.fromkeys(str(note) for note in notes if note))


def in_words(value: float, lower: float = math.nan, upper: float = math.nan, digits: int = 2) -> str:
    """`0.31 (0.22 to 0.39)`, without the bracket where there is no interval, `not defined` where there is no number.

    Args:
        value: the number.
        lower: lower bound.
        upper: upper bound.
        digits: decimals.

    >>> in_words(-0.314, -0.4, 0.1), in_words(2.0, digits=0)
    ('−0.31 (−0.40 to 0.10)', '2')
    """
    if not math.isfinite(value):
        return "not defined"
    text = _decimal(value, digits)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return text
    return f"{text} ({_decimal(lower, digits)} to {_decimal(upper, digits)})"


def _decimal(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")
