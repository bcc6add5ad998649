"""Crops of one visit on one sheet, named, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from outcomenet.arrays import Bool, UInt8, UInt16

TILE_PX = 96


def contact_sheet(
    crops: UInt16[np.ndarray, "joint height width"],
    present: Bool[np.ndarray, "joint"],
    names: Sequence[str],
    columns: int = 10,
) -> UInt8[np.ndarray, "height width"]:
    """8-bit picture with one tile per present joint, stretched to the visit's 1st to 99.7th percentile.

    Args:
        crops: one visit's crops.
        present: joints that the visit has.
        names: names of the joints.
        columns: tiles in a row.
    """
    shown = [j for j in range(len(names)) if present[j]]
    # over the whole visit, so that tiles can be compared; a few bright pixels (markers, metal) do not set the scale
    low, high = np.percentile(crops[present], (1, 99.7)) if shown else (0, 1)
    tiles = []
    for j in shown:
        grey = np.clip((crops[j].astype(np.float32) - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
        tile = cv2.resize(grey, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC)
        cv2.putText(tile, names[j], (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.32, 255, 1, cv2.LINE_AA)
        tiles.append(tile)
    return tiled(tiles, columns)


def tiled(tiles: Sequence[UInt8[np.ndarray, "height width"]], columns: int) -> UInt8[np.ndarray, "height width"]:
    """Square 8-bit tiles of `TILE_PX` in rows of `columns`, each with a thin grey border.

    Args:
        tiles: pictures of one size.
        columns: tiles in a row.
    """
    blank = np.zeros((TILE_PX + 2, TILE_PX + 2), np.uint8)
    bordered = [np.pad(tile, 1, constant_values=40) for tile in tiles]
    # the last row is filled up
    bordered += [blank] * (-len(bordered) % columns)
    rows = [np.hstack(bordered[i : i + columns]) for i in range(0, len(bordered), columns)]
    return np.vstack(rows) if rows else blank
