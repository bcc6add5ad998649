"""Joints, rays and landmarks that an amputation takes away."""

from __future__ import annotations

from functools import cache

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Region, Side, joints_of, landmarks_of
from outcomenet.arrays import Bool
from outcomenet.errors import DataRefused
from outcomenet.localization.geometry import crop_frames
from outcomenet.simulation.rendering.template import TEMPLATES
from outcomenet.simulation.states import JointStates


def missing_points(states: JointStates, side: Side) -> dict[str, Bool[np.ndarray, "film"]]:
    """For every named point of a limb whether it is gone.

    An amputation at a wrist site that lies on no ray is one through the wrist: nothing of the hand is left.

    Args:
        states: Joint states, axes film, joint.
        side: The limb.

    Returns:
        True per film where a point is gone: that of an amputated joint and all beyond it on its ray.
    """
    template = TEMPLATES[side.region]
    gone = {site: _amputated(states, side, site) for site in joints_of(side.region)}
    on_rays = {point for chain in template.rays.values() for point in chain}
    whole = np.any([lost for site, lost in gone.items() if site not in on_rays] or [False], axis=0)
    missing = {name: whole | np.zeros(len(states.amputated), bool) for name in template.points}
    for chain in template.rays.values():
        lost = whole
        for point in chain:
            lost = lost | gone.get(point, False)
            missing[point] = lost | np.zeros(len(states.amputated), bool)
    return missing


def present_joints(states: JointStates) -> Bool[np.ndarray, "visit joint"]:
    """Which of the 58 joints have a crop; `states` has axes visit, joint.

    An amputated joint has none, and neither has any joint of a limb so mutilated that its direction cannot be told.
    """
    present = np.ones((len(states.amputated), JOINT_COUNT), bool)
    for side in Side:
        sites = joints_of(side.region)
        rows = [JOINT_INDEX[Joint(side, site).name] for site in sites]
        missing = missing_points(states, side)
        present[:, rows] = ~np.stack([missing[point_of(site)] for site in sites], axis=-1)
        for film in np.flatnonzero(~present[:, rows].all(axis=-1)):
            left = frozenset(name for name in landmarks_of(side.region) if not missing[name][film])
            present[film, rows] &= _has_direction(left, side.region)
    return present


def _amputated(states: JointStates, side: Side, site: str) -> Bool[np.ndarray, "film"]:
    return np.asarray(states.amputated)[:, JOINT_INDEX[Joint(side, site).name]] > 0


def point_of(site: str) -> str:
    """The named point where a scored site lies."""
    return {"radius": "RC", "ulna": "DRUJ_U"}.get(site, site)


@cache
def _has_direction(landmarks: frozenset[str], region: Region) -> bool:
    places = TEMPLATES[region].points
    try:
        crop_frames({name: places[name] for name in landmarks}, region)
    except DataRefused:
        return False
    return True
