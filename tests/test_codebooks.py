"""Codebook of a table: words survive its file, and names and labels are such as Stata takes."""

from __future__ import annotations

import re

from outcomenet.codebooks import (
    STATA_LABEL,
    STATA_NAME,
    YES_NO,
    ColumnWords,
    codebook_rows,
    stata_labels,
    stata_names,
    words_of,
)
from outcomenet.csv_files import read_csv, write_csv

WORDS = {
    "rf": ColumnWords("Rheumatoid factor", values=YES_NO),
    "pain": ColumnWords("Pain (NRS 0-10 times 10; past week). Higher is worse", "points", "higher is worse"),
}


def test_words_are_the_same_after_the_file(tmp_path):
    write_csv(codebook_rows("visits", ["rf", "pain", "other"], WORDS), tmp_path / "codebook.csv")
    book = read_csv(tmp_path / "codebook.csv", dtype=str, keep_default_na=False)
    assert words_of(book, "visits") == WORDS | {"other": ColumnWords("")}
    assert words_of(book, "follow_up") == {}


def test_names_of_stata_are_valid_short_and_unique():
    columns = [
        "activity_joint_LH_multangular_of_the_wrist_1",
        "activity_joint_LH_multangular_of_the_wrist_2",
        "2nd visit",
    ]
    columns += ["HAQ", "haq", "SMD (test,train)", "if", "str5", "é"]
    names = stata_names(columns)
    assert len({name.lower() for name in names}) == len(columns)
    assert all(re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and len(name) <= STATA_NAME for name in names)
    assert names[2] == "_2nd_visit"
    assert names[6:8] == ["if_", "str5_"]


def test_labels_of_stata_keep_the_unit_and_are_unique():
    long = "One meaning that goes on for far longer than eighty characters, as meanings of codebooks often do"
    labels = stata_labels([ColumnWords(long, "mm"), ColumnWords(long, "mm"), WORDS["pain"], ColumnWords("")])
    assert all(len(label) <= STATA_LABEL for label in labels)
    assert labels[0].endswith("... [mm]")
    assert labels[0] != labels[1]
    # neither the semicolon in brackets nor the dot of an abbreviation ends a clause
    assert labels[2] == "Pain (NRS 0-10 times 10; past week) [points]"
    assert labels[3] == ""
