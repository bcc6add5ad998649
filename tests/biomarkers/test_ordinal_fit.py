"""Proportional odds, against `ordinal` with `sandwich` in R and against statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.miscmodels.ordinal_model import OrderedModel

from outcomenet.biomarkers.association_forms import grid_of
from outcomenet.biomarkers.design_matrix import coded
from outcomenet.biomarkers.ordinal_fit import ordinal_fit
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import visits

TABLE = visits()
DESIGN = coded(TABLE, ["score", "age", "sex"])
CODES = np.searchsorted([0.5, 1.0, 1.5], TABLE["haq"], side="left")


def test_odds_are_those_of_r():
    fit = ordinal_fit(CODES, DESIGN, TABLE["patient_id"].to_numpy())

    # association.R, ordinal 2022.11.16: clm(h ~ score + age + sex); sandwich 3.0.2: vcovCL(type = "HC0")
    assert fit.coefficients == pytest.approx([2.10324860691, 0.01372296152, 0.27642036767], abs=1e-6)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.24958216533, 0.01854176232, 0.50236188367], rel=1e-5)


def test_odds_are_those_of_statsmodels():
    fit = ordinal_fit(CODES, DESIGN, TABLE["patient_id"].to_numpy())
    other = OrderedModel(CODES, DESIGN, distr="logit").fit(method="bfgs", disp=0, maxiter=500)

    assert fit.coefficients == pytest.approx(other.params.to_numpy()[:3], abs=1e-3)


def test_two_classes_are_a_logistic_regression_by_hand():
    # 8 of 10 against 2 of 10: log odds 2 log 4
    x = np.repeat([1.0, 0.0], 10)
    codes = np.array([1] * 8 + [0] * 2 + [1] * 2 + [0] * 8)

    fit = ordinal_fit(codes, pd.DataFrame({"x": x}), np.arange(20))

    assert fit.coefficients == pytest.approx([2 * np.log(4)], abs=1e-8)
    assert fit.covariance[0, 0] == pytest.approx((1 / 8 + 1 / 2) * 2 * 20 / 19, rel=1e-6)


def test_separated_classes_have_no_odds_ratio():
    with pytest.raises(UndefinedMetric, match="separates the classes"):
        ordinal_fit(np.repeat([0, 1], 10), pd.DataFrame({"x": np.arange(20.0)}), np.arange(20))


def test_a_fine_grid_is_joined_and_says_so():
    coarse = grid_of(pd.Series(np.arange(100.0)))

    assert grid_of(pd.Series([0.0, 0.5, 0.5])).note == "2 classes, the outcome's own grid"
    assert np.bincount(coarse.codes).tolist() == [10] * 10
    assert coarse.note == "100 values joined to 10 classes of like size"
