"""Change of measures between two visits of a patient: one pair of visits for each, the same for all measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysed import complete_rows, numbers_of
from outcomenet.biomarkers.resampled import noted
from outcomenet.biomarkers.section import expect_columns
from outcomenet.errors import UndefinedMetric

# "Within a year" is a window: a visit may lie this share of the interval before or after its day.
WINDOW = 0.25
FEWEST_PATIENTS = 10  # with a change; fewer allow no interval


@dataclass(frozen=True)
class PatientChanges:
    """One row per patient in each table, in the same order."""

    first: pd.DataFrame
    """Values at the earlier visit."""
    change: pd.DataFrame
    """Later minus earlier visit; measures have no gap, other columns may."""
    patients: pd.Series
    how: str
    """Which visits these are, in words."""
    note: str
    """Who was left out, and why."""

    @property
    def counts(self) -> dict[str, object]:
        """Visits and patients, as estimates count them."""
        return {"n_visits": 2 * len(self.patients), "n_patients": len(self.patients)}


def patient_changes(
    table: pd.DataFrame,
    *,
    measures: Sequence[str],
    others: Sequence[str] = (),
    kept: Sequence[str] = (),
    patient: str,
    years: str | None = "years",
    visit: str | None = None,
    planned: Sequence[object] = (),
    interval_years: float = 1.0,
) -> PatientChanges:
    """Each patient's change of every measure, from the first visit with all measures to the one nearest an interval later.

    Args:
        table: one row per patient and visit.
        measures: number columns that must be known at both visits.
        others: number columns whose change is taken where it is known.
        kept: columns whose value at the earlier visit is kept as it is, such as the arm.
        patient: column of the patient.
        years: column of the time of a visit, in years; not used with planned visits.
        visit: column of the planned visit.
        planned: its two values between which a change is taken, earlier first; empty: visits are chosen by `years`.
        interval_years: wanted between the visits; the later one may lie a quarter of it before or after.

    Raises:
        UndefinedMetric: a column is missing or holds text, a patient has two rows at one time, or fewer than ten patients have a
            change.

    >>> table = pd.DataFrame({"patient_id": np.repeat(range(10), 2), "years": [0.0, 1.0] * 10, "score": np.arange(20.0)})
    >>> changes = patient_changes(table, measures=["score"], patient="patient_id")
    >>> changes.change["score"].unique().tolist(), changes.how
    ([1.0], 'first visit and the one nearest to 1 year later, between 0.75 and 1.25 years, median 1.00')
    """
    measures = list(dict.fromkeys(measures))
    others = [name for name in dict.fromkeys(others) if name not in measures]
    if not measures:
        raise UndefinedMetric("No measure is named: give `measures` one number column or more.")
    expect_columns(table, *others, *kept)
    time = visit if planned else years
    if time is None:
        raise UndefinedMetric(
            "A change needs two visits: name the column of their time (`years`), or the column of the planned visit and two of its "
            "values (`visit`, `planned`)."
        )
    known = table.assign(**{name: numbers_of(table, name) for name in others})
    used = complete_rows(known, measures, patient=patient, keys=[time], kept=[*others, *kept])
    rows = used.rows
    twice = rows.duplicated(["patient_id", time])
    if twice.any():
        at = rows[twice].iloc[0]
        raise UndefinedMetric(
            f"Patient {at['patient_id']} has two rows at {time} {at[time]}, and {int(twice.sum())} rows stand twice in all. Keep one "
            "of each."
        )
    if planned:
        pairs, how = _planned(rows, time, planned)
    else:
        pairs, how = _nearest(rows.assign(**{time: numbers_of(rows, time)}), time, interval_years)
    if len(pairs) < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"{len(pairs)} of {rows['patient_id'].nunique()} patients have {', '.join(measures)} at the {how}; at least "
            f"{FEWEST_PATIENTS} are needed. Choose other visits or another interval."
        )
    without = rows["patient_id"].nunique() - len(pairs)
    first, later = (rows.loc[pairs[name]].reset_index(drop=True) for name in ("first", "later"))
    numeric = [*measures, *others]
    return PatientChanges(
        first,
        later[numeric].astype(float) - first[numeric].astype(float),
        first["patient_id"],
        how,
        noted(
            used.note,
            f"{without} of {rows['patient_id'].nunique()} patients left out: no second visit in that time"
            if without
            else "",
        ),
    )


def human_among(measures: Sequence[str], human: str | None) -> str:
    """The human score that the first measure stands beside: the one that is named, or the second measure; "" for one measure.

    Args:
        measures: columns, the one that is judged first.
        human: column of the human score; None for the second measure.

    Raises:
        UndefinedMetric: it is none of the measures, or the one that is judged itself.
    """
    if human is None:
        return measures[1] if len(measures) > 1 else ""
    if human not in measures[1:]:
        raise UndefinedMetric(
            f"The human score {human!r} is none of the measures that the first one is compared with: name it in `measures` behind the "
            f"first, which are now {', '.join(measures)}."
        )
    return human


def _planned(rows: pd.DataFrame, visit: str, planned: Sequence[object]) -> tuple[pd.DataFrame, str]:
    """Row numbers of the two planned visits of each patient who has both."""
    if len(planned) != 2:
        raise UndefinedMetric(f"A change lies between two planned visits; {len(planned)} are named.")
    parts = []
    for name in planned:
        there = rows.index[(rows[visit] == name).to_numpy()]
        parts.append(pd.Series(there, index=rows.loc[there, "patient_id"]))
    pairs = pd.concat(parts, axis=1, keys=["first", "later"], join="inner").sort_index()
    return pairs, f"planned visits {planned[0]} and {planned[1]}"


def _nearest(rows: pd.DataFrame, years: str, interval: float) -> tuple[pd.DataFrame, str]:
    """Row numbers of each patient's first visit and of the one nearest an interval later, if it is near enough."""
    ordered = rows.sort_values(["patient_id", years], kind="stable")
    start = ordered.groupby("patient_id")[years].transform("min")
    after = ordered[years] - start
    off = (after - interval).abs()
    near = off[(off <= WINDOW * interval + 1e-9) & (after > 0)]
    patients = ordered["patient_id"]
    later = near.groupby(patients[near.index]).idxmin()
    first = pd.Series(ordered.index[~patients.duplicated()], index=patients[~patients.duplicated()])
    pairs = pd.DataFrame({"first": first.reindex(later.index), "later": later})
    low, high = (f"{share * interval:g}" for share in (1 - WINDOW, 1 + WINDOW))
    median = f", median {np.median(after.loc[later]):.2f}" if len(later) else ""
    unit = "year" if interval == 1 else "years"
    return (
        pairs,
        f"first visit and the one nearest to {interval:g} {unit} later, between {low} and {high} years{median}",
    )
