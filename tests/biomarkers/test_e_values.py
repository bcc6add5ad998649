"""E-values, against the numbers that papers print."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.biomarkers.e_values import Effect, e_value
from outcomenet.errors import UndefinedMetric


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        # VanderWeele & Ding, Ann Intern Med 2017;167:268: bottle feeding and death by respiratory infection, E 7.2 and 3.0
        ((3.9, 1.8, 8.7), (7.26, 3.00)),
        # the same paper: maternal breast feeding, a protective ratio
        ((0.80, 0.71, 0.91), (1.81, 1.43)),
        ((1.1, 0.9, 1.3), (1.43, 1.0)),
    ],
)
def test_risk_ratios(numbers, expected):
    assert e_value(*numbers, Effect.RISK_RATIO) == pytest.approx(expected, abs=0.006)


def test_a_standardised_difference_by_hand():
    # d 0.5, s 0.25: RR exp(0.455) = 1.5762, bound exp(0.455 - 0.445) = 1.0101 (VanderWeele & Ding 2017, table 2)
    half = 1.959964 * 0.25
    result = e_value(0.5, 0.5 - half, 0.5 + half, Effect.MEAN_DIFFERENCE)

    assert result.estimate == pytest.approx(1.57617 + np.sqrt(1.57617 * 0.57617), abs=1e-4)
    assert result.bound == pytest.approx(1.01005 + np.sqrt(1.01005 * 0.01005), abs=1e-4)
    turned = e_value(-0.5, -0.5 - half, -0.5 + half, Effect.MEAN_DIFFERENCE)
    assert turned == pytest.approx(result)


def test_ratios_of_common_outcomes_are_shrunk_first():
    assert e_value(4.0, 2.25, 9.0, Effect.ODDS_RATIO_COMMON) == pytest.approx(e_value(2.0, 1.5, 3.0, Effect.RISK_RATIO))
    assert e_value(4.0, 2.25, 9.0, Effect.ODDS_RATIO_RARE) == pytest.approx(e_value(4.0, 2.25, 9.0, Effect.RISK_RATIO))
    # (1 - 0.5^sqrt 4) / (1 - 0.5^(1/2)) = 0.75 / 0.29289
    ratio = 0.75 / (1 - 0.5**0.5)
    assert e_value(4.0, 1.0, 9.0, Effect.HAZARD_RATIO_COMMON).estimate == pytest.approx(
        ratio + np.sqrt(ratio * (ratio - 1))
    )


def test_impossible_numbers_are_refused():
    with pytest.raises(UndefinedMetric, match="does not hold its estimate"):
        e_value(2.0, 2.5, 3.0, Effect.RISK_RATIO)
    with pytest.raises(UndefinedMetric, match="risk ratio lies above 0"):
        e_value(2.0, -1.0, 3.0, Effect.RISK_RATIO)
