"""Rules between the rows and files of a cohort: known patients and visits, one site per patient, and all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from outcomenet.cohorts.date_checks import impossible_dates
from outcomenet.cohorts.event_checks import impossible_events
from outcomenet.cohorts.faults import Fault, first_rows, printable, rows_in_words
from outcomenet.cohorts.grade_checks import impossible_grades
from outcomenet.cohorts.haq import haq_faults
from outcomenet.cohorts.landmark_checks import unknown_landmarks
from outcomenet.cohorts.measurement_checks import impossible_measurements
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.cohorts.unit_checks import suspected_units
from outcomenet.errors import did_you_mean

Tables = Mapping[str, pd.DataFrame]


def crosscheck(tables: Tables, meta: CohortMeta | None) -> list[Fault]:
    """Every fault that shows only between rows or files. `tables` are typed, with line numbers as index.

    Cells that already have a fault of their own are missing here and are passed over; without `meta` the rules that
    depend on cohort.toml are.
    """
    checks: tuple[Callable[[Tables], list[Fault]], ...] = (
        _sites_of_a_patient,
        _unknown_patients,
        _unknown_visits,
        impossible_dates,
        _film_sites,
        unknown_landmarks,
        impossible_grades,
        impossible_measurements,
        impossible_events,
    )
    faults = [fault for check in checks for fault in check(tables)]
    if meta is not None:
        faults += _undeclared_sites(tables, meta) + suspected_units(tables, meta)
        faults += haq_faults(tables["visits.csv"], meta.haq_uses_aids)
    return faults


def _sites_of_a_patient(tables: Tables) -> list[Fault]:
    """A patient listed at two sites; a patient listed twice at one is a repeated key already."""
    patients = tables["patients.csv"].dropna(subset=["patient_id", "site"])
    return [
        Fault("patients.csv", int(rows.index[-1]), "site", f"{' and '.join(map(repr, rows['site'].unique()))} "
              f"({rows_in_words(rows.index)})", "one site per patient", "Keep the row of the treating site.")
        for _, rows in patients.groupby("patient_id", sort=False)
        if rows["site"].nunique() > 1
    ]  # fmt: skip


def _undeclared_sites(tables: Tables, meta: CohortMeta) -> list[Fault]:
    if not meta.sites:
        return []
    sites = tables["patients.csv"]["site"].dropna()
    return [
        Fault("patients.csv", int(row), "site", printable("site", site), "a site that cohort.toml lists",
              did_you_mean(site, meta.sites))
        for row, site in sites[~sites.isin(meta.sites)].items()
    ]  # fmt: skip


def _unknown_patients(tables: Tables) -> list[Fault]:
    known = tables["patients.csv"]["patient_id"].dropna()
    if known.empty:
        return []
    faults = []
    for file, table in tables.items():
        if "patient_id" in table:
            named = table["patient_id"].dropna()
            unknown = named[~named.isin(known)]
            faults += first_rows(file, "patient_id", unknown, "a patient of patients.csv", "Add the patient there.")
    return faults


def _unknown_visits(tables: Tables) -> list[Fault]:
    visits = tables["visits.csv"].dropna(subset=["patient_id", "visit_id"])
    patients = tables["patients.csv"]["patient_id"]
    if visits.empty:
        return []
    known = pd.MultiIndex.from_frame(visits[["patient_id", "visit_id"]])
    faults = []
    for file in ("scores.csv", "measurements.csv"):
        named = tables[file].dropna(subset=["patient_id", "visit_id"])
        named = named[named["patient_id"].isin(patients)]
        pairs = pd.MultiIndex.from_frame(named[["patient_id", "visit_id"]])
        unknown = named.loc[~pairs.isin(known), "visit_id"]
        faults += first_rows(file, "visit_id", unknown, "a visit of this patient in visits.csv", "Add the visit there.")
    return faults


def _film_sites(tables: Tables) -> list[Fault]:
    """A film at another site than its patient's, or one file for two patients."""
    films = tables["films.csv"]
    patients = tables["patients.csv"].drop_duplicates("patient_id").set_index("patient_id")
    home = films["patient_id"].map(patients["site"])
    elsewhere = films.index[films["site"].notna() & home.notna() & (films["site"] != home)]
    faults = [
        Fault("films.csv", int(row), "site", f"{films.at[row, 'site']!r}, the patient is at {home[row]!r}",
              "the patient's own site", "Correct the site here or in patients.csv.")
        for row in elsewhere
    ]  # fmt: skip
    faults += [
        Fault("films.csv", int(rows.index[-1]), "path", f"the same file for two patients ({rows_in_words(rows.index)})",
              "a file that shows one patient", "Correct the path.")
        for _, rows in films.dropna(subset=["path"]).groupby("path", sort=False)
        if rows["patient_id"].nunique() > 1
    ]  # fmt: skip
    return faults
