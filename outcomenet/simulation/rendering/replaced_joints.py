"""Implants of one side's joints: where they lie and how large they are; most joints have none."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import joints_of
from outcomenet.arrays import Float
from outcomenet.simulation.rendering.amputations import point_of
from outcomenet.simulation.rendering.implants import METAL, SILICONE
from outcomenet.simulation.rendering.layout import Fields
from outcomenet.simulation.rendering.lesions import RESECTED, SILICONE_SHARE, JointLesions
from outcomenet.simulation.rendering.posing import Points
from outcomenet.simulation.rendering.subluxation import head_at
from outcomenet.simulation.rendering.template import TEMPLATES, LongBone

# Lengths of the stems in the proximal and in the distal bone over the half width of the bone ends.
STEMS = (2.4, 1.8)
SPACER_MM = 5.5  # half width of an implant that lies among small bones and has no stem
LARGEST_MM = 9.5  # half width of the largest implant, that of the wrist


def implant_shapes(points: Points, lesions: JointLesions) -> list[Fields]:
    """Numbers of one implant for each joint of the region, in `joints_of` order.

    Args:
        points: Of the posed limb, from `subluxation.displaced_points`.
        lesions: States and traits of the limb's joints.

    Returns:
        Arrays by field of `implants.IMPLANT`; the attenuation of implants that are not there is 0.
    """
    return [_implant(site, points, lesions) for site in joints_of(lesions.side.region)]


def _implant(site: str, points: Points, lesions: JointLesions) -> Fields:
    there = lesions.state("prosthesis", site) > 0
    there &= ~lesions.gone(point_of(site))
    point, scale, films = point_of(site), lesions.limb.scale, len(lesions.limb.scale)
    bones = _bones_at(point, lesions)
    axes = np.stack([_away(bone, end, point, points) for end, bone in zip((1, 0), bones, strict=True)], axis=1)
    widths = [bone.half_width[2 * end] if bone else 0.0 for end, bone in zip((1, 0), bones, strict=True)]
    width = min(max(widths) or SPACER_MM, LARGEST_MM)
    cut = [
        RESECTED[end] * min(width_, width) if bone else 0.6 * width
        for end, bone, width_ in zip((1, 0), bones, widths, strict=True)
    ]
    stem = np.array([length * width if bone else 0.1 for length, bone in zip(STEMS, bones, strict=True)])
    middle = points[point] + np.outer(0.5 * (cut[0] - cut[1]) * scale, np.ones(2)) * axes[:, 0]
    hinged = all(bones)
    silicone = hinged & (lesions.limb.bite[:, lesions.row(site), 0, 2] < SILICONE_SHARE)
    half_length = 0.5 * (cut[0] + cut[1]) * scale + 0.5 * lesions.gap(point)
    return {
        "middle": middle,
        "axes": axes.reshape(films, 4),
        "stem": np.outer(scale, stem),
        "mouth": np.outer(scale, np.full(2, (0.4 if hinged else 0.3) * width)),
        "body": np.stack([half_length, 0.62 * width * scale], axis=-1),
        "attenuation": np.where(silicone, SILICONE, METAL) * there,
        "grommet": np.where(silicone, METAL, 0.0) * there,
    }


def _bones_at(point: str, lesions: JointLesions) -> tuple[LongBone | None, LongBone | None]:
    """The long bones that end and begin at a point."""
    bones = TEMPLATES[lesions.side.region].long_bones
    before = next((bone for bone in bones if bone.distal == point), None)
    return before, next((bone for bone in bones if bone.proximal == point), None)


def _away(bone: LongBone | None, end: int, point: str, points: Points) -> Float[np.ndarray, "film 2"]:
    """Unit vector along a bone away from the joint; along the limb where no long bone is."""
    if bone is None:
        return np.broadcast_to([0.0, -1.0 if end else 1.0], points[point].shape)
    far = points[bone.proximal] if end else head_at(points, bone.distal)
    vector = far - points[point]
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)
