"""Statistics against published numbers, scikit-learn, lifelines and hand calculations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import icc_1, icc_a1, icc_c1
from outcomenet.metrics.discrimination import auroc, weighted_auroc
from outcomenet.metrics.regression import calibration_slope, mae, r2
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.metrics.survival import censoring_survival, harrell_c, time_and_event, uno_c
from outcomenet.metrics.table import comparisons_table, metrics_table

# Shrout & Fleiss, Psychol Bull 1979;86:420, table 2: six targets, four judges
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
ONES = np.ones((1, 60))
RNG = np.random.default_rng(3)
TARGET = RNG.normal(1.0, 0.7, 60)
PREDICTION = 0.6 * TARGET + RNG.normal(0.3, 0.4, 60)
EVENT = (RNG.random(60) < 0.4).astype(float)
RISK = np.round(EVENT + RNG.normal(0, 1, 60), 1)  # with ties


def test_icc_are_the_published_ones_to_six_digits():
    assert icc_1(SHROUT_FLEISS).value == pytest.approx(0.165742, abs=5e-7)
    assert icc_a1(SHROUT_FLEISS).value == pytest.approx(0.289764, abs=5e-7)
    assert icc_c1(SHROUT_FLEISS).value == pytest.approx(0.714841, abs=5e-7)


def test_icc_intervals_are_those_of_mcgraw_and_wong():
    # as R's psych::ICC prints them for this table (Revelle), to two digits
    assert icc_1(SHROUT_FLEISS)[2:] == pytest.approx((-0.133, 0.723), abs=6e-3)
    assert icc_a1(SHROUT_FLEISS)[2:] == pytest.approx((0.019, 0.761), abs=6e-3)
    assert icc_c1(SHROUT_FLEISS)[2:] == pytest.approx((0.342, 0.946), abs=6e-3)


def test_icc_without_error_is_undefined():
    with pytest.raises(UndefinedMetric, match="do not vary"):
        icc_a1(np.array([[1.0, 1.0], [2.0, 2.0]]))


def test_regression_metrics_equal_scikit_learn():
    assert r2(TARGET, PREDICTION, ONES)[0] == pytest.approx(r2_score(TARGET, PREDICTION))
    assert mae(TARGET, PREDICTION, ONES)[0] == pytest.approx(mean_absolute_error(TARGET, PREDICTION))
    assert calibration_slope(TARGET, PREDICTION, ONES)[0] == pytest.approx(np.polyfit(PREDICTION, TARGET, 1)[0])


def test_weights_are_copies_of_rows():
    weights = RNG.integers(0, 3, (1, 60)).astype(float)
    repeated = np.repeat(np.arange(60), weights[0].astype(int))
    assert r2(TARGET, PREDICTION, weights)[0] == pytest.approx(r2_score(TARGET[repeated], PREDICTION[repeated]))
    assert weighted_auroc(EVENT, RISK, weights)[0] == pytest.approx(roc_auc_score(EVENT[repeated], RISK[repeated]))


def test_auroc_equals_scikit_learn_and_rises_with_the_right_direction():
    result = auroc(EVENT, RISK)
    assert result.value == pytest.approx(roc_auc_score(EVENT, RISK))
    assert auroc(EVENT, -RISK).value == pytest.approx(1 - result.value)
    assert result.lower < result.value < result.upper


def test_delong_variance_by_hand():
    # events 3, 1; others 2, 0: shares below the events 1 and .5, above the others .5 and 1
    result = auroc(np.array([1.0, 1.0, 0.0, 0.0]), np.array([3.0, 1.0, 2.0, 0.0]))
    assert result.value == 0.75
    assert result.variance == pytest.approx(0.125 / 2 + 0.125 / 2)


def test_auroc_of_one_class_is_undefined():
    with pytest.raises(UndefinedMetric, match="0 events"):
        auroc(np.zeros(5), np.arange(5.0))


def test_concordance_equals_lifelines():
    time, event = RNG.exponential(300, 60).round(-1), EVENT.astype(bool)
    theirs = concordance_index(time, -RISK, event)  # lifelines scores live longer
    assert harrell_c(time, event, RISK, ONES)[0] == pytest.approx(theirs, abs=1e-9)


def test_unos_weights_come_from_the_censoring_distribution():
    # times 1e 2c 3e 4c: G(1-) = 1, G(3-) = 2/3; pairs of 1: three at weight 1, pairs of 3: one at weight 9/4
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
    assert censoring_survival(time, event) == pytest.approx([1, 1, 2 / 3, 2 / 3])
    risk = np.array([4.0, 3.0, 1.0, 2.0])  # the first row right three times, the third wrong
    assert uno_c(time, event, risk, np.ones((1, 4)), tau=10.0)[0] == pytest.approx(3 / (3 + 9 / 4))
    km = KaplanMeierFitter().fit(time, ~event)
    assert km.predict(2.5) == pytest.approx(2 / 3)


def test_events_are_dated_to_the_first_film_with_them():
    time, event = time_and_event(np.array([0.0, 300.0]), np.array([360.0, np.inf]))
    assert time.tolist() == [360.0, 300.0]
    assert event.tolist() == [True, False]


def test_patients_are_resampled_with_all_their_visits():
    patients = pd.Series(["b", "a", "b", "c"])
    weights = bootstrap_weights(patients, 50, seed=0)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[1:, [0, 1, 3]].sum(1) == 3).all()


def test_too_many_undefined_resamples_give_no_interval():
    with pytest.raises(UndefinedMetric, match="undefined in 10 of 20"):
        percentile_interval(np.array([0.5, np.nan] * 10))


def table(predictors: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"patient_id": [f"p{i // 2}" for i in range(60)], "visit_id": [str(i % 2) for i in range(60)], "target": TARGET}
    )
    frames = [rows.assign(predictor=name, prediction=values) for name, values in predictors.items()]
    return pd.concat(frames).assign(
        outcome="haq", horizon=0, split="test", observed=True, interval_start=np.nan, interval_end=np.nan
    )


def test_table_and_comparison_agree_and_a_predictor_does_not_beat_itself():
    predictions = table({"human_total": PREDICTION, "direct_adjusted": PREDICTION.copy()})
    metrics, undefined = metrics_table(predictions, resamples=200, seed=1)
    assert undefined.empty
    row = metrics[(metrics["predictor"] == "human_total") & (metrics["metric"] == "r2")].iloc[0]
    assert row["value"] == pytest.approx(r2_score(TARGET, PREDICTION))
    assert row["lower"] < row["value"] < row["upper"]
    assert row["n"] == 60
    difference = comparisons_table(predictions, resamples=200, seed=1)
    assert (difference[["difference", "lower", "upper"]] == 0).all(axis=None)


def test_an_undefined_metric_is_listed_with_its_reason_not_dropped():
    predictions = table({"human_total": PREDICTION}).assign(target=1.0)
    metrics, undefined = metrics_table(predictions, resamples=20, seed=1)
    assert np.isnan(metrics.set_index("metric").loc["r2", "value"])
    assert "no variation" in undefined.set_index("metric").loc["r2", "reason"]


def test_all_predictors_are_judged_on_the_same_rows():
    both = table({"human_total": PREDICTION, "direct_adjusted": PREDICTION})
    lacking = both[~((both["predictor"] == "direct_adjusted") & (both["patient_id"] == "p0"))]
    metrics, _ = metrics_table(lacking, resamples=5, seed=0)
    assert set(metrics["n"]) == {58}
