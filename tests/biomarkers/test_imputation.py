"""Multiple imputation, against `mice` in R and on tables whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.clustered_fits import least_squares
from outcomenet.biomarkers.design_matrix import coded
from outcomenet.biomarkers.imputation import imputed_tables
from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.biomarkers.pooling import pool
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import FOLDER, world


def _slopes(tables: list[pd.DataFrame], covariates: list[str], outcome: str = "y") -> Fit:
    return pool(
        [least_squares(t[outcome].to_numpy(float), coded(t, covariates), t["patient_id"].to_numpy()) for t in tables]
    )


def test_slopes_are_near_those_of_mice():
    table = pd.read_csv(FOLDER / "imputation.csv")
    fit = _slopes(imputed_tables(table, ["y", "x", "z", "g"], tables=60, seed=1), ["x", "z", "g"])

    # imputation.R, mice 3.15.0, m = 200: half of z is missing where y is high; the complete rows say 0.365, 0.295, 0.344
    assert fit.coefficients[1:] == pytest.approx([0.53723017, 0.35593873, 0.58663511], abs=0.03)
    assert np.sqrt(np.diag(fit.covariance))[1:] == pytest.approx([0.10592741, 0.12035227, 0.13404235], rel=0.15)


def test_what_never_varies_in_a_patient_is_filled_once_and_categories_stay_theirs():
    table = world(80)
    rng = np.random.default_rng(3)
    lost = rng.choice(table["patient_id"].unique(), 20, replace=False)
    table.loc[table["patient_id"].isin(lost), ["sex", "oa"]] = None
    table.loc[rng.random(len(table)) < 0.2, "svdh"] = None
    table.loc[table.index[::7], "age"] = None  # known at other visits of the same patient

    filled = imputed_tables(table, ["haq", "score", "sex", "oa", "svdh", "age"], tables=2, seed=1)[1]

    assert not filled[["sex", "oa", "svdh", "age"]].isna().any(axis=None)
    assert (filled.groupby("patient_id")[["sex", "oa", "age"]].nunique() == 1).all(axis=None)
    assert set(filled["sex"]) == {"F", "M"}
    known = table["svdh"].notna()
    assert (filled.loc[known, "svdh"] == table.loc[known, "svdh"]).all()


def test_the_same_seed_gives_the_same_tables_and_tables_differ_among_themselves():
    table = world(60)
    table.loc[::3, "svdh"] = None
    first, second = imputed_tables(table, ["haq", "svdh"], tables=2, seed=4)
    again = imputed_tables(table, ["haq", "svdh"], tables=2, seed=4)

    pd.testing.assert_frame_equal(first, again[0])
    assert (first["svdh"] != second["svdh"]).any()


def test_other_visits_of_a_patient_tell_of_a_gap():
    rng = np.random.default_rng(5)
    own = np.repeat(rng.normal(size=200), 3)
    table = pd.DataFrame({"patient_id": np.repeat(np.arange(200), 3), "y": rng.normal(size=600)})
    table["x"] = own + 0.1 * rng.normal(size=600)
    truth = table["x"].copy()
    table.loc[::3, "x"] = None

    filled = imputed_tables(table, ["y", "x"], tables=1, seed=0)[0]

    assert np.corrcoef(filled["x"][::3], truth[::3])[0, 1] > 0.95


def test_a_column_known_in_five_patients_is_refused():
    table = world(40)
    table.loc[table["patient_id"] > "0004", "svdh"] = None
    with pytest.raises(UndefinedMetric, match="'svdh' is known in 5 patients"):
        imputed_tables(table, ["haq", "svdh"])


def test_a_table_without_gaps_is_itself():
    table = world(20)
    assert imputed_tables(table, ["haq", "score"]) == [table]
