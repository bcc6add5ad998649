"""Poses: where the joints of a limb lie, and where the limb lies on its film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Region, Side, joints_of, landmarks_of
from outcomenet.arrays import Bool, Float
from outcomenet.simulation.rendering.amputations import point_of
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy
from outcomenet.simulation.rendering.template import TEMPLATES

# Width and height of the exposed field in mm.
FILM_SIZE_MM = {Region.HAND: (190.0, 260.0), Region.FOOT: (130.0, 200.0)}
# Forearm shown below the wrist of an average hand, and least room above the longest toe and finger, in mm.
FOREARM_MM = 30.0
TOE_ROOM_MM = 16.0
FINGER_ROOM_MM = 17.0
SKIN_MM = 8.0
# Least distance of a joint from the side of its film.
CROP_ROOM_MM = 14.0
# Share of a ray's flexion by which its metacarpal or metatarsal and its phalanges lean, in turn.
BEND = (0.0, 0.5, 1.0, 1.4)
# Flexion of the phalanges in the films that the template was measured on, and its SD between films, radians; assumed.
# The foreshortening of a bone follows from the change against it.
FLEXION = {Region.HAND: (0.12, 0.12), Region.FOOT: (0.35, 0.12)}


Points = dict[str, Float[np.ndarray, "film 2"]]  # by name, canonical frame (see `template`), mm


class FilmPose(NamedTuple):
    """How the limb lay on the detector when one film was taken."""

    spread: Float[np.ndarray, "*film"]  # radians between neighbouring fingers beyond the template's
    rotation: Float[np.ndarray, "*film"]  # radians, clockwise on the film
    shift: Float[np.ndarray, "*film 2"]  # mm on the film, right and down
    magnification: Float[np.ndarray, "*film"]  # size on the detector over true size
    flexion: Float[np.ndarray, "*film ray"]  # SDs by which fingers or toes 1-5 are bent more than usual


class Placement(NamedTuple):
    """The map from canonical limb coordinates p (mm) to the film (mm from its top left corner, x right, y down):
    film = matrix @ p + offset."""

    matrix: Float[np.ndarray, "film 2 2"]
    offset: Float[np.ndarray, "film 2"]


def draw_pose(generators: Sequence[np.random.Generator], visits: int) -> FilmPose:
    """Poses of the four limbs at every visit. More visits leave the earlier ones' poses as they are.

    Args:
        generators: One per patient.
        visits: Visits of each patient.

    Returns:
        Axes patient, visit, side.
    """
    z = np.clip([rng.standard_normal((visits, len(Side), 5)) for rng in generators], -2.2, 2.2)
    return FilmPose(
        spread=0.02 * z[..., 0] - 0.035,
        rotation=np.deg2rad(2.5) * z[..., 1],
        shift=1.6 * z[..., 2:4],
        magnification=1.02 + 0.008 * z[..., 4],
        flexion=np.clip([_own_stream(rng).standard_normal((visits, len(Side), 5)) for rng in generators], -2.2, 2.2),
    )


def joint_points(limb: LimbAnatomy, pose: FilmPose, region: Region) -> Points:
    """Every named point of the posed limb.

    Args:
        limb: Anatomy of one side, axis film.
        pose: Axis film.
        region: Hand or foot.

    Returns:
        Places in the canonical frame (see `template`), mm.
    """
    template = TEMPLATES[region]
    usual, spread = FLEXION[region]
    points = {name: np.outer(limb.scale, place) for name, place in template.points.items()}
    bones = {(bone.proximal, bone.distal): row for row, bone in enumerate(template.long_bones)}
    for ray, chain in template.rays.items():
        angle = np.zeros_like(limb.scale)
        bent = np.clip(usual + spread * pose.flexion[:, ray - 1], 0.0, None)
        for order, (proximal, distal) in enumerate(zip(chain[:-1], chain[1:], strict=True)):
            bone = bones[proximal, distal]
            # bones of the palm and the midfoot hardly move against each other
            angle = angle + limb.angle[:, bone] * (0.4 if order == 0 else 1.0)
            if order == 1 and region is Region.HAND:
                angle = angle + pose.spread * (3 - ray)
            straight = np.subtract(template.points[distal], template.points[proximal])
            # each phalanx leans further from the detector than the one before it and is seen shorter
            shortened = np.cos(BEND[order] * bent) / np.cos(BEND[order] * usual)
            vector = np.outer(limb.scale * limb.length[:, bone] * shortened, straight)
            points[distal] = points[proximal] + turned(vector, angle)
    return points


def place_on_film(points: Points, pose: FilmPose, side: Side) -> Placement:
    """Lays the limb on its film, centred but for the pose's shift.

    An unmirrored left limb, fingers up, shows its thumb or big toe on the right, a right limb on the left.

    Args:
        points: Places in the canonical frame, mm.
        pose: Axis film.
        side: The limb.

    Returns:
        The map from canonical frame to film.
    """
    region = side.region
    width, height = FILM_SIZE_MM[region]
    landmarks = np.stack([points[name] for name in landmarks_of(region)])
    centre = 0.5 * (landmarks.min(0) + landmarks.max(0))
    tips = np.stack([points[f"TIP{n}"] for n in range(1, 6)])[..., 1].max(0)
    if region is Region.HAND:
        scale = np.linalg.norm(points["MCP3"], axis=-1)
        balanced = 0.5 * (tips + SKIN_MM - FOREARM_MM * scale / np.linalg.norm(TEMPLATES[region].points["MCP3"]))
        centre[:, 1] = np.maximum(balanced, tips + FINGER_ROOM_MM - 0.5 * height)
    else:
        centre[:, 1] = tips + TOE_ROOM_MM - 0.5 * height
    thumb_right = 1.0 if side.laterality == "L" else -1.0
    cos, sin = np.cos(pose.rotation), np.sin(pose.rotation)
    # columns: where the canonical x and y axes point on the film, turned clockwise
    matrix = pose.magnification[:, None, None] * np.stack(
        [np.stack([thumb_right * cos, sin], -1), np.stack([thumb_right * sin, -cos], -1)], axis=-2
    )
    offset = np.array([0.5 * width, 0.5 * height]) + pose.shift - np.einsum("fij,fj->fi", matrix, centre)
    return Placement(matrix, offset)


def moved_onto_film(placement: Placement, points: Points, region: Region) -> Placement:
    """The limb moved sideways where a joint would come too near to the side of the film for its crop.

    Args:
        placement: How the limb lies.
        points: Places in the canonical frame, mm.
        region: Hand or foot.

    Returns:
        The placement with its offset changed where needed.
    """
    width = FILM_SIZE_MM[region][0]
    joints = np.stack([points[point_of(site)] for site in joints_of(region)], axis=1)
    across = np.einsum("fj,fnj->fn", placement.matrix[:, 0], joints) + placement.offset[:, :1]
    missing = np.maximum(CROP_ROOM_MM - across.min(1), 0.0) - np.maximum(across.max(1) + CROP_ROOM_MM - width, 0.0)
    offset = placement.offset + np.stack([missing, np.zeros_like(missing)], axis=-1)
    return placement._replace(offset=offset)


def landmarks_px(
    points: Points,
    placement: Placement,
    region: Region,
    spacing_mm: float,
    missing: Mapping[str, Bool[np.ndarray, "film"]] | None = None,
) -> list[dict[str, tuple[float, float]]]:
    """The landmarks of each film, without those that were amputated.

    Args:
        points: Places in the canonical frame, mm.
        placement: How the limb lies.
        region: Hand or foot.
        spacing_mm: Millimetres per pixel; 1.0 gives millimetres.
        missing: Which points are gone; None: all are there.

    Returns:
        For each film (x, y) by landmark, in pixels from its top left corner.
    """
    names = landmarks_of(region)
    canonical = np.stack([points[name] for name in names], axis=1)
    film = (np.einsum("fij,fnj->fni", placement.matrix, canonical) + placement.offset[:, None]) / spacing_mm
    return [
        {
            name: (float(x), float(y))
            for name, (x, y) in zip(names, rows, strict=True)
            if missing is None or not missing[name][n]
        }
        for n, rows in enumerate(film)
    ]


def _own_stream(rng: np.random.Generator) -> np.random.Generator:
    """A generator beside the patient's own, so that the draws of the other quantities stay as they are."""
    return rng.spawn(1)[0]


def turned(vector: Float[np.ndarray, "film 2"], angle: Float[np.ndarray, "film"]) -> Float[np.ndarray, "film 2"]:
    """Vectors turned towards the thumb, that is clockwise in the canonical frame.

    Args:
        vector: mm.
        angle: Radians.

    Returns:
        Vectors of the same length.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = vector[:, 0], vector[:, 1]
    return np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1)
