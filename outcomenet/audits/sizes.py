"""Sizes of the audits, and thresholds above which an audit raises an alarm."""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.ranges import Count, NotNegative, Resamples, Share, check_ranges


@dataclass(frozen=True)
class AuditSizes:
    """Sizes keep the whole audit near a minute on two cores; limits are in the unit that each names.

    `intervention_patients` held-out patients are rendered anew under each intervention (simulated cohorts only).
    `border_visits` visits give their crops' borders. `explained_visits` held-out visits are read again with joints
    hidden and with shuffled networks. A subgroup needs `subgroup_visits` and `subgroup_patients`.
    `largest_shift` of the score under an intervention that should leave it alone is in SD of the score: 0.2 is
    Cohen's small effect (1988). `largest_bias` is a share of the true effect. `largest_site_auroc` is that of telling from
    the score a visit of one hospital from one of another.
    """

    intervention_patients: Count = 40
    intervention_damage: Share = 0.3
    verified_visits: Count = 4
    border_visits: Count = 800
    explained_visits: Count = 48
    shuffled_networks: Count = 3
    resamples: Resamples = 500
    permutations: Resamples = 200
    subgroup_visits: Count = 30
    subgroup_patients: Count = 15
    largest_shift: NotNegative = 0.2
    largest_bias: NotNegative = 0.2
    largest_site_auroc: Share = 0.6

    def __post_init__(self) -> None:
        check_ranges(self)
