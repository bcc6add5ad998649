"""Stata files: read back by pyreadstat, by pandas and, recorded, by R (haven); the same table gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from outcomenet.codebooks import YES_NO, ColumnWords
from outcomenet.stata_files import write_stata

# read by tests/biomarkers/r/stata_table.R, whose printed lines are in stata_table.txt
RECORDED = Path(__file__).parent / "biomarkers" / "r" / "stata_table.dta"
WORDS = {
    "score": ColumnWords("Film's part of HAQ-DI. It rises with disease", "logits"),
    "rf": ColumnWords("Rheumatoid factor", values=YES_NO),
    "a_name_of_more_than_thirty_two_letters": ColumnWords("Long name", "\N{MICRO SIGN}m"),
}


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": ["007", "7", "N\N{LATIN SMALL LETTER I WITH DIAERESIS}ve"],
            "treatment": ["placebo", None, "advanced"],
            "may_be_used": [True, False, True],
            "score": [0.25, np.inf, np.nan],
            "rf": [1.0, 0.0, np.nan],
            "planned_visit": pd.array([0, 1, None], dtype="Int64"),
            "nobody_knows": [None, None, None],
            "a_name_of_more_than_thirty_two_letters": [1.5, 2.5, 3.5],
        }
    )


def test_values_labels_and_what_is_missing_come_back(tmp_path):
    write_stata(table(), tmp_path / "t.dta", WORDS, "Three patients")
    found, meta = pyreadstat.read_dta(str(tmp_path / "t.dta"))
    assert meta.file_label == "Three patients"
    assert found["patient_id"].tolist() == ["007", "7", "N\N{LATIN SMALL LETTER I WITH DIAERESIS}ve"]
    assert found["score"].isna().tolist() == [False, True, True]  # no program reads infinity alike
    assert meta.variable_value_labels["treatment"] == {1: "advanced", 2: "placebo"}
    assert meta.variable_value_labels["rf"] == {0: "no", 1: "yes"}
    assert meta.column_names_to_labels["score"] == "Film's part of HAQ-DI [logits]"
    assert meta.column_names[-1] == "a_name_of_more_than_thirty_two_l"
    again = pd.read_stata(tmp_path / "t.dta")
    assert again["treatment"].tolist() == ["placebo", np.nan, "advanced"]
    assert again["may_be_used"].tolist() == ["yes", "no", "yes"]
    assert again["planned_visit"].tolist()[:2] == [0, 1]


def test_the_file_is_the_one_that_haven_read(tmp_path):
    """haven 2.5.1 (R 4.2.2) read it: patient ids as text, labelled treatment, missing values missing (stata_table.txt)."""
    write_stata(table(), tmp_path / "t.dta", WORDS, "Three patients")
    assert (tmp_path / "t.dta").read_bytes() == RECORDED.read_bytes()
    lines = RECORDED.with_suffix(".txt").read_text().splitlines()
    assert "patient_id 007 7 N\N{LATIN SMALL LETTER I WITH DIAERESIS}ve" in lines
    assert "treatment placebo NA advanced" in lines
    assert "may_be_used yes no yes" in lines
    assert "score 0.25 NA NA" in lines
    assert "label of score: Film's part of HAQ-DI [logits]" in lines
    assert "planned_visit 0 1 NA" in lines
