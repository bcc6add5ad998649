"""The crop geometry that simulated and real films share: where each joint's crop lies and how it is turned.

A crop is a square of `size_px` pixels of `mm_per_px` millimetres, centred on the joint, with the distal end of the
bone ray at the top and the thumb (hand) or big toe (foot) on the right, so that left and right limbs look alike.
Chirality is taken from the landmarks, not from the declared side, so that a mirrored scan is still cut right.
Points are in film pixels, origin at the top left corner of the image, x right, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from outcomenet.anatomy import Region, joints_of
from outcomenet.arrays import Bool, Float
from outcomenet.errors import DataRefused
from outcomenet.ranges import CropScale, CropSize, FootLength, HandLength, check_ranges

# Where wrist joints lie when only RC, DRUJ_U, CMC1 and MCP3 were placed: (along RC -> MCP3, towards the thumb), as
# shares of the distance RC to MCP3. Measured on two normal PA hands; good to about 3 mm in an adult.
CARPAL_SHARES: dict[str, tuple[float, float]] = {
    "multangular": (0.26, 0.13),
    "navicular": (0.12, 0.06),
    "lunate": (0.08, -0.09),
    "CMC3": (0.36, 0.00),
    "CMC4": (0.36, -0.11),
    "CMC5": (0.33, -0.20),
}

# The next landmark along the ray on the distal and on the proximal side of each joint: the crop's upward direction.
_HAND_RAYS: dict[str, tuple[str, str]] = {"IP1": ("IP1", "MCP1"), "MCP1": ("IP1", "CMC1"), "CMC1": ("MCP1", "CMC1")}
for _n in range(2, 6):
    _HAND_RAYS[f"DIP{_n}"] = (f"DIP{_n}", f"PIP{_n}")
    _HAND_RAYS[f"PIP{_n}"] = (f"DIP{_n}", f"MCP{_n}")
    _HAND_RAYS[f"MCP{_n}"] = (f"PIP{_n}", f"MCP{_n}")


SAME_PLACE_PX = 0.01  # landmarks nearer than this give no direction


@dataclass(frozen=True)
class CropGeometry:
    """Size of a crop: `size_px` x `size_px` pixels at `mm_per_px` millimetres."""

    size_px: CropSize = 96
    mm_per_px: CropScale = 0.25

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def width_mm(self) -> float:
        """Side of a crop."""
        return self.size_px * self.mm_per_px


@dataclass(frozen=True)
class LimbLengths:
    """Lengths that give a film without a pixel spacing its scale: TIP3 to RC of a hand, TIP1 to BASE1 of a foot.

    The defaults are adult means of both sexes (general anthropometry). On a DP film the big toe is foreshortened: a first
    metatarsal of 64 mm is 58 % of the foot's 110 mm. A cohort may declare its own.
    """

    hand_mm: HandLength = 185.0
    foot_mm: FootLength = 110.0

    def __post_init__(self) -> None:
        check_ranges(self)

    def of(self, region: Region | str) -> float:
        """Millimetres of a hand or of a foot."""
        return self.hand_mm if Region(region) is Region.HAND else self.foot_mm


@dataclass(frozen=True)
class JointFrames:
    """Centre and unit axes of each joint's crop, in film pixels, in the order of `anatomy.joints_of(region)`.

    `up` points distally, `right` towards thumb or big toe. Where `present` is False the joint has no landmark and the
    row is zero.
    """

    centre: Float[np.ndarray, "joint 2"]
    up: Float[np.ndarray, "joint 2"]
    right: Float[np.ndarray, "joint 2"]
    present: Bool[np.ndarray, "joint"]


def crop_frames(landmarks: Mapping[str, tuple[float, float]], region: Region | str) -> JointFrames:
    """Crop frames of one hand or foot from its landmarks; joints without a landmark are absent, never guessed.

    Wrist sites that were not placed are derived from RC and MCP3 (`CARPAL_SHARES`), the radius lies at RC and the ulna
    at DRUJ_U.

    Args:
        landmarks: Film pixels.
        region: Hand or foot.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    return _crop_frames(tuple((name, *map(float, place)) for name, place in landmarks.items()), Region(region))


@lru_cache(maxsize=8)  # flags, mask and crops of one film all ask for them
def _crop_frames(landmarks: tuple[tuple[str, float, float], ...], region: Region) -> JointFrames:
    points = {name: np.array([x, y]) for name, x, y in landmarks}
    axis, towards_thumb = _limb_axes(points, region)
    if region is Region.HAND:
        points = _with_carpus(points, axis, towards_thumb)
    sites = joints_of(region)
    centre, up, right = (np.zeros((len(sites), 2)) for _ in range(3))
    present = np.zeros(len(sites), bool)
    for row, site in enumerate(sites):
        if site not in points:
            continue
        direction = _ray(site, points, region, axis)
        perpendicular = np.array([-direction[1], direction[0]])
        sign = np.sign(perpendicular @ towards_thumb) or 1.0
        centre[row], up[row], right[row] = points[site], direction, sign * perpendicular
        if site == "CMC1" or site.endswith("1") and region is Region.HAND:
            # the thumb's ray may lie across the hand, where "towards the thumb" says nothing: turn with the hand
            handed = np.sign(axis[0] * towards_thumb[1] - axis[1] * towards_thumb[0])
            right[row] = handed * perpendicular
        present[row] = True
    for shared in (centre, up, right, present):
        shared.flags.writeable = False
    return JointFrames(centre, up, right, present)


def limb_length_px(landmarks: Mapping[str, tuple[float, float]], region: Region | str) -> float | None:
    """Length of a hand (TIP3 to RC) or foot (TIP1 to BASE1) on the film.

    Args:
        landmarks: Film pixels.
        region: Hand or foot.

    Returns:
        Pixels; None where an end is missing.
    """
    distal, proximal = ("TIP3", "RC") if Region(region) is Region.HAND else ("TIP1", "BASE1")
    if distal not in landmarks or proximal not in landmarks:
        return None
    return float(np.hypot(*(np.subtract(landmarks[distal], landmarks[proximal]))))


def is_left_as_displayed(landmarks: Mapping[str, tuple[float, float]], region: Region | str) -> bool:
    """Whether an unmirrored PA (DP) film with these landmarks is of a left hand (foot).

    A left hand, fingers up, shows its thumb on the right of the image; a left foot its big toe.

    Args:
        landmarks: Film pixels.
        region: Hand or foot.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    points = {name: np.asarray(point, float) for name, point in landmarks.items()}
    axis, towards_thumb = _limb_axes(points, Region(region))
    return bool(axis[0] * towards_thumb[1] - axis[1] * towards_thumb[0] > 0)


def _limb_axes(points: Mapping[str, np.ndarray], region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along the limb (distally) and across it (towards thumb or big toe)."""
    if region is Region.HAND:
        knuckles = [points[f"MCP{n}"] for n in range(2, 6) if f"MCP{n}" in points]
        fingers = [
            points[f"PIP{n}"] - points[f"MCP{n}"] for n in range(2, 6) if {f"PIP{n}", f"MCP{n}"} <= points.keys()
        ]
        if "RC" in points and knuckles:
            axis = np.mean(knuckles, axis=0) - points["RC"]
        elif fingers:
            axis = np.mean(fingers, axis=0)
        else:
            raise DataRefused("A hand needs RC with one of MCP2-5, or MCP and PIP of one finger, to be oriented.")
        across = _across(points, ("MCP1", "IP1", "CMC1", "MCP2", "PIP2", "MCP3"), ("MCP5", "PIP5", "MCP4", "DRUJ_U"))
    else:
        if {"MTP1", "BASE1"} <= points.keys():
            axis = points["MTP1"] - points["BASE1"]
        elif {"MTP1", "IP1"} <= points.keys():
            axis = points["IP1"] - points["MTP1"]
        else:
            raise DataRefused("A foot needs MTP1 with BASE1 or IP1 to be oriented.")
        across = _across(points, ("MTP1", "IP1", "MTP2"), ("MTP5", "MTP4", "MTP3"))
    axis = axis / np.linalg.norm(axis)
    across = across - (across @ axis) * axis
    return axis, across / np.linalg.norm(across)


def _across(points: Mapping[str, np.ndarray], thumb: tuple[str, ...], little: tuple[str, ...]) -> np.ndarray:
    first = next((points[name] for name in thumb if name in points), None)
    last = next((points[name] for name in little if name in points), None)
    if first is None or last is None or np.allclose(first, last):
        raise DataRefused(
            f"Which way the limb is mirrored needs one landmark of {', '.join(thumb)} and one of {', '.join(little)}."
        )
    return first - last


def _with_carpus(
    points: Mapping[str, np.ndarray], axis: np.ndarray, towards_thumb: np.ndarray
) -> dict[str, np.ndarray]:
    points = dict(points)
    if "RC" in points:
        points["radius"] = points["RC"]
    if "DRUJ_U" in points:
        points["ulna"] = points["DRUJ_U"]
    if {"RC", "MCP3"} <= points.keys():
        length = np.linalg.norm(points["MCP3"] - points["RC"])
        for site, (along, thumbwards) in CARPAL_SHARES.items():
            points.setdefault(site, points["RC"] + length * (along * axis + thumbwards * towards_thumb))
    return points


def _ray(site: str, points: Mapping[str, np.ndarray], region: Region, axis: np.ndarray) -> np.ndarray:
    """Unit vector up the bone ray at a joint; the limb's axis where the ray's other end was not placed."""
    if region is Region.HAND:
        distal, proximal = _HAND_RAYS.get(site, ("", ""))
    else:
        distal, proximal = {"IP1": ("IP1", "MTP1"), "MTP1": ("IP1", "BASE1")}.get(site, ("", ""))
    if distal in points and proximal in points:
        ray = points[distal] - points[proximal]
        if abs(ray).max() > SAME_PLACE_PX:
            axis = ray
    return axis / np.linalg.norm(axis)
