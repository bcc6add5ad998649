"""Score schemes: sites, ranges, totals and parts, and what an unreadable joint does to a total."""

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


class ImpossibleGrade(OutcomenetError):
    """A grade is outside its site's range."""


@dataclass(frozen=True)
class SiteDefinition:
    """What a reader grades: one `feature` of one `site` in one region, from `minimum` to `maximum`.

    `joint` is the joint whose crop shows the site.
    """

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
        """`LH_MCP2_erosion`, as columns and figures name it."""
        return "_".join(self.key)

    @property
    def dream_column(self) -> str:
        """Column of the RA2-DREAM table; "" for a site that it does not have."""
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
        """All sites: left hand, right hand, left foot, right foot, each in the order of the definitions."""
        return tuple(
            ScoreSite(side, definition)
            for side in Side
            for definition in self.definitions
            if definition.region is side.region
        )

    @property
    def maximum(self) -> int:
        """The largest total."""
        if self.combination is Combination.MAXIMUM:
            return max(site.definition.maximum for site in self.sites)
        return sum(site.definition.maximum * site.definition.weight for site in self.sites)

    @property
    def features(self) -> tuple[str, ...]:
        """What is graded, such as erosion and jsn, each once."""
        return tuple(dict.fromkeys(definition.feature for definition in self.definitions))

    def by_key(self) -> dict[tuple[str, str, str], ScoreSite]:
        """The sites by (side, site, feature)."""
        return {site.key: site for site in self.sites}

    def total(
        self,
        grades: Mapping[tuple[str, str, str], float],
        policy: UnreadablePolicy = UnreadablePolicy.MISSING,
        last: Mapping[tuple[str, str, str], float] | None = None,
    ) -> float | None:
        """Sum of the grades of one reading, keyed by (side, site, feature); the worst one where stages are not summed.

        Args:
            grades: Grades of one reading; a site that is absent is unreadable.
            policy: What an unreadable site does: `missing` makes the total None, `exclude` sums the other sites, `carry_last`
                takes the grade from `last`, and makes the total None where that lacks it.
            last: The same reader's reading before.

        Returns:
            The total, None where it is missing. A stage is the worst of what was read, None where nothing was.

        Raises:
            UsageError: The scheme has no such site.
            ImpossibleGrade: A grade is outside its site's range.
        """
        self._check(grades)
        return self._combined(self.sites, grades, policy, last)

    def subtotals(
        self,
        grades: Mapping[tuple[str, str, str], float],
        policy: UnreadablePolicy = UnreadablePolicy.MISSING,
        last: Mapping[tuple[str, str, str], float] | None = None,
    ) -> dict[str, float | None]:
        """Totals of each part of the scheme, by the names of `parts`; arguments and errors as for `total`.

        Each part has a total of its own under the policy, whatever the others lack.
        """
        self._check(grades)
        return {name: self._combined(sites, grades, policy, last) for name, sites in self.parts().items()}

    def parts(self) -> dict[str, tuple[ScoreSite, ...]]:
        """The sites of each part: each feature, hands and feet, both together (`hands_erosion`), each side (`LH`).

        Parts that the scheme does not have are left out.
        """
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
                raise ImpossibleGrade(
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
