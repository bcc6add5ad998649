"""Linkage of films to visits: each film belongs to the same patient's nearest visit, if that is near enough."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.cohorts.faults import Fault, rows_in_words
from outcomenet.cohorts.ledger import Ledger


def link_films(
    films: pd.DataFrame, visits: pd.DataFrame, max_gap_days: int, ledger: Ledger
) -> tuple[pd.DataFrame, list[Fault]]:
    """Finds the visit of each film.

    Args:
        films: films.csv, typed, with line numbers as index.
        visits: visits.csv, likewise; a visit without a date takes no film.
        max_gap_days: Most days between a film and its visit.
        ledger: Counts the films without a visit of their patient within these days.

    Returns:
        The films that have a visit, with `visit_id` and `gap_days` (days from visit to film, negative = film first); and a
        fault for each film between two visits that are equally near, since either would be a guess.
    """
    dated = visits.dropna(subset=["date"])
    by_patient = {
        patient: (rows["date"].to_numpy("datetime64[D]"), rows.index, rows["visit_id"].to_numpy())
        for patient, rows in dated.groupby("patient_id", sort=False)
    }
    no_visits = np.array([], "datetime64[D]"), pd.Index([]), np.array([], object)
    linked: dict[int, tuple[str, int]] = {}
    unlinked, faults = [], []
    days = films["date"].to_numpy("datetime64[D]")
    for row, patient, film, day in zip(films.index, films["patient_id"], films["film_id"], days, strict=True):
        dates, lines, ids = by_patient.get(patient, no_visits)
        gaps = (day - dates).astype(int)
        # of several visits equally near all are kept, to tell a choice from a guess
        near = np.flatnonzero(np.abs(gaps) == np.abs(gaps).min(initial=max_gap_days + 1))
        if np.isnat(day) or len(near) == 0 or abs(gaps[near[0]]) > max_gap_days:
            unlinked.append(film)
        elif len(near) > 1:
            faults.append(
                Fault(
                    "films.csv", int(row), "date", f"two equally near ({rows_in_words(lines[near])} of visits.csv)",
                    "one nearest visit", "Correct a date, or remove the visit to which the film does not belong.",
                )
            )  # fmt: skip
        else:
            linked[row] = ids[near[0]], int(gaps[near[0]])
    ledger.add("linkage", "film", f"no visit of the patient within {max_gap_days} days", unlinked)
    kept = films.loc[list(linked)].copy()  # in the order of films.csv
    kept["visit_id"] = pd.Series([visit for visit, _ in linked.values()], index=kept.index, dtype=object)
    kept["gap_days"] = pd.Series([gap for _, gap in linked.values()], index=kept.index, dtype="int64")
    return kept, faults
