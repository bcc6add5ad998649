"""Shapes of a limb on one film: the numbers of every bone, soft part and implant, one row each, for the tile kernel."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np

from outcomenet.arrays import Float
from outcomenet.simulation.rendering.implants import IMPLANT
from outcomenet.simulation.rendering.layout import Fields, Layout
from outcomenet.simulation.rendering.lesions import SWELLING_MM, JointLesions
from outcomenet.simulation.rendering.long_bones import long_bone
from outcomenet.simulation.rendering.posing import Points
from outcomenet.simulation.rendering.replaced_joints import implant_shapes
from outcomenet.simulation.rendering.round_bones import round_bone
from outcomenet.simulation.rendering.solids import LONG_BONE, ROUND_BONE, SOFT_PART
from outcomenet.simulation.rendering.template import TEMPLATES, SoftPart

OfKind = TypeVar("OfKind")


class LimbShapes(NamedTuple, Generic[OfKind]):
    """One entry for each kind of shape, such as a table of numbers, its shapes in the order of the region's `template`."""

    long: OfKind
    round: OfKind
    soft: OfKind
    implant: OfKind


ShapeTables = LimbShapes[Float[np.ndarray, "film shape number"]]


def limb_shapes(points: Points, lesions: JointLesions) -> ShapeTables:
    """All shapes of one side's limb on each film.

    Args:
        points: Of the posed limb, from `subluxation.displaced_points`.
        lesions: States and traits of the limb's joints.

    Returns:
        Tables of numbers by kind of shape.
    """
    template = TEMPLATES[lesions.side.region]
    long = [long_bone(bone, row, points, lesions) for row, bone in enumerate(template.long_bones)]
    round_ = [round_bone(bone, row, points, lesions) for row, bone in enumerate(template.round_bones)]
    soft = [_soft_part(part, points, lesions) for part in template.soft_parts]
    implants = implant_shapes(points, lesions)
    return LimbShapes(
        _packed(long, LONG_BONE), _packed(round_, ROUND_BONE), _packed(soft, SOFT_PART), _packed(implants, IMPLANT)
    )


def _packed(shapes: list[Fields], layout: Layout) -> Float[np.ndarray, "film shape number"]:
    return layout.pack(**{name: np.stack([shape[name] for shape in shapes], axis=1) for name in layout.widths})


def _soft_part(part: SoftPart, points: Points, lesions: JointLesions) -> Fields:
    limb = lesions.limb
    offset = np.outer(limb.scale, part.offset)
    start, end = points[part.start] + offset, points[part.end] + offset
    length = np.linalg.norm(end - start, axis=-1)
    axis = (end - start) / length[:, None]
    radius = np.multiply.outer(limb.scale * limb.soft, part.radius)
    # the skin closes over a stump: the part ends so far before the lost joint that its round end covers the bone
    extended = np.where(lesions.gone(part.end), np.minimum(-0.9 * part.radius[1], part.extend[1]), part.extend[1])
    start = start - np.multiply.outer(limb.scale * part.extend[0], np.ones(2)) * axis
    end = end + (limb.scale * extended)[:, None] * axis
    largest = SWELLING_MM * np.array([1.6 if len(sites) > 1 else 1.0 for sites in part.swells])
    swelling = np.stack(
        [
            largest[n] * np.mean([lesions.state("swelling", site) for site in sites], axis=0) if sites else 0.0 * length
            for n, sites in enumerate(part.swells)
        ],
        axis=-1,
    )
    return {
        "start": start,
        "axis": axis,
        "length": np.linalg.norm(end - start, axis=-1),
        "radius": radius,
        "flatness": part.flatness * ~lesions.gone(part.start),
        "swelling": swelling * limb.scale[:, None],
    }
