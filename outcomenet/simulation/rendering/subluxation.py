"""Subluxations: a shift at the joint, and a deviation of everything that hangs on it.

A joint's landmark is the middle between the two bone ends that face each other there; without subluxation both ends
lie at the landmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float
from outcomenet.simulation.rendering.lesions import JointLesions
from outcomenet.simulation.rendering.posing import Points, turned
from outcomenet.simulation.rendering.template import TEMPLATES


@dataclass(frozen=True)
class Luxation:
    """A complete luxation of an average adult's joint, for the bones beyond it: mm towards thumb or big toe, mm that
    they ride up on the bone before it, degrees by which they turn towards thumb or big toe."""

    thumbwards: float
    riding_up: float
    turn: float


# Directions as rheumatology texts describe them: ulnar drift with palmar luxation of the MCP joints, radial slip of the
# thumb's base with an adducted first metacarpal, hallux valgus, dorsal luxation with fibular drift of the lesser toes.
# On a PA film palmar and dorsal luxation show as overlap of the bone ends. Amounts are assumed.
HAND_LUXATIONS = {
    "CMC1": Luxation(6.5, 3.0, -14.0),
    "MCP1": Luxation(-3.5, 4.0, -22.0),
    "MCP": Luxation(-6.0, 7.5, -22.0),
    "PIP": Luxation(-2.5, 2.5, -10.0),
    "DIP": Luxation(2.0, 1.5, 10.0),
    "IP": Luxation(2.5, 2.0, 16.0),
}
FOOT_LUXATIONS = {
    "MTP1": Luxation(-6.5, 2.0, -34.0),
    "MTP": Luxation(-3.5, 8.0, -16.0),
    "IP": Luxation(-2.0, 1.5, -12.0),
}
# The carpus slides towards the ulna on a destroyed radiocarpal joint; other wrist sites do not move visibly.
ULNAR_TRANSLATION_MM = 4.0
CARPUS = "carpus"


def displaced_points(points: Points, lesions: JointLesions) -> Points:
    """The posed limb's points with their subluxations, bone ends included (see `head_at` and `base_at`).

    Args:
        points: Of the posed limb, mm.
        lesions: States of the limb's joints.

    Returns:
        Places in the canonical frame, mm; a film without subluxation keeps every bit.
    """
    region = lesions.side.region
    moved = _slid_carpus(points, lesions) if region is Region.HAND else dict(points)
    luxations = HAND_LUXATIONS if region is Region.HAND else FOOT_LUXATIONS
    for chain in TEMPLATES[region].rays.values():
        for order, joint in enumerate(chain[:-1]):
            luxation = luxations.get(joint, luxations.get(joint.rstrip("12345")))
            share = lesions.state("subluxation", joint)
            if luxation is not None and share.any():
                _displace(moved, chain[order:], luxation, share, lesions.limb.scale)
    return moved


def head_at(points: Points, joint: str) -> Float[np.ndarray, "film 2"]:
    """Where the bone before a joint ends.

    Args:
        points: From `displaced_points`.
        joint: Name of the joint's point.

    Returns:
        Canonical frame, mm.
    """
    return points.get(f"{joint} head", points[joint])


def base_at(points: Points, joint: str) -> Float[np.ndarray, "film 2"]:
    """Where the bone beyond a joint begins.

    Args:
        points: From `displaced_points`.
        joint: Name of the joint's point.

    Returns:
        Canonical frame, mm.
    """
    return points.get(f"{joint} base", points[joint])


def _displace(points: Points, chain: tuple[str, ...], luxation: Luxation, share: np.ndarray, scale: np.ndarray) -> None:
    """Displaces everything from the first joint of `chain` on, in the films where `share` is above 0."""
    joint, beyond = chain[0], chain[1:]
    head = points[joint]
    axis = points[beyond[0]] - head
    axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    thumbwards = np.stack([axis[:, 1], -axis[:, 0]], axis=-1)
    base = head + (share * scale)[:, None] * (luxation.thumbwards * thumbwards - luxation.riding_up * axis)
    angle = np.deg2rad(luxation.turn) * share
    there = (share > 0)[:, None]  # elsewhere not one bit moves
    for point in beyond:
        points[point] = np.where(there, base + turned(points[point] - head, angle), points[point])
    points[f"{joint} head"] = head
    points[f"{joint} base"] = np.where(there, base, head)
    points[joint] = np.where(there, 0.5 * (head + base), head)


def _slid_carpus(points: Points, lesions: JointLesions) -> Points:
    slide = np.zeros_like(points["RC"])
    slide[:, 0] = -ULNAR_TRANSLATION_MM * lesions.state("subluxation", "radius") * lesions.limb.scale
    forearm = ("RC", "DRUJ_U", "RADIUS", "ULNA")
    moved = {name: place if name in forearm else place + slide for name, place in points.items()}
    moved[CARPUS] = points["RC"] + slide
    return moved
