"""Training films for the localiser: limbs and scanners far more varied than any cohort's, with every landmark.

A localiser that has seen only a cohort's skeletons learns that cohort. So lengths, widths, angles, lesions and
exposures are drawn here over ranges wider than life. All films show a left limb (thumb or big toe on the right);
whoever learns from them mirrors and turns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Region, Side, joints_of, landmarks_of
from outcomenet.arrays import Bool, Float, UInt8
from outcomenet.errors import UsageError
from outcomenet.ranges import NotNegative, Share, Within, check_ranges
from outcomenet.simulation.rendering import FilmPose, LimbAnatomy, Scanner, draw_anatomy, draw_pose, of_side, select
from outcomenet.simulation.rendering.posed import posed_limb
from outcomenet.simulation.rendering.posing import landmarks_px
from outcomenet.simulation.rendering.rendered_films import film_tiles, stitch
from outcomenet.simulation.rendering.tiles import draw_tiles
from outcomenet.simulation.states import JointStates

LEFT = {Region.HAND: Side.LEFT_HAND, Region.FOOT: Side.LEFT_FOOT}
# Joints that get lesions of one film, and the share of films with an amputation and with implants.
AMPUTATED_SHARE, IMPLANT_SHARE = 0.15, 0.06

Spread = Annotated[float, Within(0, 10)]


@dataclass(frozen=True)
class FilmVariety:
    """How far skeletons and scanners reach: SDs of factors and angles, ranges of the exposure."""

    length: Spread = 0.06  # SD of a bone's length factor
    width: Spread = 0.10
    angle: Spread = 0.07  # radians, SD of the angle between neighbouring bones
    spread: Spread = 0.06  # radians, SD between neighbouring fingers
    thumb: Spread = 0.35  # radians, SD of the first metacarpal's angle before it is damped
    bend: Spread = 1.6  # SDs of a ray's flexion
    lesion: Share = 1.0  # worst lesions of a film, as a share of the worst there is
    blur_mm: tuple[NotNegative, NotNegative] = (0.08, 0.45)
    noise: tuple[NotNegative, NotNegative] = (0.004, 0.03)
    gamma: tuple[NotNegative, NotNegative] = (0.9, 2.2)
    contrast: tuple[NotNegative, NotNegative] = (0.6, 1.05)
    fog: tuple[NotNegative, NotNegative] = (0.0, 0.25)
    equalisation: tuple[NotNegative, NotNegative] = (0.0, 2.0)

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in ("blur_mm", "noise", "gamma", "contrast", "fog", "equalisation"):
            low, high = getattr(self, name)
            if low > high:
                raise UsageError(
                    f"Setting {name} (of FilmVariety) goes from a lower to a higher number; got {low:g} to {high:g}."
                )


class LandmarkFilm(NamedTuple):
    """One film, 8-bit, brighter = more bone, and its region's landmarks in pixels from its top left corner.

    `points` holds every landmark of `anatomy.landmarks_of(region)`, also where it would be if it were not amputated.
    """

    pixels: UInt8[np.ndarray, "height width"]
    points: Float[np.ndarray, "landmark 2"]
    missing: Bool[np.ndarray, "landmark"]


def landmark_film(region: Region, seed: int, number: int, spacing_mm: float, variety: FilmVariety) -> LandmarkFilm:
    """One film of a series: of (region, seed, number) alone.

    Args:
        region: Hand or foot.
        seed: Seed of the series.
        number: Number in the series, from 0.
        spacing_mm: Millimetres per pixel.
        variety: How far skeletons, lesions and scanners reach.

    Returns:
        The film with the landmarks of its region.
    """
    side = LEFT[region]
    rng = np.random.default_rng([seed, number, list(Region).index(region)])
    anatomy = varied_anatomy(rng, side, variety)
    pose = varied_pose(rng, side, variety)
    limb = posed_limb(_varied_states(rng, side, variety), anatomy, pose, side)
    scanner = varied_scanner(rng, spacing_mm, variety)
    tiles = film_tiles(limb.placement, side, scanner, rng.integers(0, 2**32, 1, dtype=np.uint32))
    pixels = stitch(draw_tiles(tiles, limb.shapes), side, spacing_mm)
    names = landmarks_of(region)
    points = landmarks_px(limb.points, limb.placement, region, spacing_mm)[0]
    return LandmarkFilm(
        (pixels >> 4).astype(np.uint8),
        np.array([points[name] for name in names], np.float32),
        np.array([bool(limb.missing[name][0]) for name in names]),
    )


def varied_anatomy(rng: np.random.Generator, side: Side, variety: FilmVariety) -> LimbAnatomy:
    """One limb with bones beyond those of a cohort.

    Args:
        rng: Draws it.
        side: The limb.
        variety: How far skeletons reach.

    Returns:
        Axis patient, of length 1.
    """
    drawn = of_side(draw_anatomy([rng], np.array([rng.random() < 0.4])), side)
    bones = drawn.length.shape

    def factor(spread: float, shape: tuple[int, ...]) -> np.ndarray:
        return np.exp(np.clip(spread * rng.standard_normal(shape), -2.2 * spread, 2.2 * spread))

    angle = variety.angle * np.clip(rng.standard_normal(bones), -2.5, 2.5)
    # the first ray's own bone moves freely (the thumb), those of the palm and the midfoot hardly
    angle[:, 0] += variety.thumb * np.clip(rng.standard_normal(), -2.0, 2.0)
    return drawn._replace(
        length=factor(variety.length, bones),
        width=factor(variety.width, bones) * factor(variety.width, (1, 1)),
        angle=angle,
        outline=drawn.outline * rng.uniform(1.0, 3.0),
        cortex=rng.uniform(0.5, 1.5, 1),
        mineral=rng.uniform(0.5, 1.4, 1),
        soft=rng.uniform(0.8, 1.35, 1),
    )


def varied_pose(rng: np.random.Generator, side: Side, variety: FilmVariety) -> FilmPose:
    """One limb's pose, fingers spread and bent further than in a cohort.

    Args:
        rng: Draws it.
        side: The limb.
        variety: How far poses reach.

    Returns:
        Axis film, of length 1.
    """
    pose = select(draw_pose([rng], 1), (slice(None), 0, list(Side).index(side)))
    return pose._replace(
        spread=pose.spread + variety.spread * rng.standard_normal(1),
        flexion=np.clip(variety.bend * rng.standard_normal(pose.flexion.shape), -3.0, 3.5),
    )


def _varied_states(rng: np.random.Generator, side: Side, variety: FilmVariety) -> JointStates:
    """A third of the films are healthy; in the others each kind of lesion has its own worst degree."""
    states = {name: np.zeros((1, JOINT_COUNT)) for name in JointStates._fields}
    graded = [name for name in JointStates._fields if name not in ("prosthesis", "amputated")]
    if rng.random() < 2 / 3:
        for name in graded:
            worst = variety.lesion * rng.random() ** 2
            states[name] = worst * rng.random((1, JOINT_COUNT)) * (rng.random((1, JOINT_COUNT)) < 0.6)
    rows = [JOINT_INDEX[Joint(side, site).name] for site in joints_of(side.region)]
    fingers = [
        row for row, site in zip(rows, joints_of(side.region), strict=True) if site[:2] in ("IP", "DI", "PI", "MT")
    ]
    if rng.random() < AMPUTATED_SHARE:
        states["amputated"][0, rng.choice(fingers, rng.integers(1, 3))] = 1.0
    if rng.random() < IMPLANT_SHARE:
        knuckles = [
            r for r, site in zip(rows, joints_of(side.region), strict=True) if site[:3] in ("MCP", "PIP", "MTP")
        ]
        states["prosthesis"][0, rng.choice(knuckles, rng.integers(1, 4))] = 1.0
    return JointStates(**states)


def varied_scanner(rng: np.random.Generator, spacing_mm: float, variety: FilmVariety) -> Scanner:
    """A scanner and its exposure.

    Args:
        rng: Draws it.
        spacing_mm: Millimetres per film pixel.
        variety: Ranges of sharpness, noise and tone.

    Returns:
        A scanner that leaves no marker.
    """
    return Scanner(
        "varied",
        spacing_mm=spacing_mm,
        blur_mm=rng.uniform(*variety.blur_mm),
        noise=rng.uniform(*variety.noise),
        gamma=rng.uniform(*variety.gamma),
        contrast=rng.uniform(*variety.contrast),
        fog=rng.uniform(*variety.fog),
        equalisation=rng.uniform(*variety.equalisation),
        marker=False,
    )
