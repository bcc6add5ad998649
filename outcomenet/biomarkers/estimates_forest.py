"""Forest plot of estimates with their numbers as a table inside the figure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcomenet.biomarkers.number_words import p_words, with_interval
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout, without_y_axis

# One per measure, in the order in which they come: safe for colour-blind readers (Okabe & Ito 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "D", "^", "v", "P")
# An interval that reaches further than this many times the median half width is cut with an arrow.
LONGEST = 4.0
ROW = {Layout.PAGE: 0.3, Layout.PHONE: 0.5}  # inches


@dataclass(frozen=True)
class ForestWords:
    """Texts of a forest plot."""

    name: str
    axis: str
    caption: str
    alternative: str


def estimates_forest(
    rows: pd.DataFrame, words: ForestWords, *, reference: float | None = 0.0, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """One line for each estimate, under a heading for each group, with its numbers beside it.

    Args:
        rows: `label`, `group` (its heading; "" for none), `measure` (decides the colour), `estimate`, `lower`, `upper`, `p`.
            Of a row without a number the label stands with a dash.
        words: Name of the figure, axis, caption, and what a reader who cannot see it should know.
        reference: Where a line marks no effect; None for no line.
        layout: Page or phone.

    Returns:
        The drawing with the rows as its data; None where no row has a number.
    """
    if not np.isfinite(rows["estimate"].to_numpy(float)).any():
        return None
    lines = _lines(rows)
    height = 0.75 + ROW[layout] * len(lines)
    figure = Figure(figsize=(layout.value, height))
    page = layout is Layout.PAGE
    left, right = (0.32, 0.66) if page else (0.04, 0.96)
    bottom = 0.55 / height
    axis = figure.add_axes((left, bottom, right - left, 1 - bottom - 0.1 / height))
    window = _window(rows, reference)
    measures = list(dict.fromkeys(rows["measure"]))
    for y, (heading, row) in enumerate(lines):
        if row is None:
            _write(axis, layout, y, heading, "", bold=True)
            continue
        _write(axis, layout, y, str(row["label"]), _numbers(row, layout))
        _mark(axis, y + (0.22 if not page else 0.0), row, window, measures.index(row["measure"]))
    _finish(axis, len(lines), window, reference, words.axis if page else textwrap.fill(words.axis, 44))
    return Drawing(words.name, figure, rows, words.caption, words.alternative)


def _lines(rows: pd.DataFrame) -> list[tuple[str, pd.Series | None]]:
    """Headings and rows from top to bottom."""
    lines: list[tuple[str, pd.Series | None]] = []
    above = ""
    for _, row in rows.iterrows():
        if row["group"] and row["group"] != above:
            lines.append((str(row["group"]), None))
        above = row["group"]
        lines.append(("", row))
    return lines


def _window(rows: pd.DataFrame, reference: float | None) -> tuple[float, float]:
    known = rows[np.isfinite(rows[["estimate", "lower", "upper"]].to_numpy(float)).all(axis=1)]
    values = rows["estimate"].dropna().astype(float)
    ends = [float(values.min()), float(values.max()), *([] if reference is None else [reference])]
    if len(known):
        half = LONGEST * float((known["upper"] - known["lower"]).median()) / 2
        ends += [max(float(known["lower"].min()), ends[0] - half), min(float(known["upper"].max()), ends[1] + half)]
    margin = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


def _numbers(row: pd.Series, layout: Layout) -> str:
    text = with_interval(row["estimate"], row["lower"], row["upper"])
    return text if layout is Layout.PHONE or not np.isfinite(row["p"]) else f"{text}   {p_words(row['p'])}"


def _write(axis: Axes, layout: Layout, y: int, label: str, numbers: str, *, bold: bool = False) -> None:
    """Label left and numbers right of the panel; on a phone both above the interval."""
    weight = "bold" if bold else "normal"
    if layout is Layout.PHONE:
        at = y if bold else y - 0.2
        room = 48 - len(numbers)
        axis.text(
            0.0, at, textwrap.shorten(label, room, placeholder="..."), transform=axis.get_yaxis_transform(), va="center",
            fontsize=8.5, fontweight=weight,
        )  # fmt: skip
        axis.text(1.0, at, numbers, transform=axis.get_yaxis_transform(), va="center", ha="right", fontsize=8.5)
        return
    indent = 0.0 if bold else 0.03
    label = textwrap.shorten(label, 38, placeholder="...")
    axis.text(
        -0.92 + indent, y, label, transform=axis.get_yaxis_transform(), va="center", fontsize=9, fontweight=weight
    )
    axis.text(1.04, y, numbers, transform=axis.get_yaxis_transform(), va="center", fontsize=9)


def _mark(axis: Axes, y: float, row: pd.Series, window: tuple[float, float], place: int) -> None:
    if not np.isfinite(row["estimate"]):
        return
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    low, high = window
    if np.isfinite([row["lower"], row["upper"]]).all():
        axis.plot([max(row["lower"], low), min(row["upper"], high)], [y, y], color=colour, linewidth=1.8, zorder=3)
        for end, cut, arrow in ((low, row["lower"] < low, "<"), (high, row["upper"] > high, ">")):
            if cut:
                axis.plot(end, y, arrow, color=colour, markersize=5, zorder=4, clip_on=False)
    axis.plot(row["estimate"], y, marker, color=colour, markersize=6.5, markeredgecolor="white", zorder=4)


def _finish(axis: Axes, lines: int, window: tuple[float, float], reference: float | None, label: str) -> None:
    if reference is not None:
        axis.plot([reference, reference], [-0.5, lines - 0.4], color=GREY, linewidth=0.9, zorder=1)
    axis.set_xlim(*window)
    axis.set_ylim(lines - 0.4, -0.6)
    axis.set_yticks([])
    axis.set_xlabel(label)
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.locator_params(axis="x", nbins=5)
    axis.set_axisbelow(True)
    without_y_axis(axis)
