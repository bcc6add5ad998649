"""Cuts one crop per joint out of a film, at a fixed scale in millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.localization.anatomy_mask import AnatomyMask
from outcomenet.localization.geometry import CropGeometry, JointFrames, crop_frames, limb_length_px

# Where a film has no pixel spacing its scale comes from the limb's length on the film: adult means of both sexes,
# middle finger tip to radiocarpal joint and big toe's tip to first metatarsal's base (general anthropometry; a cohort
# may declare its own).
HAND_LENGTH_MM = 185.0
FOOT_LENGTH_MM = 110.0  # the toe is foreshortened on a DP film: a first metatarsal of 64 mm is 58 % of it


class Scale(NamedTuple):
    """Millimetres per film pixel and where the number came from."""

    mm_per_px: float
    source: str


class JointCrops(NamedTuple):
    """Crops of one limb, in the order of `anatomy.joints_of(region)`; rows without a joint are zero."""

    crops: UInt16[np.ndarray, "joint height width"]
    present: Bool[np.ndarray, "joint"]
    frames: JointFrames
    scale: Scale


class NoScale(ValueError):
    """A film has neither a pixel spacing nor the landmarks that give its limb's length."""


def film_scale(
    spacing_mm: float | None,
    spacing_source: str,
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    *,
    hand_length_mm: float = HAND_LENGTH_MM,
    foot_length_mm: float = FOOT_LENGTH_MM,
) -> Scale:
    """The film's own spacing, else the declared limb length over its length in pixels; NoScale without either."""
    if spacing_mm:
        return Scale(spacing_mm, spacing_source)
    length_px = limb_length_px(landmarks, region)
    if not length_px:
        ends = "TIP3 and RC" if Region(region) is Region.HAND else "TIP1 and BASE1"
        raise NoScale(f"The film has no pixel spacing, and without landmarks {ends} its scale cannot be told.")
    hand = Region(region) is Region.HAND
    return Scale((hand_length_mm if hand else foot_length_mm) / length_px, "hand length" if hand else "foot length")


def cut_crops(
    pixels: UInt16[np.ndarray, "height width"],
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    scale: Scale,
    geometry: CropGeometry,
    mask: AnatomyMask | None = None,
) -> JointCrops:
    """One crop per joint, distal up, thumb or big toe to the right, bilinear; outside the film it is black, and outside
    of `mask` air.

    A joint whose centre lies outside the film is absent. Where film pixels are much finer than crop pixels the film
    is averaged first, so that noise does not alias.
    """
    frames = crop_frames(landmarks, region)
    size, step = geometry.size_px, geometry.mm_per_px / scale.mm_per_px
    height, width = pixels.shape
    inside = ((frames.centre >= 0) & (frames.centre <= (width, height))).all(-1)
    present = frames.present & inside
    crops = np.zeros((len(present), size, size), np.uint16)
    shrink = max(1, int(step // 1.5))
    if shrink > 1:
        pixels = cv2.resize(pixels, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    inner = mask and mask.shrunk(2.0 * shrink)
    ratio = np.array([pixels.shape[1] / width, pixels.shape[0] / height])
    for joint in np.flatnonzero(present):
        matrix = _crop_to_film(frames.centre[joint], frames.right[joint] * step, frames.up[joint] * step, size)
        crops[joint] = _warped(pixels, matrix * ratio[:, None], size, cv2.INTER_LINEAR)
        if inner:
            inside = _warped(inner.cells.astype(np.uint8), matrix / inner.step, size, cv2.INTER_NEAREST)
            crops[joint][inside == 0] = inner.air
    return JointCrops(crops, present, frames, scale)


def _warped(picture: np.ndarray, matrix: Float[np.ndarray, "2 3"], size: int, how: int) -> np.ndarray:
    """The picture under an affine map from crop pixels to its own, corner based; 0 beyond its edge."""
    # OpenCV counts from pixel centres
    centred = matrix - [[0.0, 0.0, 0.5]]
    return cv2.warpAffine(
        picture, centred, (size, size), flags=how | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT
    )


def _crop_to_film(
    centre: Float[np.ndarray, "2"], right: Float[np.ndarray, "2"], up: Float[np.ndarray, "2"], size: int
) -> Float[np.ndarray, "2 3"]:
    """Affine map from a crop pixel's (column, row) to a film point, corner based."""
    origin = centre + (0.5 - size / 2) * (right - up)
    return np.column_stack([right, -up, origin])
