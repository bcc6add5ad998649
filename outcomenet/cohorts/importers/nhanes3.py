"""Importer of the hand films of NHANES III (1988-94): both hands on one film, of Americans from 60 years on.

Seen in public sources: NCHS's page on release 48A (4,769 digitised hand films, one of both hands and wrists in PA view
per participant; no hand readings are public, only those of knees), and copies of NCHS's SAS programs, from which the
positions in adult.dat and lab.dat are taken, with CRP in mg/dL (a public data dictionary) and 88888 for a blank. Not
verified: how a film's file is named (here, by the SEQN with which its name begins), HSSEX = 1 for men from a public
program, and which titre in RFP counts as positive, so that no rheumatoid factor is imported. The questionnaire's
difficulty items are no HAQ-DI and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Region, View
from outcomenet.cohorts.cells import Number
from outcomenet.cohorts.faults import CohortRefused, Fault, printable
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, require_files
from outcomenet.cohorts.importers.source_tables import FixedField, read_fixed_width
from outcomenet.cohorts.importers.writing import left_out, settings_of, write_cohort_folder

ADULT, LAB, FOLDER = "adult.dat", "lab.dat", "hand_films"
ADULT_FIELDS = (
    FixedField("SEQN", 1, 5),
    FixedField("HSSEX", 15, 15),
    FixedField("HSAGEIR", 18, 19),
    FixedField("SDPPHASE", 42, 42),
)
LAB_FIELDS = (FixedField("SEQN", 1, 5), FixedField("CRP", 1667, 1671))
SEXES = {"1": "M", "2": "F"}
DATES = {"1": "1990-01-01", "2": "1993-01-01"}  # near the middle of phase 1 (1988-91) and of phase 2 (1991-94)
BLANK_CRP = "88888"  # a blank, by the copies of NCHS's programs
MG_PER_L = 10  # in 1 mg/dL
OLDEST_RELEASED = 90  # years: older people are released with this age
VISIT = "examination"

CARD = DataSetCard(
    name="nhanes3",
    title="NHANES III hand films",
    url="https://wwwn.cdc.gov/Nchs/data/nhanes3/48a/NH3_XRay.htm",
    licence="Public domain (US government), under NCHS's data user agreement: statistics only, no identification",
    citation="National Center for Health Statistics. NHANES III 1988-94, Series 11, No. 48A (X-ray images) and No. 1A",
    access=(
        "Read the data user agreement at https://wwwn.cdc.gov/nchs/nhanes/nhanes3.",
        "Download adult.dat and lab.dat of release 1A and the hand films of release 48A.",
        f"Put the hand films (DICOM, TIFF, JPEG or PNG) into a folder {FOLDER} beside the two files; each film's name "
        "must begin with the participant's SEQN.",
    ),
    files=(
        SourceFile(ADULT, "household adult file, fixed width"),
        SourceFile(LAB, "laboratory file, fixed width"),
        SourceFile(f"{FOLDER}/*", "hand films, named by SEQN"),
    ),
    description=(
        f"Both hands on one film, participants of 60 years and more. Ages from {OLDEST_RELEASED} on are released as "
        f"{OLDEST_RELEASED}. No hand readings are public, and the survey's disability questions are no HAQ-DI. The sample "
        "is weighted: shares in this folder are not shares of the population."
    ),
    answers="How hands of the general old population look: localisation, pre-training, osteoarthritis once read.",
    cannot_answer="HAQ, pain, progression or a human score of rheumatoid arthritis: none is public.",
    dates=(
        "Invented: participants of phase 1 are dated 1990-01-01, of phase 2 1993-01-01; the birth year is that year "
        "less the age at interview."
    ),
    unverified="Positions taken from copies of NCHS's SAS programs; the films' file names were never seen.",
    columns=(
        SourceColumn(ADULT, "SEQN", "patients.csv: patient_id", "number without leading zeros"),
        SourceColumn(ADULT, "HSSEX", "patients.csv: sex", "1 = M, 2 = F"),
        SourceColumn(ADULT, "HSAGEIR", "patients.csv: birth_year", "year of the invented date less the age in years"),
        SourceColumn(ADULT, "SDPPHASE", "visits.csv: date", "phase 1 = 1990-01-01, phase 2 = 1993-01-01"),
        SourceColumn(LAB, "CRP", "visits.csv: crp", "mg/dL times 10 is mg/L; 88888 and blank = missing"),
    ),
)


def import_nhanes3(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of the participants who have a hand film.

    Args:
        source: Folder with adult.dat, lab.dat and the folder hand_films.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of codes and film names.
    """
    require_files(CARD, source)
    adults, faults = read_fixed_width(source / ADULT, ADULT_FIELDS)
    lab, of_lab = read_fixed_width(source / LAB, LAB_FIELDS)
    adults, lab = (table.assign(SEQN=table["SEQN"].map(_number)) for table in (adults, lab))
    films, of_films = _films(source / FOLDER, set(adults["SEQN"]))
    filmed = adults[adults["SEQN"].isin(films)]
    crp, wrong_crp = _crp(lab[lab["SEQN"].isin(films)])
    faults += of_lab + of_films + _wrong_codes(filmed) + wrong_crp
    if faults:
        raise CohortRefused(faults)
    ids, date = filmed["SEQN"], filmed["SDPPHASE"].map(DATES)
    # the age is that of the interview, of which the phase alone is known: up to two years off
    birth_year = date.str[:4].astype(int) - filmed["HSAGEIR"].astype(int)
    paths = {seqn: f"{FOLDER}/{seqn}{film.suffix.lower()}" for seqn, film in films.items()}
    tables = {
        "patients.csv": pd.DataFrame(
            {"patient_id": ids, "sex": filmed["HSSEX"].map(SEXES), "birth_year": birth_year, "site": "NHANES III"}
        ),
        "visits.csv": pd.DataFrame({"patient_id": ids, "visit_id": VISIT, "date": date, "crp": ids.map(crp)}),
        "films.csv": pd.DataFrame(
            {"film_id": ids, "patient_id": ids, "date": date, "region": Region.HAND, "side": "both", "view": View.PA,
             "path": ids.map(paths)}
        ),
    }  # fmt: skip
    notes = left_out(len(adults) - len(filmed), f"participants of {ADULT} without a hand film")
    placed = {paths[seqn]: film for seqn, film in films.items()}
    return write_cohort_folder(out_folder, settings_of(CARD, notes), tables, placed)


def _number(seqn: str | None) -> str | None:
    """SEQN without leading zeros, so that it is written alike in every file."""
    return seqn.lstrip("0") if seqn else None


def _films(folder: Path, known: set[str | None]) -> tuple[dict[str, Path], list[Fault]]:
    """Film by SEQN, and a fault for a film of nobody or a second film of somebody."""
    films: dict[str, Path] = {}
    faults = []
    for place, film in enumerate(sorted(folder.iterdir()), start=1):
        digits = re.match(r"\d+", film.name)
        seqn = _number(digits.group()) if digits else None
        if seqn is None or seqn not in known:
            faults.append(Fault(f"{FOLDER}, film {place} by name", expected=f"a name that begins with a SEQN of {ADULT}",
                                remedy="Rename or remove it."))  # fmt: skip
        elif seqn in films:
            faults.append(Fault(f"{FOLDER}, film {place} by name", expected="one hand film per SEQN",
                                remedy="Remove one; knees do not belong here."))  # fmt: skip
        else:
            films[seqn] = film
    return films, faults


def _wrong_codes(adults: pd.DataFrame) -> list[Fault]:
    """Codes of sex and phase that the code book does not have, and ages that are no number."""
    faults = []
    for name, known in (("HSSEX", SEXES), ("SDPPHASE", DATES)):
        wrong = adults.loc[~adults[name].isin(known), name]
        faults += [
            Fault(
                ADULT, int(row), name, printable(name, code), f"one of {', '.join(known)}", "Check the file's release."
            )
            for row, code in zip(wrong.index, wrong, strict=True)
        ]
    ages = adults["HSAGEIR"].fillna("").str.fullmatch(r"\d{1,2}")
    faults += [
        Fault(ADULT, int(row), "HSAGEIR", printable("HSAGEIR", adults.at[row, "HSAGEIR"]), "an age in years",
              "Check the file's release.")
        for row in adults.index[~ages]
    ]  # fmt: skip
    return faults


def _crp(lab: pd.DataFrame) -> tuple[Mapping[str, float], list[Fault]]:
    """C-reactive protein in mg/L by SEQN where it was measured."""
    rule = Number(0, unit="mg/dL")
    values: dict[str, float] = {}
    faults = []
    for row, seqn, text in zip(lab.index, lab["SEQN"], lab["CRP"], strict=True):
        if text is None or text == BLANK_CRP:
            continue
        try:
            values[seqn] = rule.parse(text) * MG_PER_L
        except ValueError:
            faults.append(
                Fault(LAB, int(row), "CRP", printable("CRP", text), rule.expected, "Check the file's release.")
            )
    return values, faults
