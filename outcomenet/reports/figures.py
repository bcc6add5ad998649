"""How a figure becomes part of a run: PNG, SVG and the CSV behind it in `figures/`, and an image inside the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from outcomenet.csv_files import write_csv

TEXT_WIDTH_INCHES = 8.6
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
    """`image` is a data address, so that the report needs no other file; `files` are relative to the run."""

    name: str
    image: str
    caption: str
    alternative: str
    files: tuple[str, ...]


def publish(draw: Callable[[], Drawing | None], folder: Path) -> PublishedFigure | None:
    """Draws in the report's style and writes `folder/<name>.{png,svg,csv}`; None where there was nothing to draw."""
    with matplotlib.rc_context(STYLE):
        drawing = draw()
        if drawing is None:
            return None
        FigureCanvasAgg(drawing.figure)
        drawing.figure.savefig(folder / f"{drawing.name}.png", dpi=160, bbox_inches="tight", pad_inches=0.08)
        vector = io.BytesIO()
        drawing.figure.savefig(vector, format="svg", bbox_inches="tight", pad_inches=0.08, metadata={"Date": None})
    (folder / f"{drawing.name}.svg").write_bytes(vector.getvalue())
    write_csv(drawing.data, folder / f"{drawing.name}.csv")
    return PublishedFigure(
        drawing.name,
        data_address(vector.getvalue(), "image/svg+xml"),
        drawing.caption,
        drawing.alternative,
        tuple(f"{folder.name}/{drawing.name}.{ending}" for ending in ("csv", "svg", "png")),
    )


def data_address(content: bytes, kind: str) -> str:
    """The content itself as the address of an image."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def without_y_axis(axes: Axes) -> None:
    """Rows of a forest plot need labels but no axis line."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
