"""What a score scheme is: its sites, their ranges, totals and parts, and what an unreadable joint does to a total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from outcomenet.anatomy import JOINT_INDEX, Joint, Region, Side
from outcomenet.errors import OutcomenetError, UsageError, did_you_mean


class UnreadablePolicy(StrEnum):
    """What a total does with a site that cannot be read (prosthesis, amputation, superposition)."""

    MISSING = "missing"  # the total is missing
    CARRY_LAST = "carry_last"  # the same reader's last readable grade of that site stands in
    EXCLUDE = "exclude"  # the total sums the readable sites


class Combination(StrEnum):
    """How the grades of a reading become one number."""

    SUM = "sum"
    MAXIMUM = "maximum"  # the worst limb's stage is the patient's


class IncompleteScore(OutcomenetError):
    """A total was asked of a reading that lacks sites and the policy does not allow it."""


@dataclass(frozen=True)
class SiteDefinition:
    """One thing a reader grades: `site` and `feature` in one region, `minimum` to `maximum`, on the film place `joint`."""

    region: Region
    site: str
    feature: str
    maximum: int
    joint: str
    dream: str = ""  # RA2-DREAM column without its side prefix
    ram_h1200: str = ""  # RAM-H1200 name
    minimum: int = 0
    weight: int = 1  # how often the grade counts in a total


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
    combination: Combination = Combination.SUM

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
        if self.combination is Combination.MAXIMUM:
            return max(site.definition.maximum for site in self.sites)
        return sum(site.definition.maximum * site.definition.weight for site in self.sites)

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
        """Sum of the grades of one reading, keyed by (side, site, feature); the worst one where stages are not summed.

        A site that is absent from `grades` is unreadable. `missing` then returns None, `exclude` sums the rest, and
        `carry_last` takes the grade from `last` (the same reader's reading before) or returns None where that lacks it.
        A stage is the worst of what was read, None where nothing was. A key that the scheme does not know, or a grade
        outside its range, raises.
        """
        self._check(grades)
        return self._combined(self.sites, grades, policy, last)

    def subtotals(
        self,
        grades: Mapping[tuple[str, str, str], float],
        policy: UnreadablePolicy = UnreadablePolicy.MISSING,
        last: Mapping[tuple[str, str, str], float] | None = None,
    ) -> dict[str, float | None]:
        """As `total`, for each part of the scheme: each feature, hands and feet, both together (`hands_erosion`), each
        side (`LH`). Each part has its own total under the policy, whatever the others lack."""
        self._check(grades)
        return {name: self._combined(sites, grades, policy, last) for name, sites in self.parts().items()}

    def parts(self) -> dict[str, tuple[ScoreSite, ...]]:
        """The sites of each part by its name; parts that the scheme does not have are left out."""
        parts: dict[str, list[ScoreSite]] = {}
        for site in self.sites:
            limbs = _LIMBS[site.definition.region]
            feature = site.definition.feature
            for name in (feature, limbs, f"{limbs}_{feature}", str(site.side)):
                parts.setdefault(name, []).append(site)
        return {name: tuple(sites) for name, sites in parts.items()}

    def _check(self, grades: Mapping[tuple[str, str, str], float]) -> None:
        sites = self.by_key()
        for key, grade in grades.items():
            if key not in sites:
                raise UsageError(f"{self.title} has no site {key}. {did_you_mean('_'.join(key), map('_'.join, sites))}")
            definition = sites[key].definition
            if not definition.minimum <= grade <= definition.maximum:
                raise IncompleteScore(
                    f"{self.title} grades {'_'.join(key)} from {definition.minimum} to {definition.maximum}, got {grade}."
                )

    def _combined(
        self,
        sites: tuple[ScoreSite, ...],
        grades: Mapping[tuple[str, str, str], float],
        policy: UnreadablePolicy,
        last: Mapping[tuple[str, str, str], float] | None,
    ) -> float | None:
        if self.combination is Combination.MAXIMUM:
            return max((grades[site.key] for site in sites if site.key in grades), default=None)
        summed = 0.0
        for site in sites:
            grade = grades.get(site.key)
            if grade is None and policy is UnreadablePolicy.CARRY_LAST and last is not None:
                grade = last.get(site.key)
            if grade is None:
                if policy is UnreadablePolicy.EXCLUDE:
                    continue
                return None
            summed += grade * site.definition.weight
        return summed


_LIMBS = {Region.HAND: "hands", Region.FOOT: "feet"}
