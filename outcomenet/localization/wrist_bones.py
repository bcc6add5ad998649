"""Detection of young children's wrists: hardly any edges where an adult has eight carpal bones."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float
from outcomenet.localization.found import FoundLimb
from outcomenet.localization.frames import Pyramid, Window, window_matrix

_WINDOW = Window((-2.0, 46.0), 0.62, 190, 180)  # carpus and metacarpals, 300 pixels for a hand's length
_CARPUS = ("CMC2", "CMC3", "CMC4", "CMC5", "multangular", "navicular", "lunate", "RC")
_CARPAL_LANDMARKS = ("CMC1", "CMC2", "CMC3", "CMC4", "CMC5", "multangular", "navicular", "lunate")
# The shafts' middle third stands for bone of the same film: its edges' median strength is the unit.
_SHAFT_BEGINS, _SHAFT_ENDS = 0.35, 0.65
# The one child's film (2 years) has 0.43 of the shafts' edges in its carpus and places carpal landmarks with a standard error
# of 0.93 to 1.06 % of the hand's length; real adults seen from above have 0.72 to 1.27 and, undisturbed, 0.37 to 0.52
# (0.76 with lines printed over the joints). Both must speak for a child: simulated wrists destroyed to one smooth
# bone have few edges, too, but surely placed landmarks.
FEW_EDGES, UNSURE_SHARE = 0.57, 0.0075


def looks_like_a_child(limb: FoundLimb, pyramid: Pyramid) -> bool:
    """Weak: told from one child's film. From about school age on carpal bones fill the wrist and nothing is noticed."""
    if limb.region is not Region.HAND or limb.doubtful:
        return False
    # a person's landmarks have no error
    return carpal_error(limb) > UNSURE_SHARE and carpal_edges(limb, pyramid) < FEW_EDGES


def carpal_error(limb: FoundLimb) -> float:
    """Median standard error of the carpal landmarks as a share of the hand's length."""
    return float(np.median([limb.landmarks[name].error_px for name in _CARPAL_LANDMARKS])) / limb.length_px


def carpal_edges(limb: FoundLimb, pyramid: Pyramid) -> float:
    """Median strength of edges in the carpus over that in the metacarpal shafts; infinity where the shafts have none."""
    pixels, on_film = pyramid.cut(window_matrix(limb.frame, _WINDOW), _WINDOW.rows, _WINDOW.columns)
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    strength = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    points = {
        name: _WINDOW.to_pixels(limb.frame.to_limb(np.array([point.x_px, point.y_px])))
        for name, point in limb.landmarks.items()
    }
    bases = np.array([points[f"CMC{n}"] for n in range(2, 6)])
    heads = np.array([points[f"MCP{n}"] for n in range(2, 6)])
    shafts = np.concatenate([heads + share * (bases - heads) for share in (_SHAFT_BEGINS, _SHAFT_ENDS)])
    ulnar = 0.6 * points["DRUJ_U"] + 0.4 * points["CMC5"]
    carpus = np.array([*(points[name] for name in _CARPUS), ulnar])
    inside = [strength[_hull(corners) & on_film] for corners in (carpus, shafts)]
    if not all(part.size for part in inside) or np.median(inside[1]) == 0:
        return float("inf")
    return float(np.median(inside[0]) / np.median(inside[1]))


def _hull(corners: Float[np.ndarray, "corner 2"]) -> np.ndarray:
    """True inside the corners' convex hull, in the window."""
    filled = np.zeros((_WINDOW.rows, _WINDOW.columns), np.uint8)
    cv2.fillConvexPoly(filled, cv2.convexHull(corners.round().astype(np.int32)), 1)
    return filled.astype(bool)
