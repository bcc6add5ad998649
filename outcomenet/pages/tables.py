"""Tables of finished text, as every page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_COLUMNS = 6  # with more, a table becomes a list of entries below a screen's width


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
