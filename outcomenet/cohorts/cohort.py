"""Checked cohorts: a cohort folder becomes typed tables, or is refused with every fault named."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import View
from outcomenet.cohorts.checks.crosschecks import crosscheck
from outcomenet.cohorts.checks.event_checks import count_grades_after_surgery
from outcomenet.cohorts.checks.landmark_checks import landmarks_outside
from outcomenet.cohorts.contracts import TABLES, absent_table, read_table
from outcomenet.cohorts.covariates import visits_with_covariates
from outcomenet.cohorts.faults import CohortRefused, Fault, rows_in_words, without_identifiers
from outcomenet.cohorts.film_headers import UNCHECKED_COLUMNS, UnreadFilms, read_film_headers
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.meta import FILE as META_FILE
from outcomenet.cohorts.meta import LINKAGE_MAX_GAP_DAYS, CohortMeta, read_meta


@dataclass(frozen=True)
class Cohort:
    """The tables of a cohort after all checks; a missing cell is NaN (None in text columns).

    Every table has the columns of the folder's file of that name, indexed 0..n-1. `visits` has further each covariate
    that `covariates.visits_with_covariates` derives. `films` holds the scorable films that belong to a visit, with
    visit_id, gap_days and the header's rows, columns, bits, photometric, format, spacing_mm and spacing_source;
    years_since_birth_year (that of the film less that of birth, of the true dates where they were shifted later);
    `landmarks` are those of these films. The ledger counts all that was left out; `unread` lists films that cannot be read.
    """

    folder: Path
    meta: CohortMeta
    patients: pd.DataFrame
    visits: pd.DataFrame
    films: pd.DataFrame
    landmarks: pd.DataFrame
    scores: pd.DataFrame
    events: pd.DataFrame
    ledger: Ledger
    unread: UnreadFilms = field(default_factory=UnreadFilms)


def read_cohort(folder: Path | str, *, check_films: bool = True) -> Cohort:
    """Parses and checks a cohort folder.

    Args:
        folder: The cohort folder.
        check_films: Whether the header of every film is parsed, so that a bad film is known before anything is written;
            without it the columns that come from headers are missing.

    Returns:
        The checked tables, with the ledger of what was left out.

    Raises:
        CohortRefused: With all faults of all files at once.

    Example:
        >>> import outcomenet as on
        >>> on.read_cohort("cohort").visits  # doctest: +SKIP
    """
    folder = Path(folder)
    if faults := _folder_faults(folder):
        raise CohortRefused(faults)
    meta, faults = read_meta(folder / META_FILE)
    tables: dict[str, pd.DataFrame] = {}
    others = [path.name for path in folder.iterdir() if path.is_file()]
    for table in TABLES:
        path = folder / table.file
        # a broken link exists, too: it is a fault and no absent file
        tables[table.file], in_table = read_table(path, table) if os.path.lexists(path) else absent_table(table, others)
        faults += in_table
    faults += crosscheck(tables, meta)
    # films come last: their headers are parsed even where tables are wrong, so that all faults are told at once

    ledger = Ledger()
    films = tables["films.csv"]
    if check_films:
        films, of_paths, unread = read_film_headers(folder, films, ledger, simulated=meta is None or meta.simulated)
        faults += of_paths + landmarks_outside(tables["landmarks.csv"], films) + unread.faults * unread.too_many
        films = films.drop(index=[fault.row for fault in unread.faults])
    else:
        films, unread = films.assign(**UNCHECKED_COLUMNS), UnreadFilms(len(films))
    films = _usable_films(films, tables["landmarks.csv"], ledger)
    max_gap_days = LINKAGE_MAX_GAP_DAYS if meta is None else meta.linkage_max_gap_days
    born = films["patient_id"].map(
        tables["patients.csv"].drop_duplicates("patient_id").set_index("patient_id")["birth_year"]
    )
    films = films.assign(years_since_birth_year=films["date"].dt.year - born)
    films, of_links = link_films(films, tables["visits.csv"], max_gap_days, ledger)
    faults += of_links
    # only here, once every file was looked at
    if faults or meta is None:
        raise CohortRefused(without_identifiers(faults, tables))

    visits = visits_with_covariates(tables, meta.haq_uses_aids, ledger)
    landmarks = tables["landmarks.csv"]
    used = landmarks["film_id"].isin(films["film_id"])
    ledger.add("films", "landmark", "its film was left out", int((~used).sum()))
    count_grades_after_surgery(tables, ledger)
    ungraded = tables["scores.csv"]["score"].isna()
    ledger.flag("scores", "grade", "site could not be read (empty score)", int(ungraded.sum()))
    no_visit = ~tables["patients.csv"]["patient_id"].isin(visits["patient_id"])
    ledger.add("visits", "patient", "no visit at all", tables["patients.csv"].loc[no_visit, "patient_id"])
    return Cohort(
        folder=folder,
        meta=meta,
        patients=tables["patients.csv"].reset_index(drop=True),
        visits=visits.reset_index(drop=True),
        films=films.rename_axis("row").reset_index(),
        landmarks=landmarks[used].reset_index(drop=True),
        scores=tables["scores.csv"].reset_index(drop=True),
        events=tables["events.csv"].reset_index(drop=True),
        ledger=ledger,
        unread=unread,
    )


def _folder_faults(folder: Path) -> list[Fault]:
    """Why there is no cohort folder to look into."""
    name = folder.name
    required = [META_FILE, *(table.file for table in TABLES if table.required)]
    wanted = f"a cohort folder with {', '.join(required)}"
    if not folder.exists():
        return [Fault(name, expected=wanted, value="no such folder", remedy="Check its path.")]
    if not folder.is_dir():
        return [Fault(name, expected=wanted, value="a file", remedy="Give the folder that holds the tables.")]
    if not any(folder.iterdir()):
        return [Fault(name, expected=wanted, value="an empty folder", remedy="Export the cohort into it.")]
    return []


def _usable_films(films: pd.DataFrame, landmarks: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """The films in a projection that can be scored; the ledger counts the others.

    A film of both sides is usable where its joints are to be found, not where landmarks were placed on it.
    """
    both = (films["side"] == "both") & films["film_id"].isin(landmarks["film_id"])
    ledger.add("films", "film", "shows both sides; landmarks.csv cannot tell them apart", films.loc[both, "film_id"])
    usable = ~both
    for view in (view for view in View if not view.scorable):
        rows = usable & (films["view"] == view)
        ledger.add("films", "film", f"{view} view, not scorable", films.loc[rows, "film_id"])
        usable &= films["view"] != view
    return films[usable]


def link_films(
    films: pd.DataFrame, visits: pd.DataFrame, max_gap_days: int, ledger: Ledger
) -> tuple[pd.DataFrame, list[Fault]]:
    """Finds the visit of each film: the same patient's nearest one, if that is near enough.

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
