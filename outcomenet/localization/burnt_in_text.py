"""Where text is printed on a film: rows of characters, told from bones by their even strokes and even grey.

Whatever a workstation writes into pixels may name a person. A lead letter or a word of up to three characters ("L",
"Dx", "Sin") is a marker, not text. Only where text stands is found, never what it says.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from outcomenet.arrays import Float, UInt8

LEAST_CHARACTERS = 4
# Pixels on the level where a character is looked at; larger ones are found on the film's halves and quarters, smaller
# ones on a film that is enlarged first because its longer side is short.
LEAST_HEIGHT, GREATEST_HEIGHT = 5, 40
LEVELS, ENLARGED_BELOW_PX = 3, 1_200
# Wider than a stroke of the largest character (an eighth to a fifth of a capital's height).
OPENING = 11
# Contrast of strokes against what surrounds them, of 255: of every pixel, and of a character's clearest. On the real
# films text has 100 to 255, trabeculae and cortices up to 75.
LEAST_CONTRAST, CLEAR_CONTRAST = 56, 90
WIDEST, LEAST_FILLED = 3.0, 0.12  # of a character: width over height (letters may be joined), share of its box covered
# Neighbours in a row, as shares of the greater height: lesser height (x-height against capital is 0.7), gap between them
# (a space is a quarter to half an em), how far both top and bottom may lie apart.
LEAST_ALIKE, WIDEST_GAP, GREATEST_OFFSET = 0.55, 0.9, 0.25
# Text has one grey: standard deviation of its characters' levels, of 255. 0 to 1 in real text, 6 and more in bone.
EVEN_GREY = 4.0
PADDING = 0.4  # of a character's height, added around a row


class TextBox(NamedTuple):
    """A row of characters: left, top, right and bottom in film pixels (right and bottom just beyond it)."""

    left: int
    top: int
    right: int
    bottom: int


class _Characters(NamedTuple):
    """Patches of one grey that could be characters; boxes as left, top, right, bottom."""

    box: Float[np.ndarray, "character 4"]
    level: Float[np.ndarray, "character"]

    def taken(self, chosen: np.ndarray) -> _Characters:
        return _Characters(self.box[chosen], self.level[chosen])

    @property
    def turned(self) -> _Characters:
        """The same with x and y exchanged, so that text that runs up or down is read as a row."""
        return self._replace(box=self.box[:, [1, 0, 3, 2]])


def text_boxes(pixels: np.ndarray) -> list[TextBox]:
    """Boxes around rows of at least four characters, brighter or darker than their surroundings, that run along either
    edge of the film; topmost first. Slanting text is not found, nor is text lower than 5 pixels on the levels looked at.
    """
    level, px = _as_bytes(pixels), 1.0
    if max(level.shape) < ENLARGED_BELOW_PX:
        level, px = cv2.resize(level, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0.5
    cover = np.zeros(pixels.shape, np.uint8)
    for _ in range(LEVELS):
        if min(level.shape) < 2 * OPENING:
            break
        for dark in (False, True):
            found = _characters(level, dark)
            for characters, turned in ((found, False), (found.turned, True)):
                for row in _rows(characters):
                    if _stands_out(level, row.turned if turned else row, dark):
                        _cover(cover, row.turned if turned else row, px)
        level = cv2.resize(level, (level.shape[1] // 2, level.shape[0] // 2), interpolation=cv2.INTER_AREA)
        px *= 2
    _, _, stats, _ = cv2.connectedComponentsWithStats(cover)
    return sorted((TextBox(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()), key=lambda box: (box.top, box))


def _as_bytes(pixels: np.ndarray) -> UInt8[np.ndarray, "height width"]:
    """The film's own range as 0 to 255."""
    low, high = float(pixels.min()), float(pixels.max())
    return cv2.convertScaleAbs(np.asarray(pixels, np.float32) - np.float32(low), alpha=255.0 / max(high - low, 1e-6))


def _characters(level: UInt8[np.ndarray, "height width"], dark: bool) -> _Characters:
    """Connected strokes of the size and contrast of characters."""
    square = np.ones((OPENING, OPENING), np.uint8)
    strokes = cv2.morphologyEx(level, cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT, square)
    over = (strokes > LEAST_CONTRAST).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(over, connectivity=8)
    x, y, width, height, area = stats.T.astype(float)
    fits = (height >= LEAST_HEIGHT) & (height <= GREATEST_HEIGHT) & (width <= WIDEST * height)
    fits &= area >= LEAST_FILLED * width * height
    fits[0] = False  # the ground
    chosen = np.flatnonzero(fits)
    if len(chosen) < LEAST_CHARACTERS:
        return _Characters(np.zeros((0, 4)), np.zeros(0))
    grey = (ndimage.minimum if dark else ndimage.maximum)(level, labels, chosen)
    clear = np.asarray(ndimage.maximum(strokes, labels, chosen)) >= CLEAR_CONTRAST
    box = np.column_stack([x, y, x + width, y + height])[chosen]
    return _Characters(box, np.asarray(grey, float)).taken(clear)


def _rows(characters: _Characters) -> list[_Characters]:
    """Chains of at least four characters side by side, of one height and one grey, left to right."""
    left, top, right, bottom = characters.box.T
    height = bottom - top
    taller = np.maximum(height[:, None], height)
    gap = left - right[:, None]  # from the row's character to the column's
    ends = np.minimum(abs(top[:, None] - top), abs(bottom[:, None] - bottom))
    beside = (gap <= WIDEST_GAP * taller) & (gap >= -0.3 * taller) & (left > left[:, None])
    alike = np.minimum(height[:, None], height) >= LEAST_ALIKE * taller
    alike &= (ends <= GREATEST_OFFSET * taller) & (abs(characters.level[:, None] - characters.level) <= 3 * EVEN_GREY)
    from scipy.sparse.csgraph import connected_components

    count, chain = connected_components(beside & alike, directed=False)
    sizes = np.bincount(chain, minlength=count)
    rows = [characters.taken(chain == number) for number in np.flatnonzero(sizes >= LEAST_CHARACTERS)]
    return [row for row in rows if row.level.std() <= EVEN_GREY]


def _stands_out(level: UInt8[np.ndarray, "height width"], row: _Characters, dark: bool) -> bool:
    """Whether what surrounds the row is of the other shade: what lies between the strokes of a lead letter is not."""
    left, top, right, bottom = _padded(row, 1.0, level.shape)
    ring = np.ones((bottom - top, right - left), bool)
    inner = _padded(row, 1.0, level.shape, PADDING / 2)
    ring[inner[1] - top : inner[3] - top, inner[0] - left : inner[2] - left] = False
    around = level[top:bottom, left:right][ring]
    difference = float(np.median(around)) - float(np.median(row.level)) if around.size else 0.0
    return (difference if dark else -difference) >= LEAST_CONTRAST


def _cover(cover: UInt8[np.ndarray, "height width"], row: _Characters, px: float) -> None:
    left, top, right, bottom = _padded(row, px, cover.shape)
    cover[top:bottom, left:right] = 1


def _padded(row: _Characters, px: float, shape: tuple[int, ...], padding: float = PADDING) -> tuple[int, int, int, int]:
    """The row's box with room around it, in pixels of `px` each."""
    sizes = row.box[:, 2:] - row.box[:, :2]
    room = padding * float(np.median(sizes.max(axis=1)))
    left, top = np.floor((row.box[:, :2].min(axis=0) - room) * px).clip(0).astype(int)
    right, bottom = np.ceil((row.box[:, 2:].max(axis=0) + room) * px).astype(int)
    return int(left), int(top), int(min(right, shape[1])), int(min(bottom, shape[0]))
