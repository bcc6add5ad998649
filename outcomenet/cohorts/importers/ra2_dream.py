"""Importer of the training set of the RA2-DREAM challenge: hand and foot films with Sharp/van der Heijde grades per site.

Seen in public code of participants (never in the files themselves): the table `training.csv` with Patient_ID, the
three Overall columns and 172 site columns named as `scoring` names them, and films `UAB007-LF.jpg`, that is
`<Patient_ID>-<LH|RH|LF|RF>.jpg`, in the table's folder. Not verified: whether a cell may be empty, whether grades are
whole, and whether one person may stand under two Patient_IDs (the challenge's paper counts 674 sets of 562 patients).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import Region, Side, View
from outcomenet.cohorts.cells import Number
from outcomenet.cohorts.contracts import Column, TableContract, read_table
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, require_files
from outcomenet.cohorts.importers.source_tables import Identifier
from outcomenet.cohorts.importers.writing import left_out, settings_of, write_cohort_folder
from outcomenet.scoring import SVDH, ScoreSite

FILE = "training.csv"
# Invented, the same for all, and declared in cohort.toml: the challenge publishes neither ages nor dates.
BIRTH_YEAR, DATE, VISIT = 1950, "2000-01-01", "baseline"
READER = "RA2-DREAM"
FILM_SUFFIXES = (".jpg", ".jpeg")
# column -> the feature that it sums ("" = both)
OVERALL = {"Overall_Tol": "", "Overall_erosion": "erosion", "Overall_narrowing": "jsn"}

CARD = DataSetCard(
    name="ra2_dream",
    title="RA2-DREAM challenge, training set",
    url="https://www.synapse.org/#!Synapse:syn20545111",
    licence="Synapse terms of the RA2-DREAM challenge; by application, not to be passed on",
    citation="Sun D, et al. JAMA Netw Open 2022;5(8):e2227423, doi 10.1001/jamanetworkopen.2022.27423",
    access=(
        "Register at synapse.org, become a certified user and open project syn20545111 (RA2-DREAM).",
        "Apply for the data there and accept the challenge's conditions of use.",
        f"Download {FILE} and the training films into one folder; keep the films' names.",
    ),
    files=(SourceFile(FILE, "the score table"), SourceFile("*-[LR][HF].[jJ]*", "films <Patient_ID>-LH.jpg and so on")),
    description=(
        "Hand and foot films of patients with rheumatoid arthritis with one Sharp/van der Heijde grade per site. Age, "
        "sex and dates are not published; birth year and date are the same for all, so age must not be a covariate. "
        "One person may stand under two Patient_IDs, which a split by patient cannot see."
    ),
    answers="How well a film model reads the human score: the score-mediated rung and its agreement with readers.",
    cannot_answer="Function, pain, progression, osteoarthritis: it has one visit, no outcome and no covariate.",
    dates=f"Invented: every visit and film is dated {DATE} and every birth year is {BIRTH_YEAR}.",
    unverified="Format taken from public code of challenge participants, not from the files.",
    readers="The challenge's curated grades; read once, mode not documented, imported as single.",
    columns=(
        SourceColumn(FILE, "Patient_ID", "patients.csv: patient_id", "as it is"),
        *(SourceColumn(FILE, name, "", f"checked against the sum of its sites ({feature or 'all'})")
          for name, feature in OVERALL.items()),
        *(SourceColumn(FILE, site.dream_column, "scores.csv: score",
                       f"grade 0-{site.definition.maximum} of {' '.join(site.key)}, empty = not read")
          for site in SVDH.sites),
    ),
)  # fmt: skip


def _sites_of(feature: str) -> list[ScoreSite]:
    return [site for site in SVDH.sites if feature in ("", site.definition.feature)]


_TABLE = TableContract(
    FILE,
    (
        Column("Patient_ID", Identifier(), required=True, filled=True),
        *(
            Column(
                name, Number(0, sum(site.definition.maximum for site in _sites_of(feature)), whole=True), required=True
            )
            for name, feature in OVERALL.items()
        ),
        *(
            Column(site.dream_column, Number(0, site.definition.maximum, whole=True), required=True)
            for site in SVDH.sites
        ),
    ),
    key=("Patient_ID",),
    required=True,
)


def import_ra2_dream(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of the challenge's training set.

    Args:
        source: Folder with training.csv and the films.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the table: grades out of range, Overall columns
            that are not the sum of their sites, patients without all four films.
    """
    require_files(CARD, source)
    table, faults = read_table(source / FILE, _TABLE)
    films = {film.stem: film for film in sorted(source.iterdir()) if film.suffix.lower() in FILM_SUFFIXES}
    faults += _wrong_sums(table) + _missing_films(table, films)
    if faults:
        raise CohortRefused(faults)
    ids = table["Patient_ID"]
    listed = _films(ids)
    tables = {
        "patients.csv": pd.DataFrame(
            {"patient_id": ids, "sex": "unknown", "birth_year": BIRTH_YEAR, "site": "RA2-DREAM"}
        ),
        "visits.csv": pd.DataFrame({"patient_id": ids, "visit_id": VISIT, "date": DATE}),
        "films.csv": listed,
        "scores.csv": _scores(table),
    }
    placed = {path: films[film_id] for film_id, path in zip(listed["film_id"], listed["path"], strict=True)}
    notes = left_out(len(films) - len(placed), f"films of patients who are not in {FILE}")
    return write_cohort_folder(out_folder, settings_of(CARD, notes), tables, placed)


def _wrong_sums(table: pd.DataFrame) -> list[Fault]:
    """Overall columns that their sites cannot sum to; an unread site may have counted from 0 to its maximum."""
    faults = []
    for name, feature in OVERALL.items():
        sites = _sites_of(feature)
        grades = table[[site.dream_column for site in sites]]
        lowest = grades.sum(axis=1)  # unread sites counted as 0
        highest = lowest + grades.isna() @ np.array([float(site.definition.maximum) for site in sites])
        wrong = table[name].notna() & ((table[name] < lowest) | (table[name] > highest))
        for row in table.index[wrong]:
            sums = f"{lowest[row]:g}" + (f" to {highest[row]:g}" if highest[row] > lowest[row] else "")
            faults.append(Fault(FILE, int(row), name, f"{table.at[row, name]:g}", f"the sum of its sites, {sums}",
                                "Compare the row with the table as downloaded."))  # fmt: skip
    return faults


def _missing_films(table: pd.DataFrame, films: dict[str, Path]) -> list[Fault]:
    """Patients who lack a film of one of the four limbs."""
    faults = []
    patients = table["Patient_ID"].dropna()
    for row, patient in zip(patients.index, patients, strict=True):
        if lacking := [str(side) for side in Side if f"{patient}-{side}" not in films]:
            faults.append(Fault(FILE, int(row), "Patient_ID", f"none for {', '.join(lacking)}",
                                "four films <Patient_ID>-LH.jpg, -RH, -LF and -RF beside the table",
                                "Download them, or remove the row."))  # fmt: skip
    return faults


def _films(ids: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "film_id": f"{patient}-{side}",
                "patient_id": patient,
                "date": DATE,
                "region": side.region,
                "side": side.laterality,
                "view": View.PA if side.region is Region.HAND else View.DP,
                "path": f"films/{patient}-{side}.jpg",
            }
            for patient in ids
            for side in Side
        ]
    )


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """One row per patient and site; an empty cell stays an empty score, that is a site that was not read."""
    columns = {site.dream_column: site for site in SVDH.sites}
    long = table.melt("Patient_ID", list(columns), "column", "score")
    return pd.DataFrame(
        {
            "patient_id": long["Patient_ID"],
            "visit_id": VISIT,
            "reader": READER,
            "reading_mode": "single",
            "scheme": SVDH.name,
            "side": [str(columns[name].side) for name in long["column"]],
            "site": [columns[name].definition.site for name in long["column"]],
            "feature": [columns[name].definition.feature for name in long["column"]],
            "score": long["score"],
        }
    )
