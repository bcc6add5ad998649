"""Recalibrated risks: against scikit-learn and statsmodels, and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from outcomenet.errors import DataRefused
from outcomenet.ladder.calibrators import (
    Isotonic,
    Platt,
    fit_calibrators,
    fit_isotonic,
    fit_platt,
    read_calibrators,
    write_calibrators,
)
from outcomenet.ladder.recalibration import recalibrate


@pytest.fixture
def overconfident() -> tuple[np.ndarray, np.ndarray]:
    """Risks twice as far from 1/2 on the logit scale as they should be, and too high."""
    rng = np.random.default_rng(0)
    truth = rng.normal(-0.5, 1.0, 3000)
    return (rng.random(3000) < expit(truth)).astype(float), expit(2 * truth + 1.5)


def test_platt_is_the_logistic_regression_of_another_package(overconfident):
    import statsmodels.api as sm

    target, risk = overconfident
    oracle = sm.Logit(target, sm.add_constant(logit(risk))).fit(disp=0).params
    found = fit_platt(target, risk)
    assert (found.intercept, found.slope) == pytest.approx(tuple(oracle), abs=1e-5)
    assert found.slope == pytest.approx(0.5, abs=0.05)


def test_platt_worked_by_hand():
    assert Platt(1.0, 2.0).apply(np.array([0.5])) == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert Platt(0.0, 1.0).apply(np.array([0.2, 0.9])) == pytest.approx([0.2, 0.9])


def test_isotonic_interpolates_as_another_package_does(overconfident):
    from sklearn.isotonic import IsotonicRegression

    target, risk = overconfident
    new = np.quantile(risk, np.linspace(0.1, 0.9, 500))  # between the ends, which are drawn in
    oracle = IsotonicRegression(out_of_bounds="clip").fit(risk, target).predict(new)
    assert fit_isotonic(target, risk).apply(new) == pytest.approx(oracle)


def test_isotonic_pools_violators_and_never_says_never():
    # targets 0, 1, 0, 1 at rising risks: the middle two are pooled to 1/2; ends drawn in to 1/4 and 3/4
    found = fit_isotonic(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert found == Isotonic((0.1, 0.2, 0.3, 0.4), (0.25, 0.5, 0.5, 0.75))
    assert found.apply(np.array([0.0, 0.15, 1.0])) == pytest.approx([0.25, 0.375, 0.75])


def test_calibrators_survive_their_file(tmp_path, overconfident):
    made = {"progression": {"direct": fit_calibrators(*overconfident)}}
    write_calibrators(made, tmp_path / "calibration.json")
    assert read_calibrators(tmp_path / "calibration.json") == made


def test_too_few_events_are_counted():
    target = np.array([1.0] * 4 + [0.0] * 50)
    with pytest.raises(DataRefused, match="without the event; there are 4 and 50"):
        fit_calibrators(target, np.linspace(0.1, 0.9, 54))


def test_a_risk_that_separates_has_no_line():
    with pytest.raises(DataRefused, match="no finite slope on 4 visits"):
        fit_platt(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.7, 0.8]))


def weak(falling: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """8 events and 52 non-events whose risk falls with the event."""
    risk = np.linspace(0.05, 0.4, 60)
    target = np.isin(np.arange(60), [0, 3, 7, 11, 14, 20, 30, 41]).astype(float)
    return target, risk if falling else risk[::-1]


def test_a_risk_that_falls_with_the_event_has_no_calibrator():
    with pytest.raises(DataRefused, match=r"slope -\d.* on 60 visits: the risk does not rise with the event"):
        fit_platt(*weak())
    assert fit_platt(*weak(falling=False)).slope > 0


def test_a_network_whose_risk_falls_with_the_event_is_noted():
    target, risk = (np.tile(values, 2) for values in weak())  # the first half is validation
    found = recalibrate(predictions(target, risk), resamples=10, seed=0)
    assert not found.calibrators
    assert found.risks.empty
    (note,) = found.notes
    assert "is not recalibrated: Platt's line has the slope -" in note


def predictions(target: np.ndarray, risk: np.ndarray) -> pd.DataFrame:
    n = len(target)
    return pd.DataFrame(
        {
            "predictor": "direct_adjusted", "outcome": "progression", "horizon": 365,
            "patient_id": [f"P{i}" for i in range(n)], "visit_id": "V0", "prediction": risk, "target": target,
            "observed": True, "split": np.where(np.arange(n) < n // 2, "validation", "test"),
        }
    )  # fmt: skip


def test_calibration_is_better_afterwards_and_the_order_of_patients_stays(overconfident):
    found = recalibrate(predictions(*overconfident), resamples=50, seed=0)
    slope = found.quality.query("metric == 'calibration_slope'").set_index("calibrator")["value"]
    intercept = found.quality.query("metric == 'calibration_intercept'").set_index("calibrator")["value"]
    assert slope["none"] == pytest.approx(0.5, abs=0.1)
    assert slope["platt"] == pytest.approx(1, abs=0.25)
    assert abs(intercept["platt"]) < 0.2 < abs(intercept["none"])
    brier = found.quality.query("metric == 'brier'").set_index("calibrator")["value"]
    assert max(brier["platt"], brier["isotonic"]) < brier["none"]
    assert found.risks["none"].rank().equals(found.risks["platt"].rank())


def test_held_out_events_do_not_move_the_calibrators(overconfident):
    table = predictions(*overconfident)
    other = table.assign(target=np.where(table["split"] == "test", 1 - table["target"], table["target"]))
    first, second = (recalibrate(rows, resamples=10, seed=0) for rows in (table, other))
    assert first.calibrators == second.calibrators
    assert first.risks["platt"].equals(second.risks["platt"])


def test_a_network_without_enough_validation_events_is_noted(overconfident):
    target, risk = overconfident
    table = predictions(target[:40], risk[:40])
    table = table[(table["split"] == "test") | (table["target"] == 0)]
    found = recalibrate(table, resamples=10, seed=0)
    assert not found.calibrators
    assert found.risks.empty
    assert found.notes[0].startswith(
        "direct_adjusted for Rapid radiographic progression within a year (0.75 to 1.25 years) is not recal"
    )
