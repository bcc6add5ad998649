"""Checks of dates: none before birth, past the age of 120, after death or to come, and no span longer than a life."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomenet.cohorts.contracts import DURATION
from outcomenet.cohorts.faults import Fault

Tables = Mapping[str, pd.DataFrame]
OLDEST_YEARS = 120  # nobody is known to have lived longer than 122 years; a birth year may be wrong by more
_DATES = (("patients.csv", "symptom_onset"), ("visits.csv", "date"), ("films.csv", "date"), ("events.csv", "date"))


def impossible_dates(tables: Tables, *, real: bool) -> list[Fault]:
    """Symptom onsets, visits, films and events on a day that is impossible for their patient.

    Args:
        tables: Typed tables by file name, with line numbers as index.
        real: Whether dates are true ones, which lie in the past; shifted dates may lie anywhere.

    Returns:
        A fault for each date, by the first rule that it breaks.
    """
    patients = _by_patient(tables["patients.csv"])
    events = tables["events.csv"]
    deaths = events[events["event"] == "death"].groupby("patient_id")["date"].min()
    faults = []
    for file, column in _DATES:
        table = tables[file].dropna(subset=["patient_id", column])
        date = table[column]
        age = date.dt.year - table["patient_id"].map(patients["birth_year"])
        rules = {
            "before_birth": (age < 0, "a date after the patient's birth", "birth_year in patients.csv"),
            "to_come": (real & (date > pd.Timestamp.now()), "a date up to today",
                        "say in cohort.toml that dates were shifted (deidentified = true)"),
            "too_old": (age > OLDEST_YEARS, f"a date within {OLDEST_YEARS} years of the patient's birth",
                        "birth_year in patients.csv"),
            "after_death": ((date > table["patient_id"].map(deaths)) & ~_deaths(table), "a date up to the patient's death",
                            "the death in events.csv"),
        }  # fmt: skip
        unexplained = pd.Series(True, index=table.index)  # of several rules that a date breaks the first is named
        for rule, (wrong, expected, other) in rules.items():
            faults += [
                Fault(
                    file, int(row), column, f"a day of {date[row]:%Y}", expected, f"Correct the date, or {other}.", rule
                )
                for row in table.index[unexplained & wrong]
            ]
            unexplained &= ~wrong
    return faults


def impossible_spans(tables: Tables) -> list[Fault]:
    """Symptoms and disease that began before the patient was born: most likely another unit."""
    visits, measured = tables["visits.csv"], tables["measurements.csv"]
    # a duration out of its range has a fault of its own
    durations = (measured["name"] == "duration") & (measured["value"] <= DURATION.upper)
    duration = measured.loc[durations, "value"]
    keys = ["patient_id", "visit_id"]
    dates = visits.dropna(subset=keys).drop_duplicates(keys).set_index(keys)["date"]
    named = pd.MultiIndex.from_frame(measured.loc[duration.index, keys])
    born = _by_patient(tables["patients.csv"])["birth_year"]
    faults = []
    for file, column, years, date, remedy in (
        ("visits.csv", "symptom_months", visits["symptom_months"] / 12, visits["date"], "It is given in months."),
        ("measurements.csv", "value", duration, pd.Series(dates.reindex(named).to_numpy(), duration.index),
         "It is given in years: divide months by 12."),
    ):  # fmt: skip
        # the birthday is not known, so that the whole year counts
        age = date.dt.year + 1 - tables[file].loc[years.index, "patient_id"].map(born)
        faults += [
            Fault(file, int(row), column, f"{tables[file].at[row, column]:g}",
                  f"a time within the patient's life (at most {age[row]:.0f} years)", remedy, "longer_than_life")
            for row in years.index[np.asarray(years > age, bool)]
        ]  # fmt: skip
    return faults


def _deaths(table: pd.DataFrame) -> pd.Series:
    """Rows that are a death themselves; a second one is a fault of its own."""
    return table["event"] == "death" if "event" in table else pd.Series(False, index=table.index)


def _by_patient(patients: pd.DataFrame) -> pd.DataFrame:
    return patients.drop_duplicates("patient_id").set_index("patient_id")
