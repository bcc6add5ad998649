"""Sample of many patients of a world, with what a statistician would compute of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.scoring import SVDH
from outcomenet.simulation.causal import Patients, solve
from outcomenet.simulation.cohort_tables import hand_osteoarthritis
from outcomenet.simulation.disability import haq_index
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.readers import grade, perceive, total
from outcomenet.simulation.world import World


@dataclass(frozen=True)
class Sample:
    """Many solved patients and what a statistician would compute of them; visits that did not take place are left out."""

    world: World
    solved: Patients
    # SvdH totals of the same readers' second, blinded reading of the first films
    second_reading: Float[np.ndarray, "patient reader"]

    @property
    def haq(self) -> Float[np.ndarray, "patient visit"]:
        """HAQ-DI, 0-3."""
        return haq_index(self.solved.items, self.solved.aids)

    def points(self, symptom: str) -> Float[np.ndarray, "patient visit"]:
        """VAS of pain, fatigue or another reported outcome, 0-100."""
        return self.solved.symptoms[symptom].points

    @property
    def totals(self) -> Float[np.ndarray, "patient visit reader"]:
        """Each reader's SvdH total at every visit."""
        return total(self.solved.svdh)

    def change(self, chosen: Bool[np.ndarray, "patient"] | None = None) -> Float[np.ndarray, "came reader"]:
        """Yearly change of each reader's SvdH total between the first two visits.

        Args:
            chosen: Patients to take; None takes everybody. Those who missed the second visit are left out.
        """
        came = self.solved.present[:, 1] & (True if chosen is None else chosen)
        return (self.totals[came, 1] - self.totals[came, 0]) / self.world.visit_gap_years

    def has_oa(self) -> Bool[np.ndarray, "patient"]:
        """Radiographic hand osteoarthritis at the first visit, as the tables' `oa` column."""
        return hand_osteoarthritis(self.solved)[:, 0]


def draw_sample(world: World, patients: int, seed: int, chunk: int = 500) -> Sample:
    """Solves many patients of a world, a chunk at a time so that memory stays bounded.

    Args:
        world: The world; at least two visits are solved even where it plans one, since change needs them.
        patients: How many, from the world's first on.
        seed: Seed of the noise.
        chunk: Patients solved at a time.

    Returns:
        The solved patients with a second, blinded reading of their first films.
    """
    visits = max(world.visits, 2)
    solved, second = [], []
    for start in range(0, patients, chunk):
        indices = range(start, min(start + chunk, patients))
        noise = draw_exogenous(seed, indices, visits, len(world.readers))
        part = solve(world, noise, indices)
        solved.append(part)
        second.append(total(grade(SVDH.name, perceive(world, part.joints, noise, 1), part.joints)[:, 0]))
    return Sample(world, cast(Patients, _join(solved)), np.concatenate(second))


def _join(parts: Sequence[object]) -> object:
    """Joins equal records of arrays along the patients, whatever records they hold themselves."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(cast(Sequence[np.ndarray], parts))
    if isinstance(first, dict):
        by_name = cast(Sequence[dict[str, object]], parts)
        return {name: _join([part[name] for part in by_name]) for name in first}
    records = cast(Sequence[tuple[object, ...]], parts)
    if hasattr(first, "_fields"):
        return type(first)(*(_join(values) for values in zip(*records, strict=True)))
    return tuple(value for record in records for value in record)
