"""Forest plots: the rungs of the ladder on each outcome, and the paired differences between rungs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomenet.metrics.verdict import Verdict
from outcomenet.outcomes import outcome
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout, without_y_axis
from outcomenet.predictors import HUMAN_TOTAL, in_ladder_order, predictor
from outcomenet.reports.measures import READINGS, Better, digits_of, measure, verdict_on
from outcomenet.reports.numbers import decimal, inside_sentence, interval, listed
from outcomenet.reports.rows import Comparison, MetricValue
from outcomenet.typed_rows import typed_rows

# An interval longer than this many times the median one is cut with an arrow; the table has its true ends.
LONGEST_INTERVAL = 4.0

# Measures with a panel of their own, a page's width of them; the table beside the figure has all.
PANELS = ("r2", "mae", "auroc", "harrell_c", "uno_c", "brier", "calibration_slope", "coverage")
MOST_PANELS = 4
# Where a thin line marks what is best.
BEST = {Better.ONE: 1.0, Better.ZERO: 0.0, Better.NOMINAL: 0.9}

# Points; a star and a hexagon of the common size look smaller than a disc.
_MARKER_SIZES = {"*": 12.0, "h": 9.5}


def ladder_forest(
    metrics: pd.DataFrame, outcome_name: str, horizon: int, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """One panel per metric of an outcome, one row per rung with its 95 % interval; None without a defined value.

    Args:
        metrics: metrics.csv.
        outcome_name: the outcome.
        horizon: days, 0 for none.
        layout: page or phone.
    """
    rows = metrics[
        (metrics["outcome"] == outcome_name) & (metrics["horizon"] == horizon) & (metrics["subgroup"] == "all")
    ]
    defined = rows[np.isfinite(rows["value"].astype(float))]
    names = in_ladder_order(set(rows["predictor"]))
    panels = [metric for metric in PANELS if metric in set(defined["metric"])][:MOST_PANELS]
    if not panels:
        return None
    figure, axes = layout.panels(len(panels), 1.15 + 0.32 * len(names), further=0.3, sharey=True)
    title = outcome(outcome_name).title
    figure.suptitle(layout.wrapped(title, 36), fontweight="bold")
    for axis, metric in zip(axes, panels, strict=True):
        _metric_panel(axis, defined[defined["metric"] == metric], metric, names)
    axes[0].set_yticks(range(len(names)), [layout.wrapped(predictor(name).title, 18) for name in names])
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    return Drawing(
        f"forest_{outcome_name}" + ("" if horizon == outcome(outcome_name).horizon_days else f"_{horizon}_days"),
        figure,
        rows,
        _caption(title, names, panels),
        f"Forest plot for {title}. " + _in_words(defined, names, outcome(outcome_name).headline_metric, outcome_name),
    )


def _caption(title: str, names: Sequence[str], panels: Sequence[str]) -> str:
    sentences = [f"{title}: every rung of the ladder with its 95 % interval."]
    if HUMAN_TOTAL in names:
        sentences.append("The dotted line marks the human total score.")
    if any(measure(metric).better in BEST for metric in panels):
        sentences.append("Thin grey lines mark what is best.")
    return " ".join(sentences)


def _metric_panel(axis: Axes, rows: pd.DataFrame, metric: str, names: Sequence[str]) -> None:
    low, high = _shown_range(rows)
    for row in typed_rows(rows, MetricValue):
        y, marks = names.index(row.predictor), predictor(row.predictor)
        axis.plot([max(row.lower, low), min(row.upper, high)], [y, y], color=marks.colour, linewidth=1.8, zorder=3)
        axis.plot(
            row.value, y, marks.marker, color=marks.colour, markersize=_MARKER_SIZES.get(marks.marker, 7.5),
            markeredgecolor="white", markeredgewidth=0.7, zorder=4,
        )  # fmt: skip
        for end, cut, arrow in ((low, row.lower < low, "<"), (high, row.upper > high, ">")):
            if cut:
                axis.plot(end, y, arrow, color=marks.colour, markersize=5, zorder=4)
    human = rows.loc[rows["predictor"] == HUMAN_TOTAL, "value"]
    if len(human):
        axis.axvline(human.iloc[0], color=predictor(HUMAN_TOTAL).colour, linewidth=1.0, linestyle=":", zorder=1)
    words = measure(metric)
    if words.better in BEST:
        axis.axvline(BEST[words.better], color=GREY, linewidth=0.7, zorder=0)
    # panels are narrow: a long title takes two lines
    axis.set_title(textwrap.fill(words.title, 13))
    axis.set_xlabel(f"{words.better}", color=GREY, fontsize=8.5)
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.locator_params(axis="x", nbins=3)  # a fourth number of three digits runs into its neighbours
    axis.margins(x=0.08)
    without_y_axis(axis)


def _shown_range(rows: pd.DataFrame) -> tuple[float, float]:
    """The window of a panel: all intervals, unless one is so long that it would press the others together."""
    widths = (rows["upper"] - rows["lower"]).dropna()
    if widths.empty:
        return float(rows["value"].min()), float(rows["value"].max())
    half = LONGEST_INTERVAL * float(widths.median()) / 2
    return (
        max(float(rows["lower"].min()), float(rows["value"].min()) - half),
        min(float(rows["upper"].max()), float(rows["value"].max()) + half),
    )


def _in_words(rows: pd.DataFrame, names: Sequence[str], metric: str, outcome_name: str) -> str:
    values = {row.predictor: row for row in typed_rows(rows[rows["metric"] == metric], MetricValue)}
    digits = digits_of(metric, outcome_name)
    parts = [
        f"{predictor(name).phrase} {decimal(values[name].value, digits)} "
        f"({interval(values[name].lower, values[name].upper, digits)})"
        for name in names
        if name in values
    ]
    return f"{measure(metric).title}: {listed(parts)}." if parts else f"{measure(metric).title} is not defined."


_VERDICT_MARKS = {
    Verdict.BETTER: ("#D55E00", "#D55E00"),
    Verdict.WORSE: ("#0072B2", "#0072B2"),
    Verdict.BORDERLINE: ("#555555", "#bbbbbb"),
    Verdict.UNDECIDED: ("#555555", "white"),
}


def difference_forest(comparisons: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """Paired differences in each outcome's headline metric, one panel per outcome; None where there is none.

    Args:
        comparisons: comparisons.csv.
        layout: page or phone.
    """
    headline = [outcome(name).headline_metric for name in comparisons["outcome"]]
    rows = comparisons[comparisons["metric"] == headline]
    defined = np.isfinite(rows[["difference", "lower", "upper"]].to_numpy(float)).all(axis=1)
    rows = rows.iloc[np.flatnonzero(defined)]
    if rows.empty:
        return None
    keys = list(dict.fromkeys(zip(rows["outcome"], rows["horizon"], strict=True)))
    pairs = list(dict.fromkeys(zip(rows["predictor"], rows["reference"], strict=True)))
    phone = layout is Layout.PHONE
    figure, axes = layout.panels(len(keys), 1.5 + (0.74 if phone else 0.42) * len(pairs), sharey=True)
    for axis, (name, horizon) in zip(axes, keys, strict=True):
        _difference_panel(axis, rows[(rows["outcome"] == name) & (rows["horizon"] == horizon)], name, pairs)
    axes[0].set_yticks(
        range(len(pairs)),
        [
            f"{layout.wrapped(predictor(first).title)}\n{layout.wrapped(f'minus {inside_sentence(predictor(second).title)}')}"
            for first, second in pairs
        ],
        fontsize=8.5,
    )  # fmt: skip
    axes[0].set_ylim(len(pairs) - 0.4, -0.6)
    handles = [
        axes[0].plot([], [], "o", color=edge, markerfacecolor=face, label=READINGS[verdict])[0]
        for verdict, (edge, face) in _VERDICT_MARKS.items()
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=1 if phone else len(handles), fontsize=8.5)
    return Drawing(
        "differences",
        figure,
        rows,
        "Paired differences between predictors on the same held-out patients, with 95 % intervals. Right of 0 the "
        "predictor named first does better; an interval that holds 0 shows no difference.",
        "Forest plot of paired differences; the table beside it gives the same numbers.",
    )


def _difference_panel(axis: Axes, rows: pd.DataFrame, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    metric = outcome(name).headline_metric
    for row in typed_rows(rows, Comparison):
        y = pairs.index((row.predictor, row.reference))
        edge, face = _VERDICT_MARKS[verdict_on(row)]
        axis.plot([row.lower, row.upper], [y, y], color=edge, linewidth=1.8, zorder=3)
        axis.plot(row.difference, y, "o", color=edge, markerfacecolor=face, markersize=7, markeredgewidth=1.4, zorder=4)
    axis.axvline(0.0, color="#222222", linewidth=0.9, zorder=1)
    axis.set_title(_short_title(name))
    axis.set_xlabel(f"difference in {measure(metric).title}")
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.locator_params(axis="x", nbins=3)  # a fourth number of three digits runs into its neighbours
    axis.margins(x=0.08)
    without_y_axis(axis)


def _short_title(name: str) -> str:
    title = outcome(name).title
    return title if len(title) < 20 else name.capitalize()
