"""Columns whose values as a whole look like another unit: suspected, named, and settled by a line in cohort.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.meta import CohortMeta

FEWEST_VALUES = 20  # fewer tell nothing of a column


@dataclass(frozen=True)
class Suspicion:
    """A column of one table that looks like another unit when `looks_like` says so of its values.

    `key` and `declared` are the line of cohort.toml that settles it: with it the values are taken as they are.
    """

    file: str
    column: str
    key: str
    declared: str
    unit: str
    other: str
    remedy: str
    looks_like: Callable[[np.ndarray], bool]


def _mg_per_dl(values: np.ndarray) -> bool:
    """CRP in mg/dL is a tenth of that in mg/L. In RA clinics half of all values lie above 3 mg/L and a tenth above 20
    (Aletaha & Smolen, Rheum Dis Clin North Am 2009); here three of four below 1 and hardly one above 10."""
    return bool(np.quantile(values, 0.75) < 1.0 and np.quantile(values, 0.95) < 10.0)


def _zero_to_ten(values: np.ndarray) -> bool:
    """Pain on a numeric scale: no value above 10 in at least twenty, and some above 1. On a 100 mm scale half of all
    patients with RA are above 20 (Pincus & Sokka, Best Pract Res Clin Rheumatol 2003)."""
    return bool(values.max() <= 10.0 and values.max() > 1.0)


def _zero_to_one(values: np.ndarray) -> bool:
    return bool(0.0 < values.max() <= 1.0)


def _years(values: np.ndarray) -> bool:
    """Months since symptoms began, none beyond 30 in at least twenty patients, some with a fraction: more likely years."""
    return bool(values.max() <= 30.0 and (values % 1 != 0).mean() > 0.2)


SUSPICIONS: tuple[Suspicion, ...] = (
    Suspicion(
        "visits.csv", "crp", "crp_unit", "mg/L", "CRP in mg/L", "mg/dL", "Multiply the column by 10", _mg_per_dl
    ),
    Suspicion(
        "visits.csv", "pain", "pain_range", "0-100", "pain from 0 to 100", "0 to 10", "Multiply the column by 10", _zero_to_ten
    ),
    Suspicion(
        "visits.csv", "pain", "pain_range", "0-100", "pain from 0 to 100", "0 to 1", "Multiply the column by 100", _zero_to_one
    ),
    Suspicion(
        "visits.csv", "symptom_months", "symptom_months_unit", "months", "months with symptoms", "years",
        "Multiply the column by 12", _years,
    ),
)  # fmt: skip


def suspected_units(tables: Mapping[str, pd.DataFrame], meta: CohortMeta) -> list[Fault]:
    """One fault per column that looks like another unit; none where cohort.toml declares the unit, or for simulated
    cohorts, whose units are known."""
    if meta.simulated:
        return []
    faults = []
    for suspicion in SUSPICIONS:
        values = tables[suspicion.file][suspicion.column].dropna().to_numpy(float)
        if len(values) < FEWEST_VALUES or getattr(meta, suspicion.key) or not suspicion.looks_like(values):
            continue
        low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
        faults.append(
            Fault(
                suspicion.file,
                None,
                suspicion.column,
                f"values that look like {suspicion.other} ({len(values)} of them, {low:g} to {high:g}, median {middle:g})",
                suspicion.unit,
                f'{suspicion.remedy}, or write {suspicion.key} = "{suspicion.declared}" in cohort.toml if the values are right.',
            )
        )
    return faults
