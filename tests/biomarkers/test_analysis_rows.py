"""A user's own table: what can be wrong with it is one clear sentence, and every row is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Columns, Measures, Outcome, Rung
from outcomenet.biomarkers.analysis_rows import analysis_rows, read_table_file, with_columns_of
from outcomenet.errors import DataRefused, UsageError

PLAN = AnalysisPlan(
    columns=Columns(visit="visit"),
    measures=Measures(score="score", human="svdh", damage="", score_sem=""),
    outcomes=(Outcome("haq"), Outcome("worse", "event")),
    adjustment=(Rung("crude"), Rung("age, sex", ("age", "sex"))),
)


def cohort() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": ["007", "007", "012", "020"],
            "visit": ["a", "b", "a", "a"],
            "score": [0.1, 0.2, 0.3, np.nan],
            "svdh": [1.0, 2, 4, 8],
            "haq": [0.0, np.nan, 1.5, 2],
            "worse": [0, 1, 0, 1],
            "age": [50, 51, 61, 70],
            "sex": ["F", "F", "M", "M"],
            "may_be_used": [True, True, True, True],
        }
    )


def test_rows_are_counted_step_by_step():
    learned_from = cohort().assign(patient_id=["107", "107", "112", "120"], may_be_used=[True, True, False, True])
    rows = analysis_rows(pd.concat([cohort(), learned_from]), PLAN)

    assert rows.steps["n_visits"].tolist() == [8, 7, 5, 3, 5]
    assert rows.steps["n_patients"].tolist() == [6, 5, 3, 3, 3]
    assert "1 visits of 1 patients that the network learned from" in rows.steps["reason"][1]
    assert rows.steps["reason"].tolist()[2:] == ["2 visits without a score", "2 visits without it", ""]
    assert rows.table["sex"].tolist() == ["F", "F", "M", "F", "F"]


def misspelt(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"haq": "hqa"})


def one_level(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(sex="F")


def all_missing(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(age=np.nan)


def visit_twice(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(visit="a")


def text_in_numbers(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(haq=["0,5", "1", "n/d", "2"])


def no_events(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(worse=0)


def everyone(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(worse=1)


def grades(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(worse=[0, 1, 2, 1])


def endless(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(score=[np.inf, 1, 2, 3])


def nameless(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(patient_id=["007", np.nan, "012", "020"])


def learned(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(may_be_used=False)


def neither(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(may_be_used=["yes", "no", "perhaps", "yes"])


def two_values(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(haq=[0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (misspelt, "no column 'haq'. Did you mean hqa"),
        (one_level, "Column 'sex' has one value, 'F', in all 3 rows"),
        (all_missing, "Column 'age' is missing in all 3 rows"),
        (visit_twice, "2 rows are of the same patient_id and visit, such as 007 a"),
        (text_in_numbers, "'haq' holds text where a number is needed: '0,5', 'n/d' in 2 rows. A decimal comma"),
        (no_events, "'worse' has no events .3 rows."),
        (everyone, "'worse' has an event in every row"),
        (grades, "'worse' is an event, 0 or 1; got 2"),
        (two_values, "'haq' is named number and has two values, 0 and 1: a slope and R2 need a scale"),
        (endless, "'score' holds infinite numbers in 1 rows"),
        (nameless, "1 rows have no patient_id, such as row 3"),
        (learned, "no row that may be used: 4 visits of 3 patients that the network learned from"),
        (neither, "true or false; got 'perhaps'"),
    ],
)
def test_a_table_that_cannot_be_analysed_is_refused(spoil: Callable, sentence: str):
    with pytest.raises(DataRefused, match=sentence):
        analysis_rows(spoil(cohort()), PLAN)


def test_all_faults_are_told_at_once():
    with pytest.raises(DataRefused) as refusal:
        analysis_rows(cohort().rename(columns={"haq": "hqa", "age": "aeg"}), PLAN)

    assert "'haq'" in str(refusal.value)
    assert "'age'" in str(refusal.value)


def test_an_outcome_before_its_film_is_refused():
    plan = replace(PLAN, outcomes=(Outcome("haq", years="haq_years"), Outcome("worse", "event")))
    # the second row has no HAQ, the fourth no score: neither is asked
    table = cohort().assign(years=[0.0, 1, 0.5, 0.5], haq_years=[0.1, 0.2, 0.25, 0])

    with pytest.raises(
        DataRefused, match=r"'haq' was measured before its film in 1 rows, such as 012 a \(0.25 against 0.5 years\)"
    ):
        analysis_rows(table, plan)
    with pytest.raises(DataRefused, match="no column tells when the film was taken"):
        analysis_rows(table.drop(columns="years"), plan)
    assert len(analysis_rows(table.assign(haq_years=[0.1, 0.2, 0.5, 0]), plan).table) == 3


def test_patients_of_the_training_cannot_be_taken_in_by_leaving_out_the_column():
    plan = AnalysisPlan(columns=Columns(visit="visit", usable=""), measures=PLAN.measures, outcomes=PLAN.outcomes)

    with pytest.raises(DataRefused, match="marks patients that the network learned from"):
        analysis_rows(cohort().assign(may_be_used=[True, True, False, True]), plan)


def test_own_columns_are_joined_by_patient_and_visit():
    by_patient = with_columns_of(
        cohort(), pd.DataFrame({"patient_id": ["012", "007"], "smokes": [1, 0]}), PLAN, "own.csv"
    )
    by_visit = with_columns_of(
        cohort(), pd.DataFrame({"patient_id": ["007"], "visit": ["b"], "esr": [20]}), PLAN, "own.csv"
    )

    assert by_patient["smokes"].tolist()[:3] == [0, 0, 1]
    assert np.isnan(by_patient["smokes"][3])
    assert by_visit["esr"].tolist()[1] == 20
    assert by_visit["esr"].isna().sum() == 3
    assert len(by_visit) == 4


@pytest.mark.parametrize(
    ("further", "sentence"),
    [
        ({"patient_id": ["7", "12"], "smokes": [0, 1]}, "2 of 2 ids lost their leading zeros, such as '12' for '012'"),
        ({"patient_id": ["X1"], "smokes": [0]}, "none of its 1 patients is in the analysis"),
        ({"patient_id": ["007"], "haq": [0]}, "the columns haq, which the analysis has too"),
        (
            {"patient_id": ["007"], "visit": ["A"], "smokes": [0]},
            "none of its visits is in the analysis, such as 007 A",
        ),
        ({"patient_id": ["007", "007"], "smokes": [0, 1]}, "2 rows of the same patient_id, such as 007"),
        ({"patient": ["007"], "smokes": [0]}, "no column 'patient_id'. Did you mean patient"),
    ],
)
def test_own_columns_that_cannot_be_joined_are_refused(further: dict, sentence: str):
    with pytest.raises(DataRefused, match=sentence):
        with_columns_of(cohort(), pd.DataFrame(further), PLAN, "own.csv")


def test_ids_keep_their_zeros(tmp_path: Path):
    cohort().to_csv(tmp_path / "own.csv", index=False)

    assert read_table_file(tmp_path / "own.csv", ("patient_id",))["patient_id"].tolist() == ["007", "007", "012", "020"]


def test_a_file_that_is_no_table_is_refused(tmp_path: Path):
    (tmp_path / "german.csv").write_text("patient_id;haq\n007;1,5\n")
    (tmp_path / "table.xlsx").write_text("")

    with pytest.raises(DataRefused, match="one column, 'patient_id;haq': separate cells by commas"):
        read_table_file(tmp_path / "german.csv")
    with pytest.raises(UsageError, match="no table that can be read"):
        read_table_file(tmp_path / "table.xlsx")
    with pytest.raises(UsageError, match="There is no table"):
        read_table_file(tmp_path / "absent.csv")
