"""Likeness of the joints of two films, whatever way the limb lies on them: it finds one picture under two names.

A joint's pattern is cut in the limb's own frame and scale (millimetres of an average limb), so that neither place, turn,
mirroring and size of the limb nor the film's stated spacing matter; of grey levels only fine detail over its local contrast
is kept, so that brightness and contrast do not. Two patterns are laid on each other within the reach of an error of
landmarks, by normalised cross-correlation (Lewis 1995, Fast normalized cross-correlation).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from outcomenet.anatomy import Region, joints_of
from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.localization.anatomy_mask import AnatomyMask
from outcomenet.localization.crops import Scale, cut_crops
from outcomenet.localization.geometry import CropGeometry

# Lengths of bones of the average limb (mean of the shipped shape model; a test compares). Their median ratio gives the
# scale of a limb also where ends are cut off.
BONES_MM: dict[Region, dict[tuple[str, str], float]] = {
    Region.HAND: {
        ("RC", "MCP2"): 100.5, ("RC", "MCP3"): 98.9, ("RC", "MCP4"): 95.1, ("RC", "MCP5"): 92.4,
        ("MCP2", "PIP2"): 37.7, ("MCP3", "PIP3"): 42.2, ("MCP4", "PIP4"): 39.6, ("MCP5", "PIP5"): 30.3,
        ("PIP2", "DIP2"): 21.5, ("PIP3", "DIP3"): 26.9, ("PIP4", "DIP4"): 25.5, ("PIP5", "DIP5"): 17.8,
        ("CMC1", "MCP1"): 45.2, ("MCP1", "IP1"): 29.5,
    },
    Region.FOOT: {
        ("BASE1", "MTP1"): 65.7, ("MTP1", "IP1"): 26.2, ("IP1", "TIP1"): 19.0, ("MTP1", "MTP5"): 63.5,
        ("MTP2", "MTP5"): 47.4,
    },
}  # fmt: skip
GEOMETRY = CropGeometry(size_px=48, mm_per_px=0.5)  # 24 mm of the average limb about each joint
_EDGE_PX = 3  # of a crop, where the filters have no neighbours
_SIDE_PX = GEOMETRY.size_px - 2 * _EDGE_PX
_REACH_PX = 5  # 2.5 mm: landmarks that were found are off by 1 mm (docs/localization)
_TURNS_DEGREES = (-5.0, 0.0, 5.0)  # an error of 1 mm at either end of a ray of 20 mm
# What is compared lies between these, in millimetres: finer detail does not survive JPEG and half size, coarser is anatomy.
_FINEST_MM, _COARSEST_MM = 0.2, 0.8
_LEVELS_PER_SD, _MIDDLE = 3.0, 8  # of the 15 levels that are kept
_FREQUENCIES = 12  # the lowest of the 22 along an axis: waves of 2 mm and longer
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def likeness(
    pixels: UInt16[np.ndarray, "height width"],
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    mask: AnatomyMask | None = None,
) -> str:
    """The patterns of a limb's joints as text; "" where no bone has both ends.

    Args:
        pixels: The film.
        landmarks: Film pixels by name.
        region: Hand or foot.
        mask: What lies outside of it does not enter.

    Raises:
        DataRefused: The landmarks do not tell the limb's direction.
    """
    bones = BONES_MM[Region(region)].items()
    lengths = [
        (mm, np.hypot(*np.subtract(landmarks[a], landmarks[b]))) for (a, b), mm in bones if {a, b} <= {*landmarks}
    ]
    ratios = [mm / length_px for mm, length_px in lengths if length_px > 0]
    if not ratios:
        return ""
    cut = cut_crops(pixels, landmarks, region, Scale(float(np.median(ratios)), "average limb"), GEOMETRY, mask)
    levels = np.zeros((len(cut.crops), _SIDE_PX, _SIDE_PX), np.uint8)
    for joint in np.flatnonzero(cut.present):
        levels[joint] = np.clip(np.round(_detail(cut.crops[joint]) * _LEVELS_PER_SD) + _MIDDLE, 1, 15)
    flat = levels.reshape(-1)
    return base64.b64encode((flat[::2] << 4 | flat[1::2]).tobytes()).decode("ascii")


def are_patterns(text: str, region: Region | str) -> bool:
    """Whether a text can be what `likeness` gives: nothing, or patterns of as many joints as the region has.

    Args:
        text: From a file that somebody may have changed.
        region: Hand or foot.
    """
    if not text:
        return True
    size = len(joints_of(region)) * _SIDE_PX**2 // 2
    return len(text) == -(-size // 3) * 4 and bool(_BASE64.fullmatch(text))


def _detail(crop: np.ndarray) -> np.ndarray:
    """Fine detail of a crop in units of the local contrast, without the crop's edge."""
    logarithm = np.log1p(crop.astype(np.float32))
    fine, coarse = (cv2.GaussianBlur(logarithm, (0, 0), mm / GEOMETRY.mm_per_px) for mm in (_FINEST_MM, _COARSEST_MM))
    detail = fine - coarse
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 2 * _COARSEST_MM / GEOMETRY.mm_per_px))
    # a share of the whole crop's contrast, so that noise in empty places does not count
    return (detail / (contrast + 0.1 * detail.std() + 1e-6))[_EDGE_PX:-_EDGE_PX, _EDGE_PX:-_EDGE_PX]


@dataclass(frozen=True)
class JointPatterns:
    """A limb's patterns, decoded from the text that `likeness` gave."""

    text: str

    @cached_property
    def patterns(self) -> Float[np.ndarray, "joint row column"]:
        """0 is the local mean; a joint that is not there is 0 throughout."""
        packed = np.frombuffer(base64.b64decode(self.text), np.uint8)
        levels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1, _SIDE_PX, _SIDE_PX)
        return np.where(levels > 0, (levels.astype(np.float32) - _MIDDLE) / _LEVELS_PER_SD, np.float32(0))

    @property
    def region(self) -> Region:
        """Hand or foot, by the number of joints."""
        return Region.HAND if len(self.patterns) == len(joints_of(Region.HAND)) else Region.FOOT

    @cached_property
    def present(self) -> Bool[np.ndarray, "joint"]:
        """Joints that are on the film."""
        return np.any(self.patterns != 0, axis=(1, 2))

    @cached_property
    def _turned(self) -> list[np.ndarray]:
        """The middles of the patterns under each turn, [joint row column]."""
        centre, inner = ((_SIDE_PX - 1) / 2,) * 2, slice(_REACH_PX, -_REACH_PX)
        turns = [cv2.getRotationMatrix2D(centre, degrees, 1.0) for degrees in _TURNS_DEGREES]
        return [
            np.stack([cv2.warpAffine(pattern, turn, (_SIDE_PX, _SIDE_PX))[inner, inner] for pattern in self.patterns])
            for turn in turns
        ]

    def agreement(self, other: JointPatterns) -> float:
        """Mean over the joints that both have of the best correlation within reach, -1 to 1; 0 without such a joint."""
        both = np.flatnonzero(self.present & other.present)
        best = [
            max(cv2.matchTemplate(other.patterns[j], turned[j], cv2.TM_CCOEFF_NORMED).max() for turned in self._turned)
            for j in both
        ]
        return float(np.mean(best)) if best else 0.0

    @cached_property
    def spectra(self) -> Float[np.ndarray, "joint value"]:
        """Logarithms of the patterns' amplitudes by frequency, which do not depend on a shift; for a first selection."""
        window = np.outer(*[np.hanning(_SIDE_PX + 2)[1:-1]] * 2).astype(np.float32)
        amplitude = np.abs(np.fft.rfft2(self.patterns * window))[
            :, np.r_[:_FREQUENCIES, -_FREQUENCIES:0], :_FREQUENCIES
        ]
        smooth = [
            cv2.GaussianBlur(np.log(a + 0.5).astype(np.float32), (0, 0), 0.8)[::2, ::2].ravel() for a in amplitude
        ]
        return np.stack(smooth)


def nearest(limbs: Sequence[JointPatterns], owners: Sequence[str], count: int) -> list[list[int]]:
    """For each limb the `count` of other owners whose spectra are most like its own, the most alike first.

    Args:
        limbs: Of one region.
        owners: The patient of each.
        count: How many are named for each limb.
    """
    present = np.stack([limb.present for limb in limbs])
    spectra = np.stack([limb.spectra for limb in limbs])
    spectra[~present] = np.nan
    with np.errstate(invalid="ignore"):
        spectra = spectra - _mean(spectra)
        spectra = spectra / np.sqrt(_mean(spectra**2) + 1e-12)
    spectra = np.nan_to_num(spectra)
    spectra /= np.linalg.norm(spectra, axis=-1, keepdims=True) + 1e-6
    flat, shared = spectra.reshape(len(limbs), -1), present.astype(np.float32)
    names, chosen = np.asarray(owners), []
    for row in range(len(limbs)):
        alike = flat @ flat[row] / np.maximum(shared @ shared[row], 1)
        order = np.argsort(-alike, kind="stable")
        chosen.append([int(other) for other in order[names[order] != names[row]][:count]])
    return chosen


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over limbs of what is known; 0 where nothing is."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
