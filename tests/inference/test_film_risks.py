"""Single films get the network's own risk and, beside it, the one that the run's calibrator makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from outcomenet.inference.film_risks import calibrators_of, film_risks, no_risks
from outcomenet.ladder.calibrators import Calibrators, Isotonic, Platt, write_calibrators
from tests.evaluation.test_biomarker import reading_of

CALIBRATORS = Calibrators(Platt(-1.0, 0.5), Isotonic((0.1, 0.9), (0.2, 0.8)), visits=71, events=9)
OUTCOMES = ("haq", "pain", "progression")


def reading(risk: float):
    return replace(reading_of(np.zeros(1)), outcome={"progression": np.array([risk]), "haq": np.array([1.0])})


def test_both_risks_stand_side_by_side_with_what_the_calibrator_rests_on():
    columns = film_risks(OUTCOMES, reading(0.3), {"progression": CALIBRATORS})
    assert columns["progression_risk"] == pytest.approx(0.3)
    assert columns["progression_risk_calibrated"] == pytest.approx(expit(-1 + 0.5 * logit(0.3)))
    assert columns["progression_risk_calibrator"] == "Platt, 71 validation visits, 9 with the event"
    assert not any(name.startswith(("haq", "pain")) for name in columns)


def test_without_a_calibrator_nothing_is_called_calibrated():
    columns = film_risks(OUTCOMES, reading(0.3), {})
    assert columns["progression_risk"] == pytest.approx(0.3)
    assert np.isnan(columns["progression_risk_calibrated"])
    assert columns["progression_risk_calibrator"].startswith("none: calibration.json")


def test_a_run_without_a_file_of_calibrators_says_that_it_has_none(tmp_path):
    columns = film_risks(OUTCOMES, reading(0.3), calibrators_of(tmp_path, "direct"))
    assert np.isnan(columns["progression_risk_calibrated"])
    assert columns["progression_risk_calibrator"].startswith("none: the run has no calibration.json")


def test_a_film_that_was_not_read_has_the_same_columns_empty():
    nothing = no_risks(OUTCOMES)
    assert list(nothing) == list(film_risks(OUTCOMES, reading(0.3), {}))
    assert np.isnan(nothing["progression_risk"])
    assert no_risks(("haq",)) == {}


def test_calibrators_are_those_of_the_network_that_reads(tmp_path):
    assert calibrators_of(tmp_path, "direct_adjusted") is None
    write_calibrators({"progression": {"direct": CALIBRATORS}}, tmp_path / "calibration.json")
    assert calibrators_of(tmp_path, "direct_adjusted") == {}
    assert calibrators_of(tmp_path, "direct") == {"progression": CALIBRATORS}
