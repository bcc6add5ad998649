"""The film's score and the human total on equal terms, in words."""

from __future__ import annotations

import pandas as pd

from outcomenet.reports.equal_terms import equal_adjustment, recalibrated_risks


def test_a_gain_at_equal_adjustment_is_named_with_its_interval():
    nested = pd.DataFrame(
        {
            "adjusted_for": ["none", "all"], "outcome": "haq", "horizon": 0, "metric": "r2",
            "predictor": "direct_adjusted", "reference": "human_total", "difference": [0.2, 0.01],
            "lower": [0.1, -0.05], "upper": [0.3, 0.06], "n": 264, "lower_margin": 0.001,
            "upper_margin": 0.001,
        }
    )  # fmt: skip
    first, second = equal_adjustment(nested).rows
    assert first.cells[1] == "none"
    assert "0.200 (0.100 to 0.300)" in first.cells[3]
    assert [first.cells[-1], second.cells[-1]] == ["first better", "no difference shown"]


def test_recalibrated_risks_name_their_calibrator():
    recalibration = pd.DataFrame(
        {
            "predictor": "direct", "outcome": "progression", "horizon": 365, "calibrator": ["none", "platt"],
            "metric": "calibration_slope", "value": [1.7, 1.0], "lower": [0.9, 0.6], "upper": [2.8, 1.5], "n": 126,
            "events": 14,
        }
    )  # fmt: skip
    rows = recalibrated_risks(recalibration).rows
    assert [row.cells[1] for row in rows] == ["as predicted", "Platt"]
    assert rows[0].cells[3] == "1.70 (0.90 to 2.80)"
