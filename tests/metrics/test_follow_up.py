"""Concordance, AUC at a day and Brier scores under censoring: scikit-survival's numbers, lifelines, hand calculations."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import harrell_c, uno_c
from outcomenet.metrics.follow_up import censoring_curve, time_and_event
from outcomenet.metrics.risk_over_time import auc_at, brier_at, integrated_brier

ONES = np.ones((1, 80))
DAYS = np.array([100.0, 200.0, 300.0, 400.0])
# times 1e 2c 3e 4c: censoring survives with 2/3 after day 2 and 0 after day 4
HAND_TIME, HAND_EVENT = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
HAND_RISK = np.array([0.8, 0.5, 0.1, 0.2])
FOUR = np.ones((1, 4))


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """80 rows, 48 of them events: times without ties, risks with."""
    rng = np.random.default_rng(11)
    risk = np.round(rng.normal(0, 1, 80), 1)
    event_time = rng.exponential(400 * np.exp(-0.7 * risk))
    censored = rng.uniform(50, 900, 80)
    return np.minimum(event_time, censored), event_time <= censored, risk


TIME, EVENT, RISK = sample()
# each row's risk of the event by each of the days
BY_DAY = 1 - np.exp(-np.outer(np.exp(0.7 * RISK), DAYS / 400))

# scikit-survival 0.28.0 in an environment of its own (it is under the GPL and no part of this package), on this sample:
#   y = sksurv.util.Surv.from_arrays(event, time)
#   concordance_index_censored(event, time, risk)[0]; concordance_index_ipcw(y, y, risk, tau=400.0)[0]
#   cumulative_dynamic_auc(y, y, risk, days)[0]
#   brier_score(y, y, 1 - by_day, days)[1]; integrated_brier_score(y, y, 1 - by_day, days)
HARRELL, UNO = 0.6243858865564984, 0.6359367082078248
AUC = [0.66992071, 0.67100627, 0.6991408, 0.71621439]
BRIER = [0.17765168, 0.21687042, 0.21852265, 0.22213588]
INTEGRATED = 0.21176228332238267


def test_concordance_is_that_of_scikit_survival():
    assert harrell_c(TIME, EVENT, RISK, ONES)[0] == pytest.approx(HARRELL)
    assert uno_c(TIME, EVENT, RISK, ONES, tau=400.0)[0] == pytest.approx(UNO)


def test_auc_at_a_day_is_that_of_scikit_survival():
    assert [auc_at(TIME, EVENT, RISK, ONES, day)[0] for day in DAYS] == pytest.approx(AUC, abs=1e-8)


def test_brier_scores_are_those_of_scikit_survival():
    found = [brier_at(TIME, EVENT, BY_DAY[:, i], ONES, day)[0] for i, day in enumerate(DAYS)]
    assert found == pytest.approx(BRIER, abs=1e-8)
    assert integrated_brier(TIME, EVENT, BY_DAY, ONES, DAYS)[0] == pytest.approx(INTEGRATED)


def test_concordance_with_tied_times_equals_lifelines():
    tied = TIME.round(-2)
    theirs = concordance_index(tied, -RISK, EVENT)  # lifelines scores live longer
    assert harrell_c(tied, EVENT, RISK, ONES)[0] == pytest.approx(theirs, abs=1e-9)


def test_unos_weights_come_from_the_censoring_distribution():
    # G(1-) = 1, G(3-) = 2/3; pairs of row 1: three at weight 1, pairs of row 3: one at weight 9/4
    assert censoring_curve(HAND_TIME, HAND_EVENT).before(HAND_TIME) == pytest.approx([1, 1, 2 / 3, 2 / 3])
    # the first row right three times, the third wrong
    assert uno_c(HAND_TIME, HAND_EVENT, HAND_RISK, FOUR, tau=10.0)[0] == pytest.approx(3 / (3 + 9 / 4))


def test_the_censoring_curve_is_lifelines_for_censoring_times():
    km = KaplanMeierFitter().fit(TIME, ~EVENT)
    at = np.array([10.0, 120.0, 333.0, 600.0])
    assert censoring_curve(TIME, EVENT).through(at) == pytest.approx(km.predict(at).to_numpy())
    of_events = KaplanMeierFitter().fit(TIME, EVENT).predict(at).to_numpy()
    assert np.abs(of_events - km.predict(at).to_numpy()).max() > 0.05  # taking the events' curve would be seen


def test_who_has_the_event_on_a_day_cannot_be_censored_on_it():
    # days 1e 1c 2c: one of two is censored on day 1, not one of three; lifelines says so when censoring comes a bit later
    time, event = np.array([1.0, 1.0, 2.0]), np.array([True, False, False])
    curve = censoring_curve(time, event)
    assert curve.survival.tolist() == [0.5, 0.0]
    theirs = KaplanMeierFitter().fit(time + 1e-6 * ~event, ~event)
    assert curve.through(np.array([1.5])) == pytest.approx([theirs.predict(1.5)])


def test_auc_at_a_day_by_hand():
    # day 3: cases are row 1 at weight 1 and row 3 at 3/2, the control is row 4: the first ranked right, the third wrong
    assert auc_at(HAND_TIME, HAND_EVENT, HAND_RISK, FOUR, 3.0)[0] == pytest.approx(1 / (1 + 3 / 2))
    assert auc_at(HAND_TIME, HAND_EVENT, -HAND_RISK, FOUR, 3.0)[0] == pytest.approx(1 - 1 / (1 + 3 / 2))


def test_brier_at_a_day_by_hand_counts_who_is_censored_on_the_very_day():
    # (1 - .8)^2, nothing for the row censored on day 2, 3/2 (1 - .1)^2, and row 4 at 3/2 .2^2: on day 3 it comes later,
    # on day 4 it was seen without the event, for which it had to be uncensored up to day 3 only
    expected = (0.2**2 + 1.5 * 0.9**2 + 1.5 * 0.2**2) / 4
    assert brier_at(HAND_TIME, HAND_EVENT, HAND_RISK, FOUR, 3.0)[0] == pytest.approx(expected)
    assert brier_at(HAND_TIME, HAND_EVENT, HAND_RISK, FOUR, 4.0)[0] == pytest.approx(expected)


def test_a_resample_counts_rows_as_often_as_they_were_drawn():
    weights = np.array([[2.0, 0.0, 1.0, 1.0], [0.0, 2.0, 0.0, 2.0]])
    auc = auc_at(HAND_TIME, HAND_EVENT, HAND_RISK, weights, 3.0)
    assert auc[0] == pytest.approx(2 / (2 + 3 / 2))
    assert np.isnan(auc[1])  # no event was drawn
    assert brier_at(HAND_TIME, HAND_EVENT, HAND_RISK, weights, 3.0)[1] == pytest.approx(2 * 1.5 * 0.2**2 / 4)


def test_a_day_that_nobody_was_followed_to_is_an_error():
    with pytest.raises(UndefinedMetric, match="Nobody was followed to day 5; the longest follow-up is 4 days"):
        brier_at(HAND_TIME, HAND_EVENT, HAND_RISK, FOUR, 5.0)


def few_left() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """40 rows, one censored on each day but for an event on day 5 and one on day 38, when three rows are left."""
    time = np.arange(1.0, 41.0)
    return time, np.isin(time, (5.0, 38.0)), np.where(time == 5, 9.0, np.where(time == 38, 0.0, 1.0))


def test_events_with_under_a_tenth_left_open_no_pair_of_unos():
    time, event, risk = few_left()
    # the pairs of day 38 would weigh (1 / G)^2, over a hundred each, and are all wrong; those of day 5 are all right
    assert censoring_curve(time, event).before(np.array([38.0]))[0] < 0.1
    assert uno_c(time, event, risk, np.ones((1, 40)), tau=100.0)[0] == 1.0
    assert harrell_c(time, event, risk, np.ones((1, 40)))[0] == pytest.approx(35 / 37)


def test_a_day_with_under_a_tenth_left_is_an_error():
    time, event, risk = few_left()
    with pytest.raises(UndefinedMetric, match="3 of 40 rows were followed to day 38, under a tenth"):
        auc_at(time, event, risk, np.ones((1, 40)), 38.0)
    assert np.isfinite(auc_at(time, event, risk, np.ones((1, 40)), 37.0))


def test_an_integral_needs_rising_days():
    with pytest.raises(UndefinedMetric, match=r"two or more rising days; got \[3.0, 1.0\]"):
        integrated_brier(HAND_TIME, HAND_EVENT, np.zeros((4, 2)), FOUR, np.array([3.0, 1.0]))


def test_events_are_dated_to_the_first_film_with_them():
    time, event = time_and_event(np.array([0.0, 300.0]), np.array([360.0, np.inf]))
    assert time.tolist() == [360.0, 300.0]
    assert event.tolist() == [True, False]
