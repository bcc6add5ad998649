"""Style, layout and files of a run's figures: PNG, SVG and the CSV behind each."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from outcomenet.csv_files import write_csv
from outcomenet.pages.pictures import data_address

# A page of a dozen figures stays small enough to mail.
LARGEST_VECTOR = 250_000  # bytes
GREY = "#767676"
PALE = "#e3e6e8"

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so figures are the same everywhere
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "outcomenet",  # element ids, and so the file, are the same in every run
}


class Layout(Enum):
    """Where a figure is read; its value is the width in inches at which letters of 9 points stay that large."""

    PAGE = 8.6
    PHONE = 3.75

    def panels(
        self,
        count: int,
        height: float,
        *,
        width: float | None = None,
        further: float = 0.0,
        sharex: bool = False,
        sharey: bool = False,
    ) -> tuple[Figure, list[Axes]]:
        """A figure of `count` panels: side by side on a page, one below the other on a phone.

        Args:
            count: Number of panels.
            height: Of one panel with its title and axis, in inches.
            width: Of the figure on a page, in inches; the text's width if not given.
            further: Height for what stands beside the panels, such as a legend, in inches.
            sharex: Whether the panels have one x axis.
            sharey: Whether they have one y axis.
        """
        page = self is Layout.PAGE
        size = (width or self.value, height) if page else (self.value, height * count)
        figure = Figure(figsize=(size[0], size[1] + further), layout="constrained")
        shape = (1, count) if page else (count, 1)
        return figure, list(figure.subplots(*shape, squeeze=False, sharex=sharex, sharey=sharey).ravel())

    def wrapped(self, label: str, characters: int = 22) -> str:
        """A label of a phone's figure on several lines, so that it leaves room for the panel.

        Args:
            label: the text.
            characters: most in a line on a phone.
        """
        return label if self is Layout.PAGE else textwrap.fill(label, characters)

    def legend_columns(self, labels: Sequence[str], most: int = 3) -> int:
        """How many columns of a legend stand side by side within the figure's width.

        Args:
            labels: the legend's texts.
            most: columns at most.

        >>> Layout.PAGE.legend_columns(["HAQ", "score"]), Layout.PAGE.legend_columns(["a title of forty letters, or a few more"] * 3)
        (2, 2)
        """
        if self is Layout.PHONE:
            return 1
        # a page has room for about a hundred letters; the line of each entry takes that of eight
        widest = max(len(label) for label in labels) + 8
        return max(1, min(most, len(labels), 100 // widest))


@dataclass(frozen=True)
class Drawing:
    """A drawn figure with the table behind it, its caption and what a reader who cannot see it should know."""

    name: str
    figure: Figure
    data: pd.DataFrame
    caption: str
    alternative: str


@dataclass(frozen=True)
class PublishedFigure:
    """`image` and `phone` are data addresses, so that the report needs no other file; `files` are relative to the run."""

    name: str
    image: str
    phone: str
    caption: str
    alternative: str
    files: tuple[str, ...]


def publish(draw: Callable[..., Drawing | None], folder: Path) -> PublishedFigure | None:
    """Draws in the report's style and writes `folder/<name>.{png,svg,csv}`; None where there was nothing to draw.

    `draw` takes `layout`; the files are those of the page.

    Args:
        draw: makes the figure, None where there is nothing to draw.
        folder: where its files go.
    """
    with matplotlib.rc_context(STYLE):  # pyright: ignore[reportArgumentType]  # the stubs list keys one by one
        drawing, on_phone = draw(layout=Layout.PAGE), draw(layout=Layout.PHONE)
        if drawing is None or on_phone is None:
            return None
        pixels, vector = _saved(drawing.figure, tight=True)
        on_phone = _saved(on_phone.figure, tight=False)  # as wide as the phone, however long its labels are
    (folder / f"{drawing.name}.png").write_bytes(pixels)
    (folder / f"{drawing.name}.svg").write_bytes(vector)
    write_csv(drawing.data, folder / f"{drawing.name}.csv")
    return PublishedFigure(
        drawing.name,
        _address(pixels, vector),
        _address(*on_phone),
        drawing.caption,
        drawing.alternative,
        tuple(f"{folder.name}/{drawing.name}.{ending}" for ending in ("csv", "svg", "png")),
    )


def _saved(figure: Figure, *, tight: bool) -> tuple[bytes, bytes]:
    """The figure as PNG and as SVG, cut to what is drawn where it is to be `tight`."""
    box = "tight" if tight else None
    # a canvas of its own: pyplot would keep every figure open and look for a display
    FigureCanvasAgg(figure)
    pixels, vector = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="png", dpi=160, bbox_inches=box, pad_inches=0.08)
    # without the date, which would make every run's file another one
    figure.savefig(vector, format="svg", metadata={"Date": None}, bbox_inches=box, pad_inches=0.08)
    return pixels.getvalue(), vector.getvalue()


def _address(pixels: bytes, vector: bytes) -> str:
    """The sharper SVG inside the page, unless it draws so many shapes that it would make the page hard to mail."""
    if len(vector) > LARGEST_VECTOR:
        return data_address(pixels, "image/png")
    return data_address(vector, "image/svg+xml")


def without_y_axis(axes: Axes) -> None:
    """Rows of a forest plot need labels but no axis line."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
