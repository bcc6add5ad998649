"""Smallest detectable values, standardised response means and limits of agreement."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import difference_sums, limits_of_sums
from outcomenet.metrics.detectable import smallest_detectable_change, smallest_detectable_difference
from outcomenet.metrics.resampling import bootstrap_weights, expanded_level, percentile_interval
from outcomenet.metrics.responsiveness import compare_response_means, response_mean, standardised_response_mean

# differences of the two readers: 2, -2, 0, so that their SD is 2
READ = np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
# Bland & Altman, Lancet 1986, table 1: peak flow of 17 people by the Wright and the mini Wright meter, first readings
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float)

RNG = np.random.default_rng(2)
CHANGE = RNG.normal(1.7, 5.0, 150)
BLURRED = CHANGE + RNG.normal(0, 5.0, 150)
WEIGHTS = bootstrap_weights(pd.Series([f"p{i}" for i in range(150)]), 400, seed=0)


def test_smallest_detectable_values_by_hand():
    assert smallest_detectable_change(READ) == pytest.approx(1.96 * 2 / (2**0.5 * 2**0.5))
    assert smallest_detectable_change(READ, level=0.80) == pytest.approx(1.28)
    assert smallest_detectable_difference(READ) == pytest.approx(1.96 * 2 / 2**0.5)
    assert smallest_detectable_difference(READ, averaged=1, level=0.80) == pytest.approx(2.56)


def test_a_third_reader_makes_smaller_changes_detectable():
    assert smallest_detectable_change(READ, averaged=3) == pytest.approx(1.96 * 2 / 6**0.5)


def test_smallest_detectable_values_are_refused_with_the_reason():
    with pytest.raises(UndefinedMetric, match=r"defined at 0.95, 0.8; got 0.9\."):
        smallest_detectable_change(READ, level=0.9)
    with pytest.raises(UndefinedMetric, match="got 3 patients x 3 readers. Take the patients that both read"):
        smallest_detectable_difference(np.ones((3, 3)))


def test_response_mean_of_espoir():
    # ESPOIR: change in a year 1.7 with an SD of 5.0, SRM 0.34
    standard = (CHANGE - CHANGE.mean()) / CHANGE.std(ddof=1)
    result = standardised_response_mean(1.7 + 5.0 * standard, WEIGHTS)
    assert result.value == pytest.approx(0.34)
    # the SE of a mean of 150 in SDs is 0.0816; that the SD is estimated too adds little at 0.34
    assert (result.upper - result.lower) / (2 * 1.96) == pytest.approx(0.084, abs=0.01)


def test_response_mean_of_a_resample_is_that_of_rows_repeated():
    for row in range(1, 4):
        drawn = np.repeat(CHANGE, WEIGHTS[row].astype(int))
        assert response_mean(CHANGE, WEIGHTS)[row] == pytest.approx(drawn.mean() / drawn.std(ddof=1))


def test_the_noisier_of_two_measures_sees_less_change():
    result = compare_response_means(CHANGE, BLURRED, WEIGHTS)
    assert result.value == pytest.approx(response_mean(CHANGE, WEIGHTS)[0] - response_mean(BLURRED, WEIGHTS)[0])
    assert result.lower < result.value < result.upper
    assert compare_response_means(CHANGE, 3 * CHANGE, WEIGHTS) == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_pairing_makes_the_comparison_sharper():
    shuffled = compare_response_means(CHANGE, RNG.permutation(BLURRED), WEIGHTS)
    paired = compare_response_means(CHANGE, BLURRED, WEIGHTS)
    assert paired.upper - paired.lower < shuffled.upper - shuffled.lower


def test_the_same_change_in_everybody_has_no_response_mean():
    with pytest.raises(UndefinedMetric, match="all patients change by the same amount"):
        standardised_response_mean(np.ones(150), WEIGHTS)


def test_limits_of_agreement_of_peak_flow_are_the_published_ones():
    weights = bootstrap_weights(pd.Series([f"p{i:02d}" for i in range(17)]), 20000, seed=0)
    result = limits_of_sums(weights @ difference_sums(WRIGHT, MINI))
    assert result.bias[0] == pytest.approx(-2.1, abs=0.05)
    assert result.sd[0] == pytest.approx(38.8, abs=0.05)
    assert (result.lower_limit[0], result.upper_limit[0]) == pytest.approx(
        (-2.12 - 1.96 * 38.77, -2.12 + 1.96 * 38.77), abs=0.05
    )
    # their interval of the bias, by Student's t; a plain percentile interval of 17 people is a tenth narrower
    assert percentile_interval(result.bias[1:], expanded_level(17)) == pytest.approx((-22.0, 17.8), abs=1.5)


def test_limits_of_a_resample_are_those_of_rows_repeated():
    weights = np.array([[2.0, 0.0, 1.0, 3.0]])
    first, second = np.array([3.0, 2.0, 4.0, 1.0]), np.array([1.0, 2.0, 3.0, 1.0])
    drawn = np.repeat(first - second, weights[0].astype(int))
    result = limits_of_sums(weights @ difference_sums(first, second))
    assert result.bias[0] == pytest.approx(drawn.mean())
    assert result.upper_limit[0] == pytest.approx(drawn.mean() + 1.96 * drawn.std(ddof=1))


def test_one_pair_has_a_difference_but_no_limits():
    result = limits_of_sums(difference_sums(np.array([3.0]), np.array([1.0])))
    assert result.bias[0] == 2
    assert np.isnan(result.upper_limit[0])


def test_a_smallest_detectable_value_has_the_levels_of_its_papers_and_two_readers():
    scores = np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]])
    with pytest.raises(UndefinedMetric, match=r"is defined at 0\.95, 0\.8; got 0\.9"):
        smallest_detectable_change(scores, level=0.9)
    with pytest.raises(UndefinedMetric, match="got 3 patients x 1 readers. Take the patients that both read"):
        smallest_detectable_difference(scores[:, :1])
