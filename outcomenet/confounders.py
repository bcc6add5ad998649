"""Confounders and covariates: what each is, its unit, and whether a film shows it.

Osteoarthritis is visible on film and disables for its own reasons: it gets a head of its own and an outcome-side
term. Fibromyalgia leaves no trace on film and raises HAQ and pain: it is only ever an outcome-side term.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class ConfounderSpec:
    """A covariate of a visit: `name` is its column in the visit table; `binary` covariates are 0 or 1."""

    name: str
    title: str
    unit: str
    binary: bool
    on_film: bool


CONFOUNDERS: dict[str, ConfounderSpec] = {
    spec.name: spec
    for spec in (
        ConfounderSpec("age", "Age", "years", binary=False, on_film=True),
        ConfounderSpec("male", "Male sex", "0/1", binary=True, on_film=True),
        ConfounderSpec("duration", "Symptom duration", "years", binary=False, on_film=False),
        ConfounderSpec("rf", "Rheumatoid factor", "0/1", binary=True, on_film=False),
        ConfounderSpec("acpa", "ACPA", "0/1", binary=True, on_film=False),
        ConfounderSpec("fm", "Fibromyalgia", "0/1", binary=True, on_film=False),
        ConfounderSpec("oa", "Hand osteoarthritis", "0/1", binary=True, on_film=True),
        ConfounderSpec("das28", "DAS28", "units", binary=False, on_film=False),
        ConfounderSpec("crp", "C-reactive protein", "mg/L", binary=False, on_film=False),
        ConfounderSpec("haq", "HAQ-DI at the visit", "HAQ units", binary=False, on_film=False),
        ConfounderSpec("radai", "RADAI", "0-10", binary=False, on_film=False),
    )
}


def confounder(name: str) -> ConfounderSpec:
    """The confounder or covariate called `name`.

    Raises:
        UsageError: There is none of that name; the message gives the nearest known.
    """
    if name not in CONFOUNDERS:
        raise UsageError(f"There is no covariate called {name!r}. {did_you_mean(name, CONFOUNDERS)}")
    return CONFOUNDERS[name]


def fibromyalgia_acr2016(
    widespread_pain_index: float, symptom_severity: float, pain_regions: float, symptom_months: float
) -> bool:
    """Fibromyalgia by the 2016 revision of the ACR 2010/2011 criteria, valid beside RA.

    WPI >= 7 with SSS >= 5, or WPI 4-6 with SSS >= 9; pain in at least 4 of 5 regions; symptoms for 3 months
    (Wolfe et al., Semin Arthritis Rheum 2016;46:319).

    Args:
        widespread_pain_index: WPI, 0-19.
        symptom_severity: SSS, 0-12.
        pain_regions: Regions of five with pain, jaw, chest and abdomen not counted.
        symptom_months: Months for which symptoms have been at a similar level.

    Returns:
        Whether the criteria are met. A missing value (NaN) meets none of them.

    >>> fibromyalgia_acr2016(8, 6, 4, 12), fibromyalgia_acr2016(5, 8, 4, 12)
    (True, False)
    """
    severe = (widespread_pain_index >= 7 and symptom_severity >= 5) or (
        4 <= widespread_pain_index <= 6 and symptom_severity >= 9
    )
    # comparisons with NaN are false, so that a missing value meets no criterion
    return bool(severe and pain_regions >= 4 and symptom_months >= 3)


# Radiographic hand osteoarthritis: a Kellgren-Lawrence grade of 2 or more in at least two of the joints in
# `anatomy.OSTEOARTHRITIS_HAND_JOINTS`.
OSTEOARTHRITIS_GRADE = 2
# Where osteophytes were graded instead (0-3, OARSI atlas): any osteophyte. Our choice; no published definition was found.
OSTEOPHYTE_GRADE = 1
OSTEOARTHRITIS_JOINTS = 2
