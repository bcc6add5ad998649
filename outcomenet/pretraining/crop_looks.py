"""Looks of one film's crops: the same bones as another department would have stored and another person cut them.

Grey levels are float32 from 0 to 1. Tone, sharpness and storage belong to a film and are one draw for all its crops;
place, patches and what lies on the limb are drawn for each crop. Lengths are shares of a crop's width, so that one look
serves every geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.errors import UsageError
from outcomenet.localizer_training.style import obstructed
from outcomenet.pretraining.real_looks import real_looks, with_histogram, with_spectrum
from outcomenet.ranges import Positive, Share, Within, check_ranges
from outcomenet.simulation.rendering.scanners import MAXIMUM

Crops = Float[np.ndarray, "joint height width"]
Strength = Annotated[float, Within(0, 10)]
Degrees = Annotated[float, Within(0, 180)]
Percent = Annotated[float, Within(0, 100)]
Quality = Annotated[int, Within(1, 100)]
PERCENTILE_PIXELS = 40_000  # that percentiles are taken of: good to about 0.1 of a percent
ELASTIC_CELLS = 4  # of the coarse grid that an elastic change is drawn on


@dataclass(frozen=True)
class LookRanges:
    """Ranges that each change's strength is drawn from, and the chances of those that most looks lack."""

    gamma: tuple[Positive, Positive] = (0.5, 1.7)
    contrast: tuple[Positive, Positive] = (0.6, 1.4)
    inversion: Share = 0.05  # chance: films that are stored bone dark and not declared so
    blur: tuple[Share, Share] = (0.0, 0.025)  # SD, crop widths: up to 0.6 mm
    halo: tuple[Strength, Strength] = (0.0, 1.2)  # strength of the unsharp mask
    halo_reach: tuple[Share, Share] = (0.02, 0.2)  # SD of what the mask takes away, crop widths
    noise: tuple[Share, Share] = (0.0, 0.05)  # SD of the grain, shares of the film's range of grey
    coded: Share = 0.3  # chance of JPEG
    quality: tuple[Quality, Quality] = (15, 90)
    turn: Degrees = 8.0  # SD
    zoom: Share = 0.07  # SD of the logarithm
    shear: Share = 0.04  # SD
    shift: Share = 0.04  # SD, crop widths
    elastic: Share = 0.008  # SD of the push, crop widths
    dropped: Share = 0.15  # chance of a patch of one grey level in a crop
    patch: tuple[Share, Share] = (0.1, 0.4)  # side, crop widths
    obstruction: Share = 0.3  # how often letters, lines, rings and casts lie on a crop, see `style.obstructed`
    darkest: tuple[Percent, Percent] = (0.0, 3.0)  # percentile that becomes 0
    brightest: tuple[Percent, Percent] = (97.0, 100.0)  # percentile that becomes 1
    real: Share = 0.0  # chance that a film takes the grey levels and the fineness of a real one
    real_share: tuple[Share, Share] = (0.5, 1.0)  # how far it does

    def __post_init__(self) -> None:
        check_ranges(self)
        for name, value in vars(self).items():
            if isinstance(value, tuple) and value[0] > value[1]:
                raise UsageError(
                    f"Setting {name} (of LookRanges) goes from a lower to a higher number; got {value[0]:g} to {value[1]:g}."
                )


def grey_levels(crops: UInt16[np.ndarray, "*row height width"]) -> Float[np.ndarray, "*row height width"]:
    """12-bit pixels of the bank as float32 from 0 to 1."""
    return crops.astype(np.float32) / np.float32(MAXIMUM)


def new_look(crops: Crops, present: Bool[np.ndarray, "joint"], rng: np.random.Generator, ranges: LookRanges) -> Crops:
    """A film's crops, changed in every way at once.

    Args:
        crops: Grey levels of one film's crops, 0 to 1.
        present: Joints that the film shows; the others stay as they are.
        rng: Draws the look.
        ranges: How far each change may go.

    Returns:
        Grey levels from 0 to 1, stretched between two percentiles of the film's.
    """
    if not present.any():
        return crops
    # in the order in which a film comes about: limb, detector, processing, archive, reader's display
    darkest, brightest = _percentiles(crops[present], 1.0, 99.0)
    grain = float(brightest - darkest) * rng.uniform(*ranges.noise)  # of a pale film, it is pale
    seen = np.stack([_placed(crop, rng, ranges) for crop in crops[present]])
    seen = np.clip(np.stack([obstructed(crop, rng, ranges.obstruction) for crop in seen]), 0.0, 1.0)
    seen = blurred(seen, rng.uniform(*ranges.blur))
    seen = noisy(seen, grain, rng)
    seen = with_halo(seen, rng.uniform(*ranges.halo), rng.uniform(*ranges.halo_reach))
    seen = with_gamma(seen, rng.uniform(*ranges.gamma))
    seen = with_contrast(seen, rng.uniform(*ranges.contrast))
    if ranges.real > 0 and rng.random() < ranges.real:  # without real films no number is drawn for them
        seen = _as_a_real_film(seen, rng, ranges)
    if rng.random() < ranges.inversion:
        seen = inverted(seen)
    if rng.random() < ranges.coded:
        seen = jpeg_coded(seen, int(rng.integers(ranges.quality[0], ranges.quality[1] + 1)))
    seen = stretched(seen, rng.uniform(*ranges.darkest), rng.uniform(*ranges.brightest))
    for crop in seen:
        if rng.random() < ranges.dropped:
            _drop_patch(crop, rng.uniform(*ranges.patch), rng)
    looked = crops.copy()
    looked[present] = seen
    return looked


def _as_a_real_film(crops: Crops, rng: np.random.Generator, ranges: LookRanges) -> Crops:
    """Grey levels first: how strong detail is depends on them."""
    looks = real_looks()
    look = looks[rng.integers(len(looks))]
    crops = with_histogram(crops, look, rng.uniform(*ranges.real_share))
    return with_spectrum(crops, look, rng.uniform(*ranges.real_share))


def with_gamma(crops: Crops, gamma: float) -> Crops:
    """Crops with another tone curve.

    Args:
        crops: Grey levels.
        gamma: Power; above 1 darkens.

    Returns:
        Grey levels from 0 to 1; 0 and 1 stay.
    """
    return np.clip(crops, 0.0, 1.0) ** np.float32(gamma)


def with_contrast(crops: Crops, factor: float) -> Crops:
    """Crops with more or less contrast.

    Args:
        crops: Grey levels.
        factor: By which they lie further from their mean.

    Returns:
        Grey levels, cut off at 0 and 1.
    """
    mean = crops.mean(dtype=np.float32)
    return np.clip(mean + np.float32(factor) * (crops - mean), 0.0, 1.0)


def inverted(crops: Crops) -> Crops:
    """Bone dark, air bright."""
    return np.float32(1.0) - crops


def blurred(crops: Crops, spread: float) -> Crops:
    """Crops out of focus.

    Args:
        crops: Grey levels.
        spread: SD of the Gaussian, crop widths; 0 changes nothing.

    Returns:
        Grey levels of the same range.
    """
    sd = spread * crops.shape[-1]
    if sd < 0.05:  # of a pixel: too narrow for any weight on a neighbour
        return crops
    return np.stack([cv2.GaussianBlur(crop, (0, 0), sd, borderType=cv2.BORDER_REPLICATE) for crop in crops])


def with_halo(crops: Crops, strength: float, reach: float) -> Crops:
    """An unsharp mask: edges stand out, with a dark halo outside of bone.

    Args:
        crops: Grey levels.
        strength: Times the detail that is added; 0 changes nothing.
        reach: SD of the Gaussian that detail is told by, crop widths.

    Returns:
        Grey levels from 0 to 1.
    """
    return np.clip(crops + np.float32(strength) * (crops - blurred(crops, reach)), 0.0, 1.0)


def noisy(crops: Crops, spread: float, rng: np.random.Generator) -> Crops:
    """Crops with grain.

    Args:
        crops: Grey levels.
        spread: SD of the grain.
        rng: Draws it.

    Returns:
        Grey levels, cut off at 0 and 1.
    """
    grain = rng.standard_normal(crops.shape, dtype=np.float32)
    return np.clip(crops + np.float32(spread) * grain, 0.0, 1.0)


def jpeg_coded(crops: Crops, quality: int) -> Crops:
    """Crops as a JPEG file returns them, each coded by itself.

    Args:
        crops: Grey levels.
        quality: 1 to 100 (best).

    Returns:
        Grey levels in steps of 1/255.
    """
    stored = np.rint(255.0 * np.clip(crops, 0.0, 1.0)).astype(np.uint8)
    coded = [cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for crop in stored]
    pixels = [np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.float32) for code in coded]
    return np.stack(pixels) / np.float32(255)


def stretched(crops: Crops, darkest: float, brightest: float) -> Crops:
    """Percentile normalisation over all crops given: one film's, or one crop.

    Args:
        crops: Grey levels.
        darkest: Percentile that becomes 0.
        brightest: Percentile that becomes 1.

    Returns:
        Grey levels from 0 to 1; all 0 where the two percentiles are the same.
    """
    low, high = _percentiles(crops, darkest, brightest)
    if high <= low:
        return np.zeros_like(crops)
    return np.clip((crops - low) / (high - low), 0.0, 1.0)


def _percentiles(crops: Crops, lower: float, upper: float) -> Float[np.ndarray, "2"]:
    """Two percentiles of all pixels; of some of them, evenly spread, where there are many, since sorting takes long."""
    every = max(1, crops.size // PERCENTILE_PIXELS)
    return np.percentile(crops.reshape(-1)[::every], (lower, upper)).astype(np.float32)


def warped(
    crop: Float[np.ndarray, "height width"],
    matrix: Float[np.ndarray, "2 2"],
    push: Float[np.ndarray, "height width 2"],
) -> Float[np.ndarray, "height width"]:
    """A crop seen through a linear map about its middle and a push of each pixel; it is mirrored at its edge.

    Args:
        crop: Grey levels.
        matrix: From the new crop's pixels to the old one's, x right, y down.
        push: Pixels, added to the place that is looked up.

    Returns:
        Grey levels, bilinear.
    """
    height, width = crop.shape
    down = np.arange(height, dtype=np.float32)[:, None] - 0.5 * (height - 1)
    right = np.arange(width, dtype=np.float32)[None] - 0.5 * (width - 1)
    (xx, xy), (yx, yy) = np.asarray(matrix, np.float32)
    x = xx * right + xy * down + np.float32(0.5 * (width - 1)) + push[..., 0]
    y = yx * right + yy * down + np.float32(0.5 * (height - 1)) + push[..., 1]
    return cv2.remap(
        crop, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _placed(
    crop: Float[np.ndarray, "height width"], rng: np.random.Generator, ranges: LookRanges
) -> Float[np.ndarray, "height width"]:
    """Cut a little beside the joint, turned and bent."""
    width = crop.shape[-1]
    angle = np.deg2rad(ranges.turn) * rng.standard_normal()
    cos, sin = np.cos(angle), np.sin(angle)
    sheared = np.array([[1.0, ranges.shear * rng.standard_normal()], [0.0, 1.0]])
    matrix = np.exp(ranges.zoom * rng.standard_normal()) * np.array([[cos, -sin], [sin, cos]]) @ sheared
    coarse = rng.standard_normal((ELASTIC_CELLS, ELASTIC_CELLS, 2)).astype(np.float32)
    wave = cv2.resize(coarse, crop.shape[::-1], interpolation=cv2.INTER_CUBIC)
    shift = (width * ranges.shift * rng.standard_normal(2)).astype(np.float32)
    push = np.float32(width * ranges.elastic) * wave + shift
    return warped(crop, matrix, push)


def _drop_patch(crop: Float[np.ndarray, "height width"], side: float, rng: np.random.Generator) -> None:
    """Overwrites a square anywhere, in part beyond the edge, with one grey level."""
    half = 0.5 * side * crop.shape[-1]
    row, column = rng.uniform(0, crop.shape[-1], 2)
    rows, columns = (slice(max(0, round(at - half)), round(at + half)) for at in (row, column))
    crop[rows, columns] = rng.random()
