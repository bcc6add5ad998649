"""Properties that every metric keeps: invariance, symmetry, direction, and values of scipy, scikit-learn, statsmodels or lifelines."""

from __future__ import annotations

import lifelines
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import sklearn.metrics
from statsmodels.stats.proportion import proportion_confint

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import (
    Disagreement,
    difference_sums,
    icc_1,
    icc_a1,
    icc_c1,
    icc_of_sums,
    kappa,
    limits_of_sums,
    rating_sums,
)
from outcomenet.metrics.calibration_curve import calibration_curve, mean_interval, share_interval
from outcomenet.metrics.correlation import weighted_correlation, weighted_rank_correlation
from outcomenet.metrics.detectable import smallest_detectable_change, smallest_detectable_difference
from outcomenet.metrics.discrimination import (
    auroc,
    average_precision,
    compare_auroc,
    harrell_c,
    share_ranked_right,
    uno_c,
    weighted_auroc,
)
from outcomenet.metrics.follow_up import (
    at_planned_visits,
    censoring_curve,
    last_day_with_enough_left,
    time_and_event,
)
from outcomenet.metrics.proportions import (
    negative_predictive_value,
    positive_predictive_value,
    sensitivity,
    specificity,
    wilson,
)
from outcomenet.metrics.regression import calibration_intercept, calibration_slope, mae, r2
from outcomenet.metrics.resampling import (
    bootstrap_weights,
    estimate,
    expanded_level,
    monte_carlo_margins,
    percentile_interval,
    weight_blocks,
)
from outcomenet.metrics.responsiveness import compare_response_means, response_mean, standardised_response_mean
from outcomenet.metrics.risk import brier, recalibration_line, risk_calibration_intercept, risk_calibration_slope
from outcomenet.metrics.risk_over_time import auc_at, brier_at, integrated_brier
from outcomenet.metrics.table import metrics_of, metrics_table, primary_contrast
from outcomenet.metrics.trial_size import patients_per_arm
from outcomenet.metrics.verdict import Verdict, verdict_of
from outcomenet.outcomes import HAQ, PROGRESSION

RNG = np.random.default_rng(11)
N = 60
TARGET = RNG.normal(1.0, 0.5, N)
PREDICTION = 0.6 * TARGET + RNG.normal(0.5, 0.3, N)
EVENT = (RNG.random(N) < 0.4).astype(float)
RISK = np.clip(0.25 + 0.3 * EVENT + RNG.normal(0, 0.15, N), 0.02, 0.98).round(2)
ONES = np.ones((1, N))
ORDER = RNG.permutation(N)
DAYS = np.ceil(RNG.exponential(300, N))
SEEN = RNG.random(N) < 0.5

ON_ROWS = {
    "r2": (r2, TARGET, PREDICTION), "mae": (mae, TARGET, PREDICTION),
    "calibration_slope": (calibration_slope, TARGET, PREDICTION), "calibration_intercept": (calibration_intercept, TARGET, PREDICTION),
    "brier": (brier, EVENT, RISK), "risk_slope": (risk_calibration_slope, EVENT, RISK),
    "risk_intercept": (risk_calibration_intercept, EVENT, RISK), "auroc": (weighted_auroc, EVENT, RISK),
    "average_precision": (average_precision, EVENT, RISK), "correlation": (weighted_correlation, TARGET, PREDICTION),
    "rank_correlation": (weighted_rank_correlation, TARGET, PREDICTION),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_ROWS)
def test_a_metric_knows_no_order_of_rows_and_counts_a_row_drawn_twice_twice(name):
    metric, target, prediction = ON_ROWS[name]
    value = metric(target, prediction, ONES)
    assert metric(target[ORDER], prediction[ORDER], ONES) == pytest.approx(value)
    # weights are relative: everybody drawn three times is the sample
    assert metric(target, prediction, 3 * ONES) == pytest.approx(value)
    if name != "rank_correlation":  # ranks are those of the whole sample
        drawn = RNG.integers(0, 3, N).astype(float)
        rows = np.repeat(np.arange(N), drawn.astype(int))
        assert metric(target, prediction, drawn[None]) == pytest.approx(
            metric(target[rows], prediction[rows], np.ones((1, len(rows))))
        )


def test_correlations_are_those_of_scipy_and_symmetric():
    assert weighted_correlation(TARGET, PREDICTION, ONES)[0] == pytest.approx(
        scipy.stats.pearsonr(TARGET, PREDICTION)[0]
    )
    expected = scipy.stats.spearmanr(EVENT, RISK)[0]  # with ties
    assert weighted_rank_correlation(EVENT, RISK, ONES)[0] == pytest.approx(expected)
    assert weighted_rank_correlation(RISK, EVENT, ONES)[0] == pytest.approx(expected)
    assert weighted_rank_correlation(EVENT, -RISK, ONES)[0] == pytest.approx(-expected)


def test_a_correlation_keeps_its_digits_far_from_zero_and_is_undefined_in_a_constant():
    far = weighted_correlation(1e9 + TARGET, 1e9 - PREDICTION, ONES)[0]
    assert far == pytest.approx(-weighted_correlation(TARGET, PREDICTION, ONES)[0], abs=1e-6)
    assert np.isnan(weighted_correlation(np.full(N, 0.1), TARGET, ONES)).all()
    drawn = np.zeros((2, N))
    drawn[0, 3], drawn[1] = N, 1  # one row drawn again and again
    assert np.isnan(weighted_correlation(TARGET, PREDICTION, drawn)).tolist() == [True, False]


def test_errors_of_scores_have_their_units():
    # doubling the unit doubles the error and leaves what has no unit
    for metric, factor in ((mae, 2), (calibration_intercept, 2), (r2, 1), (calibration_slope, 1)):
        assert metric(2 * TARGET, 2 * PREDICTION, ONES) == pytest.approx(factor * metric(TARGET, PREDICTION, ONES))
    slope = scipy.stats.linregress(PREDICTION, TARGET).slope
    assert calibration_slope(TARGET, PREDICTION, ONES)[0] == pytest.approx(slope)
    assert np.isnan(calibration_slope(TARGET, np.full(N, 2.0), ONES)[0])
    assert np.isnan(r2(np.full(N, 2.0), PREDICTION, ONES)[0])
    assert r2(TARGET, np.full(N, TARGET.mean()), ONES)[0] == pytest.approx(0)


def test_a_risk_turned_round_has_the_other_auroc_and_rising_maps_leave_it():
    value = auroc(EVENT, RISK).value
    assert value == pytest.approx(sklearn.metrics.roc_auc_score(EVENT, RISK))
    assert auroc(EVENT, -RISK).value == pytest.approx(1 - value)
    assert auroc(1 - EVENT, RISK).value == pytest.approx(1 - value)
    assert auroc(EVENT, np.log(RISK)) == pytest.approx(auroc(EVENT, RISK))
    perfect = auroc(EVENT, EVENT)
    assert (perfect.value, perfect.lower, perfect.upper, perfect.variance) == (1.0, 1.0, 1.0, 0.0)
    narrow, wide = auroc(EVENT, RISK, 0.8), auroc(EVENT, RISK, 0.99)
    assert wide.lower < narrow.lower < value < narrow.upper < wide.upper


def test_a_difference_of_aurocs_turns_its_sign_with_its_order():
    other = RISK + RNG.normal(0, 0.2, N)
    one, back = compare_auroc(EVENT, RISK, other), compare_auroc(EVENT, other, RISK)
    assert (one.difference, one.lower, one.upper, one.z) == pytest.approx(
        (-back.difference, -back.upper, -back.lower, -back.z)
    )
    assert one.p == pytest.approx(back.p)
    assert one.difference == pytest.approx(auroc(EVENT, RISK).value - auroc(EVENT, other).value)
    assert one.p == pytest.approx(2 * scipy.stats.norm.sf(abs(one.z)))


def test_pairs_are_ranked_right_by_the_weights_of_case_and_control():
    risk = np.array([1.0, 2.0, 2.0, 3.0])
    cases, controls = np.array([[0.0, 2.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 3.0, 0.0]])
    # case 2 (twice): above one control, tied with three; case 4: above all four
    assert share_ranked_right(risk, cases, controls)[0] == pytest.approx((2 * (1 + 1.5) + 4) / (3 * 4))
    assert np.isnan(share_ranked_right(risk, cases, 0 * controls)).all()


def test_concordance_is_that_of_lifelines_and_of_a_risk_without_a_word_one_half():
    expected = lifelines.utils.concordance_index(DAYS, -RISK, SEEN)
    assert harrell_c(DAYS, SEEN, RISK, ONES)[0] == pytest.approx(expected, abs=0.01)
    for c in (harrell_c(DAYS, SEEN, np.ones(N), ONES), uno_c(DAYS, SEEN, np.ones(N), ONES, 1e9)):
        assert c[0] == 0.5
    # who is censored on the day of an event was still without it
    assert harrell_c(DAYS, SEEN, 0.5 * SEEN - DAYS, ONES)[0] == 1
    assert harrell_c(DAYS, SEEN, RISK, ONES)[0] == pytest.approx(1 - harrell_c(DAYS, SEEN, -RISK, ONES)[0])
    assert np.isnan(harrell_c(DAYS, np.zeros(N, bool), RISK, ONES)[0])
    # without censoring every pair weighs the same
    everybody = np.ones(N, bool)
    early = everybody & (DAYS <= last_day_with_enough_left(DAYS))
    assert uno_c(DAYS, everybody, RISK, ONES, 1e9)[0] == pytest.approx(harrell_c(DAYS, early, RISK, ONES)[0])


def test_the_chance_of_being_followed_is_lifelines_kaplan_meier_of_censoring():
    days = DAYS + 0.5 * ~SEEN  # no event shares a day with a censoring
    curve, fitted = censoring_curve(days, SEEN), lifelines.KaplanMeierFitter().fit(days, ~SEEN)
    at = np.array([0.0, 50.0, 200.0, 400.0])
    assert curve.through(at) == pytest.approx(fitted.predict(at).to_numpy())
    assert curve.before(np.array([days.min()])).tolist() == [1.0]
    assert (curve.through(days) <= curve.before(days)).all()


def test_days_of_follow_up():
    time, event = time_and_event(np.array([100.0, 200.0]), np.array([np.inf, 365.0]))
    assert (time.tolist(), event.tolist()) == ([100.0, 365.0], [False, True])
    assert at_planned_visits(np.array([0.0, 40.0, 50.0, 170.0]), 91.25).tolist() == [0.0, 0.0, 91.25, 182.5]
    assert last_day_with_enough_left(np.array([5.0])) == 5.0
    assert last_day_with_enough_left(np.arange(1.0, 12.0)) == 10.0  # two of eleven are the tenth that is needed


def test_without_censoring_scores_over_time_are_plain_ones():
    everybody, by = np.ones(N, bool), float(np.median(DAYS))
    had = (by >= DAYS).astype(float)
    assert brier_at(DAYS, everybody, RISK, ONES, by)[0] == pytest.approx(sklearn.metrics.brier_score_loss(had, RISK))
    assert auc_at(DAYS, everybody, RISK, ONES, by)[0] == pytest.approx(sklearn.metrics.roc_auc_score(had, RISK))
    days = np.array([by / 2, by])
    two = np.stack([RISK / 2, RISK], axis=1)
    ends = [brier_at(DAYS, everybody, two[:, k], ONES, float(day))[0] for k, day in enumerate(days)]
    assert integrated_brier(DAYS, everybody, two, ONES, days)[0] == pytest.approx(np.mean(ends))
    for wrong in ([by], [by, by], [by, by / 2]):
        with pytest.raises(UndefinedMetric, match="two or more rising days; got"):
            integrated_brier(DAYS, everybody, two[:, : len(wrong)], ONES, np.array(wrong))


def test_risks_that_are_the_observed_shares_are_calibrated():
    risk = np.repeat([0.2, 0.5, 0.8], 10)
    event = np.concatenate([np.arange(10) < count for count in (2, 5, 8)]).astype(float)
    intercept, slope = recalibration_line(event, risk, np.ones((1, 30)))[:, 0]
    assert (intercept, slope) == pytest.approx((0, 1), abs=1e-6)
    assert brier(event, risk, np.ones((1, 30)))[0] == pytest.approx((0.16 + 0.25 + 0.16) / 3)
    # a frequency given to everybody scores p (1 - p)
    assert brier(event, np.full(30, 0.5), np.ones((1, 30)))[0] == pytest.approx(0.25)
    halved = 1 / (1 + ((1 - risk) / risk) ** 2)  # twice the logit: half the slope
    assert risk_calibration_slope(event, halved, np.ones((1, 30)))[0] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("count", "n"), [(0, 7), (7, 7), (3, 9), (50, 1000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_wilsons_interval_is_that_of_statsmodels(count, n, level):
    share = wilson(count, n, level)
    lower, upper = proportion_confint(count, n, 1 - level, method="wilson")
    assert share == pytest.approx((count / n, lower, upper, count, n))


def test_the_four_shares_of_a_cut_are_those_of_the_table_of_errors():
    cut = 0.4
    tn, fp, fn, tp = sklearn.metrics.confusion_matrix(EVENT, RISK >= cut).ravel()
    shares = [
        f(EVENT, RISK, cut).value
        for f in (sensitivity, specificity, positive_predictive_value, negative_predictive_value)
    ]
    assert shares == pytest.approx([tp / (tp + fn), tn / (tn + fp), tp / (tp + fp), tn / (tn + fn)])


@pytest.mark.parametrize(
    ("share", "target", "cut", "sentence"),
    [
        (sensitivity, 0, 0.5, "Sensitivity at 0.5 is undefined among 2 rows: no row with the event"),
        (specificity, 1, 0.5, "Specificity at 0.5 is undefined among 2 rows: no row without the event"),
        (
            positive_predictive_value,
            1,
            0.9,
            "positive predictive value at 0.9 is undefined among 2 rows: no risk reaches it",
        ),
        (
            negative_predictive_value,
            1,
            0.1,
            "negative predictive value at 0.1 is undefined among 2 rows: every risk reaches it",
        ),
    ],
)
def test_a_share_of_nobody_says_who_is_missing(share, target, cut, sentence):
    with pytest.raises(UndefinedMetric, match=sentence):
        share(np.full(2, float(target)), np.array([0.3, 0.6]), cut)


def test_a_calibration_curve_keeps_equal_predictions_together():
    curve = calibration_curve(EVENT, np.repeat([0.1, 0.7], 30), share_interval, groups=10)
    assert [group.n for group in curve] == [30, 30]
    assert [group.predicted for group in curve] == pytest.approx([0.1, 0.7])
    assert sum(group.n for group in calibration_curve(TARGET, PREDICTION, mean_interval, groups=7)) == N
    lower, upper = mean_interval(TARGET)
    assert (lower, upper) == pytest.approx(scipy.stats.t.interval(0.95, N - 1, TARGET.mean(), scipy.stats.sem(TARGET)))
    with pytest.raises(UndefinedMetric, match="needs at least 2 rows in a group; use fewer groups"):
        mean_interval(np.array([1.0]))
    with pytest.raises(UndefinedMetric, match="of 0 groups needs as many rows; there are 60"):
        calibration_curve(TARGET, PREDICTION, mean_interval, groups=0)


def test_readers_agree_alike_whoever_is_named_first():
    readings = np.stack([TARGET, TARGET + RNG.normal(0.2, 0.2, N)], axis=1)
    sums = rating_sums(readings).sum(0)[None]
    for form, icc in (("icc_1", icc_1), ("icc_a1", icc_a1), ("icc_c1", icc_c1)):
        both = icc(readings)
        assert icc(readings[:, ::-1])[1:] == pytest.approx(both[1:])
        assert icc(1e6 + 5 * readings)[1:] == pytest.approx(both[1:], abs=1e-6)
        assert icc_of_sums(form, sums)[0] == pytest.approx(both.value)
        assert both.lower < both.value < both.upper < 1
    # a reader who is milder throughout is consistent and does not agree
    milder = np.stack([TARGET, TARGET + 1], axis=1) + RNG.normal(0, 0.01, (N, 2))
    assert icc_c1(milder).value > 0.99 > 0.5 > icc_a1(milder).value
    with pytest.raises(UndefinedMetric, match="at least 2 targets read by at least 2 raters without gaps; got 60 x 1"):
        icc_a1(readings[:, :1])


@pytest.mark.parametrize(
    ("disagreement", "weights"), [("plain", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
def test_kappa_is_that_of_scikit_learn(disagreement, weights):
    first, second = RNG.integers(0, 5, (2, N))
    expected = sklearn.metrics.cohen_kappa_score(first, second, weights=weights)
    for one, other in ((first, second), (second, first)):
        assert kappa(one.astype(float), other.astype(float), Disagreement(disagreement)) == pytest.approx(expected)


def test_limits_of_agreement_turn_with_the_order_of_the_readers():
    one = limits_of_sums(difference_sums(TARGET, PREDICTION).sum(0)[None])
    back = limits_of_sums(difference_sums(PREDICTION, TARGET).sum(0)[None])
    assert (one.bias[0], one.lower_limit[0]) == pytest.approx((-back.bias[0], -back.upper_limit[0]))
    assert one.sd[0] == pytest.approx((TARGET - PREDICTION).std(ddof=1))


def test_a_detectable_difference_is_root_two_of_a_detectable_change():
    readings = np.stack([TARGET, PREDICTION], axis=1)
    change = smallest_detectable_change(readings)
    assert smallest_detectable_difference(readings) == pytest.approx(2**0.5 * change)
    assert smallest_detectable_change(readings, averaged=8) == pytest.approx(change / 2)
    assert smallest_detectable_change(readings, level=0.8) == pytest.approx(change * 1.28 / 1.96)
    assert smallest_detectable_change(readings + [5.0, 0.0]) == pytest.approx(change)  # a mild reader


def test_a_response_mean_has_no_unit_and_the_sign_of_the_change():
    value = response_mean(TARGET, ONES)[0]
    assert value == pytest.approx(TARGET.mean() / TARGET.std(ddof=1))
    assert response_mean(7 * TARGET, ONES)[0] == pytest.approx(value)
    assert response_mean(-TARGET, ONES)[0] == pytest.approx(-value)
    weights = bootstrap_weights(pd.Series(np.arange(N)), 200, 0)
    srm = standardised_response_mean(TARGET, weights)
    assert srm.lower < srm.value < srm.upper
    same = compare_response_means(TARGET, 2 * TARGET, weights)
    assert (same.value, same.lower, same.upper) == pytest.approx((0, 0, 0), abs=1e-9)
    with pytest.raises(UndefinedMetric, match="all patients change by the same amount"):
        standardised_response_mean(np.ones(N), weights)


@pytest.mark.parametrize("effect", [0.2, -0.8])
def test_fewer_patients_are_needed_for_larger_effects_less_power_and_wider_levels(effect):
    usual = patients_per_arm(effect)
    assert patients_per_arm(-effect) == usual
    assert patients_per_arm(2 * effect) < usual < patients_per_arm(effect, power=0.9)
    assert patients_per_arm(effect, alpha=0.1) < usual
    assert patients_per_arm(50.0) == 2


@pytest.mark.parametrize("effect", [0.0, np.nan, np.inf])
def test_no_trial_is_planned_without_an_effect(effect):
    with pytest.raises(UndefinedMetric, match="Without an effect"):
        patients_per_arm(effect)


def test_patients_are_drawn_by_name_whatever_the_order_of_rows():
    patients = pd.Series([f"p{i % 20}" for i in range(N)])
    weights = bootstrap_weights(patients, 50, 3)
    assert (weights[0] == 1).all()
    assert np.array_equal(bootstrap_weights(patients[ORDER], 50, 3), weights[:, ORDER])
    assert (weights.reshape(51, 3, 20).std(1) == 0).all()  # visits of a patient come along together
    assert (weights.sum(1) == N).all()
    assert np.array_equal(
        np.concatenate(list(weight_blocks(patients, 50, 3, block=50)))[:11], bootstrap_weights(patients, 10, 3)
    )
    assert bootstrap_weights(patients, 0, 3).shape == (1, N)


def test_an_interval_forgives_one_undefined_resample_in_twenty():
    values = np.append(np.arange(95.0), [np.nan] * 5)
    assert percentile_interval(values, 0.5) == pytest.approx((23.5, 70.5))
    with pytest.raises(UndefinedMetric, match="undefined in 6 of 100 bootstrap resamples"):
        percentile_interval(np.append(values[1:], np.nan))
    assert estimate(np.append(2.0, values), 0.5) == pytest.approx((2.0, 23.5, 70.5))


def test_more_resamples_make_bounds_surer_and_more_patients_make_the_level_plain():
    few, many = RNG.normal(size=1000), RNG.normal(size=16_000)
    assert monte_carlo_margins(many)[0] < 0.5 * monte_carlo_margins(few)[0]
    assert monte_carlo_margins(np.append(few, np.nan)) == monte_carlo_margins(few)
    levels = [expanded_level(n) for n in (3, 10, 100, 10_000)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == pytest.approx(0.95, abs=1e-4)


@pytest.mark.parametrize(
    ("bounds", "settings", "verdict"),
    [
        ((0.1, 0.2), {}, Verdict.BETTER), ((-0.2, -0.1), {}, Verdict.WORSE), ((-0.1, 0.1), {}, Verdict.UNDECIDED),
        ((0.0, 0.1), {}, Verdict.UNDECIDED), ((-0.1, 0.0), {}, Verdict.UNDECIDED), ((np.nan, 0.1), {}, Verdict.ABSENT),
        ((0.1, np.inf), {}, Verdict.ABSENT), ((0.1, 0.2), {"higher_is_better": False}, Verdict.WORSE),
        ((-0.2, -0.1), {"higher_is_better": False}, Verdict.BETTER), ((0.01, 0.2), {"lower_margin": 0.01}, Verdict.BORDERLINE),
        ((-0.01, 0.2), {"lower_margin": 0.02}, Verdict.BORDERLINE), ((-0.2, 0.01), {"upper_margin": 0.02}, Verdict.BORDERLINE),
        ((0.03, 0.2), {"lower_margin": 0.02}, Verdict.BETTER),
    ],
)  # fmt: skip
def test_a_verdict_is_read_off_the_interval_and_its_margins(bounds, settings, verdict):
    assert verdict_of(*bounds, **settings) is verdict


def test_an_outcome_is_judged_by_its_kind_and_a_run_asks_one_question():
    assert {"r2", "mae"} <= set(metrics_of(HAQ.name, 0))
    assert {"auroc", "uno_c"} <= set(metrics_of(PROGRESSION.name, 365))
    for spec in (HAQ, PROGRESSION):
        asked = primary_contrast(spec.name)
        assert (asked.outcome, asked.metric) == (spec.name, spec.headline_metric)
        assert asked.metric in metrics_of(spec.name, spec.horizon_days)


def test_coverage_counts_the_targets_within_and_rows_without_an_interval_not():
    rows = pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(N)], "visit_id": "V0", "predictor": "covariates", "outcome": "haq", "horizon": 0,
            "split": "test", "observed": True, "target": TARGET, "prediction": PREDICTION, "interval_start": np.nan,
            "interval_end": np.nan, "lower": np.where(np.arange(N) < 40, TARGET - 0.1 * (np.arange(N) < 30) + 0.05, np.nan),
            "upper": TARGET + 1,
        }
    )  # fmt: skip
    table = metrics_table(rows, resamples=50, seed=0)[0].set_index("metric")
    # the first 30 begin below their target, the next 10 above it, the last 20 have none
    assert table.loc["coverage", "value"] == pytest.approx(30 / 40)
    assert table.loc["coverage", "n"] == 40
    assert "coverage" not in metrics_table(rows.assign(lower=np.nan), resamples=50, seed=0)[0]["metric"].tolist()
