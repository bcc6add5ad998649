"""How much work the audits do, and from where on something is an alarm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AuditSizes:
    """Sizes keep the whole audit near a minute on two cores; limits are in the unit that each names.

    `intervention_patients` held-out patients are rendered anew under each intervention (simulated cohorts only).
    `border_visits` visits give their crops' borders. `explained_visits` held-out visits are read again with joints
    hidden and with shuffled networks. A subgroup needs `subgroup_visits` and `subgroup_patients`.
    `largest_shift` of the score under an intervention that should leave it alone is in SD of the score: 0.2 is
    Cohen's small effect (1988). `largest_bias` is a share of the true effect.
    """

    intervention_patients: int = 40
    intervention_damage: float = 0.3
    verified_visits: int = 4
    border_visits: int = 800
    explained_visits: int = 48
    shuffled_networks: int = 3
    resamples: int = 500
    permutations: int = 200
    subgroup_visits: int = 30
    subgroup_patients: int = 15
    largest_shift: float = 0.2
    largest_bias: float = 0.2
