"""A hundred ways in which a cohort folder can be wrong: each is found, at its place, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cohorts.cells import Number
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.contracts import Column, TableContract, read_table
from outcomenet.cohorts.faults import COLUMNS, SHOWN, CohortRefused, Fault, write_faults
from outcomenet.cohorts.meta import KEYS
from tests.cohorts.breaking import haq_rows, line, raw, text, toml
from tests.cohorts.planted_kinds import KINDS


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(CohortRefused) as refused:
        read_cohort(folder)
    return list(refused.value.faults)


def place(fault: Fault) -> str:
    return f"{fault.file}|{'' if fault.row is None else fault.row}|{fault.column}"


@pytest.mark.parametrize("name", KINDS)
def test_it_is_found_at_its_place_and_alone(name, cohort_folder):
    how, where, rule, says = KINDS[name]
    how(cohort_folder)
    faults = faults_of(cohort_folder)
    assert [(place(fault), fault.rule) for fault in faults] == [(where, rule)], [fault.sentence for fault in faults]
    assert says in faults[0].sentence


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda whole: whole[:-40], "ends early"),
        (lambda _: b"Dear colleague," * 20, "not one of them by its first bytes"),
    ],
    ids=["ends early", "is a letter"],
)
def test_a_film_that_cannot_be_read_is_found_at_its_place_and_left_out(change, says, cohort_folder):
    film = cohort_folder / "films/f2.png"
    film.write_bytes(change(film.read_bytes()))
    cohort = read_cohort(cohort_folder)
    (fault,) = cohort.unread.faults
    assert place(fault) == "films.csv|3|path"
    assert says in fault.sentence
    assert 3 not in set(cohort.films["row"])


def test_they_are_a_hundred_kinds():
    # a kind is a column of a file and the rule that it breaks, not a value
    assert len(KINDS) > 200
    assert len({kind.of for kind in KINDS.values() if kind.rule}) > 150


def test_every_key_of_cohort_toml_is_planted():
    assert {kind.place.split("|")[2] for kind in KINDS.values() if kind.place.startswith("cohort.toml|")} > set(KEYS)


def test_a_survival_table_in_the_place_of_events_is_explained_column_by_column(cohort_folder):
    raw("events.csv", b"patient_id,time,status\nP1,700,0\nP2,670,1\n")(cohort_folder)
    faults = faults_of(cohort_folder)
    assert [(fault.column, fault.rule) for fault in faults] == [
        ("time", "other_column"), ("status", "other_column"), ("date", "no_column"), ("event", "no_column"),
    ]  # fmt: skip
    assert "censored at the last film" in faults[0].sentence


def test_mixed_versions_of_the_haq_are_named_as_such(cohort_folder):
    # with an aid for two categories the index is (6 x 1 + 2 x 2) / 8 = 1.25, without it 1
    aids = {"grip": 1, "reach": 1}
    haq_rows((aids, "1.25"), (aids, "1"), (aids, "1.25"))(cohort_folder)
    (fault,) = faults_of(cohort_folder)
    assert (fault.row, fault.column) == (7, "haq_di")
    assert "two versions are mixed" in fault.sentence


def test_one_other_version_of_the_haq_throughout_is_to_be_declared(cohort_folder):
    aids = {"grip": 1, "reach": 1}
    haq_rows((aids, "1"), (aids, "1"))(cohort_folder)
    faults = faults_of(cohort_folder)
    assert len(faults) == 2
    assert all('haq_version = "HAQ-DI alternative"' in fault.sentence for fault in faults)
    toml('haq_version = "HAQ-DI alternative"')(cohort_folder)
    assert read_cohort(cohort_folder).visits["haq"].dropna().tolist()[-2:] == [1.0, 1.0]


def test_a_visit_after_the_second_of_two_deaths_is_a_fault_too(cohort_folder):
    line("events.csv", "P2,2021-01-01,death")(cohort_folder)
    line("visits.csv", "P2,V2,2021-06-01,,,,,,")(cohort_folder)
    assert [fault.rule for fault in faults_of(cohort_folder)] == ["after_death", "several_deaths"]


def test_dates_to_come_are_no_fault_where_dates_were_shifted(cohort_folder):
    toml("deidentified = true")(cohort_folder)
    line("visits.csv", "P3,V2,2080-05-05,,,,,,")(cohort_folder)
    assert len(read_cohort(cohort_folder).visits) == 5


def test_an_operation_of_an_unknown_joint_is_counted(cohort_folder):
    line("events.csv", "P1,2019-01-01,joint_surgery")(cohort_folder)
    ledger = read_cohort(cohort_folder).ledger.to_frame()
    row = ledger[ledger["reason"] == "after a joint operation of which the joint is not known"]
    assert row["count"].tolist() == [2]  # two grades were given, one was left empty


def test_all_faults_are_listed_and_twenty_are_shown(cohort_folder, tmp_path):
    line("visits.csv", *(f"P3,W{n},yesterday,,,,,," for n in range(30)))(cohort_folder)
    with pytest.raises(CohortRefused) as refused:
        read_cohort(cohort_folder)
    write_faults(refused.value.faults, tmp_path / "faults.csv")
    listed = pd.read_csv(tmp_path / "faults.csv")
    assert tuple(listed.columns) == COLUMNS
    assert listed["row"].tolist() == list(range(6, 36))
    assert set(listed["value"]) == {"text of 9 characters"}
    assert set(listed["rule"]) == {"no_date"}
    assert set(listed["expected"]) == {"a date as YYYY-MM-DD"}
    assert set(listed["remedy"]) == {"Write year, month and day, for instance 2019-03-28."}
    shown = str(refused.value.listed_in(tmp_path / "faults.csv"))
    assert shown.count("\n- ") == SHOWN == 20
    assert "and 10 more." in shown
    assert shown.endswith(f"All of them stand in {tmp_path / 'faults.csv'}.")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_no_list_of_faults_repeats_an_identifier(cohort_folder, tmp_path):
    for how in (line("films.csv", "SECRET1,SECRET2,2020-01-01,hand,L,PA,SECRET3/SECRET4.png,"),
                line("visits.csv", "SECRET5,SECRET6,2020-01-01,,,,,,"), line("landmarks.csv", "SECRET7,RC,1,1")):  # fmt: skip
        how(cohort_folder)
    write_faults(faults_of(cohort_folder), tmp_path / "faults.csv")
    assert len(pd.read_csv(tmp_path / "faults.csv")) >= 4
    assert "SECRET" not in (tmp_path / "faults.csv").read_text()


@pytest.mark.parametrize(
    "how",
    [
        text("patients.csv", "P2,M,1960", "M,P2,1960"),
        text("films.csv", "F2,P1,2020-07-01,hand", "F2,P1,hand,F2"),
        raw("patients.csv", b"P1,F,1950,A\nP2,M,1960,A\nP3,M,1970,B\n"),
        raw("patients.csv", b"P1,P1,1950,A\nP2,M,1960,A\nP3,M,1970,B\n"),
    ],
    ids=["cells exchanged", "cells moved", "no header", "no header, twice the same"],
)
def test_an_identifier_in_another_column_is_not_repeated(how, cohort_folder):
    how(cohort_folder)
    for fault in faults_of(cohort_folder):
        assert re.search(r"\b[PF][123]\b", fault.sentence) is None, fault.sentence


def test_a_header_in_capitals_is_one_whose_names_are_wrong(cohort_folder):
    raw("events.csv", b"PATIENT_ID,DATE,EVENT\nP2,2022-01-01,death\n")(cohort_folder)
    assert [(fault.column, fault.rule, fault.remedy) for fault in faults_of(cohort_folder)] == [
        (name.upper(), "unknown_column", f"Did you mean {name}?") for name in ("patient_id", "date", "event")
    ]


def test_names_in_capitals_and_many_of_them_are_a_tables_own(tmp_path):
    table = TableContract(
        "t.csv", tuple(Column(f"Grade_{n}", Number(0), True, True) for n in range(8)), key=("Grade_0",)
    )
    (tmp_path / "t.csv").write_text(",".join(table.names) + "\n" + "1," * 7 + "1\n")
    assert read_table(tmp_path / "t.csv", table)[1] == []
    (tmp_path / "t.csv").write_text("1,2,3,4,5,6,7,8\n")
    _, (fault,) = read_table(tmp_path / "t.csv", table)
    assert fault.rule == "no_header"
    assert fault.remedy.endswith("(at least Grade_0, Grade_1, Grade_2, Grade_3, Grade_4, Grade_5, ...).")


def test_lines_of_separators_alone_are_no_rows(cohort_folder):
    line("visits.csv", ",,,,,,,,", ",,,,,,,,,,,")(cohort_folder)
    line("patients.csv", ",,,,,,")(cohort_folder)
    assert len(read_cohort(cohort_folder).visits) == 4
