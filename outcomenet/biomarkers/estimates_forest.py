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
TEXT = 0.16  # inches from line to line of letters


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
    lines = _lines(rows, layout)
    places, depth = _places(lines)
    label = words.axis if layout is Layout.PAGE else textwrap.fill(words.axis, 44)
    further = TEXT * label.count("\n")
    height = 0.75 + depth + further
    figure = Figure(figsize=(layout.value, height))
    left, right = (0.32, 0.66) if layout is Layout.PAGE else (0.04, 0.96)
    bottom = (0.55 + further) / height
    axis = figure.add_axes((left, bottom, right - left, 1 - bottom - 0.1 / height))
    window = _window(rows, reference)
    measures = list(dict.fromkeys(rows["measure"]))
    for line, top in zip(lines, places, strict=True):
        _write(axis, layout, top, line)
        if line.row is not None:
            _mark(axis, top + line.mark_below, line.row, window, measures.index(line.row["measure"]))
    _finish(axis, depth, window, reference, label)
    return Drawing(words.name, figure, rows, words.caption, words.alternative)


@dataclass(frozen=True)
class _Line:
    """A heading or a row: its wrapped label, its numbers, and how far below its top the interval lies, in inches."""

    label: tuple[str, ...]
    numbers: str
    row: pd.Series | None
    mark_below: float
    height: float


def _lines(rows: pd.DataFrame, layout: Layout) -> list[_Line]:
    """Headings and rows from top to bottom."""
    lines: list[_Line] = []
    above = ""
    for _, row in rows.iterrows():
        if row["group"] and row["group"] != above:
            lines.append(_heading(str(row["group"]), layout))
        above = row["group"]
        lines.append(_row(row, layout))
    return lines


def _heading(text: str, layout: Layout) -> _Line:
    label = tuple(textwrap.wrap(text, 38 if layout is Layout.PAGE else 46))
    return _Line(label, "", None, 0.0, 0.14 + TEXT * len(label))


def _row(row: pd.Series, layout: Layout) -> _Line:
    """On a page the interval lies beside its label, on a phone below it."""
    numbers = _numbers(row, layout)
    if layout is Layout.PAGE:
        label = tuple(textwrap.wrap(str(row["label"]), 38)) or ("",)
        height = 0.14 + TEXT * len(label)
        return _Line(label, numbers, row, height / 2, height)
    label = tuple(textwrap.wrap(str(row["label"]), max(16, 50 - len(numbers)))) or ("",)
    return _Line(label, numbers, row, 0.2 + TEXT * len(label), 0.34 + TEXT * len(label))


def _places(lines: list[_Line]) -> tuple[list[float], float]:
    """Top of each line, and the depth of all, in inches."""
    ends = np.cumsum([line.height for line in lines])
    return [0.0, *map(float, ends[:-1])], float(ends[-1])


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


def _write(axis: Axes, layout: Layout, top: float, line: _Line) -> None:
    """Label left and numbers right of the panel; on a phone both above the interval."""
    page, heading = layout is Layout.PAGE, line.row is None
    left, right = (-0.92 + (0.0 if heading else 0.03), 1.04) if page else (0.0, 1.0)
    across = axis.get_yaxis_transform()
    for place, text in enumerate(line.label):
        at = top + 0.07 + TEXT * (place + 0.5)
        axis.text(
            left, at, text, transform=across, va="center", fontsize=9 if page else 8.5,
            fontweight="bold" if heading else "normal",
            bbox={"pad": 0.5, "facecolor": "white", "edgecolor": "none"}, zorder=5,
        )  # fmt: skip
    at = top + (line.mark_below if page else 0.07 + TEXT / 2)
    axis.text(
        right, at, line.numbers, transform=across, va="center", ha="left" if page else "right", fontsize=9 if page else 8.5,
        bbox={"pad": 0.5, "facecolor": "white", "edgecolor": "none"} if line.numbers else None, zorder=5,
    )  # fmt: skip


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


def _finish(axis: Axes, depth: float, window: tuple[float, float], reference: float | None, label: str) -> None:
    if reference is not None:
        axis.plot([reference, reference], [0.0, depth], color=GREY, linewidth=0.9, zorder=1)
    axis.set_xlim(*window)
    axis.set_ylim(depth + 0.04, 0.0)
    axis.set_yticks([])
    axis.set_xlabel(label)
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.locator_params(axis="x", nbins=5)
    axis.set_axisbelow(True)
    without_y_axis(axis)
