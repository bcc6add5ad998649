"""Numbers of the long bones for the tile kernel: surfaces, shell and density of every shaft, with the lesions of its ends."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.simulation.rendering.layout import Fields
from outcomenet.simulation.rendering.lesions import FUSION_MM, JointLesions, bite
from outcomenet.simulation.rendering.limb_anatomy import bone_seed
from outcomenet.simulation.rendering.posing import Points
from outcomenet.simulation.rendering.round_bones import CARPAL_FUSION_MM
from outcomenet.simulation.rendering.subluxation import base_at, head_at
from outcomenet.simulation.rendering.template import SHAPES, BoneShape, LongBone

# Scored site at a point of the skeleton, where their names differ.
SITE_AT_POINT = {"RC": "radius", "DRUJ_U": "ulna"}
# Surface of a bone's end where a joint was amputated, in the terms of `BoneShape.head`.
STUMP_DOME = (0.0, -2.0, -2.0)
# Slender bones are denser, so that a finger's tip is hardly fainter than its root: mineral goes with the base's half
# width to this power; judged by eye on a normal film.
SLENDER, REFERENCE_WIDTH_MM = 1.05, 8.0
# Thickness of the shell at a bone's ends, mm; judged by eye.
END_SHELL_MM = 0.46
# Kinds of joints where two long bones meet, which ankylosis turns into one.
BLENDING = ("MCP", "PIP", "DIP", "IP", "MTP")


def long_bone(bone: LongBone, row: int, points: Points, lesions: JointLesions) -> Fields:
    """Numbers of one long bone on each film.

    Args:
        bone: The average adult's bone.
        row: Its number in the region's template.
        points: Of the posed limb, from `subluxation.displaced_points`.
        lesions: States and traits of the limb's joints.

    Returns:
        Arrays by field of `solids.LONG_BONE`, mm.
    """
    limb, shape = lesions.limb, SHAPES[bone.shape]
    start, end = base_at(points, bone.proximal), head_at(points, bone.distal)
    length = np.linalg.norm(end - start, axis=-1)
    half_width = np.multiply.outer(limb.scale * limb.width[:, row], bone.half_width)
    sites = _sites(bone)
    ends = [half_width[:, 0], half_width[:, 2]]
    stump = lesions.gone(bone.distal)[:, None]
    return {
        "origin": start,
        "axis": (end - start) / length[:, None],
        "length": length,
        "half_width": half_width,
        "narrowing_rate": np.divide.outer(1.0 / limb.scale, shape.flare),
        "hold": np.multiply.outer(limb.scale, shape.hold),
        "shift": np.multiply.outer(limb.scale, bone.shift),
        "bend": limb.scale * bone.bend,
        "tubercle": _tubercle(shape, limb.scale),
        "rim": np.multiply.outer(limb.scale, shape.rim),
        "base": limb.scale[:, None] * (np.add(shape.base, (bone.tilt, 0.0, 0.0)) + limb.relief[:, row, 0]),
        "head": limb.scale[:, None] * np.where(stump, STUMP_DOME, shape.head + limb.relief[:, row, 1]),
        "rise_rate": np.divide.outer(1.0 / limb.scale, shape.rise),
        "inset": _inset(bone, ends, lesions),
        "collapse": np.stack([lesions.collapse(s) * w / 7.0 for s, w in zip(sites, ends, strict=True)], -1),
        "spur": np.concatenate([lesions.spurs(site, n, ends[n]) for n, site in enumerate(sites)], axis=-1),
        "fusion": np.where(_blends(bone), _both(bone, "ankylosis", lesions), 0.0),
        "osteopenia": _both(bone, "osteopenia", lesions),
        "micro": _both(bone, "micro_erosion", lesions),
        "bites": np.concatenate(
            [_end_bites(bone, n, site, length, half_width, lesions) for n, site in enumerate(sites)], axis=1
        ),
        "grain": limb.grain,
        "seed": bone_seed(limb.seed, row),
    } | _substance(bone, half_width, lesions)  # fmt: skip


def _substance(bone: LongBone, half_width: Float[np.ndarray, "film 3"], lesions: JointLesions) -> Fields:
    """Shell, trabecular bone and subchondral plates."""
    limb, shape, films = lesions.limb, SHAPES[bone.shape], len(lesions.limb.scale)
    sclerosis = _both(bone, "sclerosis", lesions)
    # neither an implant nor a fusion with the carpus leaves a plate; fused long bones lose theirs in the kernel
    left = 1.0 - np.where(_blends(bone), 0.0, _both(bone, "ankylosis", lesions))
    left = left * (1.0 - _both(bone, "prosthesis", lesions))
    slender = (REFERENCE_WIDTH_MM / bone.half_width[0]) ** SLENDER
    return {
        "cortex": np.stack([shape.cortex * half_width[:, 1], END_SHELL_MM * limb.scale], -1) * limb.cortex[:, None],
        "aspect": np.full(films, shape.aspect),
        "marrow": np.tile(shape.marrow, (films, 1)),
        "mineral": limb.mineral * shape.density * slender * ~lesions.gone(bone.proximal),
        "plate": (np.asarray(shape.plate) * (1.0 + 0.5 * sclerosis) + 0.8 * sclerosis) * left,
        "plate_rate": 1.0 / (0.68 + 1.0 * sclerosis),
    }


def _inset(
    bone: LongBone, ends: list[Float[np.ndarray, "film"]], lesions: JointLesions
) -> Float[np.ndarray, "film end"]:
    """How far the bone's ends stay behind the points where they meet their neighbours, mm."""
    closed = 1.0 - np.stack([lesions.cartilage(site) for site in _sites(bone)], -1)
    gaps = np.stack([lesions.gap(point) for point in (bone.proximal, bone.distal)], -1)
    inset = 0.5 * gaps * (1.0 - closed) - np.where(gaps > 0, FUSION_MM, 0.0) * closed
    # the radius and ulna end at their landmark; what faces them is a carpal bone
    inset = np.where(gaps > 0, inset, -0.4 - 0.9 * closed)
    inset = inset + np.stack([lesions.resected(site, n, ends[n]) for n, site in enumerate(_sites(bone))], -1)
    # where two long bones fuse the kernel blends them; one that faces the carpus grows into it
    return inset - np.where(_blends(bone), 0.0, CARPAL_FUSION_MM * _both(bone, "ankylosis", lesions))


def _sites(bone: LongBone) -> list[str]:
    return [SITE_AT_POINT.get(point, point) for point in (bone.proximal, bone.distal)]


def _both(bone: LongBone, feature: str, lesions: JointLesions) -> Float[np.ndarray, "film end"]:
    return np.stack([lesions.state(feature, site) for site in _sites(bone)], -1)


def _blends(bone: LongBone) -> Bool[np.ndarray, "end"]:
    return np.array([point[:-1] in BLENDING for point in (bone.proximal, bone.distal)])


def _tubercle(shape: BoneShape, scale: np.ndarray) -> Float[np.ndarray, "film 4"]:
    """How far a head's tubercles stand out (mm), how far behind its end (mm), 1 / their reach along the bone, and by how
    much more the one on the thumb's side stands out than their mean (mm)."""
    height, place, reach, lean = shape.tubercle
    return np.stack([height * scale, place * scale, 1.0 / (reach * scale), lean * scale], axis=-1)


def _end_bites(
    bone: LongBone,
    end: int,
    site: str,
    length: Float[np.ndarray, "film"],
    half_width: Float[np.ndarray, "film 3"],
    lesions: JointLesions,
) -> Float[np.ndarray, "film bite 4"]:
    """Three bites on one end: thumb-side margin, other margin, and the surface itself."""
    width = half_width[:, 0 if end == 0 else 2]
    shift = bone.shift[end] * lesions.limb.scale
    radius = lesions.bite_radii(site, end, np.minimum(width, 8.0))
    place = lesions.bite_places(site, end)
    # the bare area of a dome-shaped head lies further back than that of a flat base
    dome = end == 1 and bone.shape in ("metacarpal", "metatarsal", "metatarsal1")
    depth = np.stack(
        [(4.0 if dome else 1.2) + (3.5 if dome else 2.2) * place[:, 0],
         (4.0 if dome else 1.2) + (3.5 if dome else 2.2) * place[:, 1],
         0.4 + 1.2 * place[:, 2]], -1,
    )  # fmt: skip
    across = np.stack([0.97 * width, -0.97 * width, 0.9 * (place[:, 2] - 0.5) * width], -1) + shift[:, None]
    along = depth if end == 0 else length[:, None] - depth
    return np.stack([bite(along[:, n], across[:, n], radius[:, n]) for n in range(3)], axis=1)
