"""What a fault may repeat of a cohort, settings and tables that are refused, and numbers of visits derived by hand."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.cohorts.checks.event_checks import count_grades_after_surgery
from outcomenet.cohorts.checks.landmark_checks import landmarks_outside
from outcomenet.cohorts.checks.near_names import difference, looks_like, one_name, unknown_names
from outcomenet.cohorts.covariates import age_at
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import (
    COLUMNS,
    SHOWN,
    CohortRefused,
    Fault,
    printable,
    printable_header,
    rows_in_words,
    without_identifiers,
    write_faults,
)
from outcomenet.cohorts.haq_of_visits import haq_faults, haq_of_visits
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.meta import KEYS, CohortMeta, read_meta
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.cohorts.splits import fold_of, split_of
from outcomenet.errors import DataRefused
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_CATEGORIES, HAQ_ITEM_COLUMNS


@pytest.mark.parametrize(
    ("column", "cell", "words", "shown"),
    [
        ("haq_di", "3.2", (), "'3.2'"), ("crp", "< 5", (), "'< 5'"), ("crp", "12 mg/L", (), "'12 mg/L'"),
        ("crp", "-1,5", (), "'-1,5'"), ("age", "12345", (), "'12345'"),
        ("crp", "123456", (), "'999999'"),  # six digits may be a record number
        ("date", "28.03.2019", (), "'99.99.9999'"), ("date", "+49 170 1234567", (), "'+99 999 9999999'"),
        ("sex", "Femal", ("female",), "'Femal'"), ("sex", "Smith", ("female",), "text of 5 characters"),
        ("sex", "x", (), "text of 1 character"), ("sex", "1" * 41, (), "text of 41 characters"),
        ("sex", "1\n2 345678", (), "text of 10 characters"),
        ("patient_id", "3.2", (), ""), ("path", "a.dcm", ("a.dcm",), ""),
    ],
)  # fmt: skip
def test_a_cell_is_repeated_where_it_can_be_nobodys(column, cell, words, shown):
    assert printable(column, cell, words) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("mood", "mood"), ("haq_2", "haq_2"), ("born 1961", "number 3"), ("a@b", "number 3"), ("Smith, J", "number 3"),
     ("", "number 3"), ("x" * 41, "number 3"), ("a\tb", "number 3")],
)  # fmt: skip
def test_a_header_that_may_be_a_cell_is_named_by_its_place(name, shown):
    assert printable_header(name, 3) == shown


def test_identifiers_that_slipped_into_another_column_are_not_repeated():
    tables = {
        "patients.csv": pd.DataFrame({"patient_id": ["77", None]}),
        "films.csv": pd.DataFrame({"film_id": ["f9"], "site": ["A"]}),
        "events.csv": pd.DataFrame({"date": ["x"]}),
    }
    faults = [Fault("a.csv", 2, "crp", "'77'"), Fault("a.csv", 3, "f9", "'5'"), Fault("a.csv", 4, "site", "'A'")]
    assert [(fault.column, fault.value, fault.row) for fault in without_identifiers(faults, tables)] == [
        ("crp", "an identifier", 2), ("", "'5'", 3), ("site", "'A'", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("a.csv", expected="this file"), "a.csv: expected this file."),
        (Fault("a.csv", 3, expected="x", value="'y'"), "a.csv, row 3: expected x, got 'y'."),
        (Fault("a.csv", None, "b", "", "x", "Do it."), "a.csv, column b: expected x. Do it."),
    ],
)
def test_a_fault_says_what_it_knows_of_its_place(fault, sentence):
    assert fault.sentence == sentence


def test_a_refusal_lists_faults_by_file_and_row_and_counts_the_rest():
    faults = [Fault("b.csv", row, expected=f"e{row}") for row in (9, 4)] + [Fault("a.csv", 1), Fault("b.csv", None)]
    refused = CohortRefused(faults)
    # files in the order of their first fault, a fault of the whole file before its rows
    assert [(fault.file, fault.row) for fault in refused.faults] == [
        ("b.csv", None), ("b.csv", 4), ("b.csv", 9), ("a.csv", 1),
    ]  # fmt: skip
    assert str(refused).startswith("The cohort was refused for 4 faults; no data set was written.\n- b.csv: expected")
    assert "for 1 fault;" in str(CohortRefused(faults[:1]))
    many = CohortRefused([Fault("a.csv", row) for row in range(SHOWN + 3)])
    assert str(many).endswith("and 3 more.")
    listed = many.listed_in(Path("faults.csv"))
    assert str(listed).endswith("and 3 more.\nAll of them stand in faults.csv.")
    assert listed.faults == many.faults
    assert isinstance(listed, DataRefused)


def test_written_faults_have_a_row_each_and_an_empty_row_number_where_there_is_none(tmp_path):
    write_faults(
        [Fault("a.csv", 3, "crp", "'x'", "a number", "Write it.", "no_number"), Fault("b.csv")],
        tmp_path / "n" / "f.csv",
    )
    table = pd.read_csv(tmp_path / "n" / "f.csv", keep_default_na=False, dtype=str)
    assert tuple(table.columns) == COLUMNS
    assert table["row"].tolist() == ["3", ""]
    assert [path.name for path in (tmp_path / "n").iterdir()] == ["f.csv"]
    write_faults([], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_rows_are_named_in_their_order():
    assert rows_in_words([7]) == "row 7"
    assert rows_in_words([30, 4]) == "rows 4 and 30"
    assert rows_in_words({9, 2, 4}) == "rows 2, 4 and 9"


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("P007", "P7", "leading zeros"), ("7.0", "7", "a trailing .0"), ("p7", "P7", "capitals"),
        ("P\N{NO-BREAK SPACE}7", "P 7", "their Unicode form"), ("Müller", "Muller", "accents"), ("P-7", "P 7", "blanks and hyphens"),
        ("\N{CYRILLIC CAPITAL LETTER ER}7", "P7", "letters of another alphabet that look the same"), ("p-07", "P7", "several of these"),
    ],
)  # fmt: skip
def test_two_spellings_of_a_name_differ_by_one_thing_or_by_several(one, other, how):
    assert looks_like(one) == looks_like(other)
    assert difference(one, other) == how


@pytest.mark.parametrize(
    ("one", "other"), [("1-11", "11-1"), ("-1", "1"), ("P1", "P10"), ("7.01", "7.1"), ("ハ", "バ")]
)
def test_names_that_a_person_keeps_apart_are_two(one, other):
    assert one_name(one) != one_name(other)


def test_an_unknown_name_is_one_fault_however_many_rows_it_has():
    unknown = pd.Series(["p1", "P01", "X9", "X9", "Y"], index=[2, 3, 5, 8, 9])
    faults = unknown_names(
        "a.csv", "patient_id", unknown, ["P1", "P2"], of="a patient", remedy="Add it.", rule="unknown"
    )
    assert [(fault.row, fault.rule, fault.value) for fault in faults] == [
        (2, "another_spelling", "2 in another spelling, in 2 rows"), (5, "unknown", "another, in 2 rows"), (9, "unknown", "another"),
    ]  # fmt: skip
    assert "differ by capitals and by leading zeros alone" in faults[0].remedy
    assert not any(name in fault.sentence for fault in faults for name in ("X9", "P01"))


def test_a_landmark_beyond_its_film_is_named_by_its_axis_and_crops_have_no_film():
    films = pd.DataFrame({"film_id": ["f", "c"], "rows": [100, 10], "columns": [50, 10], "format": ["png", "crops"]})
    landmarks = pd.DataFrame(
        {"film_id": ["f", "f", "f", "c"], "x_px": [50.0, 51.0, 3.0, 99.0], "y_px": [100.0, 1.0, 100.5, 99.0]}, index=[2, 3, 4, 5]
    )  # fmt: skip
    faults = landmarks_outside(landmarks, films)
    assert [(fault.row, fault.column, fault.value) for fault in faults] == [(3, "x_px", "51"), (4, "y_px", "100.5")]
    assert [fault.expected for fault in faults] == [
        f"a point on its film, which is {size}" for size in ("50 pixels wide", "100 pixels high")
    ]


def test_grades_after_an_operation_of_an_unnamed_joint_are_counted_and_kept():
    day = pd.Timestamp("2020-01-01")
    tables = {
        "events.csv": pd.DataFrame({"patient_id": ["p", "p", "q"], "event": ["joint_surgery"] * 3, "date": [day, day, day],
                                    "site": [None, "MCP2", "MCP2"]}),
        "visits.csv": pd.DataFrame({"patient_id": ["p", "p", "q"], "visit_id": ["1", "2", "1"],
                                    "date": [day, day + pd.Timedelta(days=1), day + pd.Timedelta(days=9)]}),
        "scores.csv": pd.DataFrame({"patient_id": ["p", "p", "p", "q"], "visit_id": ["1", "2", "2", "1"], "score": [1.0, 2.0, np.nan, 1.0]}),
    }  # fmt: skip
    ledger = Ledger()
    count_grades_after_surgery(tables, ledger)
    # the grade of that very day and the empty one do not count, nor does q, whose joint is named
    assert ledger.to_frame()["count"].tolist() == [1]
    assert ledger.count() == 0


def written(folder: Path, text: str) -> Path:
    path = folder / "cohort.toml"
    path.write_text(text, encoding="utf-8")
    return path


NAMED = 'name = "A"\nlicence = "CC0"\n'


@pytest.mark.parametrize(
    ("line", "expected", "value"),
    [
        ("sites = []\n", None, ""), ('sites = ["A", ""]', "a list of site names", ""), ('sites = "A"', "a list of site names", ""),
        ("linkage_max_gap_days = true", "whole days from 0 to 3650", ""), ("linkage_max_gap_days = 3651", "whole days from 0 to 3650", "'3651'"),
        ("linkage_max_gap_days = 1.5", "whole days from 0 to 3650", "'1.5'"), ("shortest_progression_days = 0", "whole days from 1 to 365", "'0'"),
        ("fallback_hand_length_mm = 49.9", "millimetres from 50 to 300", "'49.9'"),
        ("fallback_foot_length_mm = nan", "millimetres from 30 to 250", ""),
        ('simulated = "yes"', "true or false", ""), ("deidentified = 1", "true or false", "'1'"), ('url = " "', "text", ""),
        ('haq_version = "MHAQ"', "one of HAQ-DI, HAQ-DI alternative", ""), ('crp_unit = "mg/dL"', "one of mg/L", ""),
        ('pain_range = "0-10"', "one of 0-100", ""), ('excluded_flags = ["small", "smal"]', "a list of known flags", ""),
    ],
)  # fmt: skip
def test_a_setting_of_another_kind_is_expected_in_words(tmp_path, line, expected, value):
    meta, faults = read_meta(written(tmp_path, NAMED + line))
    if expected is None:
        assert meta is not None
        return
    (fault,) = faults
    assert (meta, fault.expected, fault.rule) == (None, expected, "value_of_key")
    assert fault.column == line.split(" = ")[0]
    assert not value or fault.value == value


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ["no_key", "no_key"]), ('name = "A"', ["no_key"]), ("name = A", ["no_toml"]), (NAMED + "sitse = []", ["unknown_key"]),
        (NAMED + '"Smith, J" = 1', ["unknown_key"]), ('name = 1\nhaq = 2', ["unknown_key", "value_of_key", "no_key"]),
    ],
)  # fmt: skip
def test_all_faults_of_the_settings_come_at_once(tmp_path, text, rules):
    meta, faults = read_meta(written(tmp_path, text))
    assert meta is None
    assert [fault.rule for fault in faults] == rules
    assert not any("Smith" in fault.sentence for fault in faults)


def test_settings_that_are_no_plain_text_file_are_named(tmp_path):
    assert [fault.rule for fault in read_meta(tmp_path / "cohort.toml")[1]] == ["no_file"]
    assert [fault.value for fault in read_meta(tmp_path)[1]] == ["a folder"]
    (tmp_path / "cohort.toml").write_bytes(b'name = "\xff"')
    assert [fault.rule for fault in read_meta(tmp_path / "cohort.toml")[1]] == ["encoding"]
    nearest = read_meta(written(tmp_path, NAMED + 'excluded_flags = ["smal"]'))[1][0].remedy
    assert "the quality flags of films that are left out" in nearest
    assert "small" in nearest


@pytest.mark.parametrize(
    ("simulated", "deidentified", "people"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_ids_are_those_of_people_unless_it_is_said_otherwise(simulated, deidentified, people):
    meta = CohortMeta("A", "CC0", simulated=simulated, deidentified=deidentified)
    assert meta.names_people is people
    assert [name for name in KEYS if KEYS[name].required] == ["name", "licence"]


def test_whatever_is_no_plain_file_is_told_without_opening_it(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        kinds = {name: not_plain(tmp_path / name) for name in ("file", "link", "pipe", "socket", "absent")}
    assert kinds == {"file": "", "link": "a link", "pipe": "a pipe", "socket": "a socket", "absent": ""}
    assert (not_plain(tmp_path), not_plain(tmp_path, folder=True), not_plain(tmp_path / "file", folder=True)) == (
        "a folder",
        "",
        "a file",
    )
    assert not_plain(Path("/dev/null")) == "a device"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty_file"), (b"\n,,\n", "empty_file"), (b'a,b\n"1,2\n', "no_table"), (b"a,b\n1\n", "cells_in_row"), (b"a;b\n1;2\n", "separator"),
        (b"a\tb\n", "separator"), (b"a,a\n1,2\n", "repeated_column"), (b"a,b\n1,\xff\n", "encoding"),
    ],
)  # fmt: skip
def test_a_table_of_another_form_is_named_by_its_rule(tmp_path, data, rule):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    table, faults = read_csv_text(path)
    assert [fault.rule for fault in faults] == [rule]
    # a row of another length is left out, and the others are kept
    assert (table is None) == (rule != "cells_in_row")


def test_a_folder_in_the_place_of_a_table_is_named(tmp_path):
    table, (fault,) = read_csv_text(tmp_path)
    assert table is None
    assert (fault.rule, fault.value, fault.expected) == ("no_plain_file", "a folder", "a plain file")


def test_a_cell_may_span_lines_and_the_next_row_knows_its_own(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid,note\r\n1,"two\nlines"\r\n,,\r\n2,\'=1\r\n')
    table, faults = read_csv_text(path)
    assert [fault.row for fault in faults] == []
    assert table.index.tolist() == [2, 5]
    assert table["note"].tolist() == ["two\nlines", "=1"]


def test_an_age_counts_from_the_middle_of_the_birth_year():
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2020-07-02", None, "2020-12-31"]))
    ages = age_at(dates, pd.Series([1960.0, 1960.0, 1960.0, np.nan]))
    assert ages[0] == pytest.approx(59.5)
    assert ages[1] == pytest.approx(59.5 + 183 / 365.25)
    assert ages[2:].isna().all()


def visits_of(*rows: dict[str, float]) -> pd.DataFrame:
    """Visits without any answer but those given; line numbers as index."""
    empty = dict.fromkeys(("haq_di", *HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS), np.nan)
    table = pd.DataFrame([empty | row for row in rows], index=range(2, 2 + len(rows)))
    return table.assign(visit_id=[f"v{row}" for row in table.index])


def answered(score: int, categories: int = 8, **further: float) -> dict[str, float]:
    """The first item of the first categories answered alike."""
    return {f"haq_{name}_1": float(score) for name in list(HAQ_CATEGORIES)[:categories]} | further


def test_an_index_comes_from_items_where_there_are_any_and_its_grid_from_their_number():
    visits = visits_of(
        answered(1),
        answered(2, 7),
        answered(1, 5),
        {"haq_di": 1.375},
        {"haq_di": 0.2857},
        {},
        answered(0, haq_aid_grip=1.0),
    )
    ledger = Ledger()
    haq = haq_of_visits(visits, True, ledger)
    assert haq["haq"].tolist() == pytest.approx([1.0, 2.0, np.nan, 1.375, 0.2857, np.nan, 0.25], nan_ok=True)
    assert haq["haq_answered"].tolist() == pytest.approx([8, 7, np.nan, np.nan, np.nan, np.nan, 8], nan_ok=True)
    assert haq["haq_grid"].tolist() == pytest.approx([8, 7, np.nan, 8, 7, np.nan, 8], nan_ok=True)
    assert ledger.to_frame()[["step", "unit", "count"]].to_numpy().tolist() == [["haq", "visit (kept)", 1]]
    without = haq_of_visits(visits, False, Ledger())
    assert without.loc[8, "haq"] == 0  # aids do not count
    assert haq.loc[8, "haq_by_category_grip"] == 2
    assert haq.loc[3, [name for name in haq if name.startswith("haq_by_category")]].isna().sum() == 1


@pytest.mark.parametrize(
    ("rows", "aids", "rules"),
    [
        ([answered(1, haq_di=1.0)], True, []),
        ([answered(1, haq_di=1.004)], True, []),  # rounded to two digits
        ([answered(1, haq_di=1.25)], True, ["haq_of_items"]),
        ([answered(1, 7, haq_di=1.125)], True, ["haq_answered"]),  # a multiple of 1/8 from seven categories
        ([answered(1, 5, haq_di=1.0)], True, ["haq_too_few"]),
        ([answered(0, haq_di=0.0, haq_aid_grip=1.0)], True, ["haq_version"]),
        ([answered(0, haq_di=0.25, haq_aid_grip=1.0)], False, ["haq_version"]),
        (
            [answered(0, haq_di=0.0, haq_aid_grip=1.0), answered(0, haq_di=0.25, haq_aid_grip=1.0)],
            True,
            ["haq_versions_mixed"],
        ),
        ([{"haq_di": 1.0}, {}], True, []),
    ],
)
def test_an_index_that_contradicts_its_items_is_told_by_how(rows, aids, rules):
    faults = haq_faults(visits_of(*rows), aids)
    assert [fault.rule for fault in faults] == rules
    assert all((fault.file, fault.row, fault.column) == ("visits.csv", 2, "haq_di") for fault in faults)
    if rules == ["haq_version"]:
        other = "HAQ-DI alternative" if aids else "HAQ-DI"
        assert f'write haq_version = "{other}" in cohort.toml' in faults[0].remedy


def test_a_single_split_or_fold_takes_everybody_and_rounding_loses_nobody():
    assert {split_of(f"P{n}", "a", {"all": 1.0}) for n in range(99)} == {"all"}
    assert {fold_of(f"P{n}", "a", 1) for n in range(99)} == {0}
    # ten times 0.1 is a little less than 1
    assert {fold_of(f"P{n}", "a", 10) for n in range(2000)} == set(range(10))
