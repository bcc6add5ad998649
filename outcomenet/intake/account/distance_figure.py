"""Figure of the distances of a cohort's joints from those that the encoder was trained on, a row for each hospital."""

from __future__ import annotations

import pandas as pd

from outcomenet.pages.figures import GREY, Drawing, Layout, without_y_axis

FIGURE = "distances_by_hospital"
_COLOUR = "#00558c"
_MOST_ROWS = 30


def draw_distances(table: pd.DataFrame, layout: Layout) -> Drawing:
    """Draws the rows of hospital_distances.csv.

    Args:
        table: quantiles by row; the first row is that of simulated joints.
        layout: where the figure is read.
    """
    rows = table.head(_MOST_ROWS)
    figure, (axes,) = layout.panels(1, 0.9 + 0.3 * len(rows))
    values = rows[["p5", "p25", "p50", "p75", "p95", "p99"]].to_numpy(float)
    for place, (p5, p25, p50, p75, p95, p99) in enumerate(values.tolist()):
        colour = GREY if place == 0 else _COLOUR
        axes.plot([p5, p95], [place, place], color=colour, linewidth=1.2)
        axes.plot([p25, p75], [place, place], color=colour, linewidth=5, solid_capstyle="butt")
        axes.plot([p50], [place], marker="o", color="white", markeredgecolor=colour, markersize=5)
        axes.plot([p99], [place], marker="|", color=colour, markersize=8)
    limit = float(table["limit"].iloc[0])
    axes.axvline(limit, color="#b3261e", linewidth=1, linestyle="--")
    axes.annotate(
        "masked beyond", (limit, 0), (3, 0), textcoords="offset points", color="#b3261e", fontsize=8.5, va="center"
    )
    axes.set_yticks(range(len(rows)), [layout.wrapped(str(name)) for name in rows["films_of"]])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, max(1.45 * limit, 1.05 * float(rows["p99"].max())))
    axes.set_xlabel("distance from what the encoder was trained on")
    without_y_axis(axes)
    caption = (
        "Distance of each joint: median (ring), middle half (bar), 5th to 95th percentile (line), 99th (tick). At 1 begin the farthest 0.5 % "
        "of simulated joints that the encoder was not trained on."
    )
    every = table.iloc[1]
    alternative = (
        f"Median distance {every['p50']:.2f} over all films, {table['p50'].iloc[0]:.2f} of simulated joints; joints beyond {limit:.2f} "
        "are masked."
    )
    return Drawing(FIGURE, figure, table, caption, alternative)
