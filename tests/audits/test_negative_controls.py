"""A leak planted in the embedding is found, and an honest embedding is let pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.negative_controls import audit_controls, predict_control
from outcomenet.errors import UndefinedMetric

SIZES = {"resamples": 200, "permutations": 200, "seed": 0}
PATIENTS = np.array([f"p{i // 2:03d}" for i in range(240)], object)


def cohort(seed: int, leak: float) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    site = np.repeat(rng.integers(0, 3, 120), 2)
    embedding = rng.normal(size=(240, 6))
    embedding[:, 0] += leak * site
    return pd.DataFrame(
        {
            "patient_id": PATIENTS,
            "score": rng.normal(size=240),
            "control_site": 5 + 1.5 * site + rng.normal(size=240),
            "control_none": rng.normal(size=240),
        }
    ), embedding


def test_a_planted_site_leak_is_an_alarm_and_names_the_embedding():
    table, findings = audit_controls(*cohort(0, leak=2.0), **SIZES)
    by_name = {found.audit: found for found in findings}
    assert by_name["control_site"].judgement is Judgement.ALARM
    assert "from the embedding: " in by_name["control_site"].finding
    assert "the hospital leaks into the measure" in by_name["control_site"].finding
    assert by_name["control_none"].judgement is Judgement.PASS
    leaked = table.set_index(["control", "source"]).loc[("control_site", "embedding")]
    # site explains 0.6 of the control's variance, and the embedding 0.73 of the site's
    assert leaked["r2"] == pytest.approx(0.6 * 0.73, abs=0.1)


def test_alarms_without_a_leak_are_as_rare_as_chance():
    judged = [
        found.judgement is Judgement.ALARM
        for seed in range(12)
        for found in audit_controls(*cohort(seed, 0.0), **SIZES)[1]
    ]
    # two sources are tried, each at 2.5 %: 24 findings hold 1.2 false alarms on average
    assert sum(judged) <= 4


def test_an_absent_control_and_too_few_patients_are_said():
    table, embedding = cohort(0, 0.0)
    findings = audit_controls(table.drop(columns="control_none"), embedding, **SIZES)[1]
    assert findings[1].finding == "The cohort has no column control_none."
    with pytest.raises(UndefinedMetric, match="at least 30 patients, there are 10"):
        predict_control(embedding[:20], np.arange(20.0), table["patient_id"][:20], **SIZES)


def test_a_control_that_does_not_vary_cannot_be_predicted():
    table, embedding = cohort(0, 0.0)
    with pytest.raises(UndefinedMetric, match="has one value only, so there is nothing to predict"):
        predict_control(embedding, np.full(240, 5.0), table["patient_id"], **SIZES)
