"""Average adult hand and foot in millimetres: places of the joints, widths of the bones, outlines of the carpals.

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
    cortex: float = 0.47  # cortical thickness at mid-shaft over half width
    marrow: tuple[float, float] = (0.34, 1.0)  # trabecular density at mid-shaft and at the base over that at the head
    # height, place behind the head's end, reach, and how much more than that height the thumb's side has, mm
    tubercle: tuple[float, float, float, float] = (0.0, 5.0, 4.0, 0.0)
    density: float = 1.0  # bone mineral over that of other kinds of equal width
    # mm by which the rim of a hollow base, and the floor behind a head's surface, show beside the end's outline
    rim: tuple[float, float] = (0.0, 0.0)


SHAPES: dict[str, BoneShape] = {
    "metacarpal": BoneShape(
        (12.0, 13.0), (3.5, 8.0), (0.0, 0.5, 1.5), (-0.3, -1.6, -3.6), (1.6, 3.4), (2.0, 1.8), 0.9, 0.68, (0.34, 1.0),
        tubercle=(0.55, 9.3, 3.8, -0.5), density=0.82,
    ),
    "metacarpal2": BoneShape(
        (12.5, 13.0), (1.2, 8.0), (0.0, -0.2, 0.8), (0.3, -1.6, -3.6), (1.8, 3.4), (2.0, 1.8), 0.9, 0.68, (0.34, 0.9),
        tubercle=(0.55, 8.8, 3.8, -0.5), density=1.1,
    ),
    "proximal": BoneShape(
        (9.5, 6.0), (2.6, 3.2), (0.0, -4.8, 5.2), (0.0, 2.8, -3.9), (1.8, 2.2), (4.2, 1.3),
        tubercle=(0.35, 5.4, 2.8, 0.0), rim=(1.5, 0.0),
    ),
    "middle": BoneShape(
        (6.5, 5.0), (2.8, 2.6), (0.0, 1.0, -0.1), (0.0, 2.4, -3.4), (1.7, 2.0), (3.0, 1.1),
        tubercle=(0.3, 4.4, 2.4, 0.0), rim=(1.2, 0.0),
    ),
    "distal": BoneShape(
        (4.0, 3.4), (1.6, 3.0), (0.0, 0.8, 0.2), (0.0, -1.0, -1.6), (1.8, 2.2), (2.4, 0.2), 0.75, 0.34, (0.6, 1.0), density=0.78, rim=(1.0, 0.0),
    ),
    "radius": BoneShape(
        (1.0, 15.0), (0.0, 6.0), (0.0, 0.0, 0.0), (5.5, 9.5, -6.0), (1.0, 5.0), (0.0, 4.6), 0.62, 0.3, (0.4, 1.0),
        density=0.95, rim=(0.0, 2.6),
    ),
    "ulna": BoneShape(
        (1.0, 8.5), (0.0, 3.0), (0.0, 0.0, 0.0), (0.4, 0.3, -1.3), (1.0, 3.0), (0.0, 2.2), 0.85, 0.34, (0.35, 1.0),
        density=0.95,
    ),
    "metatarsal": BoneShape(
        (13.0, 12.0), (5.5, 9.0), (0.0, 0.3, 0.2), (0.0, -1.2, -3.0), (5.0, 3.6), (1.4, 2.0), 0.75, 0.68, (0.42, 0.62),
        tubercle=(0.35, 10.3, 4.0, -0.35), density=1.15,
    ),
    "metatarsal1": BoneShape(
        (20.0, 11.0), (7.0, 11.0), (-1.9, -1.3, -0.2), (-0.4, -1.5, -4.0), (3.0, 3.8), (3.0, 1.5), 0.72, 0.3, (0.42, 0.85),
        density=1.4, rim=(2.6, 0.0),
    ),
    "hallux": BoneShape(
        (10.0, 7.0), (3.0, 4.0), (0.0, -3.2, 3.9), (0.0, 4.4, -5.4), (2.4, 3.2), (4.2, 1.4), 0.75, 0.26, (0.5, 1.0), density=1.35, rim=(1.6, 0.0),
    ),
    "hallux_tip": BoneShape(
        (5.5, 3.6), (3.5, 3.5), (0.0, 2.2, 0.2), (0.0, -1.2, -2.0), (2.2, 2.4), (2.8, 0.2), 0.65, 0.24, (0.8, 1.0), density=1.2, rim=(1.4, 0.0),
    ),
    "toe": BoneShape(
        (8.0, 4.6), (2.4, 2.6), (0.0, -2.4, 2.2), (0.0, 1.4, -2.2), (2.0, 2.2), (3.2, 1.0), 0.9, 0.5, (0.3, 1.0), rim=(1.2, 0.0),
    ),
    "small_toe": BoneShape(
        (2.8, 2.4), (1.4, 2.0), (0.0, -0.7, 0.1), (0.0, 0.6, -1.4), (1.4, 1.6), (2.0, 0.8), 0.9, 0.34, (0.55, 1.0), density=0.75,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class LongBone:
    """A bone with a shaft between two points, its half widths in mm at base, shaft and head.

    `shift` moves the middle of base and head towards the thumb, `bend` the middle of the shaft, all in mm. `tilt` is how
    much further distally the base ends on the thumb's side than in its middle.
    """

    name: str
    proximal: str
    distal: str
    half_width: tuple[float, float, float]
    shape: str
    shift: tuple[float, float] = (0.0, 0.0)
    bend: float = 0.0
    tilt: float = 0.0


HAND_LONG_BONES: tuple[LongBone, ...] = (
    LongBone("MC1", "CMC1", "MCP1", (6.6, 4.8, 6.8), "metacarpal", (0.6, 0.0), -1.2),
    LongBone("MC2", "CMC2", "MCP2", (8.4, 3.5, 6.3), "metacarpal2", (-0.8, 0.0), 1.4, 1.0),
    LongBone("MC3", "CMC3", "MCP3", (6.5, 3.7, 6.5), "metacarpal", (-0.5, 0.7), -0.4, -0.3),
    LongBone("MC4", "CMC4", "MCP4", (5.3, 2.9, 5.6), "metacarpal", (0.0, 0.5), -0.4, 0.2),
    LongBone("MC5", "CMC5", "MCP5", (7.0, 3.2, 5.1), "metacarpal", (-0.4, 0.6), 0.4, 0.4),
    LongBone("PP1", "MCP1", "IP1", (7.2, 4.5, 5.5), "proximal"),
    LongBone("PP2", "MCP2", "PIP2", (7.5, 4.2, 4.9), "proximal", (0.4, 0.0)),
    LongBone("PP3", "MCP3", "PIP3", (7.4, 4.5, 5.1), "proximal", (0.3, 0.0)),
    LongBone("PP4", "MCP4", "PIP4", (7.0, 4.1, 4.8), "proximal"),
    LongBone("PP5", "MCP5", "PIP5", (6.3, 3.4, 4.1), "proximal", (-0.3, 0.0)),
    LongBone("MP2", "PIP2", "DIP2", (6.1, 3.4, 4.1), "middle"),
    LongBone("MP3", "PIP3", "DIP3", (6.4, 3.7, 4.4), "middle"),
    LongBone("MP4", "PIP4", "DIP4", (6.0, 3.5, 4.2), "middle"),
    LongBone("MP5", "PIP5", "DIP5", (4.9, 2.9, 3.5), "middle"),
    LongBone("DP1", "IP1", "TIP1", (6.1, 3.2, 4.7), "distal"),
    LongBone("DP2", "DIP2", "TIP2", (4.8, 2.4, 3.7), "distal"),
    LongBone("DP3", "DIP3", "TIP3", (5.2, 2.6, 4.0), "distal"),
    LongBone("DP4", "DIP4", "TIP4", (4.8, 2.4, 3.8), "distal"),
    LongBone("DP5", "DIP5", "TIP5", (3.9, 2.0, 3.1), "distal"),
    LongBone("radius", "RADIUS", "RC", (8.5, 8.2, 15.2), "radius"),
    LongBone("ulna", "ULNA", "DRUJ_U", (5.0, 4.6, 8.3), "ulna"),
)

FOOT_LONG_BONES: tuple[LongBone, ...] = (
    LongBone("MT1", "BASE1", "MTP1", (9.4, 5.7, 9.2), "metatarsal1", (0.2, 0.4), 0.4),
    LongBone("MT2", "BASE2", "MTP2", (7.9, 3.6, 5.7), "metatarsal", (-2.5, 0.0), 1.9, 1.6),
    LongBone("MT3", "BASE3", "MTP3", (8.4, 3.1, 5.1), "metatarsal", (-0.4, 0.2), 0.4, 2.4),
    LongBone("MT4", "BASE4", "MTP4", (8.4, 3.3, 5.6), "metatarsal", (1.6, -0.4), -0.3, 3.0),
    LongBone("MT5", "BASE5", "MTP5", (6.4, 3.3, 5.4), "metatarsal", (1.6, -1.0), -2.4, 5.0),
    LongBone("PP1", "MTP1", "IP1", (8.8, 6.3, 7.7), "hallux"),
    LongBone("PP2", "MTP2", "PIP2", (5.6, 3.2, 4.3), "toe", (0.4, 0.2), 0.0),
    LongBone("PP3", "MTP3", "PIP3", (5.3, 2.9, 4.4), "toe", (0.9, -0.2), 0.2),
    LongBone("PP4", "MTP4", "PIP4", (5.2, 2.8, 4.1), "toe", (0.5, -0.2), 0.2),
    LongBone("PP5", "MTP5", "PIP5", (4.8, 2.3, 3.4), "toe", (0.8, -0.4), -0.4),
    LongBone("MP2", "PIP2", "DIP2", (5.0, 3.4, 4.3), "small_toe", (0.3, 0.3)),
    LongBone("MP3", "PIP3", "DIP3", (4.5, 2.9, 3.4), "small_toe", (0.0, 0.6)),
    LongBone("MP4", "PIP4", "DIP4", (4.4, 3.4, 3.6), "small_toe", (0.0, 0.4)),
    LongBone("MP5", "PIP5", "DIP5", (3.2, 2.7, 2.8), "small_toe"),
    LongBone("DP1", "IP1", "TIP1", (7.9, 4.8, 6.3), "hallux_tip"),
    LongBone("DP2", "DIP2", "TIP2", (4.5, 2.2, 3.9), "small_toe", (-0.2, 0.2), 0.4),
    LongBone("DP3", "DIP3", "TIP3", (3.9, 1.7, 3.0), "small_toe", (-0.2, 0.0), 0.4),
    LongBone("DP4", "DIP4", "TIP4", (3.6, 1.8, 2.4), "small_toe", (-0.4, 0.4), 0.3),
    LongBone("DP5", "DIP5", "TIP5", (2.8, 1.3, 1.7), "small_toe", (-0.4, 0.3), 0.3),
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
    plate: float = 0.9  # path through the subchondral plate, mm of cortical bone


def _ellipse(x: float, y: float, rx: float, ry: float) -> tuple[tuple[float, float], ...]:
    diagonal = 0.7071
    ring = ((1, 0), (diagonal, diagonal), (0, 1), (-diagonal, diagonal))
    return tuple((x + sign * a * rx, y + sign * b * ry) for sign in (1, -1) for a, b in ring)


HAND_ROUND_BONES: tuple[RoundBone, ...] = (
    RoundBone(
        "hamate",
        ((-23.0, 31.2), (-20.5, 33.8), (-17, 35.6), (-13, 35.8), (-10.6, 34.8), (-10, 31), (-10.2, 26), (-11.2, 21.6),
         (-12.6, 18), (-14, 16), (-15.8, 15.6), (-17.4, 17.6), (-18.8, 21), (-20, 25.4), (-21.4, 28.4)),
        "RC", 15.0, 1.0,
        (Contact("CMC4", (-11.5, 34.6)), Contact("CMC5", (-19.6, 34.3))),
        (Contact("CMC4", (-12.0, 34.4)), Contact("CMC5", (-22.6, 31.6))), 2.4,
    ),
    RoundBone(
        "capitate",
        ((-9.2, 35.8), (-6, 35.4), (-2.6, 34.3), (2, 33.8), (2.7, 29), (2.2, 25), (0.2, 21), (-0.9, 17), (-1.6, 14.2),
         (-3.6, 12.2), (-6.4, 11.5), (-9.5, 12.3), (-12.8, 14.4), (-12, 17), (-10.3, 20.5), (-9, 25), (-8.8, 30)),
        "RC", 17.0, 0.88,
        (Contact("CMC3", (-1.0, 33.9)), Contact("navicular", (-1.4, 14.5)), Contact("navicular", (-7.0, 11.7))),
        (Contact("CMC3", (1.6, 32.2)), Contact("navicular", (-1.8, 13.7))), 2.4,
    ),
    RoundBone(
        "lunate",
        ((-19.6, 5), (-18, 7.8), (-15, 10.4), (-12, 12.2), (-8.6, 10.9), (-5.5, 10.6), (-5.4, 7), (-6, 3), (-6.6, 0.2),
         (-9.5, 0.1), (-13, 0.4), (-16.6, 2)),
        "RC", 14.0, 1.00,
        (Contact("navicular", (-8.5, 10.8)), Contact("lunate", (-16.5, 9.1)),
         Contact("radius", (-13.0, 0.5), 8.0, 0.9)),
        (Contact("lunate", (-6.6, 3.0)), Contact("lunate", (-18.6, 4.4))), 2.4,
    ),
    RoundBone(
        "scaphoid",
        ((-5.2, 2.3), (-2.8, 1.3), (1.2, 2.2), (4.6, 4.4), (8, 7.4), (10.4, 10.2), (11.2, 12.6), (9.8, 16.4), (7.4, 19.6),
         (4.6, 21.4), (2, 22), (0.2, 21.8), (0.3, 18), (-0.4, 14.8), (-2.2, 12.2), (-4.9, 10.8), (-5.0, 6.5)),
        "RC", 14.0, 1.00,
        (Contact("multangular", (6.0, 20.6)), Contact("navicular", (-0.3, 14.8)),
         Contact("radius", (5.6, 5.2), 9.0, 1.7), Contact("lunate", (-5.0, 6.0), 5.0)),
        (Contact("navicular", (10.2, 12.4)), Contact("navicular", (0.0, 15.2))), 2.4,
    ),
    RoundBone(
        "trapezoid",
        ((3.3, 26), (3.5, 29.2), (5.8, 30), (9, 30.2), (13, 30.5), (16.8, 30.8), (17.8, 27.4), (17, 23.6), (14.5, 20.8),
         (11, 19.6), (8.6, 20.6), (6, 21.8), (3.4, 22.8)),
        "RC", 15.0, 0.86,
        (Contact("multangular", (6.2, 21.7)),),
        (Contact("multangular", (4.0, 26.0)),), 1.8,
    ),
    RoundBone(
        "trapezium",
        ((9.6, 20.2), (9.8, 25), (11.6, 29), (14.6, 30.4), (17.4, 29), (18.6, 26.8), (20.2, 24.2), (21.4, 21.6),
         (20.8, 18.2), (18.4, 15.4), (15.4, 15.6), (12.4, 15.2), (11, 17.2)),
        "RC", 15.0, 0.92,
        (Contact("multangular", (10.4, 18.6)), Contact("CMC1", (19.4, 25.4))),
        (Contact("multangular", (13.0, 15.8)), Contact("CMC1", (20.6, 22.0))), 1.8,
    ),
    RoundBone(
        "triquetrum",
        ((-28, 18.5), (-26.4, 21.8), (-23, 23), (-20.4, 21.4), (-18, 17.4), (-16.4, 15.4), (-14.2, 12.8), (-16.4, 10),
         (-18.8, 7.8), (-21.5, 6.5), (-23.6, 7.6), (-25.4, 10.4), (-27.5, 14)),
        "RC", 13.0, 0.84,
        (Contact("lunate", (-16.8, 9.6)),),
        (Contact("ulna", (-25.4, 10.8)),), 2.2,
    ),
    RoundBone(
        "pisiform",
        ((-28.6, 20), (-27.2, 22.8), (-24.6, 23.9), (-22, 23.5), (-20.2, 21.4), (-18.2, 17.5), (-17.6, 15.4), (-19.5, 12.4),
         (-22.5, 11.1), (-25.5, 11.2), (-27.4, 13.4), (-27.6, 16.6)),
        "RC", 9.0, 1.05, plate=0.7,
    ),
    RoundBone("hook", _ellipse(-15.0, 30.4, 4.2, 4.6), "RC", 3.0, 1.3, plate=2.2),
    RoundBone(
        "styloid", ((-30.9, -1.5), (-30.2, 2.6), (-28.4, 4.9), (-26.8, 4.4), (-26.2, 2.0), (-25.6, -1.5),
         (-28.4, -3.0)),
        "DRUJ_U", 8.0, 1.7, (), (Contact("ulna", (-27.0, 3.5)),), 0.6,
    ),
    RoundBone("sesamoid_radial", _ellipse(44.6, 57.6, 2.5, 2.2), "MCP1", 4.5, 1.2, plate=0.35),
    RoundBone("sesamoid_ulnar", _ellipse(51.0, 51.5, 2.4, 2.6), "MCP1", 4.0, 1.0, plate=0.3),
    RoundBone("scaphoid_tubercle", _ellipse(6.4, 14.2, 4.8, 5.2), "RC", 6.0, 1.0, plate=1.2),
)  # fmt: skip

FOOT_ROUND_BONES: tuple[RoundBone, ...] = (
    RoundBone("sesamoid_fibular", _ellipse(1.6, 52.6, 3.2, 5.0), "MTP1", 7.0, 0.95, plate=0.5),
    RoundBone("sesamoid_tibial", _ellipse(13.2, 53.4, 3.4, 5.0), "MTP1", 7.0, 0.95, plate=0.5),
    RoundBone(
        "medial_cuneiform",
        ((-7.8, -1.4), (-4, -0.4), (0, 0.0), (3.4, -1.2), (6.8, -3.0), (9.4, -5.0), (9.6, -8), (11.4, -11.4), (12.5, -14.6),
         (11.6, -18.5), (11, -22.5), (10.4, -26.2), (8, -25.6), (5, -23.8), (1, -23.5), (-3, -24), (-4.4, -21), (-5.2, -16),
         (-6.8, -9), (-7.4, -5)),
        "BASE1", 22.0, 0.77, plate=2.7,
    ),
    # On this view the cuboid and the two lesser cuneiforms look like one bone with faint lines inside.
    RoundBone(
        "lesser_tarsus",
        ((-8.9, -9.4), (-14, -10), (-20, -11.4), (-26.5, -13.6), (-31, -15.6), (-35, -18), (-38.8, -20.4), (-38.2, -26),
         (-37.4, -33), (-35.6, -40), (-34, -47.2), (-29, -47.8), (-23, -47.4), (-16.5, -46), (-15, -42), (-15.4, -36),
         (-15.6, -31.6), (-10, -27.6), (-5.6, -24.6), (-5.3, -22), (-6.6, -17)),
        "BASE1", 22.0, 0.72, plate=2.0,
    ),
    RoundBone(
        "lateral_cuneiform",
        ((-17.5, -11.4), (-23, -12.4), (-28.5, -14.8), (-31, -17), (-29.5, -24), (-26, -32), (-20.5, -33), (-18, -30),
         (-18, -20)),
        "BASE1", 12.0, 0.36, plate=1.6,
    ),
    RoundBone(
        "tarsal_navicular",
        ((-16.4, -33.6), (-13, -31.4), (-8, -28.4), (-4, -26.9), (0, -26.0), (4, -26.4), (8, -27.8), (11.8, -29.6), (14.4, -34),
         (15.6, -41), (14.8, -44.4), (12, -47), (9, -47.8), (5, -45.6), (1.4, -43.6), (-2.5, -42.3), (-6, -42.2),
         (-10, -43.2), (-13.6, -45.4), (-16.4, -43), (-17.4, -38)),
        "BASE1", 22.0, 0.72, plate=2.7,
    ),
    RoundBone(
        "talus_head",
        ((-13.4, -46.8), (-8, -43.8), (-4, -43), (0.5, -43.4), (4.4, -45.2), (8, -49), (10.2, -54), (10, -57.5), (4, -58.6),
         (-4, -58.6), (-10.5, -57), (-13.2, -52)),
        "BASE1", 24.0, 0.42, plate=1.6,
    ),
    RoundBone(
        "talus",
        ((8.8, -58), (11.4, -63), (12.6, -69), (11, -76), (10.4, -84), (11.4, -96), (11, -118), (-23, -118), (-26, -96),
         (-27, -80), (-24, -72), (-18, -66), (-13, -60.5), (-8, -57.4), (0, -56.6)),
        "BASE1", 26.0, 0.6, plate=1.4,
    ),
    RoundBone(
        "calcaneus",
        ((-10.6, -54), (-12.8, -49.2), (-17, -48.6), (-23, -48.8), (-30.6, -50.2), (-32, -54), (-31, -62), (-28.6, -72),
         (-25, -80), (-18, -78), (-12, -68), (-10.4, -60)),
        "BASE1", 26.0, 0.52, plate=1.7,
    ),
    RoundBone(
        "medial_malleolus", ((13.4, -84.4), (17.6, -86), (20.4, -91), (21.6, -100), (21, -118), (-6, -118), (2, -98),
         (10, -90), (11.6, -86)),
        "BASE1", 20.0, 0.7,
    ),
    RoundBone(
        "lateral_malleolus", ((-29.6, -84.6), (-33, -85.4), (-35.2, -90), (-36, -100), (-36, -118), (-22, -118), (-24, -98),
         (-26.4, -88)),
        "BASE1", 16.0, 0.8,
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
    SoftPart("MCP1", "MCP2", (9.0, 10.0), 0.75, extend=(-5.0, -8.0), offset=(-3.0, -8.0)),
    SoftPart("CMC2", "MCP2", (13.0, 10.8), 1.0, extend=(0.0, 8.0), swells=((), ("MCP2",))),
    SoftPart("CMC3", "MCP3", (13.0, 10.8), 1.0, extend=(0.0, 11.0), swells=((), ("MCP3",))),
    SoftPart("CMC4", "MCP4", (13.0, 10.4), 1.0, extend=(0.0, 11.0), swells=((), ("MCP4",))),
    SoftPart("CMC5", "MCP5", (14.0, 9.8), 1.0, extend=(0.0, 6.0), swells=((), ("MCP5",))),
    SoftPart("CMC3", "RADIUS", (27.5, 28.0), 0.8, swells=(_WRIST, ()), offset=(-6.5, 0.0)),
)


def _toe(n: int, radii: tuple[float, float, float, float]) -> tuple[SoftPart, ...]:
    mtp, pip, dip, tip = radii
    return (
        SoftPart(f"MTP{n}", f"PIP{n}", (mtp, pip), swells=((f"MTP{n}",), ())),
        SoftPart(f"PIP{n}", f"DIP{n}", (pip, dip)),
        SoftPart(f"DIP{n}", f"TIP{n}", (dip, tip), extend=(0.0, 5.0 - tip)),
    )


FOOT_SOFT_PARTS: tuple[SoftPart, ...] = (
    *_toe(2, (11.0, 9.0, 8.8, 8.2)),
    *_toe(3, (10.0, 8.6, 8.4, 7.8)),
    *_toe(4, (10.0, 8.4, 8.2, 7.6)),
    *_toe(5, (10.0, 8.2, 7.8, 7.4)),
    SoftPart("MTP1", "IP1", (14.5, 13.4), swells=(("MTP1",), ("IP1",))),
    SoftPart("IP1", "TIP1", (13.8, 12.6), 0.8, extend=(0.0, -5.5), swells=(("IP1",), ())),
    SoftPart("BASE1", "MTP1", (19.0, 15.0), 0.9, extend=(0.0, 7.0), swells=((), ("MTP1",))),
    SoftPart("BASE2", "MTP2", (18.0, 13.0), 1.0, extend=(0.0, 11.0), swells=((), ("MTP2",))),
    SoftPart("BASE3", "MTP3", (18.0, 12.0), 1.0, extend=(0.0, 14.0), swells=((), ("MTP3",))),
    SoftPart("BASE4", "MTP4", (16.0, 12.0), 1.0, extend=(0.0, 12.0), swells=((), ("MTP4",))),
    SoftPart("BASE5", "MTP5", (9.0, 10.6), 0.9, extend=(0.0, 6.0), swells=((), ("MTP5",))),
    SoftPart("BASE3", "HEEL", (35.0, 29.0), 0.52, offset=(7.5, 4.0)),
)
FOOT_POINTS["HEEL"] = (-14.0, -110.0)

# Gap between bone ends in mm, full cartilage on both sides.
JOINT_GAPS = {
    "DIP": 0.9, "PIP": 1.05, "IP": 1.1, "MCP": 1.6, "CMC": 0.85, "RC": 0.0, "DRUJ_U": 0.0, "MTP": 1.8, "BASE": 1.5,
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
