"""Linear models of clustered rows, against R and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from outcomenet.biomarkers.clustered_fits import (
    INTERCEPT,
    exchangeable_gee,
    least_squares,
    log_likelihood,
    random_intercept,
)
from outcomenet.biomarkers.design_matrix import coded
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import visits

TABLE = visits()
DESIGN = coded(TABLE, ["score", "age", "sex"])
OUTCOME = TABLE["haq"].to_numpy(float)
PATIENTS = TABLE["patient_id"].to_numpy()
FORMULA = sm.add_constant(DESIGN)


def test_random_intercepts_are_those_of_lme4():
    fit = random_intercept(OUTCOME, DESIGN, PATIENTS)

    # association.R, lme4 1.1.31: lmer(haq ~ score + age + sex + (1 | patient_id), REML = TRUE)
    assert fit.names == (INTERCEPT, "score", "age", "sex: M")
    assert fit.coefficients == pytest.approx([0.942836182, 0.323886690, 0.002606338, -0.049034517], abs=1e-6)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(
        [0.172228902, 0.027396600, 0.002942049, 0.096393356], rel=1e-4
    )
    assert fit.correlation == pytest.approx(0.5049941, abs=1e-4)
    assert (fit.rows, fit.patients) == (154, 60)


def test_random_intercepts_are_those_of_statsmodels():
    fit = random_intercept(OUTCOME, DESIGN, PATIENTS)
    other = sm.MixedLM(OUTCOME, FORMULA, PATIENTS).fit()

    assert fit.coefficients == pytest.approx(other.fe_params.to_numpy(), abs=1e-5)
    # its errors come from a numerical Hessian over all parameters; ours are lme4's, the variances taken as known
    assert fit.correlation == pytest.approx(other.cov_re.iloc[0, 0] / (other.cov_re.iloc[0, 0] + other.scale), abs=1e-4)


def test_the_plain_likelihood_is_that_of_lme4_and_without_clusters_that_of_least_squares():
    assert log_likelihood(OUTCOME, DESIGN, PATIENTS) == pytest.approx(-46.10705161, abs=1e-5)  # association.R
    alone = log_likelihood(OUTCOME, DESIGN, np.arange(len(OUTCOME)))
    assert alone == pytest.approx(sm.OLS(OUTCOME, FORMULA).fit().llf, abs=1e-8)


def test_estimating_equations_are_those_of_statsmodels_and_near_geepack():
    fit = exchangeable_gee(OUTCOME, DESIGN, PATIENTS)
    other = sm.GEE(OUTCOME, FORMULA, PATIENTS, cov_struct=sm.cov_struct.Exchangeable()).fit(
        ctol=1e-10, maxiter=200, cov_type="bias_reduced"
    )

    assert fit.coefficients == pytest.approx(other.params.to_numpy(), abs=1e-7)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(other.bse.to_numpy(), abs=1e-7)
    # association.R, geepack 1.3.9, whose correlation has other degrees of freedom and whose errors are not corrected
    assert fit.term("score").estimate == pytest.approx(0.318955287, abs=2e-3)
    assert fit.covariance[1, 1] ** 0.5 == pytest.approx(0.027699538, rel=0.08)


def test_robust_errors_are_those_of_sandwich_and_statsmodels():
    fit = least_squares(OUTCOME, DESIGN, PATIENTS)
    other = sm.OLS(OUTCOME, FORMULA).fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(PATIENTS)[0]})

    # association.R, sandwich 3.0.2: vcovCL(lm(...), ~patient_id)
    assert fit.coefficients == pytest.approx([0.942117441, 0.381118331, 0.002692649, -0.011946546], abs=1e-8)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(
        [0.176982743, 0.033144183, 0.003070244, 0.099254607], abs=1e-8
    )
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(other.bse.to_numpy(), abs=1e-10)


def test_robust_errors_of_three_rows_by_hand():
    # line through (0,0) (0,2) (1,2): means 1 and 2, residuals -1, +1, 0; the first two rows are one patient, which cancels
    fit = least_squares(
        np.array([0.0, 2.0, 2.0, 4.0]), pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0]}), np.array([1, 1, 2, 3])
    )

    assert fit.coefficients == pytest.approx([1.0, 2.0])
    # bread [[.5, -.5], [-.5, 1]], sums of scores 0, (-1, -1), (1, 1): meat 2 J; times 3/2 x 3/2
    assert fit.covariance[1, 1] == pytest.approx(0.25 * 2 * 2.25)


def test_the_f_test_of_one_coefficient_is_its_t_squared():
    fit = least_squares(OUTCOME, DESIGN, PATIENTS)

    assert fit.jointly_zero(["score"]).p == pytest.approx(fit.term("score").p, rel=1e-9)
    assert fit.jointly_zero(["score", "age"]).numerator == 2


def test_no_correlation_leaves_least_squares():
    rng = np.random.default_rng(1)
    x, patients = rng.normal(size=400), np.repeat(np.arange(200), 2)
    noise = rng.normal(size=200)
    y = 0.5 * x + np.column_stack([noise, -noise]).ravel()  # a patient's rows pull apart: the variance of patients is 0

    fit = random_intercept(y, pd.DataFrame({"x": x}), patients)

    assert fit.correlation == 0.0
    assert fit.coefficients == pytest.approx(sm.OLS(y, sm.add_constant(x)).fit().params, abs=1e-9)


@pytest.mark.parametrize(
    ("design", "patients", "sentence"),
    [
        ({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]}, range(4), "says the same as other columns"),
        ({"x": [1.0, 1, 1, 1]}, range(4), "'x' says the same .* or never varies"),
        ({"x": [1.0, 2, 3, 4]}, [1, 1, 2, 2], "needs more patients"),
    ],
)
def test_a_model_without_a_solution_says_why(design, patients, sentence):
    with pytest.raises(UndefinedMetric, match=sentence):
        least_squares(np.array([1.0, 2, 3, 5]), pd.DataFrame(design), np.array(list(patients)))


def test_a_mixed_model_of_one_visit_each_is_refused():
    with pytest.raises(UndefinedMetric, match="each patient has one"):
        random_intercept(OUTCOME, DESIGN, np.arange(len(OUTCOME)))


def test_an_outcome_that_the_model_holds_is_refused():
    for fit in (least_squares, exchangeable_gee, random_intercept):
        with pytest.raises(UndefinedMetric, match="is it one of them"):
            fit(2 * DESIGN["score"].to_numpy() + 1, DESIGN, PATIENTS)


def test_the_only_patient_of_a_level_leaves_the_other_slopes_alone():
    # with one row and a level of his own a patient says nothing of the score: the slope is that of the others
    rng = np.random.default_rng(5)
    patients = np.append(np.repeat(np.arange(29), 2), 29)
    design = pd.DataFrame({"score": rng.normal(size=59), "alone": (patients == 29).astype(float)})
    outcome = 0.3 * design["score"].to_numpy() + rng.normal(size=30)[patients] + rng.normal(size=59)
    others = patients < 29

    fit = exchangeable_gee(outcome, design, patients)
    without = exchangeable_gee(outcome[others], design.loc[others, ["score"]], patients[others])

    for bound in ("estimate", "lower", "upper"):
        assert getattr(fit.term("score"), bound) == pytest.approx(getattr(without.term("score"), bound), abs=0.02)
