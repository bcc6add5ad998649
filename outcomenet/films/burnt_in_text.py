"""Detection of printed text on films: rows of characters, told from bones by their even strokes and even grey.

Whatever a workstation writes into pixels may name a person. A lead letter or a word of up to three characters ("L",
"Dx", "Sin") is a marker, not text. The place of text is detected, never its content.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Shaped
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from outcomenet.arrays import Bool, Float, Int, UInt8, UInt16

LEAST_CHARACTERS = 4
# Pixels on the level where a character is looked at; larger ones are found on the film's halves and quarters.
LEAST_HEIGHT, GREATEST_HEIGHT = 5, 40
LEVELS = 3  # the film, its half and its quarter
TALLEST = 1 / 20  # of the film's longer side: what is larger are bones, or letters of lead
# Films whose longer side is shorter are looked at enlarged first, longer ones only reduced: text grows with the film.
ENLARGED_BELOW_PX, REDUCED_ABOVE_PX = 1_000, 2_100
# Wider than a stroke of the largest character (an eighth to a fifth of a capital's height).
OPENING = 11
# Contrast of strokes against what surrounds them, of 255: of every pixel, and a character's mean. On the real films text
# has means of 98 to 243, trabeculae and cortices up to 75.
LEAST_CONTRAST, CLEAR_CONTRAST = 56, 84
# Of a piece of text, a character or several joined ones: width over height, share of its box covered by strokes. Bold capitals
# are 0.8 of their height wide.
WIDEST, LEAST_FILLED, WIDTH_OF_LETTER = 5.0, 0.12, 0.8
LEAST_PIECES = 3
# Neighbours in a row, as shares of the greater height: lesser height (x-height against capital is 0.7), gap between them
# (a space is a quarter to half an em) or overlap (italics), how far tops or else bottoms may lie apart.
LEAST_ALIKE, WIDEST_GAP, DEEPEST_OVERLAP, GREATEST_OFFSET = 0.55, 0.9, 0.3, 0.25
NEAREST = 12  # characters among which the next one of a row is sought
# Text has one grey: standard deviation of its characters' brightest (darkest) pixels, of 255. On the real films 0 to 1, but
# 14 in letters 8 pixels high. Three pieces that must be joined characters are text only if of the same grey and, like
# capitals and figures, of one upper and one lower line, within a share of their height.
EVEN_GREY, SAME_GREY, ON_ONE_LINE = 15.0, 2.0, 0.15
PADDING = 0.4  # of a character's height, added around a row
MOST_CELLS = 2_000  # along a side: boxes that touch on so fine a grid are one


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

    def taken(self, chosen: Bool[np.ndarray, "character"]) -> _Characters:
        return _Characters(self.box[chosen], self.level[chosen])

    @property
    def turned(self) -> _Characters:
        """The same with x and y exchanged, so that text that runs up or down is read as a row."""
        return self._replace(box=self.box[:, [1, 0, 3, 2]])


def text_boxes(pixels: UInt8[np.ndarray, "height width"] | UInt16[np.ndarray, "height width"]) -> list[TextBox]:
    """Boxes around rows of at least four characters, brighter or darker than their surroundings, that run along either
    edge of the film; topmost first.

    Not found: slanting text, text that is lower than 5 pixels on the levels looked at, words whose letters are joined to fewer
    than three pieces, and a line of fewer than four characters, even beneath one that is found.
    """
    if min(pixels.shape) < OPENING:  # a strip has no room for a character and its surroundings
        return []
    level, px = _as_bytes(pixels), 1.0
    if max(level.shape) < ENLARGED_BELOW_PX:
        level, px = cv2.resize(level, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0.5
    elif max(level.shape) > REDUCED_ABOVE_PX:
        level, px = _halved(level), 2.0
    cell = -(-max(pixels.shape) // MOST_CELLS)
    cells = -(-pixels.shape[0] // cell), -(-pixels.shape[1] // cell)
    covered: list[tuple[int, int, int, int]] = []
    for _ in range(LEVELS):
        if min(level.shape) < 2 * OPENING:
            break
        for dark in (False, True):
            characters = _characters(level, dark)
            for row in [*_rows(characters), *(row.turned for row in _rows(characters.turned))]:
                smallest = (row.box[:, 2:] - row.box[:, :2]).max(axis=1).min()
                if smallest * px <= TALLEST * max(pixels.shape) and _stands_out(level, row, dark):
                    covered.append(_padded(row, px / cell, cells))
        level, px = _halved(level), 2 * px
    if not covered:
        return []
    height, width = pixels.shape
    boxes = [
        TextBox(left, top, min(right, width), min(bottom, height))
        for left, top, right, bottom in (_joined(np.array(covered)) * cell).tolist()
    ]
    return sorted(boxes, key=lambda box: (box.top, box))


def _joined(boxes: Int[np.ndarray, "box 4"]) -> Int[np.ndarray, "joined 4"]:
    """Boxes around those that overlap or touch, also at a corner, directly or by others."""
    left, top, right, bottom = (side[:, None] for side in boxes.T)
    touch = (left <= right.T) & (left.T <= right) & (top <= bottom.T) & (top.T <= bottom)
    count, of = connected_components(touch, directed=False)
    outer = np.empty((count, 4), boxes.dtype)
    for number in range(count):
        own = boxes[of == number]
        outer[number] = [*own[:, :2].min(0), *own[:, 2:].max(0)]
    return outer


def _as_bytes(pixels: Shaped[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """The film's own range as 0 to 255."""
    low, high = float(pixels.min()), float(pixels.max())
    scale = 255.0 / max(high - low, 1e-6)  # of one grey level: all 0
    return cv2.convertScaleAbs(pixels, alpha=scale, beta=-low * scale)


def _halved(level: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "row column"]:
    return cv2.resize(level, (level.shape[1] // 2, level.shape[0] // 2), interpolation=cv2.INTER_AREA)


def _characters(level: UInt8[np.ndarray, "height width"], dark: bool) -> _Characters:
    """Connected strokes of the size and contrast of characters."""
    square = np.ones((OPENING, OPENING), np.uint8)
    strokes = cv2.morphologyEx(level, cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT, square)
    over = (strokes > LEAST_CONTRAST).astype(np.uint8)
    # only where strokes are; OpenCV's own statistics would visit every pixel, ten times slower
    x, y, columns, rows = cv2.boundingRect(over)
    part = np.s_[y : y + rows, x : x + columns]
    level, strokes, over = level[part], strokes[part], np.ascontiguousarray(over[part])
    if not over.size:
        return _Characters(np.zeros((0, 4)), np.zeros(0))
    count, labels = cv2.connectedComponents(over, connectivity=8)
    at = np.flatnonzero(over.view(bool))
    patch = labels.ravel()[at].astype(at.dtype) - 1  # 0 was the ground
    box = _boxes_of(patch, at, count - 1, columns) + np.array([x, y, x, y])
    area = np.bincount(patch, minlength=count - 1)
    width, height = (box[:, 2:] - box[:, :2]).T
    longer, shorter = np.maximum(width, height), np.minimum(width, height)  # upright or turned
    fits = (longer >= LEAST_HEIGHT) & (shorter <= GREATEST_HEIGHT) & (longer <= WIDEST * GREATEST_HEIGHT)
    fits &= area >= LEAST_FILLED * width * height
    fits &= np.bincount(patch, strokes.ravel()[at], count - 1) >= CLEAR_CONTRAST * area
    grey = np.full(count - 1, 255 if dark else 0, np.uint8)
    (np.minimum if dark else np.maximum).at(grey, patch, level.ravel()[at])
    return _Characters(box[fits], grey[fits].astype(float))


def _boxes_of(
    patch: Int[np.ndarray, "pixel"], at: Int[np.ndarray, "pixel"], count: int, columns: int
) -> Float[np.ndarray, "patch 4"]:
    """Left, top, right and bottom of each patch, of pixels that are in it; `at` counts row by row."""
    row, column = np.divmod(at, columns)
    left, top = np.full((2, count), np.iinfo(at.dtype).max)
    right, bottom = np.zeros((2, count), at.dtype)
    for first, last, place in ((left, right, column), (top, bottom, row)):
        np.minimum.at(first, patch, place)
        np.maximum.at(last, patch, place + 1)
    return np.column_stack([left, top, right, bottom]).astype(float)


def _rows(characters: _Characters) -> list[_Characters]:
    """Chains of at least four characters side by side, some of them perhaps joined, of one height and one grey."""
    width, height = (characters.box[:, 2:] - characters.box[:, :2]).T
    fits = (height >= LEAST_HEIGHT) & (height <= GREATEST_HEIGHT) & (width <= WIDEST * height)
    characters, width, height = characters.taken(fits), width[fits], height[fits]
    total = len(characters.level)
    if total < LEAST_PIECES:
        return []
    left, top, right, bottom = characters.box.T
    centre = np.column_stack([left + right, top + bottom]) / 2
    # the next character is one of the nearest; all pairs of a film full of specks would not fit into memory
    nearest = np.asarray(KDTree(centre).query(centre, k=min(NEAREST + 1, total))[1])
    one, other = np.repeat(np.arange(total), nearest.shape[1]), nearest.ravel()
    taller, lower = np.maximum(height[one], height[other]), np.minimum(height[one], height[other])
    gap = left[other] - right[one]
    ends = np.minimum(abs(top[one] - top[other]), abs(bottom[one] - bottom[other]))
    linked = (left[other] > left[one]) & (gap <= WIDEST_GAP * taller) & (gap >= -DEEPEST_OVERLAP * taller)
    linked &= (lower >= LEAST_ALIKE * taller) & (ends <= GREATEST_OFFSET * taller)
    linked &= abs(characters.level[one] - characters.level[other]) <= 2 * EVEN_GREY
    if linked.sum() < LEAST_PIECES - 1:
        return []
    links = coo_matrix((linked[linked], (one[linked], other[linked])), (total, total))
    count, chain = connected_components(links, directed=False)
    pieces = np.bincount(chain, minlength=count)
    letters = np.bincount(chain, np.maximum(np.rint(width / (WIDTH_OF_LETTER * height)), 1), count)
    long_enough = np.flatnonzero((pieces >= LEAST_PIECES) & (letters >= LEAST_CHARACTERS))
    rows = [characters.taken(chain == number) for number in long_enough]
    return [row for row in rows if _is_even(row)]


def _is_even(row: _Characters) -> bool:
    """Whether pieces are of one grey; so few that characters must be joined also all on one line, as capitals are."""
    if len(row.level) >= LEAST_CHARACTERS:
        return bool(row.level.std() <= EVEN_GREY)
    tops, bottoms = row.box[:, 1], row.box[:, 3]
    askew = max(np.ptp(tops), np.ptp(bottoms)) / np.median(bottoms - tops)
    return bool(row.level.std() <= SAME_GREY and askew <= ON_ONE_LINE)


def _stands_out(level: UInt8[np.ndarray, "height width"], row: _Characters, dark: bool) -> bool:
    """Whether what surrounds the row is of the other shade: what lies between the strokes of a lead letter is not."""
    left, top, right, bottom = _padded(row, 1.0, level.shape)
    ring = np.ones((bottom - top, right - left), bool)
    inner = _padded(row, 1.0, level.shape, PADDING / 2)
    ring[inner[1] - top : inner[3] - top, inner[0] - left : inner[2] - left] = False
    around = level[top:bottom, left:right][ring]
    difference = float(np.median(around)) - float(np.median(row.level)) if around.size else 0.0
    return (difference if dark else -difference) >= LEAST_CONTRAST


def _padded(row: _Characters, px: float, shape: tuple[int, ...], padding: float = PADDING) -> tuple[int, int, int, int]:
    """The row's box with room around it, in units of which a pixel of its level has `px`, within `shape`."""
    sizes = row.box[:, 2:] - row.box[:, :2]
    room = padding * float(np.median(sizes.max(axis=1)))
    left, top = np.floor((row.box[:, :2].min(axis=0) - room) * px).clip(0).astype(int)
    right, bottom = np.ceil((row.box[:, 2:].max(axis=0) + room) * px).astype(int)
    return int(left), int(top), int(min(right, shape[1])), int(min(bottom, shape[0]))
