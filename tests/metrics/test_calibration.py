"""Calibration of risks against statsmodels, and the calibration curve by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.calibration_curve import calibration_curve, mean_interval, share_interval
from outcomenet.metrics.proportions import wilson
from outcomenet.metrics.resampling import of_sample
from outcomenet.metrics.risk import brier, recalibration_line, risk_calibration_intercept, risk_calibration_slope

RNG = np.random.default_rng(8)
TRUE = RNG.normal(-1, 1.2, 300)
EVENT = (RNG.random(300) < expit(TRUE)).astype(float)
RISK = expit(0.4 + 1.6 * TRUE + RNG.normal(0, 0.5, 300))  # too extreme
WEIGHTS = np.concatenate([np.ones((1, 300)), RNG.integers(0, 3, (2, 300)).astype(float)])


def test_line_and_intercept_are_those_of_statsmodels_in_every_resample():
    line, shift = recalibration_line(EVENT, RISK, WEIGHTS), risk_calibration_intercept(EVENT, RISK, WEIGHTS)
    for number, row in enumerate(WEIGHTS):
        at = np.repeat(np.arange(300), row.astype(int))
        x, family = logit(RISK[at]), sm.families.Binomial()
        both = sm.GLM(EVENT[at], sm.add_constant(x), family=family).fit()
        alone = sm.GLM(EVENT[at], np.ones((len(at), 1)), family=family, offset=x).fit()
        assert line[:, number] == pytest.approx(both.params, rel=1e-6)
        assert shift[number] == pytest.approx(alone.params[0], rel=1e-6)


def test_slope_is_below_one_for_extreme_risks_and_intercept_below_zero_for_high_ones():
    true = expit(TRUE)
    assert of_sample(risk_calibration_slope, EVENT, RISK) < 0.8
    assert of_sample(risk_calibration_intercept, EVENT, expit(TRUE + 0.7)) == pytest.approx(-0.7, abs=0.3)
    assert of_sample(risk_calibration_slope, EVENT, true) == pytest.approx(1, abs=0.3)
    assert of_sample(risk_calibration_slope, EVENT, expit(2 * TRUE)) == pytest.approx(
        of_sample(risk_calibration_slope, EVENT, true) / 2
    )


def test_risks_moved_down_by_a_logit_are_called_too_low_by_it():
    at_best = logit(RISK) + of_sample(risk_calibration_intercept, EVENT, RISK)
    assert of_sample(risk_calibration_intercept, EVENT, expit(at_best - 0.7)) == pytest.approx(0.7)


def test_a_resample_without_a_slope_is_nan_and_leaves_the_others_alone():
    # one class only; the two lowest risks without and the two highest with the event, so that a cut separates them; all
    rank = RISK.argsort().argsort()
    low, high = rank < 2, rank >= 298
    event = np.where(low, 0.0, np.where(high, 1.0, EVENT))
    separated = (low | high).astype(float)
    slopes = risk_calibration_slope(event, RISK, np.stack([event, separated, np.ones(300)]))
    assert np.isnan(slopes).tolist() == [True, True, False]


def test_risks_far_off_still_find_their_intercept():
    assert of_sample(risk_calibration_intercept, EVENT, np.full(300, 1e-12)) == pytest.approx(
        logit(EVENT.mean()) - logit(1e-12)
    )


def test_a_certain_risk_has_no_calibration_but_a_brier_score():
    certain = np.where(np.arange(300) == 0, 1.0, RISK)
    assert of_sample(brier, EVENT, certain) == pytest.approx(brier_score_loss(EVENT, certain))
    with pytest.raises(UndefinedMetric, match="risk_calibration_slope has no value on these 300 rows"):
        of_sample(risk_calibration_slope, EVENT, certain)


def test_curve_of_events_has_wilsons_intervals():
    target = np.array([0.0, 0, 1, 0, 1, 1])
    low, high = calibration_curve(target, np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8]), share_interval, groups=2)
    assert low[:3] == pytest.approx((3, 0.2, 1 / 3))
    assert high[:3] == pytest.approx((3, 0.7, 2 / 3))
    assert low[3:] == pytest.approx(wilson(1, 3)[1:3])


def test_curve_of_scores_has_students_intervals():
    (only,) = calibration_curve(np.array([1.0, 2, 3]), np.array([1.0, 1, 1]), mean_interval, groups=3)
    # SD 1 of three rows, t of 2 degrees of freedom 4.3027; equal predictions stay together
    assert only == pytest.approx((3, 1, 2, 2 - 4.3027 / np.sqrt(3), 2 + 4.3027 / np.sqrt(3)), abs=1e-4)


def test_a_curve_of_more_groups_than_rows_is_undefined():
    with pytest.raises(UndefinedMetric, match="10 groups needs as many rows; there are 3"):
        calibration_curve(np.zeros(3), np.arange(3.0), share_interval)
    with pytest.raises(UndefinedMetric, match="use fewer groups"):
        calibration_curve(np.zeros(3), np.arange(3.0), mean_interval, groups=3)
