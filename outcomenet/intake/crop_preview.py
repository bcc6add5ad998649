"""Preview of a film for the intake page: every joint's crop drawn where it was cut."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.arrays import UInt16
from outcomenet.localization.crops import JointCrops
from outcomenet.localization.geometry import CropGeometry

PREVIEW_HEIGHT_PX = 420


def draw_preview(pixels: UInt16[np.ndarray, "height width"], cut: JointCrops, geometry: CropGeometry) -> bytes:
    """PNG of the film with each joint's crop as a square, the edge that is up in the crop drawn bold.

    Args:
        pixels: The film, wiped outside the limb.
        cut: The crops of that limb.
        geometry: Size and scale of the crops.
    """
    factor = PREVIEW_HEIGHT_PX / pixels.shape[0]
    # markers and metal are brighter than any bone and would leave it dark
    low, high = np.percentile(pixels, (1, 99.7))
    grey = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    half = geometry.width_mm / cut.scale.mm_per_px / 2
    for joint in np.flatnonzero(cut.present):
        frames = cut.frames
        centre, right, up = frames.centre[joint], frames.right[joint] * half, frames.up[joint] * half
        corners = np.array([centre - right + up, centre + right + up, centre + right - up, centre - right - up])
        corners = np.round(corners * factor).astype(np.int32)
        cv2.polylines(canvas, [corners], True, (60, 170, 240), 1, cv2.LINE_AA)
        cv2.line(canvas, corners[0].tolist(), corners[1].tolist(), (60, 170, 240), 2, cv2.LINE_AA)
    return cv2.imencode(".png", canvas)[1].tobytes()
