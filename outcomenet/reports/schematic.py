"""Schematic of a left hand and a left foot as data: the place of each joint, and the bones between them.

Millimetres on paper of an adult's size, x to the right, y towards the fingertips, origin at the middle of the wrist
(hand) or of the midfoot (foot). As on an unmirrored PA (DP) film a left hand has its thumb, a left foot its big toe,
on the right. The carpus is drawn wider than life, so that its joints can be told apart. Right limbs are mirror images.
"""

from __future__ import annotations

from outcomenet.anatomy import Region, Side

Point = tuple[float, float]

HAND_POINTS: dict[str, Point] = {
    "TIP1": (84, 104), "IP1": (74, 82), "MCP1": (57, 55), "CMC1": (34, 27),
    "TIP2": (38, 180), "DIP2": (36, 161), "PIP2": (33, 137), "MCP2": (26, 97), "CMC2": (16, 41),
    "TIP3": (7, 193), "DIP3": (6, 174), "PIP3": (5, 145), "MCP3": (3, 101), "CMC3": (1, 42),
    "TIP4": (-27, 181), "DIP4": (-25, 162), "PIP4": (-22, 135), "MCP4": (-18, 95), "CMC4": (-13, 40),
    "TIP5": (-57, 151), "DIP5": (-53, 134), "PIP5": (-46, 114), "MCP5": (-36, 84), "CMC5": (-26, 35),
    "multangular": (21, 25), "navicular": (14, 12), "lunate": (-3, 8),
    "radius": (10, -5), "ulna": (-20, -6), "RADIUS_SHAFT": (9, -42), "ULNA_SHAFT": (-17, -42),
}  # fmt: skip
FOOT_POINTS: dict[str, Point] = {
    "TIP1": (27, 116), "IP1": (25, 97), "MTP1": (22, 64), "BASE1": (14, 2),
    "TIP2": (4, 112), "MID2": (4, 98), "MTP2": (2, 72), "BASE2": (3, 3),
    "TIP3": (-13, 104), "MID3": (-13, 91), "MTP3": (-13, 67), "BASE3": (-6, 1),
    "TIP4": (-29, 93), "MID4": (-28, 81), "MTP4": (-27, 59), "BASE4": (-15, -3),
    "TIP5": (-44, 78), "MID5": (-42, 67), "MTP5": (-40, 48), "BASE5": (-24, -9),
}  # fmt: skip

# (distal end, proximal end, half width in mm at the ends)
HAND_BONES: tuple[tuple[str, str, float], ...] = (
    *((f"TIP{n}", f"DIP{n}", 3.6) for n in range(2, 6)),
    *((f"DIP{n}", f"PIP{n}", 4.2) for n in range(2, 6)),
    *((f"PIP{n}", f"MCP{n}", 5.2) for n in range(2, 6)),
    *((f"MCP{n}", f"CMC{n}", 6.0) for n in range(2, 6)),
    ("TIP1", "IP1", 4.4), ("IP1", "MCP1", 5.2), ("MCP1", "CMC1", 6.2),
    ("radius", "RADIUS_SHAFT", 10.0), ("ulna", "ULNA_SHAFT", 6.5),
)  # fmt: skip
FOOT_BONES: tuple[tuple[str, str, float], ...] = (
    ("TIP1", "IP1", 6.0), ("IP1", "MTP1", 6.8), ("MTP1", "BASE1", 8.0),
    *((f"TIP{n}", f"MID{n}", 3.2) for n in range(2, 6)),
    *((f"MID{n}", f"MTP{n}", 3.8) for n in range(2, 6)),
    *((f"MTP{n}", f"BASE{n}", 4.8) for n in range(2, 6)),
)  # fmt: skip
CARPALS: tuple[tuple[Point, float], ...] = (
    ((21, 33), 8.0), ((7, 28), 9.5), ((-9, 26), 9.0), ((20, 18), 8.5),
    ((10, 15), 8.5), ((-4, 12), 8.5), ((-19, 18), 8.5),
)  # fmt: skip
TARSALS: tuple[tuple[Point, float], ...] = (
    ((12, -14), 10.0), ((0, -13), 8.5), ((-13, -19), 11.0), ((6, -27), 11.0),
)  # fmt: skip

# Outlines of palm and midfoot, filled behind the bones together with a sleeve of soft tissue along each ray.
PALM: tuple[Point, ...] = (
    (29, 104), (3, 109), (-20, 103), (-43, 88), (-42, 50), (-36, 20), (-30, -8), (-29, -46), (22, -46), (24, -4),
    (38, 16), (64, 50), (57, 64), (38, 70),
)  # fmt: skip
MIDFOOT: tuple[Point, ...] = (
    (32, 68), (3, 82), (-14, 76), (-29, 67), (-48, 50), (-40, 15), (-31, -20), (-24, -42), (20, -42), (25, -10),
)  # fmt: skip
SLEEVES: dict[Region, dict[str, float]] = {
    Region.HAND: {"1": 10.5, "2": 9.0, "3": 9.0, "4": 8.6, "5": 7.8},
    Region.FOOT: {"1": 12.0, "2": 7.2, "3": 7.0, "4": 7.0, "5": 7.2},
}


def points_of(side: Side) -> dict[str, Point]:
    """All points of one limb, a right one mirrored."""
    points = HAND_POINTS if side.region is Region.HAND else FOOT_POINTS
    return {name: mirrored(point, side) for name, point in points.items()}


def joint_position(side: Side, site: str) -> Point:
    """Where `site` of `anatomy` lies on the schematic of its limb.

    Args:
        side: the limb.
        site: such as MCP2.
    """
    return points_of(side)[site]


def mirrored(point: Point, side: Side) -> Point:
    """A point of a left limb as a point of a limb of this side.

    Args:
        point: x and y in mm, x to the right.
        side: the limb.
    """
    x, y = point
    return (x, y) if side.laterality == "L" else (-x, y)
