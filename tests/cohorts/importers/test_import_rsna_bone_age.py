"""RSNA bone age: three made-up children, four films."""

from __future__ import annotations

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.importers.rsna_bone_age import import_rsna_bone_age

DATA_SET = "rsna_bone_age"
TABLE = "boneage-training-dataset.csv"


def test_children_arrive(example, tmp_path):
    cohort = read_cohort(import_rsna_bone_age(example, tmp_path / "cohort"))
    children = cohort.patients.set_index("patient_id")
    # 2017 less 180, 12 and 94 months in whole years
    assert children["birth_year"].to_dict() == {"1377": 2002, "1378": 2016, "1379": 2010}
    assert children["sex"].to_dict() == {"1377": "F", "1378": "M", "1379": "M"}
    assert set(cohort.films["side"]) == {"L"}
    assert cohort.scores.empty
    assert "films that boneage-training-dataset.csv does not list (1)" in cohort.meta.description
    assert "pre-training" in cohort.meta.description


def test_films_may_lie_one_folder_deeper(example, tmp_path):
    folder = example / "boneage-training-dataset"
    (folder / folder.name).mkdir()
    for film in folder.glob("*.png"):
        film.rename(folder / folder.name / film.name)
    assert len(read_cohort(import_rsna_bone_age(example, tmp_path / "cohort")).films) == 3


def test_a_child_without_a_film_is_refused(example, refused):
    (example / "boneage-training-dataset" / "1378.png").unlink()
    (sentence,) = refused(TABLE, "id,", "id,")
    assert "row 3, column id: expected a film <id>.png below boneage-training-dataset, got none" in sentence
    assert "1378" not in sentence


def test_a_bone_age_in_years_too_many_is_refused(refused):
    (sentence,) = refused(TABLE, "1377,180", "1377,1800")
    assert "column boneage: expected a number from 0 to 240 months, got '1800'" in sentence
