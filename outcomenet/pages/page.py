"""Parts of a page: its template with the common style and filters, tables of finished text, and a cohort's flow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jinja2
import pandas as pd
from markupsafe import Markup, escape

_INTERVAL = re.compile(r"^(\S+) (\(.+\))$")
MOST_COLUMNS = 6  # with more, a table becomes a list of entries below a screen's width


def page_template(package: str, name: str) -> jinja2.Template:
    """The template `name` of `package`, which may import `page.html`: style, tables, pictures and the flow of a cohort.

    Args:
        package: package whose folder `templates` has it.
        name: of the file.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("outcomenet.pages")]),
        autoescape=True,
        # a name that a template asks for and nobody gives is an error, not a gap on the page
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template(name)


def number(cell: str) -> Markup:
    """A value and its interval, which may stand on two lines but are not broken themselves.

    >>> number("0.31 (0.22 to 0.39)")
    Markup('<span class="one">0.31</span> <span class="one">(0.22 to 0.39)</span>')
    """
    parts = _INTERVAL.match(cell)
    pieces = parts.groups() if parts else (cell,)
    return Markup(" ").join(Markup('<span class="one">{}</span>').format(escape(piece)) for piece in pieces)


@dataclass(frozen=True)
class Row:
    """Cells in the order of the headers; `strong` sets a row off from its neighbours."""

    cells: list[str]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """`words` are the columns that hold sentences or names, set left; all others are numbers, set right."""

    caption: str
    headers: list[str]
    rows: list[Row]
    words: tuple[int, ...] = (0,)

    @property
    def wide(self) -> bool:
        return len(self.headers) > MOST_COLUMNS


def table_of(caption: str, headers: Sequence[str], rows: Iterable[Sequence[object]], words: tuple[int, ...]) -> Table:
    """A table of values that need no words around them; nothing is made of a missing one.

    Args:
        caption: a sentence.
        headers: of the columns.
        rows: cells in their order.
        words: numbers of the columns that hold words.
    """
    return Table(caption, list(headers), [Row([str(cell) for cell in row]) for row in rows], words)


@dataclass(frozen=True)
class FlowBox:
    """`kept` says what is left at a step, `left_out` what was lost on the way to it, each "12 visits"."""

    title: str
    kept: list[str]
    left_out: list[str]


@dataclass(frozen=True)
class FlowChart:
    """Steps one below the other, then the splits side by side."""

    steps: list[FlowBox]
    splits: list[FlowBox]


def flow_chart(flow: pd.DataFrame, splits: int) -> FlowChart:
    """`flow` has step, unit, count, excluded (0 or 1) and reason; its last `splits` steps are the splits.

    Args:
        flow: flow.csv.
        splits: number of splits.
    """
    boxes = []
    for title, rows in flow.fillna({"unit": "", "reason": ""}).groupby("step", sort=False):
        out = rows["excluded"].astype(bool)
        boxes.append(
            FlowBox(
                str(title),
                _counted(rows[~out], "unit"),
                _counted(rows[out], "reason"),
            )
        )
    return FlowChart(boxes[: len(boxes) - splits], boxes[len(boxes) - splits :])


def _counted(rows: pd.DataFrame, words: str) -> list[str]:
    return [f"{count:,} {word}" for count, word in zip(rows["count"].astype(int), rows[words], strict=True)]
