"""Pictures of films with the landmarks that were found: what a person looks at before trusting them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from outcomenet.arrays import UInt8, UInt16
from outcomenet.localization.found import FoundLandmark, FoundLimb, State

LONGER_SIDE_PX, LEAST_SIDE_PX = 1400, 700
# Blue, green, red.
COLOURS = {
    State.VISIBLE: (80, 220, 60),
    State.UNSURE: (0, 200, 255),
    State.IMPOSSIBLE: (0, 120, 255),
    State.AMPUTATED: (80, 80, 255),
    State.OFF_FILM: (255, 120, 120),
    State.METAL: (255, 80, 255),
}


def draw_overlay(
    pixels: UInt16[np.ndarray, "height width"], limbs: Sequence[FoundLimb], flags: Sequence[Sequence[str]]
) -> UInt8[np.ndarray, "row column 3"]:
    """The film as a colour picture: a dot per landmark, a circle of two standard errors, its name; flags below.

    Landmarks that are not visible are drawn as crosses where they are expected, in the colour of their reason.

    Args:
        pixels: The film, with bright bones.
        limbs: Limbs of the film.
        flags: Codes of each limb.

    Returns:
        Blue, green, red; the longer side has at least 700 and at most `LONGER_SIDE_PX` pixels, without the footer.
    """
    longer = max(pixels.shape)
    # small films are enlarged: names of landmarks would cover them
    factor = min(1.0, LONGER_SIDE_PX / longer) if longer > LEAST_SIDE_PX else LEAST_SIDE_PX / longer
    low, high = np.percentile(pixels, (1, 99.7))
    grey = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    picture = cv2.cvtColor(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=way), cv2.COLOR_GRAY2BGR)
    for limb in limbs:
        for name, point in limb.landmarks.items():
            _draw(picture, name, point, factor)
    lines = [
        f"{limb.side} turned {limb.frame.turned_degrees:.0f} deg, {len(limb.visible)} of {len(limb.landmarks)} found: "
        f"{', '.join(of_limb) or 'no flags'}"
        for limb, of_limb in zip(limbs, flags, strict=True)
    ] or ["no hand or foot found"]
    footer = np.zeros((22 * len(lines) + 8, picture.shape[1], 3), np.uint8)
    for n, line in enumerate(lines):
        cv2.putText(footer, line, (6, 20 + 22 * n), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.vstack([picture, footer])


def _draw(picture: np.ndarray, name: str, point: FoundLandmark, factor: float) -> None:
    if point.state is State.NOT_PLACED:
        return
    at = round(point.x_px * factor), round(point.y_px * factor)
    if not (-50 < at[0] < picture.shape[1] + 50 and -50 < at[1] < picture.shape[0] + 50):
        return
    colour = COLOURS[point.state]
    if point.state is State.VISIBLE:
        cv2.circle(picture, at, 3, colour, -1, cv2.LINE_AA)
        cv2.circle(picture, at, max(4, round(2 * point.error_px * factor)), colour, 1, cv2.LINE_AA)
    else:
        cv2.drawMarker(picture, at, colour, cv2.MARKER_TILTED_CROSS, 10, 1, cv2.LINE_AA)
    cv2.putText(picture, name, (at[0] + 6, at[1] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)
