"""Figure of a decision curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomenet.biomarkers.estimates_forest import COLOURS
from outcomenet.biomarkers.net_benefits import ALL, NONE, Curves
from outcomenet.biomarkers.resampled import numbers
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

LINES = ("-", "--", "-.", ":")


def draw_decision_curve(curves: Curves, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """Net benefit over thresholds, of each risk, of treating all and of treating nobody.

    Args:
        curves: What is drawn.
        layout: Page or phone.
    """
    figure, (axis,) = layout.panels(1, 3.6, width=6.6, further=0.7)
    x = np.array(curves.thresholds)
    data = []
    for place, (name, values) in enumerate(curves.values.items()):
        colour = {ALL: GREY, NONE: "#222222"}.get(name, COLOURS[place % len(COLOURS)])
        found = pd.DataFrame([numbers(column, curves.level) for column in values.T]).reindex(
            columns=["estimate", "lower", "upper"]
        )
        style = {ALL: "-", NONE: "-"}.get(name, LINES[place % len(LINES)])
        axis.plot(
            x,
            found["estimate"],
            color=colour,
            linestyle=style,
            linewidth=1.2 if name in (ALL, NONE) else 2,
            label=curves.title(name),
            zorder=3,
        )
        if name not in (ALL, NONE):
            axis.fill_between(
                x,
                found["lower"].to_numpy(float),
                found["upper"].to_numpy(float),
                color=colour,
                alpha=0.14,
                linewidth=0,
                zorder=2,
            )
        data.append(found.assign(strategy=name, threshold=x))
    _finish(axis, curves, layout)
    figure.legend(loc="outside lower left", ncols=1 if layout is Layout.PHONE else 2, fontsize=8.5)
    return Drawing(
        f"decision_curve_{curves.outcome}",
        figure,
        pd.concat(data, ignore_index=True),
        f"Decision curve for {curves.title(curves.outcome)}: net benefit of treating all whose risk is at least the threshold, with "
        f"{curves.level:.0%} intervals from resampling patients. Higher is better; a risk is of use where it lies above both treating all "
        "and treating nobody.",
        "Decision curves; the table beside it gives the same numbers.",
    )


def _finish(axis: Axes, curves: Curves, layout: Layout) -> None:
    """Treating all falls without end towards high thresholds: what lies far below zero is not shown."""
    tops = [np.nanmax(values[0]) for values in curves.values.values()]
    top = max(float(max(tops)), 0.01)
    axis.set_ylim(-0.35 * top, 1.35 * top)
    axis.set_xlabel(layout.wrapped("threshold: risk from which on one would treat", 34))
    axis.set_ylabel("net benefit")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.grid(color=PALE, linewidth=0.7)
    axis.set_axisbelow(True)
