"""RA2-DREAM: two made-up patients with grades, sums and four films each."""

from __future__ import annotations

import shutil

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.importers.ra2_dream import CARD, FILE, import_ra2_dream
from outcomenet.scoring import SVDH

DATA_SET = "ra2_dream"


def test_grades_and_films_arrive(example, tmp_path):
    cohort = read_cohort(import_ra2_dream(example, tmp_path / "cohort"))
    assert list(cohort.patients["patient_id"]) == ["UAB001", "UAB002"]
    assert len(cohort.scores) == 2 * len(SVDH.sites) == 2 * 86
    graded = cohort.scores[cohort.scores["score"] > 0]
    found = graded[["patient_id", "side", "site", "feature", "score"]].itertuples(index=False, name=None)
    assert set(found) == {
        ("UAB001", "LH", "MCP2", "erosion", 3),  # LH_mcp_E__2
        ("UAB001", "RH", "radiocarpal", "jsn", 2),  # RH_wrist_J__radcar
        ("UAB001", "LF", "MTP5", "erosion", 7),  # LF_mtp_E__5
    }
    unread = cohort.scores[cohort.scores["score"].isna()]
    assert unread[["side", "site", "feature"]].to_numpy().tolist() == [["RH", "PIP4", "jsn"]]
    films = cohort.films.set_index("film_id")
    assert len(films) == 8
    assert films.loc["UAB002-RF", ["region", "side", "view"]].tolist() == ["foot", "R", "DP"]
    assert set(films["format"]) == {"jpeg"}


def test_the_map_has_every_column_of_the_table(example):
    header = (example / FILE).read_text().splitlines()[0].split(",")
    assert [column.column for column in CARD.columns if column.column in header[:4]] == header[:4]
    assert sorted(column.column for column in CARD.columns) == sorted(header)


def test_the_folder_says_what_is_invented(example, tmp_path):
    cohort = read_cohort(import_ra2_dream(example, tmp_path / "cohort"))
    assert cohort.meta.dates.startswith("Invented")
    assert "age must not be a covariate" in cohort.meta.description
    assert set(cohort.patients["birth_year"]) == {1950}
    assert cohort.visits["haq"].isna().all()


def test_the_total_is_checked_against_its_sites(refused):
    assert refused("training.csv", "UAB001,12,10,2", "UAB001,13,10,2") == [
        "training.csv, row 2, column Overall_Tol: expected the sum of its sites, 12, got 13. "
        "Compare the row with the table as downloaded."
    ]


def test_an_unread_site_may_have_counted_up_to_its_maximum(refused):
    # UAB002 has one narrowing site (0-4) unread and all others 0
    (sentence,) = refused("training.csv", "UAB002,1,0,1", "UAB002,1,0,5")
    assert "Overall_narrowing: expected the sum of its sites, 0 to 4, got 5" in sentence


def test_a_grade_out_of_its_sites_range_is_named(refused):
    sentences = refused("training.csv", "UAB001,12,10,2,0,", "UAB001,12,10,2,6,")
    assert any("row 2, column LH_mcp_E__ip: expected a whole number from 0 to 5, got '6'" in s for s in sentences)


def test_an_unknown_column_is_named_with_the_one_that_is_meant(refused):
    (sentence,) = refused("training.csv", "RF_mtp_J__5", "RF_mtp_J_5")
    assert "got an unknown column. Did you mean RF_mtp_J__5?" in sentence


def test_a_patient_without_all_films_is_named_by_row_alone(example, refused):
    (example / "UAB002-LF.jpg").unlink()
    (sentence,) = refused("training.csv", "UAB001", "UAB001")
    assert "row 3, column Patient_ID: expected four films" in sentence
    assert "got none for LF. Download them, or remove the row." in sentence
    assert "UAB002" not in sentence


def test_films_of_others_are_counted(example, tmp_path):
    shutil.copy(example / "UAB001-LH.jpg", example / "UAB009-LH.jpg")
    cohort = read_cohort(import_ra2_dream(example, tmp_path / "cohort"))
    assert "films of patients who are not in training.csv (1)" in cohort.meta.description
