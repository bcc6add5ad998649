"""What lies on a film besides the limb: the lead letter of its side and the unexposed border."""

from __future__ import annotations

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


def stamp(
    pixels: UInt16[np.ndarray, "height width"], side: Side, scanner: Scanner
) -> UInt16[np.ndarray, "height width"]:
    """The film with the scanner's marker, in the upper corner of the little finger or toe, and its border."""
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
