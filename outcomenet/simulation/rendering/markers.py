"""Marks of a stored film besides the limb: the lead letter of its side, the unexposed border, burnt-in text, a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from outcomenet.anatomy import Side
from outcomenet.arrays import UInt16
from outcomenet.simulation.rendering.scanners import MAXIMUM, Scanner

# Strokes of the letters in a box 1 high: (x0, y0, x1, y1), y down; the bowl of R is drawn with three strokes.
STROKES = {
    "L": ((0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.55, 1.0)),
    "R": (
        (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.42, 0.0), (0.42, 0.0, 0.6, 0.18), (0.6, 0.18, 0.6, 0.34),
        (0.6, 0.34, 0.42, 0.52), (0.42, 0.52, 0.0, 0.52), (0.3, 0.52, 0.62, 1.0),
    ),
}  # fmt: skip
HEIGHT_MM, STROKE_MM, MARGIN_MM = 11.0, 1.7, 9.0
# Capitals of burnt-in text, distance of its lines and of its box from the edge of the film.
TEXT_MM, LINE_MM, TEXT_MARGIN_MM = 2.4, 4.2, 4.0


def stamp(
    pixels: UInt16[np.ndarray, "height width"], side: Side, scanner: Scanner
) -> UInt16[np.ndarray, "height width"]:
    """The film with the scanner's marker, in the upper corner of the little finger or toe, and its border.

    Args:
        pixels: 12-bit film.
        side: Limb; L or R is shown.
        scanner: Whether it marks films, and its unexposed border.

    Returns:
        A new film; the marker covers the film only where it is brighter.
    """
    pixels = pixels.copy()
    border = round(scanner.collimation_mm / scanner.spacing_mm)
    if scanner.marker:
        letter = _letter(side.laterality, scanner.spacing_mm)
        gap = border + round(MARGIN_MM / scanner.spacing_mm)
        left = gap if side.laterality == "L" else pixels.shape[1] - gap - letter.shape[1]
        window = pixels[gap : gap + letter.shape[0], left : left + letter.shape[1]]
        window[:] = np.maximum(window, (0.93 * MAXIMUM * letter).astype(np.uint16))
    if border:
        # lead shields the border: it stays as bright as the densest metal
        unexposed = np.uint16(0.97 * MAXIMUM)
        for edge in (np.s_[:border], np.s_[-border:], np.s_[:, :border], np.s_[:, -border:]):
            pixels[edge] = unexposed
    return pixels


def turn(
    pixels: UInt16[np.ndarray, "height width"], landmarks: Mapping[str, tuple[float, float]], quarter_turns: int
) -> tuple[UInt16[np.ndarray, "turned_height turned_width"], dict[str, tuple[float, float]]]:
    """The film as an archive stores it that keeps films turned.

    Args:
        pixels: 12-bit film.
        landmarks: Places in pixels from the top left corner.
        quarter_turns: Times 90 degrees clockwise.

    Returns:
        (turned film, landmarks on it).
    """
    points = dict(landmarks)
    for _ in range(quarter_turns % 4):
        height = pixels.shape[0]
        points = {name: (height - y, x) for name, (x, y) in points.items()}
        pixels = np.rot90(pixels, -1)
    return np.ascontiguousarray(pixels), points


def burn_in(
    pixels: UInt16[np.ndarray, "height width"],
    lines: Sequence[str],
    landmarks: Mapping[str, tuple[float, float]],
    spacing_mm: float,
    border_mm: float = 0.0,
) -> UInt16[np.ndarray, "height width"]:
    """The film with lines of text in the corner that lies furthest from all landmarks.

    Args:
        pixels: 12-bit film.
        lines: Text; none leaves the film as it is.
        landmarks: Places in pixels.
        spacing_mm: Millimetres per pixel.
        border_mm: Unexposed border, into which no text is written.

    Returns:
        A new film; text covers the film only where it is brighter.
    """
    if not lines:
        return pixels
    block = _text_block(lines, spacing_mm)
    margin = round((TEXT_MARGIN_MM + border_mm) / spacing_mm)
    (height, width), (rows, columns) = pixels.shape, block.shape
    corners = [(y, x) for y in (margin, height - margin - rows) for x in (margin, width - margin - columns)]
    points = np.array(list(landmarks.values())).reshape(-1, 2)

    def clearance(corner: tuple[int, int]) -> float:
        first = np.array(corner[::-1])
        beyond = np.maximum(first - points, 0) + np.maximum(points - first - (columns, rows), 0)
        return float(np.hypot(*beyond.T).min(initial=np.inf))

    top, left = max(corners, key=clearance)
    window = np.s_[top : top + rows, left : left + columns]
    written = pixels.copy()
    written[window] = np.maximum(written[window], (0.95 * MAXIMUM * block).astype(np.uint16))
    return written


def _text_block(lines: Sequence[str], spacing_mm: float) -> np.ndarray:
    """How much of each pixel the text covers, 0..1."""
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(0.3 / spacing_mm))
    scale = cv2.getFontScaleFromHeight(font, round(TEXT_MM / spacing_mm), thickness)
    step = round(LINE_MM / spacing_mm)
    width = max(cv2.getTextSize(line, font, scale, thickness)[0][0] for line in lines)
    block = np.zeros((step * len(lines), width), np.uint8)
    for row, line in enumerate(lines):
        baseline = (0, row * step + round((TEXT_MM + 0.6) / spacing_mm))
        cv2.putText(block, line, baseline, font, scale, 255, thickness, cv2.LINE_AA)
    return block / 255.0


def _letter(laterality: str, spacing_mm: float) -> np.ndarray:
    """How much of each pixel the letter covers, 0..1."""
    pad = STROKE_MM
    width_mm, height_mm = 0.65 * HEIGHT_MM + 2 * pad, HEIGHT_MM + 2 * pad
    x = (np.arange(round(width_mm / spacing_mm)) + 0.5) * spacing_mm - pad
    y = (np.arange(round(height_mm / spacing_mm)) + 0.5) * spacing_mm - pad
    x, y = np.meshgrid(x, y)
    distance = np.min([_distance(x, y, *(HEIGHT_MM * np.array(s))) for s in STROKES[laterality]], axis=0)
    return np.clip((0.5 * STROKE_MM - distance) / spacing_mm + 0.5, 0.0, 1.0)


def _distance(x: np.ndarray, y: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Distance to a line segment."""
    dx, dy = x1 - x0, y1 - y0
    share = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    return np.hypot(x - x0 - share * dx, y - y0 - share * dy)
