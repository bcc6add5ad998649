"""AUROC, DeLong's variance and test, average precision and decisions at a cut."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from statsmodels.stats.proportion import proportion_confint

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import auroc, average_precision, compare_auroc, weighted_auroc
from outcomenet.metrics.proportions import (
    negative_predictive_value,
    positive_predictive_value,
    sensitivity,
    specificity,
    wilson,
)

RNG = np.random.default_rng(3)
EVENT = (RNG.random(60) < 0.4).astype(float)
RISK = np.round(EVENT + RNG.normal(0, 1, 60), 1)  # with ties
OTHER = np.round(0.5 * RISK + RNG.normal(0, 0.6, 60), 1)
# 2 events and 2 others: shares of others below the events 1 and .5, of events above the others .5 and 1
FOUR, FOUR_RISK = np.array([1.0, 1.0, 0.0, 0.0]), np.array([3.0, 1.0, 2.0, 0.0])


def test_auroc_equals_scikit_learn_and_rises_with_the_right_direction():
    result = auroc(EVENT, RISK)
    assert result.value == pytest.approx(roc_auc_score(EVENT, RISK))
    assert auroc(EVENT, -RISK).value == pytest.approx(1 - result.value)
    assert result.lower < result.value < result.upper


def test_delong_variance_by_hand():
    result = auroc(FOUR, FOUR_RISK)
    assert result.value == 0.75
    assert result.variance == pytest.approx(0.125 / 2 + 0.125 / 2)


def test_delong_variance_of_iris_is_the_published_one():
    # test of yandexdataschool/roc_comparison (MIT): a logistic regression of versicolor on a fifth of iris
    iris = load_iris()
    x, x_new, y, y_new = train_test_split(iris.data, (iris.target == 1).astype(int), test_size=0.8, random_state=42)
    risk = LogisticRegression().fit(x, y).predict_proba(x_new)[:, 1]
    assert auroc(y_new.astype(float), risk).variance == pytest.approx(0.0015359814789736538, rel=1e-9)


def test_auroc_of_a_graded_scale_is_that_of_proc():
    # WFNS grades 1-5 of 72 patients with good and 41 with poor outcome after subarachnoid haemorrhage (Turck, Intensive
    # Care Med 2010); AUC and DeLong variance as R's pROC gives them
    good, poor = [37, 20, 3, 8, 4], [2, 12, 1, 8, 18]
    grade = np.concatenate([np.repeat(np.arange(1.0, 6), good), np.repeat(np.arange(1.0, 6), poor)])
    result = auroc(np.repeat([0.0, 1.0], [72, 41]), grade)
    assert result.value == pytest.approx(0.82367886, abs=5e-9)
    assert result.variance == pytest.approx(0.00146991470882363, rel=1e-12)


def test_auroc_of_one_class_is_undefined():
    with pytest.raises(UndefinedMetric, match="0 events"):
        auroc(np.zeros(5), np.arange(5.0))


def test_paired_delong_by_hand():
    # the second risk orders all four rows right: shares 1, 1 and 1, 1, so that the differences are 0, -.5 and -.5, 0
    result = compare_auroc(FOUR, FOUR_RISK, np.array([3.0, 2.0, 1.0, 0.0]))
    assert result.difference == -0.25
    assert result.z == pytest.approx(-0.25 / np.sqrt(0.125 / 2 + 0.125 / 2))
    assert result.p == pytest.approx(0.4795, abs=5e-5)  # two-sided normal tail of .7071


def test_paired_delong_is_the_sum_over_all_pairs():
    """DeLong 1988 as printed: a kernel of every event with every other, its row and column means, their covariances."""
    kernels = [np.sign(risk[EVENT == 1][:, None] - risk[EVENT == 0][None, :]) / 2 + 0.5 for risk in (RISK, OTHER)]
    by_event, by_other = np.cov([k.mean(1) for k in kernels]), np.cov([k.mean(0) for k in kernels])
    covariance = by_event / kernels[0].shape[0] + by_other / kernels[0].shape[1]
    difference = kernels[0].mean() - kernels[1].mean()
    result = compare_auroc(EVENT, RISK, OTHER)
    assert result.difference == pytest.approx(difference)
    assert result.z == pytest.approx(difference / np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    assert compare_auroc(EVENT, OTHER, RISK).z == pytest.approx(-result.z)
    assert result.lower < result.difference < result.upper


def test_two_risks_of_the_same_order_have_no_delong_test():
    with pytest.raises(UndefinedMetric, match="order events and others alike in all 60 rows"):
        compare_auroc(EVENT, RISK, 2 * RISK)


def test_average_precision_equals_scikit_learn_with_ties():
    assert average_precision(EVENT, RISK, np.ones((1, 60)))[0] == pytest.approx(average_precision_score(EVENT, RISK))
    assert average_precision(EVENT, RISK, np.ones((1, 60))) > average_precision(EVENT, -RISK, np.ones((1, 60)))


def test_a_resample_is_the_sample_with_rows_repeated():
    weights = RNG.integers(0, 3, (3, 60)).astype(float)
    for row, ranked, precise in zip(
        weights, weighted_auroc(EVENT, RISK, weights), average_precision(EVENT, RISK, weights), strict=True
    ):
        at = np.repeat(np.arange(60), row.astype(int))
        assert ranked == pytest.approx(roc_auc_score(EVENT[at], RISK[at]))
        assert precise == pytest.approx(average_precision_score(EVENT[at], RISK[at]))


def test_a_resample_of_one_class_is_nan():
    weights = np.stack([EVENT, 1 - EVENT])
    assert np.isnan(weighted_auroc(EVENT, RISK, weights)).tolist() == [True, True]
    assert np.isnan(average_precision(EVENT, RISK, weights)).tolist() == [False, True]


def test_a_cut_sorts_patients_into_the_four_cells():
    # at least 2 is positive: of 3 events 2 are found; of 4 others 3 are left alone
    target = np.array([1.0, 1, 1, 0, 0, 0, 0])
    risk = np.array([2.0, 3, 1, 0, 1, 1, 2])
    assert sensitivity(target, risk, cut=2)[3:] == (2, 3)
    assert specificity(target, risk, cut=2)[3:] == (3, 4)
    assert positive_predictive_value(target, risk, cut=2)[3:] == (2, 3)
    assert negative_predictive_value(target, risk, cut=2)[3:] == (3, 4)
    assert sensitivity(target, risk, cut=2).value == pytest.approx(2 / 3)


@pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (10, 10), (41, 113)])
def test_the_interval_of_a_share_is_wilsons(count, n):
    assert wilson(count, n)[1:3] == pytest.approx(proportion_confint(count, n, method="wilson"))


def test_a_predictive_value_that_no_risk_reaches_is_undefined():
    with pytest.raises(UndefinedMetric, match="positive predictive value at 9 is undefined among 60 rows: no risk"):
        positive_predictive_value(EVENT, RISK, cut=9)
    with pytest.raises(UndefinedMetric, match="Sensitivity at 0.5 .* no row with the event"):
        sensitivity(np.zeros(3), np.zeros(3), cut=0.5)


def test_a_share_of_nothing_is_undefined():
    with pytest.raises(UndefinedMetric, match="A share of no rows is undefined"):
        wilson(0, 0)
