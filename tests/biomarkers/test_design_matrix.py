"""Columns of an analysis: coded, checked and counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.design_matrix import coded, complete_rows, is_factor, typed
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import world

TABLE = world(20)


def _with(**columns) -> pd.DataFrame:
    return TABLE.assign(**columns)


def test_text_is_dummy_coded_against_its_first_level():
    table = pd.DataFrame({"drug": ["none", "MTX", None, "TNF"], "fm": [True, False, None, True]})

    columns = coded(table, ["drug", "fm"])

    assert list(columns) == ["drug: TNF", "drug: none", "fm"]
    assert columns["drug: none"].tolist()[:2] == [1.0, 0.0]
    assert columns.iloc[2].isna().all()
    ordered = pd.DataFrame({"drug": pd.Categorical(["MTX", "none", "TNF"], ["none", "MTX", "TNF"])})
    assert list(coded(ordered, ["drug"])) == ["drug: MTX", "drug: TNF"]


def test_a_typed_table_is_coded_alike():
    table = _with(flag=[True, False] * 30)
    columns = ["age", "sex", "hospital", "flag"]
    pd.testing.assert_frame_equal(coded(typed(table, columns), columns), coded(table, columns))
    assert not is_factor(table, "flag")


def test_rows_left_out_are_counted_by_column():
    table = TABLE.copy()
    table.loc[:3, "age"] = np.nan
    table.loc[3:5, "sex"] = None

    rows = complete_rows(table, ["haq", "age", "sex"], patient="patient_id", visit="visit_id")

    assert rows.note == "6 of 60 rows left out: age missing in 4, sex missing in 3"
    assert rows.counts == {"n_visits": 54, "n_patients": 18}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (_with(age=np.nan), "'age' is empty in all 60 rows"),
        (_with(age=[*["old"] * 2, *map(str, range(58))]), "'age' should hold numbers, but 2 of 60 .* 'old' in row 0"),
        (_with(age=np.inf), "'age' should hold numbers"),
        (_with(sex="F"), r"'sex' has one value \(F\) in all 60 rows"),
        (TABLE.rename(columns={"age": "agee"}), "no column 'age'. Did you mean agee"),
        (_with(visit_id=1), "40 rows repeat the visit of another row, the first is visit 1 of patient 0000"),
        (_with(patient_id=None), "60 of 60 rows have no patient_id"),
        (TABLE.head(12), "Only 4 patients"),
    ],
)
def test_a_table_that_no_model_can_use_is_refused_in_one_sentence(table, sentence):
    with pytest.raises(UndefinedMetric, match=sentence):
        complete_rows(table, ["haq", "age", "sex"], patient="patient_id", visit="visit_id")


def test_a_column_of_one_value_in_the_complete_rows_says_where():
    table = TABLE.copy()
    table.loc[table["sex"] == "M", "age"] = np.nan
    with pytest.raises(UndefinedMetric, match=r"'sex' has one value \(F\) in the \d+ complete rows"):
        complete_rows(table, ["age", "sex"], patient="patient_id")
