"""Imports the RAPPORT table: HAQ-DI, DAS28 and RADAI of 159 patients at five visits within a year, without films.

Source: the data set `ra_data` of the R package mdhglm 1.8 ("License: Unlimited"), ages rounded to five years.
"""

from __future__ import annotations

import datetime
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cells import Choice, Number, Text
from outcomenet.cohorts.contracts import Column, Table, read_table
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.errors import UsageError

FIRST_YEAR = 2000
SITE = "RAPPORT"
INSTRUMENTS = ("das28", "haq_di", "radai")

_LONG_TABLE = Table(
    "rapport_long_coarse.csv",
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

_COHORT_TOML = f"""name = "RAPPORT"
licence = "Unlimited (R package mdhglm 1.8)"
haq_version = "HAQ-DI"
dates = "Invented: month 0 is set to {FIRST_YEAR}-01-01 for every patient, later visits follow by whole months."
source = "ra_data of the R package mdhglm 1.8, in long form, ages rounded to five years"
description = "Ages and so birth years are rounded to five years. Disease duration, known in classes only, is left out."
"""


def import_rapport(csv_path: Path | str, out_folder: Path | str) -> Path:
    """Writes the cohort folder `out_folder` from the long table and returns it; nothing is left where that fails.

    visits.csv gets haq_di and das28, measurements.csv gets radai. Dates are invented, which cohort.toml says. Raises
    CohortRefused when the table breaks its form, UsageError when the folder exists.
    """
    csv_path, out_folder = Path(csv_path), Path(out_folder)
    if out_folder.exists():
        raise UsageError(f"{out_folder} exists already; choose another folder or remove it first.")
    long, faults = read_table(csv_path, _LONG_TABLE)
    if faults:
        raise CohortRefused(faults)
    staging = Path(tempfile.mkdtemp(prefix=f".{out_folder.name}.", dir=out_folder.parent))
    try:
        (staging / "cohort.toml").write_text(_COHORT_TOML, encoding="utf-8")
        for file, table in _cohort_tables(long).items():
            table.to_csv(staging / file, index=False, float_format="%.10g")
        staging.chmod(0o755)  # mkdtemp's own rights are the owner's alone
        staging.rename(out_folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out_folder


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
    radai = wide[["patient_id", "visit_id", "radai"]].rename(columns={"radai": "value"}).dropna()
    radai.insert(2, "name", "radai")
    return {
        "patients.csv": patients,
        "visits.csv": wide[["patient_id", "visit_id", "date", "haq_di", "das28"]],
        "measurements.csv": radai,
    }


def _date(month: int) -> str:
    """The invented day of a visit, `month` months after the first of January."""
    return datetime.date(FIRST_YEAR + month // 12, month % 12 + 1, 1).isoformat()
