"""Numbers of carpal, tarsal and sesamoid bones for the tile kernel: outlines, contacts and the lesions gathered there."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float
from outcomenet.simulation.rendering.layout import Fields
from outcomenet.simulation.rendering.lesions import JointLesions, bite
from outcomenet.simulation.rendering.limb_anatomy import OUTLINE_WAVES, ROUND_BONES, bone_seed
from outcomenet.simulation.rendering.posing import Points
from outcomenet.simulation.rendering.subluxation import CARPUS
from outcomenet.simulation.rendering.template import TEMPLATES, Contact, RoundBone

# A Fourier series cuts corners: wider by this share of their radius, outlines meet their neighbours as the traced ones.
ROUNDED_CORNERS = 0.05
# A bone gains its thickness over this share of its radius, at most over so many mm: where rims overlap they fade into
# each other. Judged by eye on normal films.
RISE_SHARE, RISE_MM = 0.75, 7.5
# Thickness of the cortical shell, judged by eye.
SHELL_MM = 0.65
# How far a carpal bone, and a long bone that faces it, grow over their joint space when they are fused.
CARPAL_FUSION_MM = 0.8
# Layer of a small bone cut away for an implant beside it.
RESECTED_MM = 1.5


def round_bone(bone: RoundBone, row: int, points: Points, lesions: JointLesions) -> Fields:
    """Numbers of one round bone on each film.

    Args:
        bone: The average adult's bone.
        row: Its number in the region's template.
        points: Of the posed limb, from `subluxation.displaced_points`.
        lesions: States and traits of the limb's joints.

    Returns:
        Arrays by field of `solids.ROUND_BONE`, mm.
    """
    limb, template = lesions.limb, TEMPLATES[lesions.side.region]
    middle, waves = _fourier(bone.outline)
    moved = points[CARPUS] if bone.follows == "RC" else points[bone.follows]
    radius = np.multiply.outer(limb.scale, waves)
    radius[:, 0] *= 1.0 + ROUNDED_CORNERS
    size = np.minimum(1.0, waves[0] / 6.0)
    radius[:, 1:] += size * limb.outline[:, row % ROUND_BONES] * np.repeat(1.0 / np.arange(1, OUTLINE_WAVES + 1), 2)
    sclerosis = _worst(bone, "sclerosis", lesions)
    return {
        "centre": moved + np.outer(limb.scale, middle - np.asarray(template.points[bone.follows])),
        "radius": radius,
        "rise_rate": 1.0 / np.minimum(RISE_SHARE * radius[:, 0], RISE_MM),
        "depth": bone.depth * limb.scale,
        "shell": SHELL_MM * limb.cortex * limb.scale,
        "mineral": bone.density * limb.mineral * ~lesions.gone(bone.follows),
        "plate": (bone.plate + 1.3 * min(1.0, bone.depth / 12.0) * sclerosis)
        * (1.0 - 0.85 * _worst(bone, "ankylosis", lesions)),
        "plate_rate": 1.0 / (0.45 + 0.9 * sclerosis),
        "osteopenia": _worst(bone, "osteopenia", lesions),
        "micro": _worst(bone, "micro_erosion", lesions),
        "collapse": 0.6 * _collapse(bone, lesions),
        "contacts": _contacts(bone, middle, lesions),
        "bites": _bites(bone, middle, radius[:, 0], lesions),
        "grain": limb.grain,
        "seed": bone_seed(limb.seed, 64 + row),
    }  # fmt: skip


def _worst(bone: RoundBone, feature: str, lesions: JointLesions) -> Float[np.ndarray, "film"]:
    """The state of the worst joint that the bone takes part in."""
    sites = [contact.joint for contact in (*bone.contacts, *bone.erodes)]
    return np.max([lesions.state(feature, site) for site in [*sites, None]], axis=0)


def _collapse(bone: RoundBone, lesions: JointLesions) -> Float[np.ndarray, "film"]:
    """Layer lost all around to erosion, or cut away for an implant, mm."""
    eroded = np.max([lesions.collapse(site) for site in [*(c.joint for c in bone.erodes), None]], axis=0)
    return eroded + RESECTED_MM * _worst(bone, "prosthesis", lesions)


def _contacts(bone: RoundBone, middle: np.ndarray, lesions: JointLesions) -> Float[np.ndarray, "film 6 4"]:
    """Place, 1 / reach squared and height (mm) by which the outline grows where the bone faces others."""
    scale = lesions.limb.scale
    contacts = np.zeros((len(scale), 6, 4))
    contacts[..., 2] = 1.0
    for n, contact in enumerate(bone.contacts):
        closed = 1.0 - lesions.cartilage(contact.joint)
        grown = contact.growth * closed + 1.4 * lesions.state("osteophyte", contact.joint)
        grown = (grown + CARPAL_FUSION_MM * lesions.state("ankylosis", contact.joint)) * scale
        place = np.outer(scale, np.subtract(contact.place, middle))
        contacts[:, n] = np.concatenate([place, np.full((len(grown), 1), contact.reach**-2.0), grown[:, None]], axis=-1)
    return contacts


def _bites(bone: RoundBone, middle: np.ndarray, mean_radius: np.ndarray, lesions: JointLesions) -> np.ndarray:
    bites = np.tile(bite(np.zeros(1), np.zeros(1), np.zeros(1)), (len(mean_radius), 4, 1))
    for n, contact in enumerate(bone.erodes):
        bites[:, 2 * n : 2 * n + 2] = _round_bites(contact, n, middle, mean_radius, lesions)
    return bites


def _round_bites(
    contact: Contact,
    order: int,
    middle: Float[np.ndarray, "2"],
    mean_radius: Float[np.ndarray, "film"],
    lesions: JointLesions,
) -> Float[np.ndarray, "film 2 4"]:
    """Two bites near the place where the joint's erosions gather."""
    end = order % 2
    radii = 1.1 * lesions.bite_radii(contact.joint, end, np.minimum(mean_radius, 6.0))
    place = np.outer(lesions.limb.scale, np.subtract(contact.place, middle))
    jitter = 5.0 * (lesions.bite_places(contact.joint, end) - 0.5)
    first = bite(place[:, 0] + 0.4 * jitter[:, 0], place[:, 1] + 0.4 * jitter[:, 1], radii[:, 0])
    second = bite(place[:, 0] + jitter[:, 1], place[:, 1] - jitter[:, 2], radii[:, 1])
    return np.stack([first, second], axis=1)


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
