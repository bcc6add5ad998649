"""Landmarks against what is drawn: they lie where the bones leave room for them, to a tenth of a millimetre."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from limb_films import ANATOMY, POSE, QUIET, SEED, film, layers, states

from outcomenet.anatomy import Region, Side
from outcomenet.simulation.rendering import Scanner, of_side, render_films, select
from outcomenet.simulation.rendering.posing import joint_points

FINE = Scanner(noise=0.0, marker=False, spacing_mm=0.05, blur_mm=0.02)
# The next landmark beyond a joint gives the direction of its ray; the lesser toes have none and point up.
FINGERS = {
    f"{joint}{n}": f"{beyond}{n}"
    for joint, beyond in (("MCP", "PIP"), ("PIP", "DIP"), ("DIP", "TIP"))
    for n in range(2, 6)
}
HAND = FINGERS | {"MCP1": "IP1", "IP1": "TIP1"}
FOOT = {"MTP1": "IP1", "IP1": "TIP1"} | {f"MTP{n}": None for n in range(2, 6)}


def bone_edge_mm(bone: np.ndarray, start: np.ndarray, direction: np.ndarray, spacing: float) -> float:
    """Distance in mm from a place in a joint space, along a unit vector (film axes), to the bone."""
    steps = np.arange(0.0, 4.0, 0.02)
    places = (start + steps[:, None] * direction) / spacing - 0.5
    columns, rows = np.round(places).astype(int).T
    return float(steps[np.argmax(bone[rows, columns] > 0.02)])


@cache
def fine_film(side: Side):
    """Bone layer at 0.05 mm and landmarks of a healthy limb."""
    return layers(side, FINE)[1], film(side, FINE)[1]


@pytest.mark.parametrize(
    ("side", "joint", "beyond"),
    [
        (side, joint, beyond)
        for side in Side
        for joint, beyond in (HAND if side.region is Region.HAND else FOOT).items()
    ],
)
def test_a_landmark_lies_in_the_middle_of_the_drawn_joint_space(side, joint, beyond):
    bone, landmarks = fine_film(side)
    place = 0.05 * np.array(landmarks[joint])
    up = 0.05 * np.array(landmarks[beyond]) - place if beyond else np.array([0.0, -1.0])
    up = up / np.hypot(*up)
    gap = [bone_edge_mm(bone, place, direction, 0.05) for direction in (up, -up)]
    assert min(gap) > 0.2
    assert abs(gap[0] - gap[1]) / 2 < 0.1


def test_a_subluxated_joints_landmark_lies_midway_between_the_two_drawn_bone_ends():
    side, share = Side.RIGHT_FOOT, {"RF_MTP1": 0.3}
    _, bone = layers(side, FINE, subluxation=share)
    before, after = film(side, FINE)[1], film(side, FINE, subluxation=share)[1]
    head, middle = 0.05 * np.array(before["MTP1"]), 0.05 * np.array(after["MTP1"])
    base = 2 * middle - head  # where the phalanx must begin if the landmark is midway
    metatarsal = 0.05 * np.array(before["BASE1"]) - head
    phalanx = 0.05 * np.array(after["IP1"]) - base
    metatarsal, phalanx = (vector / np.hypot(*vector) for vector in (metatarsal, phalanx))
    ends = [
        head + bone_edge_mm(bone, head, metatarsal, 0.05) * metatarsal,
        base + bone_edge_mm(bone, base, phalanx, 0.05) * phalanx,
    ]
    _, healthy = layers(side, FINE)
    up = 0.05 * np.array(before["IP1"]) - head
    half_gap = bone_edge_mm(healthy, head, metatarsal, 0.05), bone_edge_mm(healthy, head, up / np.hypot(*up), 0.05)
    expected = head + half_gap[0] * metatarsal, base + half_gap[1] * phalanx
    assert np.hypot(*(np.mean(ends, axis=0) - np.mean(expected, axis=0))) < 0.1
    assert np.hypot(*(base - head)) > 1.5


def test_landmarks_are_the_points_turned_magnified_and_moved():
    limb, pose = of_side(select(ANATOMY, [1]), Side.RIGHT_HAND), select(POSE, ([1], [1], 1))
    points = joint_points(limb, pose, Region.HAND)
    _, (landmarks,) = render_films(states(), select(ANATOMY, [1]), pose, QUIET, Side.RIGHT_HAND, SEED)
    names = list(landmarks)
    # as complex numbers: a right hand's x axis is mirrored, y points up
    canonical = np.array([-points[name][0, 0] - 1j * points[name][0, 1] for name in names])
    seen = QUIET.spacing_mm * np.array([complex(*landmarks[name]) for name in names])
    expected = pose.magnification[0] * np.exp(1j * pose.rotation[0]) * canonical
    assert np.abs((seen - seen[0]) - (expected - expected[0])).max() < 1e-6
