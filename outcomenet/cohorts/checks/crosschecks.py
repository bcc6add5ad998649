"""Checks between the rows and files of a cohort, all in one order: known patients and visits, one site per patient, and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from outcomenet.cohorts.checks.date_checks import impossible_dates, impossible_spans
from outcomenet.cohorts.checks.event_checks import impossible_events
from outcomenet.cohorts.checks.landmark_checks import unknown_landmarks
from outcomenet.cohorts.checks.near_names import names_in_two_spellings, unknown_names
from outcomenet.cohorts.checks.unit_checks import suspected_units
from outcomenet.cohorts.checks.value_checks import impossible_grades, impossible_measurements
from outcomenet.cohorts.faults import Fault, printable, rows_in_words
from outcomenet.cohorts.haq_of_visits import haq_faults
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.errors import did_you_mean

Tables = Mapping[str, pd.DataFrame]


def crosscheck(tables: Tables, meta: CohortMeta | None) -> list[Fault]:
    """Every fault that shows only between rows or files.

    Args:
        tables: Typed tables by file name, with line numbers as index. Cells that already have a fault are missing here and
            are passed over.
        meta: Settings of cohort.toml; None passes over the checks that depend on them.

    Returns:
        The faults, check by check.
    """
    checks: tuple[Callable[[Tables], list[Fault]], ...] = (
        _sites_of_a_patient,
        _unknown_patients,
        _unknown_visits,
        _visits_on_one_day,
        names_in_two_spellings,
        _pain_regions,
        partial(impossible_dates, real=meta is not None and meta.names_people),
        impossible_spans,
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
        Fault("patients.csv", int(rows.index[-1]), "site", f"{rows['site'].nunique()} ({rows_in_words(rows.index)})",
              "one site per patient", "Keep the row of the treating site.", "sites_of_patient")
        for _, rows in patients.groupby("patient_id", sort=False)
        if rows["site"].nunique() > 1
    ]  # fmt: skip


def _undeclared_sites(tables: Tables, meta: CohortMeta) -> list[Fault]:
    if not meta.sites:
        return []
    sites = tables["patients.csv"]["site"].dropna()
    undeclared = sites[~sites.isin(meta.sites)]
    return [
        Fault("patients.csv", int(row), "site", printable("site", site, meta.sites), "a site that cohort.toml lists",
              did_you_mean(site, meta.sites), "undeclared_site")
        for row, site in zip(undeclared.index, undeclared, strict=True)
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
            faults += unknown_names(file, "patient_id", unknown, known, of="a patient of patients.csv",
                                    remedy="Add the patient there.", rule="unknown_patient")  # fmt: skip
    return faults


def _unknown_visits(tables: Tables) -> list[Fault]:
    visits = tables["visits.csv"].dropna(subset=["patient_id", "visit_id"])
    patients = tables["patients.csv"]["patient_id"]
    if visits.empty:
        return []
    known = visits["patient_id"] + "/" + visits["visit_id"]
    faults = []
    for file in ("scores.csv", "measurements.csv"):
        named = tables[file].dropna(subset=["patient_id", "visit_id"])
        named = named[named["patient_id"].isin(patients)]
        visit = (named["patient_id"] + "/" + named["visit_id"]).astype(object)
        faults += unknown_names(file, "visit_id", visit[~visit.isin(known)], known, of="a visit of this patient in visits.csv",
                                remedy="Add the visit there.", rule="unknown_visit")  # fmt: skip
    return faults


def _visits_on_one_day(tables: Tables) -> list[Fault]:
    """Two visits of a patient on one day: which one a film belongs to, and which answers count, would be a guess."""
    visits = tables["visits.csv"].dropna(subset=["patient_id", "visit_id", "date"])
    visits = visits.drop_duplicates(["patient_id", "visit_id"])
    same = visits[visits.duplicated(["patient_id", "date"], keep=False)]
    return [
        Fault("visits.csv", int(rows.index[-1]), "date", f"the same day in {rows_in_words(rows.index)}",
              "one visit of a patient on a day", "Join the rows, or correct a date.", "visits_on_one_day")
        for _, rows in same.groupby(["patient_id", "date"], sort=False)
    ]  # fmt: skip


def _pain_regions(tables: Tables) -> list[Fault]:
    """More painful regions than painful areas: each of the five regions of ACR 2016 holds some of the 19 areas that the
    widespread pain index counts (Wolfe et al., Semin Arthritis Rheum 2016)."""
    visits = tables["visits.csv"]
    return [
        Fault("visits.csv", int(row), "pain_regions", f"{visits.at[row, 'pain_regions']:g}",
              f"at most wpi, {visits.at[row, 'wpi']:g}: each painful region holds a painful area",
              "Correct pain_regions or wpi.", "regions_beyond_areas")
        for row in visits.index[visits["pain_regions"] > visits["wpi"]]
    ]  # fmt: skip


def _film_sites(tables: Tables) -> list[Fault]:
    """Films at another site than their patient's, and files listed for two patients."""
    films = tables["films.csv"]
    patients = tables["patients.csv"].drop_duplicates("patient_id").set_index("patient_id")
    home = films["patient_id"].map(patients["site"])
    elsewhere = films.index[films["site"].notna() & home.notna() & (films["site"] != home)]
    faults = [
        Fault("films.csv", int(row), "site", "another",
              "the patient's own site", "Correct the site here or in patients.csv.", "film_site")
        for row in elsewhere
    ]  # fmt: skip
    faults += [
        Fault("films.csv", int(rows.index[-1]), "path", f"the same file for two patients ({rows_in_words(rows.index)})",
              "a file that shows one patient", "Correct the path.", "film_of_two")
        for _, rows in films.dropna(subset=["path"]).groupby("path", sort=False)
        if rows["patient_id"].nunique() > 1
    ]  # fmt: skip
    return faults
