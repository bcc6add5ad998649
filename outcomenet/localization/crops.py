"""Cuts one crop per joint out of a film, at a fixed scale in millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.films.film import FilmHeader
from outcomenet.localization.anatomy_mask import AnatomyMask
from outcomenet.localization.geometry import CropGeometry, JointFrames, LimbLengths, crop_frames, limb_length_px

# Sources of a scale that comes from the limb's length on the film.
FROM_LENGTH = {Region.HAND: "hand length", Region.FOOT: "foot length"}


class Spacing(NamedTuple):
    """Millimetres between two film pixels, None where not known, and who says so (or why nobody does)."""

    mm: float | None
    source: str

    @classmethod
    def of(cls, header: FilmHeader) -> Spacing:
        """That of the film's own header."""
        return cls(header.spacing_mm, header.spacing_source)


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
    spacing: Spacing,
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    lengths: LimbLengths | None = None,
) -> Scale:
    """The scale of a film: its spacing, else the expected length of the limb over that on the film.

    Args:
        spacing: Of the film.
        landmarks: Film pixels; without a spacing TIP3 and RC (hand) or TIP1 and BASE1 (foot) are needed.
        region: Hand or foot.
        lengths: Expected lengths in mm; None: an adult's.

    Raises:
        NoScale: There is neither a spacing nor the limb's length.
    """
    region = Region(region)
    if spacing.mm:
        return Scale(spacing.mm, spacing.source)
    length_px = limb_length_px(landmarks, region)
    if not length_px:
        ends = "TIP3 and RC" if region is Region.HAND else "TIP1 and BASE1"
        raise NoScale(f"The film has no pixel spacing, and without landmarks {ends} its scale cannot be told.")
    return Scale((lengths or LimbLengths()).of(region) / length_px, FROM_LENGTH[region])


def joints_on_film(
    landmarks: Mapping[str, tuple[float, float]], region: Region | str, shape: tuple[int, ...]
) -> JointFrames:
    """Frames of a limb's joints; a joint whose centre lies outside the film is absent.

    Args:
        landmarks: Film pixels.
        region: Hand or foot.
        shape: Rows and columns of the film.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    frames = crop_frames(landmarks, region)
    inside = ((frames.centre >= 0) & (frames.centre <= (shape[1], shape[0]))).all(-1)
    return replace(frames, present=frames.present & inside)


def cut_crops(
    pixels: UInt16[np.ndarray, "height width"],
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    scale: Scale,
    geometry: CropGeometry,
    mask: AnatomyMask | None = None,
) -> JointCrops:
    """One crop per joint, distal up, thumb or big toe to the right, bilinear; black outside the film.

    Where film pixels are much finer than crop pixels the film is averaged first, so that noise does not alias.

    Args:
        pixels: The film, brighter = bone.
        landmarks: Film pixels.
        region: Hand or foot.
        scale: Of the film.
        geometry: Size and scale of the crops.
        mask: Where the limb is: outside, crops are air. None: they show what is there.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    frames = joints_on_film(landmarks, region, pixels.shape)
    present = frames.present
    size, step = geometry.size_px, geometry.mm_per_px / scale.mm_per_px
    height, width = pixels.shape
    crops = np.zeros((len(present), size, size), np.uint16)
    shrink = max(1, int(step // 1.5))  # at least 1.5 film pixels are left for each crop pixel
    if shrink > 1:
        pixels = cv2.resize(pixels, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    # film pixels are averaged and interpolated: what lies outside must not reach a crop by the mask's edge
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
