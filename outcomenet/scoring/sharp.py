"""Sharp's method in three versions: van der Heijde's (SvdH), its simple form (SENS), and that of 1985.

SvdH: 16 erosion and 15 narrowing sites per hand, 6 and 6 per foot, total 0-448; see Lassere, J Rheumatol 1999 and van der
Heijde, J Rheumatol 1999. SENS counts the same sites as 0 or 1, 0-86.
"""

from __future__ import annotations

from collections.abc import Mapping

from outcomenet.anatomy import Region
from outcomenet.scoring.scheme import Scheme, SiteDefinition


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


def sens_from_svdh(grades: Mapping[tuple[str, str, str], float]) -> dict[tuple[str, str, str], float]:
    """SENS grades from SvdH grades: 1 where the SvdH grade is above 0 (exact by definition)."""
    return {key: float(grade > 0) for key, grade in grades.items()}


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
