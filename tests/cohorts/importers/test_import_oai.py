"""OAI: four made-up people, four hand films at two visits, a knee that is passed over."""

from __future__ import annotations

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.importers.oai import import_oai

DATA_SET = "oai"


def test_people_with_hand_films_arrive(example, tmp_path):
    cohort = read_cohort(import_oai(example, tmp_path / "cohort"))
    people = cohort.patients.set_index("patient_id")
    assert people["sex"].to_dict() == {"9000001": "F", "9000002": "M", "9000003": "unknown"}
    assert people["birth_year"].to_dict() == {"9000001": 2005 - 61, "9000002": 2005 - 70, "9000003": 2006 - 55}
    assert people["site"].to_dict() == {"9000001": "A", "9000002": "C", "9000003": "E"}
    visits = cohort.visits[["patient_id", "visit_id", "date"]].astype(str).to_numpy().tolist()
    assert visits == [
        ["9000001", "V00", "2005-03-15"],
        ["9000001", "V06", "2009-03-20"],
        ["9000002", "V00", "2005-11-01"],
        ["9000003", "V00", "2006-01-10"],
    ]
    films = cohort.films.set_index("film_id")
    assert films["side"].to_dict() == {"01100001": "R", "01100002": "R", "01100003": "both", "01100004": "L"}
    assert set(films["format"]) == {"dicom"}


def test_grades_are_those_of_the_hand_that_was_filmed_alone(example, tmp_path):
    cohort = read_cohort(import_oai(example, tmp_path / "cohort"))
    found = cohort.scores[["patient_id", "visit_id", "side", "site", "feature", "score"]].to_numpy().tolist()
    assert sorted(found) == [
        ["9000001", "V00", "RH", "DIP2", "kl", 2],
        ["9000001", "V00", "RH", "PIP3", "kl", 0],
        ["9000001", "V06", "RH", "DIP2", "kl", 3],
        ["9000003", "V00", "LH", "PIP3", "kl", 1],
    ]
    assert "Kellgren-Lawrence scheme here (MCP) (2)" in cohort.meta.description
    assert "not exactly one hand was filmed alone (2)" in cohort.meta.description


def test_a_grade_that_is_none_is_refused(refused):
    (sentence,) = refused("hand.csv", "9000001,2", "9000001,5")
    assert "hand.csv, row 2, column v00DIP2_KL: expected a whole grade from 0 to 4, got '5'" in sentence


def test_someone_without_an_age_is_refused_by_row_alone(refused):
    (sentence,) = refused("AllClinical00.txt", "|61|", "|.: Missing|")
    assert "Enrollees.txt, row 2, column ID: expected an age in years of this person in AllClinical00.txt" in sentence
    assert "9000001" not in sentence


def test_someone_who_was_never_enrolled_is_counted(refused):
    (sentence,) = refused("Enrollees.txt", "9000003|E", "9000009|E")
    assert "column ID: expected a row for everyone who has a hand film, got none for 1" in sentence


def test_grades_may_come_from_a_spreadsheet(example, tmp_path):
    text = (example / "hand.csv").read_text().replace("9000001,2,0,1,3", "9000001.0,2.0,0.0,1.0,3.0")
    (example / "hand.csv").write_text(text)
    assert sorted(read_cohort(import_oai(example, tmp_path / "cohort")).scores["score"]) == [0, 1, 2, 3]


def test_a_column_that_is_not_there_is_named_with_the_nearest(refused):
    sentences = refused("Enrollees.txt", "P02SEX", "P02_SEX")
    assert "Enrollees.txt, row 1, column P02SEX: expected this column, got none. Did you mean P02_SEX?" in sentences


def test_a_release_of_another_visit_is_refused(refused):
    (sentence,) = refused("contents.csv", "6.C.1/", "3.C.1/")
    assert "contents.csv, row 4, column Folder: expected a release of baseline (0.*) or 48 months (6.*)" in sentence


def test_a_radiograph_that_was_not_downloaded_is_refused(example, refused):
    (example / "6.C.1/9000001/20090320/01100002/001").unlink()
    (sentence,) = refused("contents.csv", "Folder", "Folder")
    assert "column Folder: expected a folder beside the list that holds one film" in sentence
