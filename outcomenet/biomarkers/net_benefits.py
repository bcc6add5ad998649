"""Net benefit of strategies in the sample and in resamples of patients, of a column or of a follow-up table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.biomarkers.design_matrix import Population, as_numbers, complete_rows, is_factor
from outcomenet.biomarkers.follow_up_study import checked_follow_up
from outcomenet.biomarkers.recalibrated import EVENT, outcome_of
from outcomenet.biomarkers.resampled import over_resamples
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import in_planned_visits, weighted_incidence
from outcomenet.metrics.risk import net_benefit

ALL, NONE = "treat all", "treat none"

# Net benefit in each resample, of risks at a threshold.
Benefit = Callable[[np.ndarray, float, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Curves:
    """Net benefit of each strategy at each threshold, in the sample and in each resample."""

    population: Population
    outcome: str
    events: int
    thresholds: tuple[float, ...]
    values: Mapping[str, np.ndarray]
    """Of each strategy, resample by threshold."""
    titles: Mapping[str, str]
    method: str
    level: float

    def title(self, name: str) -> str:
        """A strategy or outcome in words.

        Args:
            name: Of its column.
        """
        return self.titles.get(name, name)

    @property
    def models(self) -> list[str]:
        """The risks, without treating all and none."""
        return [name for name in self.values if name not in (ALL, NONE)]


class Source(NamedTuple):
    """Whose net benefit is asked for, how many events they had, and how it is counted."""

    population: Population
    events: int
    benefit: Benefit


def of_column(table: pd.DataFrame, risks: Sequence[str], outcome: str, patient: str) -> Source:
    """Net benefit of an outcome that is known for every row.

    Args:
        table: One row per patient, or per patient and visit.
        risks: Columns of risks.
        outcome: Column of 0 and 1.
        patient: Column of the patient.

    Raises:
        UndefinedMetric: A column is missing or cannot be used.
    """
    population = complete_rows(table, [outcome, *risks], patient=patient)
    target = outcome_of(population.table, outcome, EVENT)

    def benefit(risk: np.ndarray, threshold: float, weights: np.ndarray) -> np.ndarray:
        return net_benefit(target, risk, weights, threshold=threshold)

    return Source(population, int(target.sum()), benefit)


def of_follow_up(
    table: pd.DataFrame, risks: Sequence[str], event: str, patient: str, visit: int, every_days: float
) -> Source:
    """Net benefit by a planned visit of an event that others may forestall.

    Args:
        table: A follow-up table with risks, one row per patient.
        risks: Columns of risks.
        event: Cause of interest.
        patient: Column of the patient.
        visit: Number of the planned visit.
        every_days: Days between planned visits.

    Raises:
        UndefinedMetric: A column is missing or cannot be used, or too few are watched at the visit.
    """
    population = complete_rows(checked_follow_up(table, event, patient), risks, patient=patient)
    visits = in_planned_visits(population.table, event, every_days)
    if not np.isfinite(weighted_incidence(visits, np.ones((1, len(population.table))), visit)[0]):
        raise UndefinedMetric(
            f"Under a tenth of {len(population.table)} patients is watched at planned visit {visit}: choose another horizon."
        )

    def benefit(risk: np.ndarray, threshold: float, weights: np.ndarray) -> np.ndarray:
        above = weights * (risk >= threshold)
        share = above.sum(1) / weights.sum(1)
        # nobody above the threshold: nobody is treated
        rightly = np.where(share > 0, share * weighted_incidence(visits, above, visit), 0.0)
        return rightly - (share - rightly) * threshold / (1 - threshold)

    events = visits.of_interest & (visits.first_with > 0) & (visits.first_with <= visit)
    return Source(population, int(events.sum()), benefit)


def resampled_benefits(
    source: Source, risks: Sequence[str], thresholds: Sequence[float], *, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Net benefit of each risk, of treating all and of treating nobody.

    Args:
        source: Whose.
        risks: Columns of risks.
        thresholds: From which on one would treat.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        By strategy, the sample and behind it each resample, by threshold.

    Raises:
        UndefinedMetric: A column holds no risks.
    """
    table, patients = source.population.table, source.population.patients
    strategies = {**{name: _risk(table, name) for name in risks}, ALL: np.ones(len(table))}

    def statistic(weights: np.ndarray) -> np.ndarray:
        benefits = [
            [source.benefit(risk, threshold, weights) for threshold in thresholds] for risk in strategies.values()
        ]
        return np.stack(benefits).transpose(2, 0, 1)

    values = over_resamples(statistic, patients, resamples=resamples, seed=seed)
    by_name = {name: values[:, at] for at, name in enumerate(strategies)}
    return {**by_name, NONE: np.zeros_like(values[:, 0])}


def _risk(table: pd.DataFrame, name: str) -> np.ndarray:
    if is_factor(table, name):
        raise UndefinedMetric(f"Column {name!r} is text, but a risk is a number from 0 to 1.")
    values = as_numbers(table, name).to_numpy(float)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise UndefinedMetric(
            f"Column {name!r} should hold risks from 0 to 1, but {int(outside.sum())} of {len(values)} rows do not, the first is "
            f"{values[outside][0]:g}. `recalibrated.predicted` makes risks of a score."
        )
    return values
