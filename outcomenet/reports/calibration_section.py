"""Calibration figure and table: predictions against observed outcomes in groups of equal size."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomenet.metrics.proportions import wilson
from outcomenet.outcomes import OutcomeSpec, outcome
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout
from outcomenet.predictors import DIRECT_ADJUSTED, HUMAN_TOTAL, predictor
from outcomenet.reports.numbers import inside_sentence

# The interval of a share of 20 rows is already 0.4 wide: with smaller bins the dots would say less than the line.
ROWS_PER_BIN = 20
MOST_BINS = 10
Z = 1.959964  # two-sided 95 % of the normal distribution


def calibration_bins(rows: pd.DataFrame, binary: bool) -> pd.DataFrame:
    """Mean prediction and mean target in quantile bins of the prediction, with a 95 % interval of the mean target.

    `rows` has patient_id, prediction and an observed target. Up to ten bins of at least 20 rows. Visits of one patient
    go together, so the interval of a mean uses the variance of patients' summed deviations (Liang & Zeger, Biometrika
    1986); that of a share is Wilson's (J Am Stat Assoc 1927), which stays inside 0 to 1.

    Args:
        rows: held-out rows of one predictor and outcome in the prediction table.
        binary: whether the outcome is an event.

    Returns:
        bin, n, mean_prediction, mean_target, lower, upper.
    """
    bins = int(np.clip(len(rows) // ROWS_PER_BIN, 1, MOST_BINS))
    # ties of predictions stand in the same order in every run
    order = rows.sort_values(["prediction", "patient_id"], kind="stable")
    groups = np.array_split(np.arange(len(order)), bins)
    rows_of_bins = []
    for number, positions in enumerate(groups, start=1):
        group = order.iloc[positions]
        lower, upper = wilson(int(group["target"].sum()), len(group))[1:3] if binary else _clustered(group)
        rows_of_bins.append(
            (number, len(group), group["prediction"].mean(), group["target"].mean(), lower, upper),
        )
    return pd.DataFrame(rows_of_bins, columns=["bin", "n", "mean_prediction", "mean_target", "lower", "upper"])


def _clustered(group: pd.DataFrame) -> tuple[float, float]:
    mean = group["target"].mean()
    sums = (group["target"] - mean).groupby(group["patient_id"]).sum()
    patients = len(sums)
    if patients < 2:
        return math.nan, math.nan
    error = math.sqrt(patients / (patients - 1) * float((sums**2).sum())) / len(group)
    return mean - Z * error, mean + Z * error


def calibration_figure(
    held_out: pd.DataFrame, outcome_name: str, horizon: int, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """The outcome-direct measure beside the human total; None where neither has 40 observed outcomes.

    Args:
        held_out: held-out rows of the prediction table.
        outcome_name: the outcome.
        horizon: days, 0 for none.
        layout: page or phone.
    """
    spec = outcome(outcome_name)
    binary = spec.kind.is_event
    known = held_out[
        (held_out["outcome"] == outcome_name)
        & (held_out["horizon"] == horizon)
        & held_out["observed"].astype(bool)
        & held_out["target"].notna()
    ]
    tables = {}
    for name in (DIRECT_ADJUSTED, HUMAN_TOTAL):
        rows = known[known["predictor"] == name]
        if len(rows) >= 2 * ROWS_PER_BIN:
            tables[name] = calibration_bins(rows, binary)
    if not tables:
        return None
    figure, axes = layout.panels(len(tables), 3.7, width=0.4 + 3.8 * len(tables), further=0.3, sharex=True, sharey=True)
    figure.suptitle(layout.wrapped(spec.title, 36), fontweight="bold")
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        _panel(axis, table, name)
    _limits(axes[0], list(tables.values()), spec)
    predicted = f"risk of {inside_sentence(spec.title)}" if binary else f"{spec.title} ({spec.unit})"
    for axis in axes:
        axis.set_xlabel(textwrap.fill(f"mean predicted {predicted}", 40))
        axis.label_outer(remove_inner_ticks=False)
    axes[0].set_ylabel("share with the event" if binary else "mean observed")
    data = pd.concat([table.assign(predictor=name) for name, table in tables.items()])
    spread = [f"{predictor(name).phrase}, {_steps(table, spec)}" for name, table in tables.items()]
    return Drawing(
        f"calibration_{outcome_name}" + ("" if horizon == spec.horizon_days else f"_{horizon}_days"),
        figure,
        data[["predictor", *data.columns[:-1]]],
        f"{spec.title}: visits in groups of equal size by prediction. On the diagonal, what was predicted came true; "
        "points that rise less than the diagonal mean predictions that are too extreme, points that rise more, too "
        "timid. Bars are 95 % intervals of the group’s mean.",
        f"Calibration plot for {spec.title}. From the lowest to the highest group: {'; '.join(spread)}.",
    )


def _panel(axis: Axes, table: pd.DataFrame, name: str) -> None:
    marks = predictor(name)
    axis.axline((0, 0), slope=1, color=GREY, linewidth=0.9, linestyle="--", zorder=1)
    axis.vlines(table["mean_prediction"], table["lower"], table["upper"], color=marks.colour, linewidth=1.6, zorder=3)
    axis.plot(
        table["mean_prediction"], table["mean_target"], marks.marker, color=marks.colour, markersize=7,
        markeredgecolor="white", markeredgewidth=0.7, zorder=4,
    )  # fmt: skip
    axis.set_title(marks.title)
    axis.grid(color=PALE, linewidth=0.7)


def _limits(axis: Axes, tables: list[pd.DataFrame], spec: OutcomeSpec) -> None:
    """One square window for both panels that holds every point and interval, within the outcome's range."""
    values = pd.concat(tables)[["mean_prediction", "mean_target", "lower", "upper"]]
    low, high = float(values.min().min()), float(values.max().max())
    margin = 0.06 * (high - low)
    window = (max(low - margin, spec.lower - 0.02 * (spec.upper - spec.lower)), high + margin)
    axis.set_xlim(*window)
    axis.set_ylim(*window)
    axis.locator_params(nbins=5)


def _steps(table: pd.DataFrame, spec: OutcomeSpec) -> str:
    digits = 0 if spec.upper > 10 else 2
    first, last = table.iloc[0], table.iloc[-1]
    return (
        f"predicted {first['mean_prediction']:.{digits}f} to {last['mean_prediction']:.{digits}f}, "
        f"observed {first['mean_target']:.{digits}f} to {last['mean_target']:.{digits}f}"
    )
