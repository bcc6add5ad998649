"""Score schemes as data: sites, features, ranges, totals, and what an unreadable joint does to a total.

Grade ranges come from these definitions, never from the data at hand.
"""

from __future__ import annotations

from outcomenet.errors import UsageError, did_you_mean
from outcomenet.scoring.other_schemes import (
    KELLGREN_LAWRENCE,
    LARSEN_1977,
    LARSEN_1995,
    OSTEOPHYTES,
    RATINGEN,
    STEINBROCKER,
)
from outcomenet.scoring.scheme import (
    Combination,
    ImpossibleGrade,
    Scheme,
    ScoreSite,
    SiteDefinition,
    UnreadablePolicy,
)
from outcomenet.scoring.sharp import SENS, SHARP_1985, SVDH, sens_from_svdh

__all__ = [
    "KELLGREN_LAWRENCE", "LARSEN_1977", "LARSEN_1995", "OSTEOPHYTES", "RATINGEN", "SCHEMES", "SENS", "SHARP_1985",
    "STEINBROCKER", "SVDH", "Combination", "ImpossibleGrade", "Scheme", "ScoreSite", "SiteDefinition",
    "UnreadablePolicy", "scheme", "sens_from_svdh",
]  # fmt: skip

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        SVDH,
        SENS,
        SHARP_1985,
        LARSEN_1977,
        LARSEN_1995,
        RATINGEN,
        STEINBROCKER,
        KELLGREN_LAWRENCE,
        OSTEOPHYTES,
    )
}


def scheme(name: str) -> Scheme:
    """The scheme called `name`; an unknown one raises with the nearest known."""
    if name not in SCHEMES:
        raise UsageError(f"There is no score scheme called {name!r}. {did_you_mean(name, SCHEMES)}")
    return SCHEMES[name]
