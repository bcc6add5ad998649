"""The shapes of a limb on one film: every bone and soft part as the row of numbers that the tile kernel reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float
from outcomenet.simulation.rendering.lesions import FUSION_MM, SWELLING_MM, JointLesions, bite
from outcomenet.simulation.rendering.limbs import OUTLINE_WAVES
from outcomenet.simulation.rendering.solids import LONG_BONE, ROUND_BONE, SOFT_PART
from outcomenet.simulation.rendering.template import SHAPES, TEMPLATES, LongBone, RoundBone, SoftPart


class Shapes(NamedTuple):
    """Shapes of one kind with the capsule (mm) around each beyond which it changes no pixel, whatever its state."""

    numbers: Float[np.ndarray, "film shape number"]
    start: Float[np.ndarray, "film shape 2"]
    end: Float[np.ndarray, "film shape 2"]
    reach: Float[np.ndarray, "film shape"]


class LimbShapes(NamedTuple):
    long: Shapes
    round: Shapes
    soft: Shapes


# Scored site at a point of the skeleton, where their names differ.
SITE_AT_POINT = {"RC": "radius", "DRUJ_U": "ulna"}
BONE_MARGIN_MM = 2.0
LONGEST_SPUR_MM = 4.8
# A Fourier series cuts corners: this much wider, outlines meet their neighbours as the traced ones did.
ROUNDED_CORNERS_MM = 0.55


def limb_shapes(points: dict[str, np.ndarray], lesions: JointLesions) -> LimbShapes:
    """All shapes of one side's limb on each film; `points` from `posing.joint_points`."""
    region = lesions.side.region
    template = TEMPLATES[region]
    long = [_long_bone(bone, row, points, lesions) for row, bone in enumerate(template.long_bones)]
    round_ = [_round_bone(bone, row, points, lesions) for row, bone in enumerate(template.round_bones)]
    soft = [_soft_part(part, points, lesions) for part in template.soft_parts]
    return LimbShapes(_join(long, LONG_BONE), _join(round_, ROUND_BONE), _join(soft, SOFT_PART))


def _join(shapes: list[tuple[dict, np.ndarray, np.ndarray, np.ndarray]], layout) -> Shapes:
    fields, start, end, reach = zip(*shapes, strict=True)
    films = len(reach[0])
    columns = {
        name: np.stack([np.broadcast_to(f[name], (films, *np.shape(f[name])[1:])) for f in fields], 1)
        for name in layout.widths
    }
    return Shapes(layout.pack(**columns), np.stack(start, 1), np.stack(end, 1), np.stack(reach, 1))


def _long_bone(bone: LongBone, row: int, points: dict[str, np.ndarray], lesions: JointLesions):
    limb, shape = lesions.limb, SHAPES[bone.shape]
    start, end = points[bone.proximal], points[bone.distal]
    length = np.linalg.norm(end - start, axis=-1)
    girth = limb.scale * limb.width[:, row]
    half_width = np.multiply.outer(girth, bone.half_width)
    sites = [SITE_AT_POINT.get(point, point) for point in (bone.proximal, bone.distal)]
    ends = [half_width[:, 0], half_width[:, 2]]

    def both(feature: str) -> np.ndarray:
        return np.stack([lesions.state(feature, site) for site in sites], -1)

    sclerosis = both("sclerosis")
    closed = 1.0 - np.stack([lesions.cartilage(site) for site in sites], -1)
    gaps = np.stack([lesions.gap(point) for point in (bone.proximal, bone.distal)], -1)
    inset = 0.5 * gaps * (1.0 - closed) - np.where(gaps > 0, FUSION_MM, 0.0) * closed
    # the radius and ulna end at their landmark; what faces them is a carpal bone
    inset = np.where(gaps > 0, inset, -0.4 - 0.9 * closed)
    fields = {
        "origin": start,
        "axis": (end - start) / length[:, None],
        "length": length,
        "half_width": half_width,
        "narrowing_rate": np.divide.outer(1.0 / limb.scale, shape.flare),
        "hold": np.multiply.outer(limb.scale, shape.hold),
        "shift": np.multiply.outer(limb.scale, bone.shift),
        "bend": limb.scale * bone.bend,
        "base": np.multiply.outer(limb.scale, shape.base),
        "head": np.multiply.outer(limb.scale, shape.head),
        "rise_rate": np.divide.outer(1.0 / limb.scale, shape.rise),
        "inset": inset,
        "collapse": np.stack([lesions.collapse(s) * w / 7.0 for s, w in zip(sites, ends, strict=True)], -1),
        "spur": np.concatenate(
            [lesions.spurs(site, end_, ends[end_]) for end_, site in enumerate(sites)], axis=-1
        ),
        "cortex": np.stack(
            [shape.cortex * half_width[:, 1] * limb.cortex, np.full(len(length), 0.3) * limb.cortex * limb.scale], -1
        ),
        "aspect": np.full(len(length), shape.aspect),
        "marrow": np.full(len(length), shape.marrow),
        "mineral": limb.mineral,
        "plate": np.asarray(shape.plate) * (1.0 + 0.5 * sclerosis) + 0.8 * sclerosis,
        "plate_rate": 1.0 / (0.55 + 1.0 * sclerosis),
        "osteopenia": both("osteopenia"),
        "micro": both("micro_erosion"),
        "bites": np.concatenate(
            [_end_bites(bone, end_, site, length, half_width, lesions) for end_, site in enumerate(sites)], axis=1
        ),
        "seed": _seed(limb.seed, row),
    }  # fmt: skip
    reach = half_width.max(-1) + LONGEST_SPUR_MM + abs(bone.bend) + max(map(abs, bone.shift)) + BONE_MARGIN_MM
    return fields, start, end, reach


def _end_bites(bone: LongBone, end: int, site: str, length, half_width, lesions: JointLesions) -> np.ndarray:
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


def _round_bone(bone: RoundBone, row: int, points: dict[str, np.ndarray], lesions: JointLesions):
    limb, template = lesions.limb, TEMPLATES[lesions.side.region]
    middle, waves = _fourier(bone.outline)
    follows = np.asarray(template.points[bone.follows])
    centre = points[bone.follows] + np.outer(limb.scale, middle - follows)
    radius = np.multiply.outer(limb.scale, waves)
    radius[:, 0] += ROUNDED_CORNERS_MM
    size = np.minimum(1.0, waves[0] / 6.0)
    radius[:, 1:] += size * limb.outline[:, row] * np.repeat(1.0 / np.arange(1, OUTLINE_WAVES + 1), 2)
    sites = [contact.joint for contact in (*bone.contacts, *bone.erodes)]

    def strongest(feature: str) -> np.ndarray:
        return np.max([lesions.state(feature, site) for site in sites], axis=0) if sites else np.zeros(len(limb.scale))

    contacts = np.zeros((len(limb.scale), 6, 4))
    contacts[..., 2] = 1.0
    for n, contact in enumerate(bone.contacts):
        closed = 1.0 - lesions.cartilage(contact.joint)
        grown = (contact.growth * closed + 1.4 * lesions.state("osteophyte", contact.joint)) * limb.scale
        place = np.outer(limb.scale, np.subtract(contact.place, middle))
        contacts[:, n] = np.concatenate([place, np.full((len(grown), 1), contact.reach**-2.0), grown[:, None]], axis=-1)
    bites = np.tile(bite(np.zeros(1), np.zeros(1), np.zeros(1)), (len(limb.scale), 4, 1))
    for n, contact in enumerate(bone.erodes):
        bites[:, 2 * n : 2 * n + 2] = _round_bites(contact, n, middle, radius[:, 0], lesions)
    eroded = np.max([lesions.collapse(c.joint) for c in bone.erodes], axis=0) if bone.erodes else 0.0 * limb.scale
    sclerosis = strongest("sclerosis")
    fields = {
        "centre": centre,
        "radius": radius,
        "rise_rate": 1.0 / np.minimum(0.8 * radius[:, 0], 5.0),
        "depth": bone.depth * limb.scale,
        "shell": 0.55 * limb.cortex * limb.scale,
        "mineral": bone.density * limb.mineral,
        "plate": (0.9 + 1.3 * sclerosis) * min(1.0, bone.depth / 12.0),
        "plate_rate": 1.0 / (0.45 + 0.9 * sclerosis),
        "osteopenia": strongest("osteopenia"),
        "micro": strongest("micro_erosion"),
        "collapse": 0.6 * eroded,
        "contacts": contacts,
        "bites": bites,
        "seed": _seed(limb.seed, 64 + row),
    }
    reach = limb.scale * np.abs(waves).sum() + 3.0 + BONE_MARGIN_MM
    outline_reach = limb.scale * np.linalg.norm(np.asarray(bone.outline) - middle, axis=-1).max() + 3.0 + BONE_MARGIN_MM
    return fields, centre, centre, np.minimum(reach, outline_reach)


def _round_bites(contact, order: int, middle: np.ndarray, mean_radius: np.ndarray, lesions: JointLesions) -> np.ndarray:
    """Two bites near the place where the joint's erosions gather."""
    end = order % 2
    radii = 1.1 * lesions.bite_radii(contact.joint, end, np.minimum(mean_radius, 6.0))
    place = np.outer(lesions.limb.scale, np.subtract(contact.place, middle))
    jitter = 5.0 * (lesions.bite_places(contact.joint, end) - 0.5)
    first = bite(place[:, 0] + 0.4 * jitter[:, 0], place[:, 1] + 0.4 * jitter[:, 1], radii[:, 0])
    second = bite(place[:, 0] + jitter[:, 1], place[:, 1] - jitter[:, 2], radii[:, 1])
    return np.stack([first, second], axis=1)


def _soft_part(part: SoftPart, points: dict[str, np.ndarray], lesions: JointLesions):
    limb = lesions.limb
    offset = np.outer(limb.scale, part.offset)
    start, end = points[part.start] + offset, points[part.end] + offset
    length = np.linalg.norm(end - start, axis=-1)
    axis = (end - start) / length[:, None]
    start = start - np.multiply.outer(limb.scale * part.extend[0], np.ones(2)) * axis
    end = end + np.multiply.outer(limb.scale * part.extend[1], np.ones(2)) * axis
    radius = np.multiply.outer(limb.scale * limb.soft, part.radius)
    largest = SWELLING_MM * np.array([1.6 if len(sites) > 1 else 1.0 for sites in part.swells])
    swelling = np.stack(
        [
            largest[n] * np.mean([lesions.state("swelling", site) for site in sites], axis=0) if sites else 0.0 * length
            for n, sites in enumerate(part.swells)
        ],
        axis=-1,
    )
    fields = {
        "start": start,
        "axis": axis,
        "length": np.linalg.norm(end - start, axis=-1),
        "radius": radius,
        "flatness": np.full(len(length), part.flatness),
        "swelling": swelling * limb.scale[:, None],
    }
    return fields, start, end, radius.max(-1) + limb.scale * largest.max() + 1.0


def _seed(seed: np.ndarray, row: int) -> np.ndarray:
    """A texture seed per bone that a float32 holds exactly (below 2^23)."""
    mixed = (seed.astype(np.uint64) * 0x9E3779B1 + row * 0x85EBCA77 + 0x1B873593) & 0xFFFFFFFF
    return (mixed >> 9).astype(float)


def _fourier(outline: tuple[tuple[float, float], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Middle of a star-shaped outline and its radius as a0, a1 cos, b1 sin, a2 cos ... of the angle, in mm."""
    corners = np.asarray(outline, float)
    following = np.roll(corners, -1, axis=0)
    middle = _centroid(corners, following)
    share = np.linspace(0.0, 1.0, 40, endpoint=False)[:, None, None]
    edge = (corners + share * (following - corners)).reshape(-1, 2) - middle
    angle, distance = np.arctan2(edge[:, 1], edge[:, 0]), np.hypot(edge[:, 0], edge[:, 1])
    order = np.argsort(angle)
    grid = np.linspace(-np.pi, np.pi, 256, endpoint=False)
    radius = np.interp(grid, angle[order], distance[order], period=2 * np.pi)
    terms = [radius.mean()]
    for wave in range(1, OUTLINE_WAVES + 1):
        terms += [2 * (radius * np.cos(wave * grid)).mean(), 2 * (radius * np.sin(wave * grid)).mean()]
    return middle, np.array(terms)


def _centroid(corners: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Centre of a polygon's area (shoelace formula)."""
    cross = corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]
    return ((corners + following) * cross[:, None]).sum(0) / (3.0 * cross.sum())
