"""Larsen, Ratingen, Steinbrocker, Kellgren-Lawrence and osteophyte scores as data."""

from __future__ import annotations

from outcomenet.anatomy import OSTEOARTHRITIS_HAND_JOINTS, Region
from outcomenet.scoring.scheme import Combination, Scheme, SiteDefinition

# Kellgren-Lawrence grade (0-4) of the joints on which radiographic hand osteoarthritis is defined, and of the big
# toe's joint. 0 none; 1 doubtful narrowing, possible lipping; 2 definite osteophytes; 3 multiple osteophytes, definite
# narrowing, some sclerosis; 4 large osteophytes, marked narrowing, severe sclerosis, deformity.
KELLGREN_LAWRENCE = Scheme(
    "kellgren_lawrence",
    "Kellgren-Lawrence",
    tuple(SiteDefinition(Region.HAND, site, "kl", 4, site) for site in OSTEOARTHRITIS_HAND_JOINTS)
    + (SiteDefinition(Region.FOOT, "MTP1", "kl", 4, "MTP1"),),
)


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

# Larsen's first version (Larsen, Dale & Eek, Acta Radiol Diagn 1977), 0-250: end, middle and base joints of the fingers,
# the wrist as one that counts five times, toe bases and the big toe's joint; joints and maximum as radclass.mudr.org gives
# them after Boini & Guillemin, Ann Rheum Dis 2001. Scott's modification (0-200) is left out: no source for its joints could
# be read.
LARSEN_1977 = Scheme(
    "larsen_1977",
    "Larsen 1977",
    (
        *(
            SiteDefinition(Region.HAND, site, "larsen", 5, site)
            for site in (
                "IP1", *(f"DIP{n}" for n in range(2, 6)), *(f"PIP{n}" for n in range(2, 6)), *(f"MCP{n}" for n in range(1, 6))
            )
        ),
        SiteDefinition(Region.HAND, "wrist", "larsen", 5, "lunate", weight=5),
        *(SiteDefinition(Region.FOOT, site, "larsen", 5, site) for site in ("IP1", *(f"MTP{n}" for n in range(1, 6)))),
    ),
)  # fmt: skip

# Steinbrocker, Traeger & Batterman, JAMA 1949: anatomical stage I to IV of the whole disease, as readers state it. Each
# limb's films are given their stage; the patient's is the worst. It is never derived from other scores. A stage belongs to
# no joint; the place that every site has is the limb's middle.
STEINBROCKER = Scheme(
    "steinbrocker",
    "Steinbrocker",
    (
        SiteDefinition(Region.HAND, "stage", "stage", 4, "lunate", minimum=1),
        SiteDefinition(Region.FOOT, "stage", "stage", 4, "MTP1", minimum=1),
    ),
    Combination.MAXIMUM,
)

# Osteophytes of single joints, 0-3 by the OARSI atlas (Altman & Gold, Osteoarthritis Cartilage 2007). Grades of scales whose
# 1 is a possible osteophyte (Rotterdam Study: 0 none, 1 possible, 2 definite, 3 marked) are other grades.
OSTEOPHYTES = Scheme(
    "osteophytes",
    "OARSI osteophytes",
    tuple(SiteDefinition(Region.HAND, site, "osteophyte", 3, site) for site in OSTEOARTHRITIS_HAND_JOINTS),
)

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
