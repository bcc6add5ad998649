"""The drawn hands and feet: every joint has its place, and left and right are not mixed up."""

from __future__ import annotations

import itertools
import math

from outcomenet.anatomy import JOINTS, Side
from outcomenet.reports.joint_map import joint_phrase
from outcomenet.reports.schematic import FOOT_BONES, FOOT_POINTS, HAND_BONES, HAND_POINTS, joint_position


def test_every_joint_has_a_place():
    assert len({(joint.side, joint_position(joint.side, joint.site)) for joint in JOINTS}) == len(JOINTS)


def test_left_thumb_and_left_big_toe_point_right():
    assert joint_position(Side.LEFT_HAND, "IP1")[0] > joint_position(Side.LEFT_HAND, "MCP5")[0]
    assert joint_position(Side.LEFT_FOOT, "IP1")[0] > joint_position(Side.LEFT_FOOT, "MTP5")[0]


def test_right_limbs_are_mirror_images():
    x, y = joint_position(Side.LEFT_HAND, "MCP2")
    assert joint_position(Side.RIGHT_HAND, "MCP2") == (-x, y)


def test_joints_of_a_limb_lie_far_enough_apart_to_be_told_apart():
    for side in Side:
        places = [joint_position(side, joint.site) for joint in JOINTS if joint.side is side]
        assert min(math.dist(a, b) for a, b in itertools.combinations(places, 2)) > 10


def test_bones_join_known_points():
    for bones, points in ((HAND_BONES, HAND_POINTS), (FOOT_BONES, FOOT_POINTS)):
        assert {end for distal, proximal, _ in bones for end in (distal, proximal)} <= points.keys()


def test_thumb_and_big_toe_are_named_apart():
    assert joint_phrase("LH", "IP1") == "left thumb IP"
    assert joint_phrase("RF", "IP1") == "right big toe IP"
    assert joint_phrase("RH", "MCP2") == "right MCP2"
