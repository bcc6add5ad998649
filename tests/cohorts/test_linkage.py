"""A film goes to its patient's nearest visit, and to none that is too far away."""

from __future__ import annotations

import pandas as pd

from outcomenet.cohorts.cohort import link_films
from outcomenet.cohorts.ledger import Ledger

VISITS = pd.DataFrame(
    {
        "patient_id": ["P1", "P1", "P2"],
        "visit_id": ["V1", "V2", "V1"],
        "date": pd.to_datetime(["2020-01-01", "2020-01-31", "2020-01-16"]),
    },
    index=[2, 3, 4],
)


def link(date: str, max_gap_days: int = 42, patient: str = "P1"):
    films = pd.DataFrame({"film_id": ["F1"], "patient_id": [patient], "date": pd.to_datetime([date])}, index=[2])
    ledger = Ledger()
    return (*link_films(films, VISITS, max_gap_days, ledger), ledger)


def test_the_nearest_visit_of_the_same_patient_is_taken():
    linked, faults, ledger = link("2020-01-14")  # 13 days after V1, 17 before V2; P2's visit is nearer still
    assert (list(linked["visit_id"]), list(linked["gap_days"])) == (["V1"], [13])
    assert faults == []
    assert ledger.to_frame().empty


def test_a_film_before_its_visit_has_a_negative_gap():
    linked, _, _ = link("2019-12-30")
    assert list(linked["gap_days"]) == [-2]


def test_the_last_allowed_day_is_allowed():
    assert len(link("2020-03-13")[0]) == 1  # 42 days after V2; February 2020 has 29 days
    assert len(link("2020-03-14")[0]) == 0


def test_a_film_too_far_from_every_visit_is_counted():
    linked, _, ledger = link("2020-06-01")
    assert linked.empty
    assert ledger.ids("linkage", "film", "no visit of the patient within 42 days") == ["F1"]


def test_a_patient_without_visits_has_unlinked_films():
    assert link("2020-01-01", patient="P9")[2].count("linkage") == 1


def test_two_visits_equally_near_are_a_fault():
    linked, (fault,), _ = link("2020-01-16")
    assert linked.empty
    assert fault.sentence == (
        "films.csv, row 2, column date: expected one nearest visit, got two equally near (rows 2 and 3 of visits.csv). "
        "Correct a date, or remove the visit to which the film does not belong."
    )
