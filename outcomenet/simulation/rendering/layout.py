"""Packing of a shape's named numbers into one row, so that a tile's shapes are gathered in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from outcomenet.arrays import Array, Float

# Numbers of one shape on each film, by the names of its layout.
Fields = dict[str, Float[np.ndarray, "film *number"]]


@dataclass(frozen=True)
class Layout:
    """Names and widths of a shape's numbers, in the order in which they are packed."""

    widths: Mapping[str, int]

    def pack(self, **values: Float[np.ndarray, "film shape *number"]) -> Float[np.ndarray, "film shape number"]:
        """Joins the numbers of many shapes.

        Args:
            values: Arrays [film, shape, ...], one per name.

        Raises:
            ValueError: The names are not exactly those of the layout.
        """
        if values.keys() != self.widths.keys():
            raise ValueError(f"Expected exactly the fields {sorted(self.widths)}, got {sorted(values)}.")
        films, shapes = next(iter(values.values())).shape[:2]
        columns = [np.asarray(values[name]).reshape(films, shapes, width) for name, width in self.widths.items()]
        return np.concatenate(columns, axis=-1).astype(np.float32)

    def unpack(self, rows: Float[Array, "tile number"]) -> SimpleNamespace:
        """Each number as an array [tile, 1, 1]; a list of them where the name is wider than one."""
        fields, start = {}, 0
        for name, width in self.widths.items():
            columns = [rows[:, start + column, None, None] for column in range(width)]
            fields[name] = columns[0] if width == 1 else columns
            start += width
        return SimpleNamespace(**fields)

    @property
    def size(self) -> int:
        """Numbers of one shape."""
        return sum(self.widths.values())
