"""ICC, accuracy of scores, resampling and the tables, against published numbers, scikit-learn and hand calculations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, mean_absolute_error, r2_score, roc_auc_score

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import icc_1, icc_a1, icc_c1, icc_of_sums, rating_sums
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.regression import calibration_intercept, calibration_slope, mae, r2
from outcomenet.metrics.resampling import bootstrap_weights, estimate, of_sample, percentile_interval
from outcomenet.metrics.table import comparisons_table, metrics_of, metrics_table

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


@pytest.mark.parametrize(("form", "icc"), [("icc_1", icc_1), ("icc_a1", icc_a1), ("icc_c1", icc_c1)])
def test_icc_of_a_resample_is_that_of_targets_repeated(form, icc):
    weights = np.array([[1.0, 1, 1, 1, 1, 1], [2, 0, 1, 3, 0, 1]])
    values = icc_of_sums(form, weights @ rating_sums(SHROUT_FLEISS))
    for row, value in zip(weights, values, strict=True):
        assert value == pytest.approx(icc(SHROUT_FLEISS[np.repeat(np.arange(6), row.astype(int))]).value)
    alone = np.array([[3.0, 0, 0, 0, 0, 0]])
    assert np.isnan(icc_of_sums(form, alone @ rating_sums(SHROUT_FLEISS))).all()


def test_icc_without_error_is_undefined():
    with pytest.raises(UndefinedMetric, match="do not vary"):
        icc_a1(np.array([[1.0, 1.0], [2.0, 2.0]]))


def test_regression_metrics_equal_scikit_learn():
    assert r2(TARGET, PREDICTION, ONES)[0] == pytest.approx(r2_score(TARGET, PREDICTION))
    assert mae(TARGET, PREDICTION, ONES)[0] == pytest.approx(mean_absolute_error(TARGET, PREDICTION))
    assert calibration_slope(TARGET, PREDICTION, ONES)[0] == pytest.approx(np.polyfit(PREDICTION, TARGET, 1)[0])


def test_calibration_in_the_large_is_positive_when_predictions_are_too_low():
    assert calibration_intercept(TARGET, TARGET - 0.25, ONES)[0] == pytest.approx(0.25)
    assert calibration_intercept(TARGET, PREDICTION, ONES)[0] == pytest.approx(TARGET.mean() - PREDICTION.mean())


def test_weights_are_copies_of_rows():
    weights = RNG.integers(0, 3, (1, 60)).astype(float)
    repeated = np.repeat(np.arange(60), weights[0].astype(int))
    assert r2(TARGET, PREDICTION, weights)[0] == pytest.approx(r2_score(TARGET[repeated], PREDICTION[repeated]))
    assert weighted_auroc(EVENT, RISK, weights)[0] == pytest.approx(roc_auc_score(EVENT[repeated], RISK[repeated]))


def test_patients_are_resampled_with_all_their_visits():
    patients = pd.Series(["b", "a", "b", "c"])
    weights = bootstrap_weights(patients, 50, seed=0)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[1:, [0, 1, 3]].sum(1) == 3).all()


def test_too_many_undefined_resamples_give_no_interval():
    with pytest.raises(UndefinedMetric, match="undefined in 10 of 20"):
        percentile_interval(np.array([0.5, np.nan] * 10))


def test_an_estimate_keeps_its_value_where_it_has_no_interval():
    assert estimate(np.array([7.0, *range(101)]), level=0.9) == pytest.approx((7.0, 5.0, 95.0))
    value, *bounds = estimate(np.array([7.0, *[0.5, np.nan] * 10]))
    assert value == 7.0
    assert np.isnan(bounds).all()


def test_a_metric_of_the_sample_without_a_value_says_which_and_why():
    assert of_sample(mae, TARGET, PREDICTION) == pytest.approx(mean_absolute_error(TARGET, PREDICTION))
    with pytest.raises(UndefinedMetric, match="r2 has no value on these 60 rows: one class only, no pair"):
        of_sample(r2, np.ones(60), PREDICTION)


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


def progression_table() -> pd.DataFrame:
    """Risks of progression within a year; the last ten patients' last film came after 200 days without the event. Of the
    events every third was seen on a second follow-up film, half a year after the first."""
    risk = np.clip(0.3 + 0.3 * EVENT + RNG.normal(0, 0.15, 60), 0.05, 0.95)
    early = np.arange(60) >= 50
    target = np.where(early, np.nan, EVENT)
    end = np.where(target == 1, 360.0 + np.arange(60) % 7, np.inf)
    second = np.arange(60) % 3 == 0
    start = np.where(early, 200.0, np.where(target == 1, np.where(second, 180.0, 0.0), 370.0))
    return table({"human_total": risk}).assign(
        outcome="progression", horizon=365, target=target, observed=~early, interval_start=start, interval_end=end
    )


def test_progression_is_judged_by_rank_and_by_calibration():
    predictions = progression_table()
    metrics, undefined = metrics_table(predictions, resamples=100, seed=1)
    found = metrics.set_index("metric")
    assert undefined.empty
    assert list(found.index) == [
        "auroc", "average_precision", "brier", "calibration_slope", "calibration_intercept", "harrell_c", "uno_c",
    ]  # fmt: skip
    known = predictions[predictions["observed"]]
    for name, theirs in (("average_precision", average_precision_score), ("brier", brier_score_loss)):
        assert found.loc[name, "value"] == pytest.approx(theirs(known["target"], known["prediction"]))
    assert (found["lower"] < found["upper"]).all()


def test_concordance_keeps_the_patients_whose_films_end_before_the_horizon():
    metrics, _ = metrics_table(progression_table(), resamples=20, seed=1)
    n = metrics.set_index("metric")["n"]
    assert (n["brier"], n["harrell_c"], n["uno_c"]) == (50, 60, 60)


def of_one_film(seed: int) -> pd.DataFrame:
    """The same risks, every patient followed by one film, on days 346 to 385."""
    predictions, days = progression_table(), np.random.default_rng(seed).uniform(346, 385, 60)
    event = predictions["target"] == 1
    return predictions.assign(
        target=event.astype(float), observed=True,
        interval_start=np.where(event, 0.0, days), interval_end=np.where(event, days, np.inf),
    )  # fmt: skip


def test_with_one_follow_up_film_times_are_not_ranked():
    metrics, undefined = metrics_table(of_one_film(0), resamples=20, seed=1)
    found = metrics.set_index("metric")["value"]
    assert np.isnan(found[["harrell_c", "uno_c"]]).all()
    assert np.isfinite(found["auroc"])
    assert set(undefined["metric"]) == {"harrell_c", "uno_c"}
    assert undefined["reason"].str.contains("0 were seen on a second or later follow-up film").all()
    both = pd.concat([of_one_film(0), of_one_film(0).assign(predictor="direct_adjusted")])
    assert not set(comparisons_table(both, resamples=20, seed=1)["metric"]) & {"harrell_c", "uno_c"}


def test_dates_around_a_planned_visit_do_not_move_concordance():
    predictions = progression_table()

    def found(shift: np.ndarray) -> pd.Series:
        start, end = predictions["interval_start"], predictions["interval_end"]
        moved = predictions.assign(interval_start=start + shift * (start > 0), interval_end=end + shift)
        return metrics_table(moved, resamples=5, seed=1)[0].set_index("metric")["value"][["harrell_c", "uno_c"]]

    as_planned = found(np.zeros(60))
    assert np.isfinite(as_planned).all()
    for seed in range(3):
        shift = np.random.default_rng(seed).uniform(-20, 20, 60)
        assert found(shift).tolist() == pytest.approx(as_planned.tolist())


def test_concordance_at_planned_visits_by_hand():
    # half-year visits: event at 1 (risk 3), at 2 (risk 1), free to 2 (risk 2), free to 1 (risk 4), event at 2 after a missed 1
    rows = pd.DataFrame(
        {
            "interval_start": [0.0, 185.0, 360.0, 190.0, 0.0], "interval_end": [175.0, 370.0, np.inf, np.inf, 355.0],
            "prediction": [3.0, 1.0, 2.0, 4.0, 5.0],
        }
    )  # fmt: skip
    compute = metrics_of("progression", 365)["harrell_c"].compute
    # of the first: free at visit 1 are the second, third (both right) and fourth (wrong), not the one who missed it; of the
    # second and fifth: the third is free at 2 (wrong, right)
    assert compute(rows, np.ones((1, 5)))[0] == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ("day", "counts"), [(405, True), (415, True), (430, True), (456, True), (457, False), (480, False)]
)
def test_unos_events_are_those_of_the_horizons_window(day, counts):
    # twelve events seen on one day, the film before on day 180; twelve others are free beyond, at half of the risk
    event = np.repeat([True, False], 12)
    rows = pd.DataFrame(
        {
            "interval_start": np.where(event, 180.0, 560.0), "interval_end": np.where(event, float(day), np.inf),
            "prediction": np.where(event, 0.6, 0.3),
        }
    )  # fmt: skip
    found = metrics_of("progression", 365)
    uno, harrell = (found[name].compute(rows, np.ones((1, 24)))[0] for name in ("uno_c", "harrell_c"))
    assert harrell == 1.0
    assert uno == 1.0 if counts else np.isnan(uno)


def test_an_event_beyond_the_window_does_not_weigh_those_within_it():
    # event at visit 2 (risk 3), at visit 5 (day 430, risk 1), beyond the window (day 470, risk 2), free throughout (risk 0)
    rows = pd.DataFrame(
        {
            "interval_start": [90.0, 360.0, 365.0, 560.0, 100.0], "interval_end": [185.0, 430.0, 470.0, np.inf, np.inf],
            "prediction": [3.0, 1.0, 2.0, 0.0, 4.0],
        }
    )  # fmt: skip
    # The fifth is censored at visit 1 of five at risk: G is 4/5 for both events, so that all pairs weigh the same. The first is
    # right of the second, third and fourth; the second of the fourth, and has no pair with the third, free to visit 4 only.
    assert metrics_of("progression", 365)["uno_c"].compute(rows, np.ones((1, 5)))[0] == pytest.approx(1.0)
    wrong = rows.assign(prediction=[3.0, 0.0, 2.0, 1.0, 4.0])
    assert metrics_of("progression", 365)["uno_c"].compute(wrong, np.ones((1, 5)))[0] == pytest.approx(3 / 4)


def test_a_certain_risk_that_was_wrong_leaves_calibration_undefined_with_the_reason():
    predictions = progression_table()
    predictions.loc[0, "prediction"] = 1.0
    metrics, undefined = metrics_table(predictions, resamples=20, seed=1)
    assert np.isnan(metrics.set_index("metric").loc["calibration_slope", "value"])
    assert set(undefined["metric"]) == {"calibration_slope", "calibration_intercept"}
    assert undefined["reason"].str.contains("a risk of exactly 0 or 1").all()
