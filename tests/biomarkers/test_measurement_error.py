"""Slopes under measurement error, against the formula of attenuation, against R and against a simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.measurement_error import measurement_error
from outcomenet.biomarkers.simex import ADDED, extrapolated
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Layout
from tests.biomarkers.association_table import visits


def _noisy(patients: int, seed: int, sem: float = 0.8) -> pd.DataFrame:
    """HAQ rises by 0.5 per unit of the true score, and the covariate shares half of the true score."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=patients)
    true = 0.7 * z + 0.7 * rng.normal(size=patients)
    table = pd.DataFrame({"patient_id": range(patients), "z": z, "true": true})
    table["score"] = true + sem * rng.normal(size=patients)
    return table.assign(haq=0.5 * true + 0.3 * z + 0.5 * rng.normal(size=patients), sem=sem)


def _estimates(section) -> pd.Series:
    return section.estimates.set_index("term")["estimate"]


def test_slopes_are_those_of_r():
    table = visits()
    section = measurement_error(
        table, score="score", outcome="haq", covariates=["age"], sem=0.5, remeasurements=2000, resamples=2
    )
    slopes = _estimates(section) / table["score"].std()

    # measurement_error.R, R 4.2.2: lm, its slope corrected by moments, and SIMEX of 4,000 draws written out with lm
    assert slopes["as observed"] == pytest.approx(0.381368778655, abs=1e-9)
    assert slopes["regression calibration"] == pytest.approx(0.463347777627, abs=1e-9)
    assert slopes["SIMEX, quadratic"] == pytest.approx(0.4523053351, abs=2e-3)
    assert slopes["SIMEX, cubic"] == pytest.approx(0.4607158599, abs=4e-3)


def test_simex_of_the_exact_slopes_by_hand():
    # a slope of 1 whose variance is half error: 1 / (1 + (1 + k)) at k; Carroll's extrapolant would give 1 at k = -1
    exact = np.array([[1 / (2 + k) for k in ADDED]])
    quadratic, cubic = extrapolated(exact, 2)[0], extrapolated(exact, 3)[0]

    assert quadratic == pytest.approx(np.polyval(np.polyfit(ADDED, exact[0], 2), -1.0))
    assert exact[0, 0] < quadratic < cubic < 1.0
    # a line loses nothing
    assert extrapolated(np.array([[2 - k for k in ADDED]]), 3)[0] == pytest.approx(3.0)


def test_the_truth_of_a_simulated_score_comes_back():
    table = _noisy(20_000, seed=1)
    section = measurement_error(table, score="score", outcome="haq", covariates=["z"], sem="sem", resamples=20)
    slopes = _estimates(section) / table["score"].std()

    # given z the true score has variance 0.49, the error 0.64: the slope falls by 0.49 / 1.13
    assert slopes["as observed"] == pytest.approx(0.5 * 0.49 / 1.13, abs=0.01)
    assert slopes["regression calibration"] == pytest.approx(0.5, abs=0.02)
    assert slopes["as observed"] < slopes["SIMEX, quadratic"] < slopes["SIMEX, cubic"] < 0.5
    assert _estimates(section)["reliability, covariates given"] == pytest.approx(0.49 / 1.13, abs=0.01)


def test_intervals_cover_the_truth():
    covered = 0
    for seed in range(40):
        table = _noisy(150, seed, sem=0.4)
        section = measurement_error(
            table, score="score", outcome="haq", covariates=["z"], sem=0.4, resamples=200, remeasurements=20
        )
        row = section.estimates.set_index("term").loc["regression calibration"]
        covered += bool(row["lower"] < 0.5 * table["score"].std() < row["upper"])
    assert covered >= 35  # of 40 at 95 %


def test_a_perfect_score_needs_no_correction():
    table = _noisy(200, seed=2)
    slopes = _estimates(measurement_error(table, score="score", outcome="haq", reliability=1.0, resamples=20))
    assert slopes["regression calibration"] == pytest.approx(slopes["as observed"])
    assert slopes["SIMEX, cubic"] == pytest.approx(slopes["as observed"])


def test_a_sem_of_few_degrees_of_freedom_widens_the_interval():
    table = _noisy(400, seed=3)
    known, guessed = (
        measurement_error(table, score="score", outcome="haq", sem=0.5, sem_freedom=freedom, resamples=300)
        for freedom in (None, 8)
    )
    width = [of.estimates.set_index("term").eval("upper - lower")["regression calibration"] for of in (known, guessed)]
    assert width[1] > 1.3 * width[0]


def test_an_error_that_may_be_all_of_the_spread_leaves_no_interval_and_says_so():
    section = measurement_error(
        _noisy(200, seed=3), score="score", outcome="haq", sem=0.9, sem_freedom=3, resamples=100
    )
    row = section.estimates.set_index("term").loc["regression calibration"]

    assert np.isfinite(row["estimate"])
    assert np.isnan(row["upper"])
    assert "the error may be all of the score's spread" in row["note"]


def test_the_sentence_says_that_regression_calibration_is_for_linear_models():
    section = measurement_error(_noisy(200, seed=2), score="score", outcome="haq", reliability=0.7, resamples=50)
    assert "regression calibration, which holds in linear models only" in section.sentences[0]
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.name == "measurement_error_haq"


def test_a_yes_no_outcome_is_refused():
    table = _noisy(60, seed=2).assign(haq=lambda of: (of["haq"] > 0) * 1.0)
    with pytest.raises(UndefinedMetric, match="of a line on a scale"):
        measurement_error(table, score="score", outcome="haq", reliability=0.8)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({}, "Give either"),
        ({"sem": 0.1, "reliability": 0.9}, "Give either"),
        ({"sem": -0.1}, "0 or more, not -0.1"),
        ({"sem": 5.0}, "more than the spread"),
        ({"reliability": 1.2}, "1.2 does not"),
        ({"sem": "semm"}, "Did you mean sem"),
    ],
)
def test_an_impossible_error_is_one_sentence(error, sentence):
    with pytest.raises(UndefinedMetric, match=sentence):
        measurement_error(_noisy(60, seed=2), score="score", outcome="haq", resamples=10, **error)
