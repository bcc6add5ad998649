"""Detection of wrapped wrists: their outline is broader than the palm's, which no bare wrist's is."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.localization.frames import LimbFrame, Pyramid, Window, window_matrix

_WINDOW = Window((-12.0, -10.0), 1.0, 76, 200)  # y from 28 to -48 mm of the average hand, RC at 0
_PALM_MM = (14.0, 23.0)  # middle of the carpus
_FOREARM_MM = (-44.0, -7.0)
_LEAST_ROWS = 12  # of the forearm that must be on the film
AIR_SHARE = 0.2  # of the step from air to the limb's brightest tenth, beyond which there is tissue
# Forearm over palm, and the forearm's width in mm of the average hand. The one real cast has 1.14 and 89; bare real wrists
# seen from above 0.73 to 0.96 and at most 68, 168 simulated hands at most 1.02 and 75.
BROAD, BROAD_MM = 1.08, 80.0


def is_wrapped(frame: LimbFrame, pyramid: Pyramid) -> bool:
    """Weak: told from one real cast. Needs a hand's frame and 12 mm of the forearm on the film."""
    forearm, palm = wrist_widths_mm(frame, pyramid)
    return bool(palm > 0 and forearm >= BROAD_MM and forearm >= BROAD * palm)


def wrist_widths_mm(frame: LimbFrame, pyramid: Pyramid) -> tuple[float, float]:
    """Median width of forearm and of palm, mm of the average hand; 0 where too little is on the film.

    What is air is told from each row by itself, because the ground of many films is uneven.
    """
    pixels, on_film = pyramid.cut(window_matrix(frame, _WINDOW), _WINDOW.rows, _WINDOW.columns)
    middle = slice(_WINDOW.columns * 3 // 8, _WINDOW.columns * 5 // 8)
    if not on_film[:, middle].any():
        return 0.0, 0.0
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    bright = float(np.percentile(smooth[:, middle][on_film[:, middle]], 90))
    widths = np.array([_width(row, there, bright) for row, there in zip(smooth, on_film, strict=True)])
    widths = widths * _WINDOW.mm_per_px
    y_mm = _WINDOW.to_limb(np.column_stack([np.zeros(_WINDOW.rows), np.arange(_WINDOW.rows) + 0.5]))[:, 1]

    def median(low: float, high: float, least: int) -> float:
        rows = widths[(y_mm >= low) & (y_mm <= high) & (widths > 0)]
        return float(np.median(rows)) if len(rows) >= least else 0.0

    return median(*_FOREARM_MM, _LEAST_ROWS), median(*_PALM_MM, 4)


def _width(row: np.ndarray, on_film: np.ndarray, bright: float) -> int:
    """Pixels of the run of tissue that holds the row's middle; 0 where that is air, or has no air on both sides."""
    half = len(row) // 2
    if not on_film[half]:
        return 0
    air = float(np.percentile(row[on_film], 5))
    tissue = row > air + AIR_SHARE * (bright - air)
    is_air = ~tissue & on_film
    left, right = np.flatnonzero(is_air[:half]), np.flatnonzero(is_air[half:])
    if not tissue[half] or not len(left) or not len(right):
        return 0
    return int(right[0] + half - left[-1] - 1)
