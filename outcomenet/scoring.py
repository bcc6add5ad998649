"""Score schemes as data: sites, features, ranges, totals, and what an unreadable joint does to a total.

Sharp/van der Heijde (SvdH): 16 erosion and 15 narrowing sites per hand, 6 and 6 per foot, total 0-448; see Lassere,
J Rheumatol 1999 and van der Heijde, J Rheumatol 1999. SENS counts the same sites as 0 or 1, 0-86. Grade ranges come
from these definitions, never from the data at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from outcomenet.anatomy import JOINT_INDEX, OSTEOARTHRITIS_HAND_JOINTS, Joint, Region, Side
from outcomenet.errors import OutcomenetError, UsageError, did_you_mean


class UnreadablePolicy(StrEnum):
    """What a total does with a site that cannot be read (prosthesis, amputation, superposition)."""

    MISSING = "missing"  # the total is missing
    CARRY_LAST = "carry_last"  # the same reader's last readable grade of that site stands in
    EXCLUDE = "exclude"  # the total sums the readable sites


class IncompleteScore(OutcomenetError):
    """A total was asked of a reading that lacks sites and the policy does not allow it."""


@dataclass(frozen=True)
class SiteDefinition:
    """One thing a reader grades: `site` and `feature` in one region, 0 to `maximum`, on the film place `joint`."""

    region: Region
    site: str
    feature: str
    maximum: int
    joint: str
    dream: str = ""  # RA2-DREAM column without its side prefix
    ram_h1200: str = ""  # RAM-H1200 name


@dataclass(frozen=True)
class ScoreSite:
    """A site of one side, for instance LH, MCP2, erosion."""

    side: Side
    definition: SiteDefinition

    @property
    def key(self) -> tuple[str, str, str]:
        """(side, site, feature) as scores.csv writes them."""
        return str(self.side), self.definition.site, self.definition.feature

    @property
    def name(self) -> str:
        return "_".join(self.key)

    @property
    def dream_column(self) -> str:
        return f"{self.side}_{self.definition.dream}" if self.definition.dream else ""

    @property
    def joint_index(self) -> int:
        """Position of the site's joint on the joint axis."""
        return JOINT_INDEX[Joint(self.side, self.definition.joint).name]


@dataclass(frozen=True)
class Scheme:
    """A score scheme: its sites in a fixed order. Higher always means more damage."""

    name: str
    title: str
    definitions: tuple[SiteDefinition, ...]

    @property
    def sites(self) -> tuple[ScoreSite, ...]:
        return tuple(
            ScoreSite(side, definition)
            for side in Side
            for definition in self.definitions
            if definition.region is side.region
        )

    @property
    def maximum(self) -> int:
        return sum(site.definition.maximum for site in self.sites)

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(definition.feature for definition in self.definitions))

    def by_key(self) -> dict[tuple[str, str, str], ScoreSite]:
        return {site.key: site for site in self.sites}

    def total(
        self,
        grades: Mapping[tuple[str, str, str], float],
        policy: UnreadablePolicy = UnreadablePolicy.MISSING,
        last: Mapping[tuple[str, str, str], float] | None = None,
    ) -> float | None:
        """Sum of the grades of one reading, keyed by (side, site, feature).

        A site that is absent from `grades` is unreadable. `missing` then returns None, `exclude` sums the rest, and
        `carry_last` takes the grade from `last` (the same reader's reading before) or returns None where that lacks it.
        A key that the scheme does not know, or a grade outside 0..maximum, raises.
        """
        sites = self.by_key()
        for key, grade in grades.items():
            if key not in sites:
                raise UsageError(f"{self.title} has no site {key}. {did_you_mean('_'.join(key), map('_'.join, sites))}")
            if not 0 <= grade <= sites[key].definition.maximum:
                raise IncompleteScore(
                    f"{self.title} grades {'_'.join(key)} from 0 to {sites[key].definition.maximum}, got {grade}."
                )
        summed = 0.0
        for key in sites:
            grade = grades.get(key)
            if grade is None and policy is UnreadablePolicy.CARRY_LAST and last is not None:
                grade = last.get(key)
            if grade is None:
                if policy is UnreadablePolicy.EXCLUDE:
                    continue
                return None
            summed += grade
        return summed


def _svdh_definitions() -> tuple[SiteDefinition, ...]:
    hand, foot = Region.HAND, Region.FOOT
    fingers = {2: "I", 3: "M", 4: "R", 5: "S"}  # RAM-H1200: index, middle, ring, small
    rays = {1: "T", **fingers}
    erosion = [SiteDefinition(hand, "IP1", "erosion", 5, "IP1", "mcp_E__ip", "BE_IP")]
    erosion += [
        SiteDefinition(hand, f"PIP{n}", "erosion", 5, f"PIP{n}", f"pip_E__{n}", f"BE_PIP-{letter}")
        for n, letter in fingers.items()
    ]
    erosion += [
        SiteDefinition(hand, f"MCP{n}", "erosion", 5, f"MCP{n}", f"mcp_E__{n}", f"BE_MCP-{letter}")
        for n, letter in rays.items()
    ]
    erosion += [
        SiteDefinition(hand, site, "erosion", 5, site, f"wrist_E__{dream}", ram)
        for site, dream, ram in (
            ("CMC1", "mc1", "BE_CMC-T"),
            ("multangular", "mul", "BE_Tm"),
            ("navicular", "nav", "BE_S"),
            ("lunate", "lunate", "BE_L"),
            ("radius", "radius", "BE_R"),
            ("ulna", "ulna", "BE_U"),
        )
    ]
    narrowing = [
        SiteDefinition(hand, f"PIP{n}", "jsn", 4, f"PIP{n}", f"pip_J__{n}", f"JSN_PIP-{letter}")
        for n, letter in fingers.items()
    ]
    narrowing += [
        SiteDefinition(hand, f"MCP{n}", "jsn", 4, f"MCP{n}", f"mcp_J__{n}", f"JSN_MCP-{letter}")
        for n, letter in rays.items()
    ]
    narrowing += [
        SiteDefinition(hand, f"CMC{n}", "jsn", 4, f"CMC{n}", f"wrist_J__cmc{n}", f"JSN_CMC-{fingers[n]}")
        for n in (3, 4, 5)
    ]
    narrowing += [
        SiteDefinition(hand, site, "jsn", 4, joint, f"wrist_J__{dream}", ram)
        for site, joint, dream, ram in (
            ("multangular_navicular", "multangular", "mna", "JSN_STT"),
            ("capitate_navicular_lunate", "navicular", "capnlun", "JSN_SC"),
            ("radiocarpal", "radius", "radcar", "JSN_SR"),
        )
    ]
    toes = {"IP1": "ip", **{f"MTP{n}": str(n) for n in range(1, 6)}}
    # 0-5 for each side of the joint, read together as 0-10
    feet = [SiteDefinition(foot, site, "erosion", 10, site, f"mtp_E__{dream}") for site, dream in toes.items()]
    feet += [SiteDefinition(foot, site, "jsn", 4, site, f"mtp_J__{dream}") for site, dream in toes.items()]
    return (*erosion, *narrowing, *feet)


SVDH = Scheme("svdh", "Sharp/van der Heijde", _svdh_definitions())

SENS = Scheme(
    "sens",
    "Simple Erosion Narrowing Score",
    tuple(SiteDefinition(d.region, d.site, d.feature, 1, d.joint) for d in SVDH.definitions),
)

# Kellgren-Lawrence grade (0-4) of the joints on which radiographic hand osteoarthritis is defined, and of the big
# toe's joint. 0 none; 1 doubtful narrowing, possible lipping; 2 definite osteophytes; 3 multiple osteophytes, definite
# narrowing, some sclerosis; 4 large osteophytes, marked narrowing, severe sclerosis, deformity.
KELLGREN_LAWRENCE = Scheme(
    "kellgren_lawrence",
    "Kellgren-Lawrence",
    tuple(SiteDefinition(Region.HAND, site, "kl", 4, site) for site in OSTEOARTHRITIS_HAND_JOINTS)
    + (SiteDefinition(Region.FOOT, "MTP1", "kl", 4, "MTP1"),),
)


def _sharp_1985_definitions() -> tuple[SiteDefinition, ...]:
    """Hands only (Sharp et al., Arthritis Rheum 1985): 17 erosion sites 0-5 and 18 narrowing sites 0-4 per hand."""
    fingers = ["IP1", *(f"PIP{n}" for n in range(2, 6)), *(f"MCP{n}" for n in range(1, 6))]
    # a site that has no crop of its own is seen on its nearest neighbour's
    wrist_erosion = {
        "CMC1": "CMC1", "multangular": "multangular", "navicular": "navicular", "lunate": "lunate",
        "triquetrum_pisiform": "lunate", "radius": "radius", "ulna": "ulna",
    }  # fmt: skip
    wrist_narrowing = {
        "CMC3": "CMC3", "CMC4": "CMC4", "CMC5": "CMC5", "multangular_navicular": "multangular",
        "lunate_triquetrum": "lunate", "capitate_navicular_lunate": "navicular", "radiocarpal": "radius",
        "radioulnar": "ulna",
    }  # fmt: skip
    places = {finger: finger for finger in fingers}
    return tuple(
        SiteDefinition(Region.HAND, site, feature, maximum, joint)
        for feature, maximum, sites in (("erosion", 5, places | wrist_erosion), ("jsn", 4, places | wrist_narrowing))
        for site, joint in sites.items()
    )


SHARP_1985 = Scheme("sharp_1985", "Sharp 1985", _sharp_1985_definitions())

# Larsen's version for long-term studies (Larsen, J Rheumatol 1995), 0-160: PIP and MCP 2-5, four quarters of the wrist
# and MTP 2-5, each 0-5 against standard films. Other versions have other joints and maxima, so the year is part of the
# name. The wrist's quarters are read here on the crops at their middle.
LARSEN_1995 = Scheme(
    "larsen_1995",
    "Larsen 1995",
    tuple(
        SiteDefinition(Region.HAND, site, "larsen", 5, site)
        for site in (
            *(f"PIP{n}" for n in range(2, 6)), *(f"MCP{n}" for n in range(2, 6)), "multangular", "CMC4", "radius", "ulna"
        )
    )
    + tuple(SiteDefinition(Region.FOOT, f"MTP{n}", "larsen", 5, f"MTP{n}") for n in range(2, 6)),
)  # fmt: skip

# Share of joint surface destroyed, 0-5 (Rau & Herborn, J Rheumatol 1998): 38 joints, 0-190.
RATINGEN = Scheme(
    "ratingen",
    "Ratingen",
    tuple(
        SiteDefinition(Region.HAND, site, "ratingen", 5, site)
        for site in (
            "IP1", *(f"PIP{n}" for n in range(2, 6)), *(f"MCP{n}" for n in range(1, 6)),
            "navicular", "lunate", "radius", "ulna",
        )
    )
    + tuple(SiteDefinition(Region.FOOT, site, "ratingen", 5, site) for site in ("IP1", *(f"MTP{n}" for n in range(2, 6)))),
)  # fmt: skip

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme for scheme in (SVDH, SENS, SHARP_1985, LARSEN_1995, RATINGEN, KELLGREN_LAWRENCE)
}


def scheme(name: str) -> Scheme:
    """The scheme called `name`; an unknown one raises with the nearest known."""
    if name not in SCHEMES:
        raise UsageError(f"There is no score scheme called {name!r}. {did_you_mean(name, SCHEMES)}")
    return SCHEMES[name]


def sens_from_svdh(grades: Mapping[tuple[str, str, str], float]) -> dict[tuple[str, str, str], float]:
    """SENS grades from SvdH grades: 1 where the SvdH grade is above 0 (exact by definition)."""
    return {key: float(grade > 0) for key, grade in grades.items()}
