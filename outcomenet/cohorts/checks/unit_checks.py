"""Check of units: a column whose values as a whole look like another unit is a fault, which a line in cohort.toml settles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import binomtest

from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.outcomes import REPORTED

FEWEST_VALUES = 20  # fewer values tell nothing of a column: of 20 a sign test at 5 % needs 15 on one side

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Suspicion:
    """A column of one table that looks like another unit when `looks_like` says so of its values.

    `measurement` is the name of the rows of measurements.csv that are meant. `key` and `declared` are the line of
    cohort.toml that settles it: with it the values are taken as they are.
    """

    file: str
    column: str
    key: str
    declared: str
    unit: str
    other: str
    remedy: str
    looks_like: Callable[[Float[np.ndarray, "value"]], bool]
    measurement: str = ""
    fewest: int = FEWEST_VALUES

    def values(self, tables: Tables) -> pd.Series:
        """The values that are known, with line numbers as index."""
        table = tables[self.file]
        rows = table["name"] == self.measurement if self.measurement else slice(None)
        return table.loc[rows, self.column].dropna()


def _mg_per_dl(values: Float[np.ndarray, "value"]) -> bool:
    """CRP in mg/dL is a tenth of that in mg/L: the median below 2 by a one-sided sign test at 5 %, and three of four values
    below 4; zeros (not detected) say nothing and are left out.

    Even adults of whom nothing is known have a median of 2.1 mg/L (Woloshin & Schwartz, N Engl J Med 2005), 322,601
    values of patients with RA a median of 5.0 (quartiles 2.0 and 10.0), in remission 3.0 (1.0 and 5.0), and at high
    activity 16 (7 and 36), which in mg/dL is 1.6 (0.7 and 3.6) (Molander et al., Ann Rheum Dis 2021, Table 1).
    """
    detected = values[values > 0]
    low = int((detected < 2.0).sum())
    return bool(
        len(detected) >= FEWEST_VALUES
        and binomtest(low, len(detected), alternative="greater").pvalue < 0.05
        and np.quantile(detected, 0.75) < 4.0
    )


def _zero_to_ten(values: Float[np.ndarray, "value"]) -> bool:
    """Pain on a numeric scale: nineteen of twenty values up to 10, and some above 1. On the 100 mm scale half of the
    patients in remission lie above 13 mm, and half of all above 32 (Molander et al. 2021)."""
    return bool(1.0 < np.quantile(values, 0.95) <= 10.0)


def _zero_to_one(values: Float[np.ndarray, "value"]) -> bool:
    return bool(0.0 < np.quantile(values, 0.95) <= 1.0)


def _years_for_months(values: Float[np.ndarray, "value"]) -> bool:
    """Months since symptoms began, none beyond 30 in at least twenty patients, some with a fraction: more likely years."""
    return bool(values.max() <= 30.0 and (values % 1 != 0).mean() > 0.2)


def _months_for_years(values: Float[np.ndarray, "value"]) -> bool:
    """Disease of more than 30 years in half of the patients: more likely months. Of patients with RA in the Swedish
    register half have had it for 8.7 years and a quarter for more than 17.6 (Molander et al. 2021)."""
    return bool(np.median(values) > 30.0)


def _centimetres(values: Float[np.ndarray, "value"]) -> bool:
    """Pixels finer than 0.03 mm: the finest plates for hands are read at 0.04 to 0.05 mm, and 0.1 to 0.2 mm is common."""
    return bool(np.median(values) < 0.03)


def _other_ranges(name: str) -> tuple[Suspicion, Suspicion]:
    """An outcome from 0 to 100 that came as a numeric rating scale, or as a share."""
    usual = ("visits.csv", name, f"{name}_range", "0-100", f"{name} from 0 to 100")
    return (
        Suspicion(*usual, "0 to 10", "Multiply the column by 10", _zero_to_ten),
        Suspicion(*usual, "0 to 1", "Multiply the column by 100", _zero_to_one),
    )


_CRP = ("crp_unit", "mg/L", "CRP in mg/L", "mg/dL", "Multiply the column by 10", _mg_per_dl)
SUSPICIONS: tuple[Suspicion, ...] = (
    Suspicion("visits.csv", "crp", *_CRP),
    Suspicion("measurements.csv", "value", *_CRP, measurement="crp"),
    *(suspicion for spec in REPORTED if spec.upper == 100 for suspicion in _other_ranges(spec.name)),
    Suspicion(
        "visits.csv", "symptom_months", "symptom_months_unit", "months", "months with symptoms", "years",
        "Multiply the column by 12", _years_for_months,
    ),
    Suspicion(
        "measurements.csv", "value", "duration_unit", "years", "duration in years", "months", "Divide it by 12",
        _months_for_years, measurement="duration",
    ),
    Suspicion(
        "films.csv", "pixel_spacing_mm", "pixel_spacing_unit", "mm", "millimetres per pixel", "centimetres",
        "Multiply the column by 10", _centimetres, fewest=1,
    ),
)  # fmt: skip


def suspected_units(tables: Tables, meta: CohortMeta) -> list[Fault]:
    """Columns that look like another unit, as a whole or at single hospitals.

    Args:
        tables: Typed tables by file name.
        meta: Settings of cohort.toml; they may declare a unit. Units of simulated cohorts are known.

    Returns:
        One fault for each such column, or for each hospital whose values alone look so.
    """
    if meta.simulated:
        return []
    sites = tables["patients.csv"].drop_duplicates("patient_id").set_index("patient_id")["site"]
    faults = []
    for suspicion in SUSPICIONS:
        values = suspicion.values(tables)
        if meta.declares(suspicion.key):
            continue
        site = tables[suspicion.file].loc[values.index, "patient_id"].map(sites)
        if _suspected(values, suspicion):
            faults.append(_fault(values, suspicion, ""))
        else:
            faults += [
                _fault(of_site, suspicion, f" at {name!r}")
                for name, of_site in values.groupby(site, sort=False)
                if _suspected(of_site, suspicion)
            ]
    return faults


def _suspected(values: pd.Series, suspicion: Suspicion) -> bool:
    return len(values) >= suspicion.fewest and suspicion.looks_like(values.to_numpy(float))


def _fault(values: pd.Series, suspicion: Suspicion, where: str) -> Fault:
    low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
    what = f"{suspicion.measurement} " if suspicion.measurement else ""
    return Fault(
        suspicion.file,
        None,
        suspicion.column,
        f"{what}values{where} that look like {suspicion.other} ({len(values)} of them, {low:g} to {high:g}, "
        f"median {middle:g})",
        suspicion.unit,
        f'{suspicion.remedy}, or write {suspicion.key} = "{suspicion.declared}" in cohort.toml if the values are right.',
        f"looks_like_{suspicion.other.replace('/', '_per_').replace(' ', '_')}",
    )
