"""Measurements of each joint on the drawn films: the size of its erosions and its joint space."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Side, joints_of
from outcomenet.arrays import Float
from outcomenet.simulation.rendering import LimbAnatomy, of_side, present_joints
from outcomenet.simulation.rendering.lesions import JointLesions
from outcomenet.simulation.rendering.limb_anatomy import BITES
from outcomenet.simulation.states import JointStates

# Joints between two long bones: what faces others is a round bone with a space of its own.
_BETWEEN_LONG_BONES = ("IP", "DIP", "PIP", "MCP", "MTP")


def bite_sizes(states: JointStates, anatomy: LimbAnatomy) -> Float[np.ndarray, "visit joint bite"]:
    """Radius of each erosion over the half width of its bone end: where erosions are, as the renderer draws them.

    Args:
        states: Axes visit, joint.
        anatomy: Axes visit, side.

    Returns:
        0 where a bite has not opened. Bites 0 to 2 lie on the distal bone, at the margin towards the thumb or big toe, at
        the other margin and in the surface, 3 to 5 likewise on the proximal bone. Around carpal bones only 0, 1, 3
        and 4 are drawn, near the place where the joint's erosions gather.
    """
    sizes = np.zeros((len(states.erosion), JOINT_COUNT, BITES))
    for side, lesions in _limbs(states, anatomy):
        for site in joints_of(side.region):
            row = JOINT_INDEX[Joint(side, site).name]
            unit = np.ones(len(sizes))
            sizes[:, row] = np.concatenate([lesions.bite_radii(site, end, unit) for end in (0, 1)], axis=-1)
    return sizes


def joint_spaces(
    states: JointStates, anatomy: LimbAnatomy, magnification: Float[np.ndarray, "visit side"]
) -> Float[np.ndarray, "visit joint"]:
    """Distance of the two bones as the film shows it, where two long bones face each other.

    Args:
        states: Axes visit, joint.
        anatomy: Axes visit, side.
        magnification: Size on the film over true size.

    Returns:
        mm on the film; NaN in the wrist, and where a joint has slipped, was replaced or is not there.
    """
    spaces = np.full(states.erosion.shape, np.nan)
    unknown = (states.subluxation > 0) | (states.prosthesis > 0) | ~present_joints(states)
    for side, lesions in _limbs(states, anatomy):
        magnified = magnification[:, list(Side).index(side)]
        for site in joints_of(side.region):
            if site.rstrip("12345") in _BETWEEN_LONG_BONES:
                row = JOINT_INDEX[Joint(side, site).name]
                spaces[:, row] = lesions.gap(site) * lesions.cartilage(site) * magnified
    return np.where(unknown, np.nan, spaces)


def _limbs(states: JointStates, anatomy: LimbAnatomy) -> list[tuple[Side, JointLesions]]:
    return [(side, JointLesions(side, states, of_side(anatomy, side))) for side in Side]
