"""Importer of the RSNA Pediatric Bone Age films of 2017: left hands of children, for pre-training only.

Seen in much public code: `boneage-training-dataset.csv` with id, boneage (months) and male (True or False), and films
`boneage-training-dataset/<id>.png`, in some copies one folder deeper. Not verified: the exact terms of use.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Region, View
from outcomenet.cohorts.cells import Choice, Number
from outcomenet.cohorts.contracts import Column, TableContract, read_table
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, require_files
from outcomenet.cohorts.importers.source_tables import Identifier
from outcomenet.cohorts.importers.writing import left_out, settings_of, write_cohort_folder

FILE, FOLDER = "boneage-training-dataset.csv", "boneage-training-dataset"
YEAR = 2017  # of the challenge; the films' dates are not published
DATE, VISIT = f"{YEAR}-01-01", "film"
MONTHS_PER_YEAR = 12
SEXES = {"True": "M", "TRUE": "M", "False": "F", "FALSE": "F"}

CARD = DataSetCard(
    name="rsna_bone_age",
    title="RSNA Pediatric Bone Age Challenge 2017, training set",
    url="https://www.rsna.org/rsnai/ai-image-challenge/rsna-pediatric-bone-age-challenge-2017",
    licence="RSNA's terms of use for its challenge data; read them before use",
    citation="Halabi SS, et al. Radiology 2019;290:498-503, doi 10.1148/radiol.2018180736",
    access=(
        "Open the challenge's page at rsna.org and accept the terms of use of the data.",
        f"Download the training films and annotations and unpack both into one folder: {FILE} and {FOLDER}/.",
    ),
    files=(SourceFile(FILE, "the table"), SourceFile(f"{FOLDER}/**/*.png", "films <id>.png")),
    description=(
        "Left hands of children, for pre-training localiser and encoder only: no rheumatoid arthritis, no outcome, no "
        "score. A child's hand has growth plates and is judged by no adult score."
    ),
    answers="Nothing by itself; it shows an encoder 12,611 hands.",
    cannot_answer="Anything about arthritis or adults. It must never be in a validation or test split.",
    dates=f"Invented: every film is dated {DATE}; the birth year is {YEAR} less the bone age, since age is not published.",
    unverified="Column names and layout taken from public code; the terms of use were not read.",
    columns=(
        SourceColumn(FILE, "id", "patients.csv: patient_id", "as it is; one film per child"),
        SourceColumn(
            FILE, "boneage", "patients.csv: birth_year", f"{YEAR} less whole years of {MONTHS_PER_YEAR} months"
        ),
        SourceColumn(FILE, "male", "patients.csv: sex", "True = M, False = F"),
    ),
)

_TABLE = TableContract(
    FILE,
    (
        Column("id", Identifier(), required=True, filled=True),
        Column("boneage", Number(0, 240, "months"), required=True, filled=True),
        Column("male", Choice(tuple(SEXES)), required=True, filled=True),
    ),
    key=("id",),
    required=True,
)


def import_rsna_bone_age(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of the children who have a film.

    Args:
        source: Folder with the table and the unpacked films.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the table, children without a film among them.
    """
    require_files(CARD, source)
    table, faults = read_table(source / FILE, _TABLE)
    films = {film.stem: film for film in sorted((source / FOLDER).rglob("*.png"))}
    faults += [
        Fault(FILE, int(row), "id", "none", f"a film <id>.png below {FOLDER}", "Download it, or remove the row.")
        for row in table.index[table["id"].notna() & ~table["id"].isin(films)]
    ]
    if faults:
        raise CohortRefused(faults)
    ids, paths = table["id"], "films/" + table["id"] + ".png"
    birth_year = (YEAR - table["boneage"] // MONTHS_PER_YEAR).astype(int)
    tables = {
        "patients.csv": pd.DataFrame(
            {"patient_id": ids, "sex": table["male"].map(SEXES), "birth_year": birth_year, "site": "RSNA"}
        ),
        "visits.csv": pd.DataFrame({"patient_id": ids, "visit_id": VISIT, "date": DATE}),
        "films.csv": pd.DataFrame(
            {"film_id": ids, "patient_id": ids, "date": DATE, "region": Region.HAND, "side": "L", "view": View.PA,
             "path": paths}
        ),
    }  # fmt: skip
    notes = left_out(len(films) - len(table), f"films that {FILE} does not list")
    placed = {path: films[child] for child, path in zip(ids, paths, strict=True)}
    return write_cohort_folder(out_folder, settings_of(CARD, notes), tables, placed)
