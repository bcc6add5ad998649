"""Importer of the hand films of the Osteoarthritis Initiative with Kellgren-Lawrence grades per finger joint.

Seen in public code (never in the files themselves): `Enrollees.txt` (ID, V00SITE, P02SEX as "1: Male") and
`AllClinical00.txt` (ID, V00AGE) with cells separated by `|` and missing values as ".: ..."; image lists with Folder,
ParticipantID, StudyDate, Barcode, StudyDescription, SeriesDescription, of which "PA Right Hand", "PA Left Hand" and
"PA Bilateral Hand" are hands; releases named `<visit>.<group>.<version>`, 0 = baseline, 6 = 48 months; a table of hand
readings (`hand.xlsx`) with id and v00DIP2_KL ... v00PIP5_KL, v00MCP2_KL ..., and v06 columns. Not verified: which hand
was read (here, the one that was filmed alone), how (here, single), and columns of thumb joints (here, IP1 and CMC1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Region, View
from outcomenet.cohorts.cells import Number
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import CohortRefused, Fault, printable
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, require_files
from outcomenet.cohorts.importers.source_tables import read_columns, read_pipe_columns
from outcomenet.cohorts.importers.writing import left_out, settings_of, write_cohort_folder
from outcomenet.scoring import KELLGREN_LAWRENCE

ENROLLEES, CLINICAL, READINGS, LISTS = "Enrollees.txt", "AllClinical00.txt", "hand.csv", "contents*.csv"
HANDS = {"pa right hand": "R", "pa left hand": "L", "pa bilateral hand": "both"}
VISITS = {"0": "V00", "6": "V06"}  # number of the image release -> visit
# Years from the baseline visit, at which the age was asked.
YEARS_LATER = {"V00": 0, "V06": 4}
SEXES = {"1": "M", "2": "F", None: "unknown"}
SITES = tuple(d.site for d in KELLGREN_LAWRENCE.definitions if d.region is Region.HAND)
READER = "OAI"
AGE, GRADE = Number(18, 110, whole=True), Number(0, 4, whole=True)
_GRADE_COLUMN = re.compile(r"v(00|06)([A-Z]+\d)_KL", re.IGNORECASE)

CARD = DataSetCard(
    name="oai",
    title="Osteoarthritis Initiative, hand films",
    url="https://nda.nih.gov/oai",
    licence="OAI data use certification of the NIMH Data Archive; not to be passed on",
    citation="Nevitt MC, Felson DT, Lester G. The Osteoarthritis Initiative: protocol for the cohort study, 2006",
    access=(
        "Register at nda.nih.gov and sign the OAI data use certification.",
        f"Download {ENROLLEES} (General) and {CLINICAL} (AllClinical) in ASCII.",
        "Download the radiographs of baseline and 48 months with their lists contents*.csv; keep the folders that the "
        "column Folder names beside the lists.",
        f"Save the table of hand readings as comma-separated {READINGS}.",
        "Put all of this into one folder.",
    ),
    files=(
        SourceFile(ENROLLEES, "enrolment: site and sex"),
        SourceFile(CLINICAL, "clinical data at baseline: age"),
        SourceFile(READINGS, "Kellgren-Lawrence grades of the hands"),
        SourceFile(LISTS, "lists of the radiographs"),
    ),
    description=(
        "People with or at risk of knee osteoarthritis; inflammatory arthritis was an exclusion. Hands at baseline (V00) "
        "and at 48 months (V06) with Kellgren-Lawrence grades of finger joints. The grades name no side: they are taken "
        "as those of the hand that was filmed alone at that visit."
    ),
    answers="How osteoarthritis of DIP, PIP and thumb joints looks: the head and the confounder, not the disease.",
    cannot_answer="HAQ, pain in the hands' own scale, a score of rheumatoid arthritis: none of them is in it.",
    dates="As released with the radiographs; the birth year is the year of the baseline film less the age at baseline.",
    unverified="Names taken from public code, not from the files.",
    readers="The data set's hand readings; mode not documented, imported as single.",
    columns=(
        SourceColumn(ENROLLEES, "ID", "patients.csv: patient_id", "as it is"),
        SourceColumn(ENROLLEES, "P02SEX", "patients.csv: sex", '"1: Male" = M, "2: Female" = F, missing = unknown'),
        SourceColumn(ENROLLEES, "V00SITE", "patients.csv: site", "as it is"),
        SourceColumn(CLINICAL, "V00AGE", "patients.csv: birth_year", "year of the baseline film less the age in years"),
        SourceColumn(LISTS, "Folder", "visits.csv: visit_id", "release 0.* is V00, 6.* is V06; holds the film"),
        SourceColumn(LISTS, "ParticipantID", "films.csv: patient_id", "as it is"),
        SourceColumn(LISTS, "StudyDate", "films.csv: date", "YYYYMMDD as a date"),
        SourceColumn(LISTS, "Barcode", "films.csv: film_id", "as it is"),
        SourceColumn(LISTS, "SeriesDescription", "films.csv: side", "PA Right, Left or Bilateral Hand"),
        *(SourceColumn(READINGS, f"v00{site}_KL", "scores.csv: score", "grade 0-4; v06 columns: visit V06")
          for site in SITES),
    ),
)  # fmt: skip


def import_oai(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of the people who have a hand film.

    Args:
        source: Folder with the tables, the lists and the radiographs.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the tables and lists.
    """
    require_files(CARD, source)
    films, faults = _films(source)
    people, of_people = _people(source, films)
    grades, notes, of_grades = _grades(source, films)
    faults += of_people + of_grades
    if faults:
        raise CohortRefused(faults)
    visits = films.groupby(["patient_id", "visit_id"], as_index=False)["date"].min()
    listed = films.drop(columns=["visit_id", "folder"]).assign(region=Region.HAND, view=View.PA)
    tables = {"patients.csv": people, "visits.csv": visits, "films.csv": listed, "scores.csv": grades}
    placed = {path: _only_file(source / folder) for path, folder in zip(films["path"], films["folder"], strict=True)}
    return write_cohort_folder(out_folder, settings_of(CARD, notes), tables, {k: v for k, v in placed.items() if v})


def _films(source: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Every hand film of the lists, with visit_id and the folder that holds it, and what is wrong with them."""
    wanted = ["Folder", "ParticipantID", "StudyDate", "Barcode", "SeriesDescription"]
    rows, faults = [], []
    for path in sorted(source.glob(LISTS)):
        table, of_list = read_columns(path, wanted)
        faults += of_list
        hands = table[table["SeriesDescription"].fillna("").str.lower().isin(HANDS)]
        for row, folder, person, date, barcode, series in hands.itertuples(name=None):
            visit = VISITS.get((folder or "").split(".")[0])
            if visit is None:
                faults.append(Fault(path.name, row, "Folder", "", "a release of baseline (0.*) or 48 months (6.*)",
                                    "Remove the row."))  # fmt: skip
            elif not re.fullmatch(r"\d{8}", date or ""):
                faults.append(Fault(path.name, row, "StudyDate", printable("StudyDate", date), "a date as YYYYMMDD",
                                    "Compare it with the list as downloaded."))  # fmt: skip
            elif _only_file(source / folder) is None:
                faults.append(Fault(path.name, row, "Folder", "", "a folder beside the list that holds one film",
                                    "Download it, or remove the row."))  # fmt: skip
            else:
                day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
                rows.append((barcode, person, day, HANDS[series.lower()], f"films/{barcode}.dcm", visit, folder))
    columns = ["film_id", "patient_id", "date", "side", "path", "visit_id", "folder"]
    return pd.DataFrame(rows, columns=columns), faults


def _only_file(folder: Path) -> Path | None:
    files = [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    return files[0] if len(files) == 1 else None


def _people(source: Path, films: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """patients.csv of all who have a hand film, and the faults of sex and age."""
    enrolled, faults = read_pipe_columns(source / ENROLLEES, ["ID", "V00SITE", "P02SEX"])
    clinical, of_clinical = read_pipe_columns(source / CLINICAL, ["ID", "V00AGE"])
    faults += of_clinical
    ages = dict(zip(clinical["ID"], clinical["V00AGE"].map(_code), strict=True))
    years = {}
    for person, visit, date in zip(films["patient_id"], films["visit_id"], films["date"], strict=True):
        # the year of the baseline, also of people whose first hand film came later
        years[person] = min(years.get(person, 9999), int(date[:4]) - YEARS_LATER[visit])
    filmed = enrolled[enrolled["ID"].isin(years)]
    if unknown := len(set(years) - set(filmed["ID"])):
        faults.append(Fault(ENROLLEES, None, "ID", f"none for {unknown}", "a row for everyone who has a hand film",
                           "Download the table of the same release."))  # fmt: skip
    rows = []
    for row, person, site, sex in filmed.itertuples(name=None):
        age = _whole(ages.get(person), AGE)
        if _code(sex) not in SEXES:
            faults.append(
                Fault(ENROLLEES, row, "P02SEX", printable("P02SEX", sex), "1: Male or 2: Female", "Check it.")
            )
        elif age is None:
            faults.append(Fault(ENROLLEES, row, "ID", "none", f"an age in years of this person in {CLINICAL}",
                               "Check V00AGE there."))  # fmt: skip
        else:
            rows.append((person, SEXES[_code(sex)], years[person] - age, _code(site)))
    return pd.DataFrame(rows, columns=["patient_id", "sex", "birth_year", "site"]), faults


def _code(cell: str | None) -> str | None:
    """The code of a cell such as "1: Male"; None for blanks and for the missing values, which begin with a dot."""
    code = (cell or "").split(":")[0].strip()
    return None if not code or code.startswith(".") else code


def _grades(source: Path, films: pd.DataFrame) -> tuple[pd.DataFrame, list[str], list[Fault]]:
    """scores.csv, notes on the grades that have no place in it, and the faults of the others."""
    table, faults = read_csv_text(source / READINGS)
    if table is None or "id" not in table:
        lacking = Fault(READINGS, 1, "id", "none", "this column", "Save the table of hand readings with its header.")
        return pd.DataFrame(), [], faults or [lacking]
    sides: dict[tuple[str, str], set[str]] = {}
    for person, visit, side in zip(films["patient_id"], films["visit_id"], films["side"], strict=True):
        sides.setdefault((person, visit), set()).add(side)
    rows, no_side, no_site = [], 0, 0
    for column in table.columns:
        if (named := _GRADE_COLUMN.fullmatch(column)) is None:
            continue
        visit, site = f"V{named[1]}", named[2].upper()
        for row, person, text in zip(table.index, table["id"], table[column], strict=True):
            side = _side(sides, (person or "").removesuffix(".0"), visit)
            if text is None or side is None:
                continue
            if site not in SITES:
                no_site += 1
            elif side == "both":
                no_side += 1
            elif (grade := _whole(text, GRADE)) is None:
                faults.append(Fault(READINGS, int(row), column, printable(column, text), "a whole grade from 0 to 4",
                                    "Leave it empty where the joint could not be read."))  # fmt: skip
            else:
                rows.append((person.removesuffix(".0"), visit, f"{side}H", site, grade))
    notes = left_out(no_site, "grades of joints that have no place in the Kellgren-Lawrence scheme here (MCP)")
    notes += left_out(no_side, "grades at visits where not exactly one hand was filmed alone")
    fixed = {"reader": READER, "reading_mode": "single", "scheme": KELLGREN_LAWRENCE.name, "feature": "kl"}
    return (
        pd.DataFrame(rows, columns=["patient_id", "visit_id", "side", "site", "score"]).assign(**fixed),
        notes,
        faults,
    )


def _side(sides: Mapping[tuple[str, str], set[str]], person: str, visit: str) -> str | None:
    """L or R where one hand was filmed alone, "both" where that is not so, None for a visit without a hand film."""
    filmed = sides.get((person, visit))
    return None if filmed is None else next(iter(filmed)) if len(filmed) == 1 else "both"


def _whole(text: str | None, rule: Number) -> int | None:
    """A whole number that the rule accepts, also as 2.0; None otherwise."""
    try:
        return int(rule.parse(text or ""))
    except ValueError:
        return None
