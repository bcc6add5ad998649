"""Importer of the RAPPORT table: HAQ-DI, DAS28 and RADAI of 159 patients at five visits within a year, without films.

Source: the data set `ra_data` of the R package mdhglm 1.8 ("License: Unlimited"), ages rounded to five years.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cells import Choice, Number, Text
from outcomenet.cohorts.contracts import Column, TableContract, read_table
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, files_absent
from outcomenet.cohorts.importers.writing import settings_of, write_cohort_folder

FIRST_YEAR = 2000  # invented: the table has months since the first visit alone
SITE = "RAPPORT"
INSTRUMENTS = ("das28", "haq_di", "radai")
FILE = "rapport_long_coarse.csv"

CARD = DataSetCard(
    name="rapport",
    title="RAPPORT",
    url="https://cran.r-project.org/package=mdhglm",
    licence="Unlimited (R package mdhglm 1.8)",
    citation="ra_data of the R package mdhglm 1.8",
    access=(
        "Install the R package mdhglm 1.8 and take its data set ra_data.",
        f"Write it in long form to {FILE} with the columns pid, sex, age_5y, ra_years_cat, month, instrument, value.",
    ),
    files=(SourceFile(FILE, "the long table"),),
    description="Ages and so birth years are rounded to five years. Disease duration, known in classes only, is left out.",
    answers="Missing visits, the floor of HAQ, its noise within a person, which bounds what any film model can reach.",
    cannot_answer="Anything about films: there are none.",
    dates=f"Invented: month 0 is set to {FIRST_YEAR}-01-01 for every patient, later visits follow by whole months.",
    unverified="The table is ra_data of the R package mdhglm 1.8, in long form, ages rounded to five years.",
    columns=(
        SourceColumn(FILE, "pid", "patients.csv: patient_id", "as it is"),
        SourceColumn(FILE, "sex", "patients.csv: sex", "F or M"),
        SourceColumn(FILE, "age_5y", "patients.csv: birth_year", f"{FIRST_YEAR} less the age in years"),
        SourceColumn(FILE, "ra_years_cat", "", "known in classes only, left out"),
        SourceColumn(
            FILE, "month", "visits.csv: date", f"whole months after {FIRST_YEAR}-01-01; planned_visit numbers them"
        ),
        SourceColumn(FILE, "instrument", "", "says what `value` is: haq_di, das28 (visits.csv) or radai"),
        SourceColumn(FILE, "value", "measurements.csv: value", "radai; haq_di and das28 go to visits.csv"),
    ),
    source_is="TABLE",
)

_LONG_TABLE = TableContract(
    FILE,
    (
        Column("pid", Text(), required=True, filled=True),
        Column("sex", Choice(("F", "M")), required=True, filled=True),
        Column("age_5y", Number(15, 110, "years"), required=True, filled=True),
        Column("ra_years_cat", Text(), required=True),
        Column("month", Number(0, 12, whole=True), required=True, filled=True),
        Column("instrument", Choice(INSTRUMENTS), required=True, filled=True),
        Column("value", Number(0, 10), required=True, filled=True),
    ),
    key=("pid", "month", "instrument"),
)


def import_rapport(source: Path | str, out_folder: Path | str) -> Path:
    """Writes the cohort folder of the RAPPORT table.

    visits.csv gets haq_di, das28 and planned_visit (the study's months in their order), measurements.csv gets radai. Dates are
    invented, which cohort.toml says.

    Args:
        source: The long table.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the table.
    """
    source, out_folder = Path(source), Path(out_folder)
    if not source.is_file():
        raise files_absent(CARD, source, CARD.files)
    long, faults = read_table(source, _LONG_TABLE)
    if faults:
        raise CohortRefused(faults)
    return write_cohort_folder(out_folder, settings_of(CARD, haq_version="HAQ-DI"), _cohort_tables(long))


def _cohort_tables(long: pd.DataFrame) -> dict[str, pd.DataFrame]:
    long = long.rename(columns={"pid": "patient_id"})
    first = long.groupby("patient_id", as_index=False)[["sex", "age_5y"]].first()
    patients = pd.DataFrame(
        {
            "patient_id": first["patient_id"],
            "sex": first["sex"],
            "birth_year": (FIRST_YEAR - first["age_5y"]).astype(int),
            "site": SITE,
        }
    )
    wide = long.pivot(index=["patient_id", "month"], columns="instrument", values="value").reset_index()
    wide["month"] = wide["month"].astype(int)
    wide.insert(1, "visit_id", wide["month"].map("month_{:02d}".format))
    wide.insert(2, "date", wide["month"].map(_date))
    # the study's months, whoever came to them: 0 for the first
    wide.insert(3, "planned_visit", wide["month"].rank(method="dense").astype(int) - 1)
    radai = wide[["patient_id", "visit_id", "radai"]].rename(columns={"radai": "value"}).dropna()
    radai.insert(2, "name", "radai")
    return {
        "patients.csv": patients,
        "visits.csv": wide[["patient_id", "visit_id", "date", "planned_visit", "haq_di", "das28"]],
        "measurements.csv": radai,
    }


def _date(month: int) -> str:
    """The invented day of a visit, `month` months after the first of January."""
    return datetime.date(FIRST_YEAR + month // 12, month % 12 + 1, 1).isoformat()
