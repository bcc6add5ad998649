"""Figure of calibration: smooth curve with band, groups of similar predictions, and how predictions are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

INK, AFTER = "#0072B2", "#D55E00"
BINS = 40
# Share of the panel's height that the distribution of predictions takes.
BARS = 0.12


@dataclass(frozen=True)
class CalibrationPanel:
    """One prediction: its curve with band, the curve after recalibration, groups, and the predictions themselves."""

    title: str
    curve: pd.DataFrame
    after: pd.DataFrame
    groups: pd.DataFrame
    predictions: np.ndarray


def draw_calibration(
    panels: Sequence[CalibrationPanel], title: str, name: str, level: float, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """A panel for each prediction.

    Args:
        panels: What is drawn.
        title: Outcome in words.
        name: Outcome's column, for the name of the file.
        level: Of the intervals.
        layout: Page or phone.
    """
    if not panels:
        return None
    width = layout.value if len(panels) > 1 else 4.6
    figure, axes = layout.panels(len(panels), 3.7 if layout is Layout.PAGE else 3.5, width=width, further=0.5)
    for axis, panel in zip(axes, panels, strict=True):
        _panel(axis, panel, layout)
        axis.set_xlabel("predicted")
        axis.set_ylabel(layout.wrapped(f"observed: {title}", 30))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=1 if layout is Layout.PHONE or len(panels) == 1 else 3,
        fontsize=8.5,
    )
    data = [
        table.assign(prediction=panel.title, part=part)
        for panel in panels
        for part, table in (("curve", panel.curve), ("recalibrated", panel.after), ("groups", panel.groups))
    ]
    return Drawing(
        f"calibration_{name}",
        figure,
        pd.concat(data, ignore_index=True),
        f"Calibration for {title}: smooth curve with its {level:.0%} band from resampling patients, groups of similar predictions with "
        "their intervals, and the curve after recalibration on other patients. On the grey diagonal predicted equals observed; the "
        "bars below show how many rows have each prediction.",
        "Calibration curves; the table beside it has intercepts and slopes.",
    )


def _panel(axis: Axes, panel: CalibrationPanel, layout: Layout) -> None:
    curve, after, groups = panel.curve, panel.after, panel.groups
    low, high = _range(panel)
    axis.plot([low, high], [low, high], color=GREY, linewidth=1, zorder=1)
    axis.fill_between(curve["predicted"], curve["lower"], curve["upper"], color=INK, alpha=0.18, linewidth=0, zorder=2)
    axis.plot(curve["predicted"], curve["observed"], color=INK, linewidth=2, zorder=4, label="as predicted, with band")
    axis.plot(
        after["predicted"],
        after["observed"],
        color=AFTER,
        linewidth=1.8,
        linestyle="--",
        zorder=4,
        label="recalibrated",
    )
    x = groups["predicted"].to_numpy(float)
    axis.vlines(
        x, groups["lower"].to_numpy(float), groups["upper"].to_numpy(float), color="#444444", linewidth=1, zorder=3
    )
    axis.plot(
        x, groups["observed"], "o", color="#444444", markersize=4, zorder=3, label="groups of similar predictions"
    )
    _bars(axis, panel.predictions, low, high)
    axis.set_xlim(low, high)
    axis.set_ylim(low - BARS * (high - low), high)
    axis.set_title(layout.wrapped(panel.title, 34), fontsize=9.5)
    axis.grid(color=PALE, linewidth=0.7)
    axis.locator_params(nbins=5)
    axis.set_axisbelow(True)


def _range(panel: CalibrationPanel) -> tuple[float, float]:
    """From the lowest to the highest of what is drawn, the same on both axes."""
    drawn = [
        panel.curve[["predicted", "observed", "lower", "upper"]],
        panel.groups[["predicted", "observed", "lower", "upper"]],
    ]
    values = np.concatenate(
        [table.to_numpy(float).ravel() for table in (*drawn, panel.after[["predicted", "observed"]])]
    )
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _bars(axis: Axes, predictions: np.ndarray, low: float, high: float) -> None:
    counts, edges = np.histogram(predictions, np.linspace(low, high, BINS + 1))
    bottom = low - BARS * (high - low)
    height = 0.9 * BARS * (high - low) * counts / max(counts.max(), 1)
    axis.bar(edges[:-1], height, np.diff(edges), bottom, align="edge", color=GREY, alpha=0.5, linewidth=0, zorder=2)
