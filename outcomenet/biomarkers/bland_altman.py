"""Limits of agreement of two readings: bias and limits with intervals that keep patients together, and the plot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysed import complete_rows, titled, visit_order, wide
from outcomenet.biomarkers.resampled import in_words, noted, numbers, over_resamples
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import difference_sums, limits_of_sums
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

TERMS = {"bias": "bias", "lower_limit": "lower limit of agreement", "upper_limit": "upper limit of agreement"}
COLOUR = "#0072B2"
MOST_PAIRS = 3  # of readings; more would be a wall of panels


def limits_of_agreement(
    readings: pd.DataFrame,
    *,
    value: str,
    reading: str,
    patient: str = "patient_id",
    visit: str = "visit_id",
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """Bias and 95 % limits of agreement of every pair of readings, of status and of change.

    Limits: mean difference +- 1.96 SD of the differences (Bland & Altman, Lancet 1986;1:307; Stat Methods Med Res 1999;8:135). Their
    intervals are percentiles over resamples of patients, since the visits of a patient are not independent.

    Args:
        readings: a row per patient, visit and reading.
        value: column of the score, in its own unit.
        reading: column of the reader, or of the number of the re-acquired film.
        patient: column of the patient.
        visit: column of the visit; text is ordered by the numbers in it.
        titles: what columns and readings are called.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Estimates of section `agreement`, and a plot of the first pair. A difference is the reading named first minus the other; of
        re-acquired films its sign means nothing.

    Raises:
        UndefinedMetric: a column is missing or holds text, a reading stands twice, or no two readings share two visits.

    >>> table = pd.DataFrame({"patient_id": list("aabbcc"), "visit_id": 0, "reader": [1, 2] * 3, "total": [1, 2, 5, 7, 9, 9]})
    >>> section = limits_of_agreement(table, value="total", reading="reader", resamples=0)
    >>> section.estimates["estimate"].round(2).tolist()
    [-1.0, -2.96, 0.96]
    """
    used = complete_rows(readings, [value], patient=patient, keys=[reading, visit])
    rows = used.rows.assign(order=visit_order(used.rows[visit]))
    status = wide(rows, index=["patient_id", "order"], columns=reading, values=value)
    pairs = list(combinations(status.columns, 2))
    if not any(len(status[list(pair)].dropna()) > 1 for pair in pairs):
        raise UndefinedMetric(
            f"Limits of agreement need two readings of two visits or more; column {reading!r} has {status.shape[1]} readings. Give a "
            "row per patient, visit and reading."
        )
    further = len(pairs) - MOST_PAIRS
    note = noted(used.note, f"{further} further pairs of readings not shown" if further > 0 else "")
    entries, plotted = [], {}
    for pair in pairs[:MOST_PAIRS]:
        both = status[list(pair)].dropna()
        change = both.groupby(level=0).diff().dropna()
        for what, scores in (("status", both), ("change", change)):
            if len(scores) > 1:
                plotted.setdefault(what, scores)
                found = _rows(scores, resamples=resamples, seed=seed, level=level)
                label = f"{what}, {' minus '.join(titled(titles, str(name)) for name in pair)}"
                entries += [{**row, "term": f"{row['term']} of {label}"} for row in found]
    common = {"section": "agreement", "measure": value, "method": "mean difference +- 1.96 SD; patient bootstrap"}
    estimates = estimates_frame(
        {**common, "unit": "unit of the score", **row, "note": noted(row.get("note"), note)} for row in entries
    )
    draw = partial(agreement_plot, plotted, estimates, title=titled(titles, value), name=f"bland_altman_{value}")
    return Section(estimates, (_sentence(estimates, titled(titles, value)),), (draw,))


def _rows(scores: pd.DataFrame, *, resamples: int, seed: int, level: float) -> list[dict]:
    """Bias and limits; sums are taken by patient first, so that a resample is one product."""
    of_row = difference_sums(*scores.to_numpy(float).T)
    of_patient = pd.DataFrame(of_row, index=scores.index.get_level_values(0)).groupby(level=0).sum()
    sums = of_patient.to_numpy(float)
    drawn = over_resamples(lambda w: w @ sums, of_patient.index.to_series(), resamples=resamples, seed=seed)
    limits = limits_of_sums(drawn)
    counts = {"n_visits": len(scores), "n_patients": len(of_patient)}
    return [
        {"term": term, **counts, **numbers(getattr(limits, name), level, patients=len(of_patient))}
        for name, term in TERMS.items()
    ]


def _sentence(estimates: pd.DataFrame, title: str) -> str:
    bias, low, high = estimates.head(3).to_dict("records")
    return (
        f"{title}: two readings of a film differ by {in_words(bias['estimate'], bias['lower'], bias['upper'])} on average, and 95 % of "
        f"their differences lie between {in_words(low['estimate'], low['lower'], low['upper'])} and "
        f"{in_words(high['estimate'], high['lower'], high['upper'])}."
    )


def agreement_plot(
    scores: Mapping[str, pd.DataFrame],
    estimates: pd.DataFrame,
    *,
    title: str,
    name: str,
    layout: Layout = Layout.PAGE,
) -> Drawing | None:
    """Difference of two readings against their mean, with bias and limits and the bands of their intervals.

    Args:
        scores: two columns, one per reading, by what they are: status, change.
        estimates: bias and limits of the same pairs, in the order of `scores`.
        title: what the score is called.
        name: of the figure.
        layout: page or phone.
    """
    if not scores:
        return None
    figure, axes = layout.panels(len(scores), 3.3)
    tables = []
    for number, (axis, (what, pair)) in enumerate(zip(axes, scores.items(), strict=True)):
        first, second = pair.to_numpy(float).T
        axis.plot(
            (first + second) / 2,
            first - second,
            "o",
            color=COLOUR,
            markersize=3,
            alpha=0.45,
            markeredgewidth=0,
            zorder=2,
        )
        for row in estimates.iloc[3 * number : 3 * number + 3].to_dict("records"):
            if np.isfinite(row["lower"]):
                axis.axhspan(row["lower"], row["upper"], color=PALE, zorder=0)
            bias = str(row["term"]).startswith("bias")
            axis.axhline(row["estimate"], color="#222222", linewidth=1.2, linestyle="-" if bias else "--", zorder=3)
        axis.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
        axis.set_title(f"{title}: {what}" if layout is Layout.PAGE else layout.wrapped(f"{title}: {what}", 36))
        axis.set_xlabel("mean of both readings")
        axis.set_ylabel(" minus\n".join(str(column) for column in pair.columns))
        tables.append(pd.DataFrame({"what": what, "mean": (first + second) / 2, "difference": first - second}))
    return Drawing(
        name,
        figure,
        pd.concat(tables, ignore_index=True),
        "Difference of two readings of the same films against their mean. Full line: mean difference; broken lines: limits between which "
        "95 % of the differences lie; grey bands: their 95 % intervals, patients resampled with all their visits.",
        f"Bland-Altman plot of {title}. " + _sentence(estimates, title),
    )
