"""Joint schema shared by data, models, localiser and reports: joints, sides, regions, views and landmarks.

The schema holds every site of the Sharp/van der Heijde score and the finger end joints (DIP 2-5), which no rheumatoid
score grades but osteoarthritis attacks first. A *joint* is a place on a film that gets its own crop; a score *site*
(see `scoring`) belongs to exactly one joint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Side and region as the score tables name them."""

    LEFT_HAND = "LH"
    RIGHT_HAND = "RH"
    LEFT_FOOT = "LF"
    RIGHT_FOOT = "RF"

    @property
    def region(self) -> Region:
        """Hand or foot."""
        return Region.HAND if self in (Side.LEFT_HAND, Side.RIGHT_HAND) else Region.FOOT

    @property
    def laterality(self) -> str:
        """`L` or `R`, as films.csv and DICOM's ImageLaterality write it."""
        return self.value[0]

    @classmethod
    def of(cls, laterality: str, region: Region | str) -> Side:
        """The side of a film: `Side.of("L", "hand")` is LH."""
        return cls(f"{laterality}{'H' if Region(region) is Region.HAND else 'F'}")


class Region(StrEnum):
    """Body region of a film; it decides which joints, landmarks and limb frame apply."""

    HAND = "hand"
    FOOT = "foot"


class View(StrEnum):
    """Projection; only PA hands and DP (dorsoplantar) feet can be scored."""

    PA = "PA"
    DP = "DP"
    OBLIQUE = "oblique"
    LATERAL = "lateral"

    @property
    def scorable(self) -> bool:
        """Whether score sheets are defined on this projection."""
        return self in (View.PA, View.DP)


# Distal to proximal by ray, then the carpus from thumb to little finger, then the forearm.
HAND_JOINTS = (
    "IP1", "DIP2", "DIP3", "DIP4", "DIP5",
    "PIP2", "PIP3", "PIP4", "PIP5",
    "MCP1", "MCP2", "MCP3", "MCP4", "MCP5",
    "CMC1", "CMC3", "CMC4", "CMC5",
    "multangular", "navicular", "lunate", "radius", "ulna",
)  # fmt: skip
FOOT_JOINTS = ("IP1", "MTP1", "MTP2", "MTP3", "MTP4", "MTP5")

# Radiographic hand osteoarthritis is labelled on these joints, never on MCP or wrist (EULAR 2023 definitions are
# clinical and exclude RA, so that they cannot serve as the label here).
OSTEOARTHRITIS_HAND_JOINTS = (
    "DIP2", "DIP3", "DIP4", "DIP5", "PIP2", "PIP3", "PIP4", "PIP5", "IP1", "CMC1",
)  # fmt: skip

# Names that landmarks.csv may use. The first group is what a person places; the carpal points are derived from
# it where they are not given.
HAND_LANDMARKS = (
    "IP1", "MCP1", "MCP2", "MCP3", "MCP4", "MCP5", "PIP2", "PIP3", "PIP4", "PIP5",
    "DIP2", "DIP3", "DIP4", "DIP5", "CMC1", "RC", "DRUJ_U",
    "TIP1", "TIP2", "TIP3", "TIP4", "TIP5",
    "CMC2", "CMC3", "CMC4", "CMC5", "multangular", "navicular", "lunate",
)  # fmt: skip
FOOT_LANDMARKS = ("IP1", "MTP1", "MTP2", "MTP3", "MTP4", "MTP5", "TIP1", "BASE1")


def joints_of(region: Region | str) -> tuple[str, ...]:
    """Sites of the joints of one side, in the order of the joint axis: 23 for a hand, 6 for a foot."""
    return HAND_JOINTS if Region(region) is Region.HAND else FOOT_JOINTS


def landmarks_of(region: Region | str) -> tuple[str, ...]:
    """Names of landmarks that a film of this region may have in landmarks.csv."""
    return HAND_LANDMARKS if Region(region) is Region.HAND else FOOT_LANDMARKS


@dataclass(frozen=True)
class Joint:
    """One joint of one side, for instance `Joint(Side.LEFT_HAND, "MCP2")`."""

    side: Side
    site: str

    @property
    def name(self) -> str:
        """`LH_MCP2`, as columns and figures name it."""
        return f"{self.side}_{self.site}"

    @property
    def kind(self) -> str:
        """The joint whatever its side and limb's laterality: `hand_MCP2`; crops of one kind look alike."""
        return f"{self.side.region}_{self.site}"


# The canonical order of the joint axis, everywhere: 23 joints per hand, 6 per foot, 58 in all.
JOINTS: tuple[Joint, ...] = tuple(Joint(side, site) for side in Side for site in joints_of(side.region))
JOINT_NAMES: tuple[str, ...] = tuple(joint.name for joint in JOINTS)
JOINT_INDEX: dict[str, int] = {name: index for index, name in enumerate(JOINT_NAMES)}
JOINT_COUNT = len(JOINTS)

# Joint kinds shared by left and right (23 + 6), and for every joint the index of its kind.
JOINT_KINDS: tuple[str, ...] = tuple(dict.fromkeys(joint.kind for joint in JOINTS))
JOINT_KIND_INDEX: tuple[int, ...] = tuple(JOINT_KINDS.index(joint.kind) for joint in JOINTS)
