"""The average adult hand and foot in millimetres: where joints lie, how wide bones are, how carpals are outlined.

Canonical frame: x towards thumb or big toe, y distal. The hand's origin is the middle of the radial articular surface
(RC), the foot's the first tarsometatarsal joint (BASE1). Positions, widths and outlines were measured on two public
domain (CC0) normal films, scaled so that TIP3-RC is 185 mm and TIP1-BASE1 is 110 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.anatomy import Region

HAND_POINTS: dict[str, tuple[float, float]] = {
    "RC": (0.0, 0.0), "DRUJ_U": (-24.8, -0.7), "RADIUS": (-3.5, -80.0), "ULNA": (-24.0, -80.0),
    "CMC1": (19.6, 24.4), "CMC2": (11.5, 29.8), "CMC3": (-0.2, 33.7), "CMC4": (-11.0, 35.2), "CMC5": (-20.5, 34.6),
    "MCP1": (52.3, 55.8), "MCP2": (27.2, 96.0), "MCP3": (4.75, 98.0), "MCP4": (-13.5, 93.3), "MCP5": (-29.7, 86.6),
    "IP1": (70.8, 79.5), "PIP2": (37.3, 132.5), "PIP3": (7.1, 140.2), "PIP4": (-17.1, 133.0), "PIP5": (-40.1, 115.5),
    "DIP2": (42.4, 153.7), "DIP3": (8.3, 167.3), "DIP4": (-20.6, 158.7), "DIP5": (-46.0, 132.7),
    "TIP1": (83.6, 95.6), "TIP2": (43.9, 170.4), "TIP3": (8.5, 184.8), "TIP4": (-22.3, 176.9), "TIP5": (-49.6, 148.8),
    "multangular": (10.5, 22.5), "navicular": (0.0, 14.5), "lunate": (-9.0, 10.6),
}  # fmt: skip

FOOT_POINTS: dict[str, tuple[float, float]] = {
    "BASE1": (0.0, 0.0), "BASE2": (-14.5, -8.6), "BASE3": (-24.0, -11.8), "BASE4": (-32.5, -15.0),
    "BASE5": (-41.0, -19.5),
    "MTP1": (9.9, 64.3), "MTP2": (-9.2, 66.5), "MTP3": (-22.1, 62.2), "MTP4": (-35.0, 56.9), "MTP5": (-50.1, 43.2),
    "IP1": (9.1, 90.4), "PIP2": (-9.8, 87.0), "PIP3": (-24.0, 81.0), "PIP4": (-34.8, 76.5), "PIP5": (-50.4, 63.2),
    "DIP2": (-10.8, 98.6), "DIP3": (-23.4, 90.8), "DIP4": (-34.0, 84.4), "DIP5": (-50.2, 69.6),
    "TIP1": (7.9, 109.7), "TIP2": (-12.0, 108.8), "TIP3": (-24.4, 100.6), "TIP4": (-32.4, 94.2), "TIP5": (-46.6, 77.2),
}  # fmt: skip

# The chain in which a pose or an anatomical variation turns the joints: every joint hangs on its parent.
HAND_RAYS = {
    1: ("CMC1", "MCP1", "IP1", "TIP1"),
    **{n: (f"CMC{n}", f"MCP{n}", f"PIP{n}", f"DIP{n}", f"TIP{n}") for n in range(2, 6)},
}
FOOT_RAYS = {
    1: ("BASE1", "MTP1", "IP1", "TIP1"),
    **{n: (f"BASE{n}", f"MTP{n}", f"PIP{n}", f"DIP{n}", f"TIP{n}") for n in range(2, 6)},
}


@dataclass(frozen=True)
class BoneShape:
    """What bones of one kind share. Surfaces are polynomials a1 x + a2 x^2 + a4 x^4 in mm, x = -1..1 across the bone,
    positive distally; `rise` is the depth in mm over which an end gains its full thickness."""

    flare: tuple[float, float]  # mm over which base and head narrow into the shaft
    hold: tuple[float, float]  # mm from the end over which they keep their full width
    base: tuple[float, float, float]
    head: tuple[float, float, float]
    rise: tuple[float, float]
    plate: tuple[float, float]  # path through the subchondral plate at base and head, mm of cortical bone
    aspect: float = 0.85  # thickness along the beam over width
    cortex: float = 0.4  # cortical thickness at mid-shaft over half width
    marrow: float = 0.22  # trabecular density at mid-shaft over that at the ends


SHAPES: dict[str, BoneShape] = {
    "metacarpal": BoneShape((12.0, 15.0), (2.5, 4.5), (0.0, 0.2, 0.4), (0.0, -1.6, -3.0), (3.0, 5.5), (1.2, 0.8), 0.9),
    "proximal": BoneShape((12.0, 6.0), (2.2, 3.6), (0.0, -2.4, 2.4), (0.0, 2.0, -3.4), (2.2, 3.0), (4.2, 1.2)),
    "middle": BoneShape((8.5, 5.0), (2.0, 3.0), (0.0, 1.8, -1.4), (0.0, 1.6, -2.8), (2.0, 2.6), (2.8, 1.0)),
    "distal": BoneShape(
        (4.2, 3.4), (1.4, 3.0), (0.0, 1.4, -1.0), (0.0, -1.0, -1.6), (1.8, 2.2), (2.4, 0.2), 0.75, 0.34, 0.6
    ),
    "radius": BoneShape(
        (1.0, 15.0), (0.0, 6.0), (0.0, 0.0, 0.0), (5.5, 7.0, -2.0), (1.0, 5.0), (0.0, 3.6), 0.62, 0.24, 0.4
    ),
    "ulna": BoneShape(
        (1.0, 8.5), (0.0, 3.0), (0.0, 0.0, 0.0), (0.4, 0.3, -1.3), (1.0, 3.0), (0.0, 2.2), 0.85, 0.34, 0.35
    ),
    "metatarsal": BoneShape((13.0, 15.0), (4.0, 5.5), (0.0, 0.5, 0.3), (0.0, -1.2, -3.0), (3.0, 5.0), (1.6, 0.9), 0.95),
    "metatarsal1": BoneShape(
        (16.0, 13.0), (4.0, 9.0), (-1.6, 0.4, 0.4), (-0.6, -1.2, -3.6), (3.0, 5.5), (2.6, 1.2), 0.8, 0.26, 0.5
    ),
    "hallux": BoneShape(
        (10.0, 7.0), (3.0, 4.0), (0.0, -2.4, 2.2), (0.0, 2.8, -3.6), (2.4, 3.2), (4.2, 1.4), 0.75, 0.26, 0.5
    ),
    "hallux_tip": BoneShape(
        (5.5, 3.6), (3.5, 3.5), (0.0, 2.0, -1.4), (0.0, -1.2, -2.0), (2.2, 2.4), (2.8, 0.2), 0.65, 0.24, 0.8
    ),
    "toe": BoneShape((7.0, 5.0), (2.2, 2.6), (0.0, -1.4, 1.2), (0.0, 1.0, -2.2), (2.0, 2.6), (2.8, 0.8), 0.9),
    "small_toe": BoneShape(
        (2.8, 2.4), (1.4, 2.2), (0.0, -0.3, 0.3), (0.0, 0.2, -1.2), (1.4, 1.6), (1.6, 0.6), 0.9, 0.3, 0.7
    ),
}


@dataclass(frozen=True)
class LongBone:
    """A bone with a shaft between two points, its half widths in mm at base, shaft and head.

    `shift` moves the middle of base and head towards the thumb, `bend` the middle of the shaft, all in mm.
    """

    name: str
    proximal: str
    distal: str
    half_width: tuple[float, float, float]
    shape: str
    shift: tuple[float, float] = (0.0, 0.0)
    bend: float = 0.0


HAND_LONG_BONES: tuple[LongBone, ...] = (
    LongBone("MC1", "CMC1", "MCP1", (8.0, 4.9, 7.4), "metacarpal", (1.0, 0.0), -1.2),
    LongBone("MC2", "CMC2", "MCP2", (8.2, 3.5, 7.0), "metacarpal", (-0.8, -0.6), 1.2),
    LongBone("MC3", "CMC3", "MCP3", (6.3, 3.7, 7.2), "metacarpal", (-0.6, 0.4), -0.6),
    LongBone("MC4", "CMC4", "MCP4", (5.0, 2.9, 6.3), "metacarpal", (0.2, 0.2), -0.4),
    LongBone("MC5", "CMC5", "MCP5", (5.9, 3.1, 5.6), "metacarpal", (-0.6, 0.6), 0.4),
    LongBone("PP1", "MCP1", "IP1", (7.2, 4.5, 5.8), "proximal"),
    LongBone("PP2", "MCP2", "PIP2", (7.5, 4.3, 5.3), "proximal", (0.4, 0.0)),
    LongBone("PP3", "MCP3", "PIP3", (7.4, 4.6, 5.6), "proximal", (0.3, 0.0)),
    LongBone("PP4", "MCP4", "PIP4", (7.0, 4.2, 5.2), "proximal"),
    LongBone("PP5", "MCP5", "PIP5", (6.3, 3.5, 4.5), "proximal", (-0.3, 0.0)),
    LongBone("MP2", "PIP2", "DIP2", (6.1, 3.4, 4.5), "middle"),
    LongBone("MP3", "PIP3", "DIP3", (6.5, 3.7, 4.9), "middle"),
    LongBone("MP4", "PIP4", "DIP4", (6.0, 3.6, 4.6), "middle"),
    LongBone("MP5", "PIP5", "DIP5", (4.9, 2.9, 3.8), "middle"),
    LongBone("DP1", "IP1", "TIP1", (6.1, 3.2, 4.7), "distal"),
    LongBone("DP2", "DIP2", "TIP2", (4.8, 2.4, 3.7), "distal"),
    LongBone("DP3", "DIP3", "TIP3", (5.2, 2.6, 4.0), "distal"),
    LongBone("DP4", "DIP4", "TIP4", (4.8, 2.4, 3.8), "distal"),
    LongBone("DP5", "DIP5", "TIP5", (3.9, 2.0, 3.1), "distal"),
    LongBone("radius", "RADIUS", "RC", (8.5, 8.2, 15.2), "radius"),
    LongBone("ulna", "ULNA", "DRUJ_U", (5.0, 4.6, 8.3), "ulna"),
)

FOOT_LONG_BONES: tuple[LongBone, ...] = (
    LongBone("MT1", "BASE1", "MTP1", (9.8, 5.3, 9.3), "metatarsal1", (0.0, 0.0), 0.6),
    LongBone("MT2", "BASE2", "MTP2", (5.6, 2.9, 5.9), "metatarsal", (0.0, 0.0), 1.2),
    LongBone("MT3", "BASE3", "MTP3", (5.6, 2.9, 5.5), "metatarsal", (0.0, 0.0), 0.8),
    LongBone("MT4", "BASE4", "MTP4", (5.6, 3.0, 5.6), "metatarsal"),
    LongBone("MT5", "BASE5", "MTP5", (6.4, 3.5, 5.7), "metatarsal", (-1.0, -0.4), -1.4),
    LongBone("PP1", "MTP1", "IP1", (8.8, 6.0, 7.7), "hallux"),
    LongBone("PP2", "MTP2", "PIP2", (5.7, 3.0, 4.5), "toe"),
    LongBone("PP3", "MTP3", "PIP3", (5.2, 2.7, 4.1), "toe"),
    LongBone("PP4", "MTP4", "PIP4", (5.1, 2.6, 4.0), "toe"),
    LongBone("PP5", "MTP5", "PIP5", (4.9, 2.3, 3.5), "toe"),
    LongBone("MP2", "PIP2", "DIP2", (5.0, 3.3, 4.4), "small_toe"),
    LongBone("MP3", "PIP3", "DIP3", (4.6, 3.1, 4.0), "small_toe"),
    LongBone("MP4", "PIP4", "DIP4", (4.4, 3.2, 3.9), "small_toe"),
    LongBone("MP5", "PIP5", "DIP5", (3.3, 2.6, 2.9), "small_toe"),
    LongBone("DP1", "IP1", "TIP1", (8.2, 4.4, 6.3), "hallux_tip"),
    LongBone("DP2", "DIP2", "TIP2", (4.5, 2.6, 3.8), "small_toe"),
    LongBone("DP3", "DIP3", "TIP3", (3.9, 2.0, 3.2), "small_toe"),
    LongBone("DP4", "DIP4", "TIP4", (3.7, 1.8, 2.8), "small_toe"),
    LongBone("DP5", "DIP5", "TIP5", (3.0, 1.4, 2.0), "small_toe"),
)


@dataclass(frozen=True)
class Contact:
    """A place (mm) where a round bone faces another: loss of the cartilage of `joint` lets the outline grow there."""

    joint: str
    place: tuple[float, float]
    reach: float = 8.0
    growth: float = 0.75  # mm by which the outline grows when all cartilage is lost


@dataclass(frozen=True)
class RoundBone:
    """A carpal, tarsal or sesamoid bone by its outline in mm, seen from inside.

    `follows` is the point whose movement it shares, `erodes` the joints that bite it, each with the place in mm where
    bites gather.
    """

    name: str
    outline: tuple[tuple[float, float], ...]
    follows: str
    depth: float = 15.0  # thickness along the beam, mm
    density: float = 1.0
    contacts: tuple[Contact, ...] = ()
    erodes: tuple[Contact, ...] = ()


def _ellipse(x: float, y: float, rx: float, ry: float) -> tuple[tuple[float, float], ...]:
    diagonal = 0.7071
    ring = ((1, 0), (diagonal, diagonal), (0, 1), (-diagonal, diagonal))
    return tuple((x + sign * a * rx, y + sign * b * ry) for sign in (1, -1) for a, b in ring)


HAND_ROUND_BONES: tuple[RoundBone, ...] = (
    RoundBone(
        "hamate",
        ((-24, 33), (-21, 34.6), (-15, 35), (-11, 34), (-10, 30), (-10.5, 25), (-12, 18), (-14, 16), (-16, 17.5),
         (-19, 22), (-20.5, 26), (-23.5, 30)),
        "RC", 15.0, 1.0,
        (Contact("CMC4", (-11.5, 34.2)), Contact("CMC5", (-20.0, 34.8))),
        (Contact("CMC4", (-12.0, 34.0)), Contact("CMC5", (-23.5, 31.5))),
    ),
    RoundBone(
        "capitate",
        ((-5, 33.2), (0, 32.7), (2.2, 28), (1.3, 24), (0.2, 20), (-0.8, 14.5), (-3, 11.9), (-6, 11.2), (-10, 12.2),
         (-12.5, 15), (-11.6, 18), (-10.2, 22), (-9.2, 27), (-8.2, 31)),
        "RC", 17.0, 1.0,
        (Contact("CMC3", (-1.5, 33.0)), Contact("navicular", (-1.0, 14.5)), Contact("navicular", (-7.5, 11.3))),
        (Contact("CMC3", (1.0, 30.0)), Contact("navicular", (-1.5, 13.5))),
    ),
    RoundBone(
        "lunate",
        ((-19.2, 4.8), (-17.5, 2.3), (-14, 1.2), (-9.5, 1.0), (-7.4, 1.7), (-5.8, 7.8), (-6.2, 9.6), (-9, 9.9),
         (-11.5, 11.0), (-14, 9.8), (-17, 7.6)),
        "RC", 14.0, 1.0,
        (Contact("navicular", (-8.5, 10.0)), Contact("lunate", (-16.5, 8.0)),
         Contact("radius", (-13.0, 1.2), 8.0, 0.9)),
        (Contact("lunate", (-7.0, 3.0)), Contact("lunate", (-18.0, 4.0))),
    ),
    RoundBone(
        "scaphoid",
        ((-4.4, 1.9), (-1, 3.2), (3, 5.0), (6, 7.4), (9, 10.6), (10.6, 12.8), (10.4, 15), (7.5, 18.6), (5, 20.6),
         (1.6, 21.2), (0.9, 20.0), (0.6, 17), (-0.2, 13.8), (-3.6, 10.2), (-4.8, 6)),
        "RC", 14.0, 1.05,
        (Contact("multangular", (6.0, 20.0)), Contact("navicular", (0.0, 14.5)),
         Contact("radius", (5.0, 6.4), 9.0, 1.7), Contact("lunate", (-4.8, 6.0), 5.0)),
        (Contact("navicular", (9.8, 12.0)), Contact("navicular", (0.3, 15.5))),
    ),
    RoundBone(
        "trapezoid",
        ((2.8, 28.4), (5, 28.8), (9.5, 29.0), (11.6, 27.5), (10.6, 23), (8, 22.4), (3.6, 23.6), (2.9, 25.5)),
        "RC", 15.0, 0.9,
        (Contact("multangular", (6.0, 22.8)),),
        (Contact("multangular", (3.2, 26.0)),),
    ),
    RoundBone(
        "trapezium",
        ((9.5, 24), (10.8, 27.3), (14, 29.0), (16.6, 28.3), (17.6, 25.8), (20.0, 22), (20.0, 19.5), (19.6, 16.8),
         (17.5, 15.4), (14, 15.8), (12.2, 15.8), (10.8, 18), (9.4, 21)),
        "RC", 15.0, 1.0,
        (Contact("multangular", (11.0, 19.0)), Contact("CMC1", (18.8, 24.0))),
        (Contact("multangular", (13.5, 16.0)), Contact("CMC1", (19.5, 20.5))),
    ),
    RoundBone(
        "triquetrum",
        ((-14.8, 13), (-17, 16), (-19.8, 20), (-20.9, 22.6), (-23, 23.6), (-26, 22), (-27.3, 18), (-26, 13),
         (-24.5, 9.4), (-22, 7.4), (-19, 8.4), (-16.6, 11)),
        "RC", 13.0, 0.9,
        (Contact("lunate", (-16.8, 9.5)),),
        (Contact("ulna", (-25.5, 11.0)),),
    ),
    RoundBone("pisiform", _ellipse(-23.4, 16.6, 4.4, 5.2), "RC", 8.0, 0.8),
    RoundBone("hook", _ellipse(-14.0, 29.3, 3.0, 3.8), "RC", 5.0, 1.0),
    RoundBone(
        "styloid", ((-30.9, -1.5), (-30.2, 2.6), (-28.4, 4.9), (-26.8, 4.4), (-26.2, 2.0), (-25.6, -1.5),
         (-28.4, -3.0)),
        "DRUJ_U", 6.0, 1.2, (), (Contact("ulna", (-27.0, 3.5)),),
    ),
    RoundBone("sesamoid_radial", _ellipse(44.6, 57.6, 2.3, 2.0), "MCP1", 4.5, 1.2),
    RoundBone("sesamoid_ulnar", _ellipse(51.0, 51.5, 2.2, 2.4), "MCP1", 4.0, 1.0),
)  # fmt: skip

FOOT_ROUND_BONES: tuple[RoundBone, ...] = (
    RoundBone("sesamoid_fibular", _ellipse(1.8, 53.0, 3.4, 5.0), "MTP1", 6.0, 0.8),
    RoundBone("sesamoid_tibial", _ellipse(13.4, 53.6, 3.9, 5.2), "MTP1", 6.0, 0.8),
    RoundBone(
        "medial_cuneiform",
        ((-7.4, -2), (-3, -1.2), (3, -2.2), (7, -4), (10, -10), (12, -15), (11, -22), (9, -26), (3, -24), (-3, -24),
         (-5.2, -20), (-6.6, -12)),
        "BASE1", 22.0, 0.7,
    ),
    RoundBone(
        "intermediate_cuneiform",
        ((-9.5, -9), (-19.5, -10.8), (-19, -20), (-14, -28.2), (-7.5, -25.4), (-6.4, -21), (-8, -12)),
        "BASE1", 20.0, 0.7,
    ),
    RoundBone(
        "lateral_cuneiform",
        ((-19.5, -12), (-29.5, -14.5), (-30, -24), (-24, -32), (-16, -31), (-14.5, -26), (-17.5, -18)),
        "BASE1", 20.0, 0.7,
    ),
    RoundBone(
        "cuboid",
        ((-27, -16), (-38, -20), (-38, -28), (-34.5, -46.5), (-18.5, -45.5), (-20, -38), (-23.5, -26)),
        "BASE1", 20.0, 0.7,
    ),
    RoundBone(
        "tarsal_navicular",
        ((-16, -32), (-10, -28), (-3, -26.2), (4, -26.6), (10, -28.5), (14, -34), (15, -41), (13, -46), (8, -47),
         (4, -43.4), (-2, -40.6), (-8, -41.4), (-13, -44), (-18, -42), (-19, -36)),
        "BASE1", 22.0, 0.7,
    ),
    RoundBone(
        "talus", ((-14, -48), (-8, -44), (-2, -43), (5, -46.4), (9, -52), (10, -58), (12, -72), (10, -96), (-8, -96),
         (-14, -66)),
        "BASE1", 26.0, 0.65,
    ),
    RoundBone(
        "calcaneus", ((-30, -50), (-18, -48.5), (-10, -54), (-6, -62), (-5, -82), (-10, -100), (-24, -100), (-29, -82),
         (-29, -65)),
        "BASE1", 26.0, 0.65,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SoftPart:
    """A tapered capsule of soft tissue from `start` to `end`, radii in mm; `flatness` is thickness over width.

    `extend` lengthens it beyond the two points and `offset` moves it as a whole (mm); `swells` names the joints whose
    synovitis shows at the start and at the end.
    """

    start: str
    end: str
    radius: tuple[float, float]
    flatness: float = 0.9
    extend: tuple[float, float] = (0.0, 0.0)
    swells: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    offset: tuple[float, float] = (0.0, 0.0)


def _finger(n: int, radii: tuple[float, float, float, float]) -> tuple[SoftPart, ...]:
    mcp, pip, dip, tip = radii
    return (
        SoftPart(f"MCP{n}", f"PIP{n}", (mcp, pip), swells=((f"MCP{n}",), (f"PIP{n}",))),
        SoftPart(f"PIP{n}", f"DIP{n}", (pip, dip), swells=((f"PIP{n}",), (f"DIP{n}",))),
        SoftPart(f"DIP{n}", f"TIP{n}", (dip, tip), extend=(0.0, 4.0 - tip), swells=((f"DIP{n}",), ())),
    )


_WRIST = ("radius", "ulna", "lunate", "navicular", "multangular", "CMC3", "CMC4", "CMC5")
HAND_SOFT_PARTS: tuple[SoftPart, ...] = (
    *_finger(2, (10.4, 8.8, 7.7, 7.2)),
    *_finger(3, (10.4, 8.9, 7.9, 7.4)),
    *_finger(4, (10.0, 8.4, 7.4, 7.0)),
    *_finger(5, (9.5, 7.4, 6.6, 6.2)),
    SoftPart("MCP1", "IP1", (11.0, 9.8), swells=(("MCP1",), ("IP1",))),
    SoftPart("IP1", "TIP1", (9.8, 8.4), extend=(0.0, -4.0), swells=(("IP1",), ())),
    SoftPart("CMC1", "MCP1", (10.5, 11.5), 1.0, extend=(8.0, 0.0), swells=(("CMC1",), ("MCP1",))),
    SoftPart("CMC1", "MCP2", (9.0, 9.0), 1.2, extend=(-12.0, -18.0), offset=(3.0, 0.0)),
    SoftPart("CMC2", "MCP2", (13.0, 10.8), 1.0, extend=(0.0, 8.0), swells=((), ("MCP2",))),
    SoftPart("CMC3", "MCP3", (13.0, 10.8), 1.0, extend=(0.0, 8.0), swells=((), ("MCP3",))),
    SoftPart("CMC4", "MCP4", (13.0, 10.4), 1.0, extend=(0.0, 8.0), swells=((), ("MCP4",))),
    SoftPart("CMC5", "MCP5", (14.0, 9.8), 1.0, extend=(0.0, 6.0), swells=((), ("MCP5",))),
    SoftPart("CMC3", "RADIUS", (27.5, 28.0), 0.62, swells=(_WRIST, ()), offset=(-6.5, 0.0)),
)


def _toe(n: int, radii: tuple[float, float, float, float]) -> tuple[SoftPart, ...]:
    mtp, pip, dip, tip = radii
    return (
        SoftPart(f"MTP{n}", f"PIP{n}", (mtp, pip), swells=((f"MTP{n}",), ())),
        SoftPart(f"PIP{n}", f"DIP{n}", (pip, dip)),
        SoftPart(f"DIP{n}", f"TIP{n}", (dip, tip), extend=(0.0, 5.0 - tip)),
    )


FOOT_SOFT_PARTS: tuple[SoftPart, ...] = (
    *_toe(2, (9.5, 8.0, 8.2, 7.6)),
    *_toe(3, (9.0, 7.4, 7.6, 7.0)),
    *_toe(4, (9.0, 7.4, 7.4, 7.0)),
    *_toe(5, (9.5, 7.6, 7.4, 7.0)),
    SoftPart("MTP1", "IP1", (14.0, 13.2), swells=(("MTP1",), ("IP1",))),
    SoftPart("IP1", "TIP1", (13.6, 12.0), 0.8, extend=(0.0, -5.5), swells=(("IP1",), ())),
    SoftPart("BASE1", "MTP1", (19.0, 15.0), 0.9, extend=(0.0, 2.0), swells=((), ("MTP1",))),
    SoftPart("BASE2", "MTP2", (18.0, 13.0), 1.0, extend=(0.0, 6.0), swells=((), ("MTP2",))),
    SoftPart("BASE3", "MTP3", (18.0, 12.0), 1.0, extend=(0.0, 6.0), swells=((), ("MTP3",))),
    SoftPart("BASE4", "MTP4", (16.0, 12.0), 1.0, extend=(0.0, 6.0), swells=((), ("MTP4",))),
    SoftPart("BASE5", "MTP5", (9.0, 9.8), 0.9, extend=(0.0, 5.0), swells=((), ("MTP5",))),
    SoftPart("BASE3", "HEEL", (35.0, 29.0), 0.52, offset=(7.5, 4.0)),
)
FOOT_POINTS["HEEL"] = (-14.0, -110.0)

# Gap between bone ends in mm, full cartilage on both sides.
JOINT_GAPS = {
    "DIP": 1.0, "PIP": 1.2, "IP": 1.3, "MCP": 1.6, "CMC": 1.3, "RC": 0.0, "DRUJ_U": 0.0, "MTP": 1.8, "BASE": 1.5,
}  # fmt: skip


@dataclass(frozen=True)
class Template:
    """Everything measured about one region."""

    points: dict[str, tuple[float, float]]
    rays: dict[int, tuple[str, ...]]
    long_bones: tuple[LongBone, ...]
    round_bones: tuple[RoundBone, ...]
    soft_parts: tuple[SoftPart, ...]


TEMPLATES: dict[Region, Template] = {
    Region.HAND: Template(HAND_POINTS, HAND_RAYS, HAND_LONG_BONES, HAND_ROUND_BONES, HAND_SOFT_PARTS),
    Region.FOOT: Template(FOOT_POINTS, FOOT_RAYS, FOOT_LONG_BONES, FOOT_ROUND_BONES, FOOT_SOFT_PARTS),
}
