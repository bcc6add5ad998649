"""Rows of the estimates with patients per arm, from the effect of each design in the sample and in resamples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from outcomenet.biomarkers.resampled import noted
from outcomenet.biomarkers.trial_effects import Effect
from outcomenet.metrics.resampling import Estimate, estimate
from outcomenet.metrics.trial_size import size_with_bounds

NO_BOUND = "the interval of the effect holds 0: n has no upper bound"
NO_EFFECT = "no effect: no number of patients is enough"


def effect_of(values: np.ndarray, level: float) -> Estimate:
    """d of the sample with its interval, which is missing without resamples.

    Args:
        values: of the sample itself and, behind it, of every resample.
        level: of the interval.
    """
    return estimate(values, level) if len(values) > 1 else Estimate(float(values[0]), math.nan, math.nan)


def per_arm_term(power: float, design: str = "") -> str:
    """The term of the row with patients per arm.

    Args:
        power: of the trial.
        design: of the effect.

    >>> per_arm_term(0.8), per_arm_term(0.9, "1 reader")
    ('n per arm, 80 % power', 'n per arm, 90 % power, 1 reader')
    """
    return ", ".join(filter(None, [f"n per arm, {100 * power:g} % power", design]))


def size_rows(
    effect: Effect, d: Estimate, *, powers: Sequence[float], drop_out: float, level: float, assumed: str
) -> Iterator[dict[str, object]]:
    """The effect, and for each power the patients per arm, those to be enrolled with drop-out, and those to be screened.

    Args:
        effect: design and measure.
        d: its size with bounds.
        powers: of the trial.
        drop_out: share of patients lost.
        level: of the intervals.
        assumed: what the effect rests on.
    """
    base: dict[str, object] = {"measure": effect.measure, "adjustment": effect.adjustment, "note": effect.note}
    test = "analysis of covariance" if effect.adjustment else "t test"
    base["method"] = f"two-sided {test} at 5 %; {assumed}"
    suffix = f", {effect.design}" if effect.design else ""
    undefined = effect.values is not None and not np.isfinite(d.value)
    note = noted("the effect is not defined: the change does not vary" if undefined else "", effect.note)
    yield {**base, "term": f"effect d{suffix}", **_bounded(d, level), "unit": "SD of the change", "note": note}
    for power in powers:
        size = size_with_bounds(d, power=power)
        lost = Estimate(*(_inflated(n, 1 - drop_out) for n in size))
        share = f"{100 * power:g} % power{suffix}"
        yield {**base, "term": per_arm_term(power, effect.design), **_size(size, level, note)}
        yield {**base, "term": f"n per arm with {100 * drop_out:g} % drop-out, {share}", **_size(lost, level, note)}
        if effect.selected < 1:
            screened = Estimate(*(_inflated(2 * n, effect.selected) for n in size))
            yield {**base, "term": f"screened for both arms, {share}", **_size(screened, level, note)}


def _inflated(n: float, share: float) -> float:
    return float(math.ceil(n / share - 1e-9)) if math.isfinite(n) else n


def _bounded(of: Estimate, level: float) -> dict[str, object]:
    value, lower, upper = (of_one if math.isfinite(of_one) else math.nan for of_one in of)
    return {"estimate": value, "lower": lower, "upper": upper, "level": level}


def _size(of: Estimate, level: float, note: str) -> dict[str, object]:
    why = NO_EFFECT if math.isinf(of.value) else NO_BOUND if math.isinf(of.upper) else ""
    return {**_bounded(of, level), "unit": "patients", "note": noted(why, note)}


def size_words(row: dict[str, object] | None) -> str:
    """Patients with their bounds in words; "no number" where there is none.

    Args:
        row: of the estimates.

    >>> size_words({"estimate": 1400.0, "lower": 900.0, "upper": math.nan, "note": NO_BOUND})
    '1,400 (900 to no bound)'
    """
    value, lower, upper = (float(str(row[name])) if row else math.nan for name in ("estimate", "lower", "upper"))
    if not math.isfinite(value):
        return "no number"
    if not math.isfinite(lower):
        return f"{value:,.0f}"
    return f"{value:,.0f} ({lower:,.0f} to {f'{upper:,.0f}' if math.isfinite(upper) else 'no bound'})"
