"""Importer of RAM-H1200: hand films of six centres with Sharp/van der Heijde grades per hand.

Seen in the data set's card on Hugging Face (licence, BMP films, COCO annotations) and in its authors' benchmark code
(YSongxiao/RAM-H1200): `Segmentation/<split>/*.bmp` listed by `_annotations_bone_rle.coco.json`,
`SvdH_Scoring/SvdH_BE_Scoring/<split>/_annotation_be_scores.json` and `SvdH_JSN_Scoring/.../_annotation_jsn_scores.json`
as {film name: {"BE_MCP-I": 0, ...}}, film names that end in `_L` or `_R` before the suffix. Not verified: what else a
film's name says (here, all before `_L` or `_R` is one patient at one visit), the study-level metadata, the names
JSN_SC and JSN_SR (JSN_STT was seen).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Region, View
from outcomenet.cohorts.faults import CohortRefused, Fault, printable
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceColumn, SourceFile, require_files
from outcomenet.cohorts.importers.writing import settings_of, write_cohort_folder
from outcomenet.errors import did_you_mean
from outcomenet.scoring import SVDH, SiteDefinition

SPLITS = ("train", "val", "test")
FILMS = "_annotations_bone_rle.coco.json"
SCORES = {
    "SvdH_Scoring/SvdH_BE_Scoring": "_annotation_be_scores.json",
    "SvdH_Scoring/SvdH_JSN_Scoring": "_annotation_jsn_scores.json",
}
# Invented, the same for all, and declared in cohort.toml.
BIRTH_YEAR, DATE, VISIT, READER = 1950, "2000-01-01", "baseline", "RAM-H1200"
SITES: dict[str, SiteDefinition] = {d.ram_h1200: d for d in SVDH.definitions if d.ram_h1200}

CARD = DataSetCard(
    name="ram_h1200",
    title="RAM-H1200",
    url="https://huggingface.co/datasets/TokyoTechMagicYang/RAM-H1200-v1",
    licence="CC BY 4.0",
    citation="RAM-H1200: A Unified Evaluation and Dataset on Hand Radiographs for Rheumatoid Arthritis, arXiv 2026",
    access=(
        "Open https://huggingface.co/datasets/TokyoTechMagicYang/RAM-H1200-v1 and read its conditions.",
        "Download the repository, for instance `hf download TokyoTechMagicYang/RAM-H1200-v1 --repo-type dataset`; "
        "the folders Segmentation and SvdH_Scoring are needed.",
    ),
    files=(
        SourceFile(f"Segmentation/*/{FILMS}", "COCO list of a split's films"),
        SourceFile("Segmentation/*/*.bmp", "films"),
        *(SourceFile(f"{folder}/*/{file}", "grades of a split") for folder, file in SCORES.items()),
    ),
    description=(
        "1,200 hand films of patients with rheumatoid arthritis with Sharp/van der Heijde grades of the hands; no feet. "
        "Age, sex, centre and dates are not imported; birth year and date are the same for all, so age must not be a "
        "covariate. Films whose names differ before _L or _R count as different patients, which a split by patient "
        "cannot see. The authors' own split is not kept."
    ),
    answers="Reading erosion and narrowing per joint of the hand; bones' outlines for localisation (not imported).",
    cannot_answer="Function, pain, progression, feet, osteoarthritis: it has no outcome and no covariate.",
    dates=f"Invented: every visit and film is dated {DATE} and every birth year is {BIRTH_YEAR}.",
    unverified="Format taken from the data set's card and its authors' benchmark code, not from the files.",
    readers="The data set's grades; imported as single readings.",
    columns=(
        SourceColumn(FILMS, "images[].file_name", "films.csv: film_id", "what stands before _L or _R is the patient_id"),
        *(SourceColumn("SvdH_Scoring", name, "scores.csv: score", f"grade 0-{d.maximum} of {d.site} {d.feature}")
          for name, d in SITES.items()),
    ),
)  # fmt: skip


def import_ram_h1200(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of all splits together.

    Args:
        source: The downloaded repository.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the lists and grades.
    """
    require_files(CARD, source)
    films, faults = _films(source)
    scores, of_scores = _scores(source, films)
    faults += of_scores
    if faults:
        raise CohortRefused(faults)
    listed = pd.DataFrame(
        [
            {"film_id": name, "patient_id": name[:-2], "date": DATE, "region": Region.HAND, "side": name[-1],
             "view": View.PA, "path": f"films/{name}.bmp"}
            for name in films
        ]
    )  # fmt: skip
    ids = listed["patient_id"].drop_duplicates()
    tables = {
        "patients.csv": pd.DataFrame(
            {"patient_id": ids, "sex": "unknown", "birth_year": BIRTH_YEAR, "site": "RAM-H1200"}
        ),
        "visits.csv": pd.DataFrame({"patient_id": ids, "visit_id": VISIT, "date": DATE}),
        "films.csv": listed,
        "scores.csv": scores,
    }
    placed = {f"films/{name}.bmp": film for name, film in films.items()}
    return write_cohort_folder(out_folder, settings_of(CARD), tables, placed)


def _films(source: Path) -> tuple[dict[str, Path], list[Fault]]:
    """The films that the splits' COCO lists name, by their name without suffix, and what is wrong with the lists."""
    films: dict[str, Path] = {}
    faults = []
    for split in SPLITS:
        for place, name in enumerate(_listed_films(source / "Segmentation" / split / FILMS), start=1):
            path = source / "Segmentation" / split / Path(name).name
            file = f"{split}/{FILMS}, image {place}"
            if path.stem[-2:] not in ("_L", "_R"):
                faults.append(Fault(file, expected="a film name that ends in _L or _R", remedy="Correct its name."))
            elif path.stem in films:
                faults.append(Fault(file, expected="a film that no other entry names", remedy="Remove one entry."))
            elif not path.is_file():
                faults.append(
                    Fault(file, expected="its film beside the list", remedy="Download it, or remove the entry.")
                )
            else:
                films[path.stem] = path
    return films, faults


def _scores(source: Path, films: Mapping[str, Path]) -> tuple[pd.DataFrame, list[Fault]]:
    """Every grade of the score files as a row of scores.csv, and the faults of films, names and grades."""
    rows, faults = [], []
    for folder, file in SCORES.items():
        for split in SPLITS:
            for place, (film, grades) in enumerate(_json(source / folder / split / file).items(), start=1):
                name, where = Path(film).stem, f"{split}/{file}, film {place}"
                if name not in films:
                    faults.append(
                        Fault(where, expected=f"a film that {FILMS} lists", remedy="Download Segmentation too.")
                    )
                    continue
                if not isinstance(grades, dict):
                    faults.append(
                        Fault(where, expected="an object of grades by site", remedy="Download the file again.")
                    )
                    continue
                for site, grade in grades.items():
                    if fault := _wrong(where, site, grade):
                        faults.append(fault)
                    else:
                        rows.append((name[:-2], f"{name[-1]}H", SITES[site].site, SITES[site].feature, int(str(grade))))
    scores = pd.DataFrame(rows, columns=["patient_id", "side", "site", "feature", "score"])
    fixed = {"visit_id": VISIT, "reader": READER, "reading_mode": "single", "scheme": SVDH.name}
    return scores.assign(**fixed), faults


def _wrong(where: str, site: str, grade: object) -> Fault | None:
    """The fault of one grade: of a site that SvdH does not have, or out of the site's range."""
    if site not in SITES:
        return Fault(where, None, site[:40], "", "a site of the Sharp/van der Heijde score", did_you_mean(site, SITES))
    maximum = SITES[site].maximum
    # as text: true and 1.0 are 1 to Python, and no grades
    if str(grade) not in map(str, range(maximum + 1)):
        return Fault(where, None, site, printable(site, grade), f"a whole grade from 0 to {maximum}",
                     "Compare it with the file as downloaded.")  # fmt: skip
    return None


def _listed_films(path: Path) -> list[str]:
    """The file names in a COCO file's list of images. Raises CohortRefused where an entry has none."""
    images = _json(path).get("images", [])
    names = (
        [image.get("file_name") if isinstance(image, dict) else None for image in images]
        if isinstance(images, list)
        else [None]
    )
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) < len(names):
        raise CohortRefused([Fault(f"{path.parent.name}/{path.name}", expected="a list `images` of entries with a file_name",
                                   remedy="Download the file again.")])  # fmt: skip
    return texts


def _json(path: Path) -> dict[str, object]:
    """The object in a JSON file; a split that is not there is empty. Raises CohortRefused for anything else."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        value = None
    if not isinstance(value, dict):
        raise CohortRefused([Fault(f"{path.parent.name}/{path.name}", expected="a JSON object",
                                   remedy="Download the file again.")])  # fmt: skip
    return value
