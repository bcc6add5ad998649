"""NHANES III: three made-up adults in fixed width, two of them with a film of both hands."""

from __future__ import annotations

import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.importers.nhanes3 import import_nhanes3

DATA_SET = "nhanes3"


def test_adults_with_a_hand_film_arrive(example, tmp_path):
    cohort = read_cohort(import_nhanes3(example, tmp_path / "cohort"))
    people = cohort.patients.set_index("patient_id")
    assert people["sex"].to_dict() == {"3": "M", "19": "F"}
    assert people["birth_year"].to_dict() == {"3": 1990 - 72, "19": 1993 - 90}
    visits = cohort.visits.set_index("patient_id")
    assert visits.loc["3", "crp"] == pytest.approx(12.0)  # 1.20 mg/dL
    assert visits["crp"].isna()["19"]  # 88888
    assert visits.loc["3", "age"] == pytest.approx(71.5)  # counted from the middle of the birth year
    assert visits[["haq", "pain", "rf", "oa"]].isna().all(axis=None)
    assert set(cohort.films["side"]) == {"both"}
    assert "without a hand film (1)" in cohort.meta.description


def test_a_film_of_nobody_is_refused_without_its_name(example, refused):
    (example / "hand_films" / "00003_hand.png").rename(example / "hand_films" / "77777_hand.png")
    (sentence,) = refused("lab.dat", "01.20", "01.20")
    assert sentence == (
        "hand_films, film 2 by name: expected a name that begins with a SEQN of adult.dat. Rename or remove it."
    )


def test_a_code_that_the_code_book_lacks_is_refused(example, tmp_path):
    lines = (example / "adult.dat").read_text().splitlines()
    (example / "adult.dat").write_text("\n".join([lines[0][:14] + "3" + lines[0][15:], *lines[1:]]))
    with pytest.raises(CohortRefused, match="adult.dat, row 1, column HSSEX: expected one of 1, 2, got '3'"):
        import_nhanes3(example, tmp_path / "cohort")


def test_lines_that_lost_their_end_are_refused(refused):
    sentences = refused("adult.dat", "1" + " " * 3304, "")
    assert "adult.dat, row 1: expected at least 42 characters in a line, got 41" in sentences[0]


def test_a_crp_that_is_no_number_is_refused(refused):
    (sentence,) = refused("lab.dat", "01.20", "x1.20")
    assert "lab.dat, row 1, column CRP: expected a number of 0 or more mg/dL, got text of 5 characters" in sentence
    assert "x1.20" not in sentence
