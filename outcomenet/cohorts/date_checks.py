"""Dates that cannot be: before birth, past the age of 120, after death."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.cohorts.faults import Fault

OLDEST_YEARS = 120
_DATES = (("patients.csv", "symptom_onset"), ("visits.csv", "date"), ("films.csv", "date"), ("events.csv", "date"))


def impossible_dates(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """A fault for every symptom onset, visit, film or event on an impossible day for its patient."""
    patients = tables["patients.csv"].drop_duplicates("patient_id").set_index("patient_id")
    events = tables["events.csv"]
    deaths = events[events["event"] == "death"].groupby("patient_id")["date"].min()
    faults = []
    for file, column in _DATES:
        table = tables[file].dropna(subset=["patient_id", column])
        day = table[column].dt.strftime("%Y-%m-%d")
        age = table[column].dt.year - table["patient_id"].map(patients["birth_year"])
        after_death = table[column] > table["patient_id"].map(deaths)
        birth = "Correct the date, or birth_year in patients.csv."
        for wrong, value, expected, remedy in (
            (age < 0, day, "a date after the patient's birth", birth),
            (age > OLDEST_YEARS, day, f"a date within {OLDEST_YEARS} years of the patient's birth", birth),
            (after_death, day, "a date up to the patient's death", "Correct the date, or the death in events.csv."),
        ):
            faults += [Fault(file, int(row), column, value[row], expected, remedy) for row in table.index[wrong]]
    return faults
