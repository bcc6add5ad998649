"""The effect of a score on HAQ: unbiased when honest, biased when it carries osteoarthritis that is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.effect_bias import audit_bias, bias_finding, calibrated_effect
from outcomenet.audits.findings import Judgement
from outcomenet.errors import UndefinedMetric


def world(leak: float, hidden_leak: float = 0.0, patients: int = 3000) -> pd.DataFrame:
    """HAQ = 1 + 0.5 (rheumatoid + OA + FM) + noise; the score is noisy and carries `leak` x OA, `hidden_leak` x FM part."""
    rng = np.random.default_rng(0)
    oa, fm = (rng.random(patients) < share for share in (0.4, 0.2))
    rheumatoid = rng.normal(size=patients)
    parts = {"ra_part": 0.7 * rheumatoid, "activity_part": 0.3 * rheumatoid, "oa_part": 1.0 * oa, "fm_part": 0.9 * fm}
    expected = 1 + 0.5 * sum(parts.values())
    unrecorded = rng.normal(size=patients)
    return pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(patients)],
            **parts, "covariate_part": 0.0, "expected_haq": expected,
            "haq": expected + 0.5 * rng.normal(size=patients) + hidden_leak * 0.5 * unrecorded,
            "score": 2 * rheumatoid + rng.normal(size=patients) + leak * oa + hidden_leak * unrecorded,
            "age": 55.0 + rng.normal(size=patients), "male": 0.0, "fm": fm.astype(float), "oa": oa.astype(float),
        }
    )  # fmt: skip


def test_slope_over_slope_by_hand():
    # outcome = 3 x exposure, score = 2 x exposure + 1: per unit of exposure 3
    exposure = np.array([0.0, 1.0, 2.0, 4.0])
    effect = calibrated_effect(2 * exposure + 1, exposure, 3 * exposure, np.empty((4, 0)), np.ones(4))
    assert effect == pytest.approx(3.0)


def test_noise_in_an_honest_score_is_no_bias():
    table = audit_bias(world(leak=0.0), resamples=100, seed=0)
    assert table["truth"].to_numpy() == pytest.approx(0.5, abs=1e-6)
    assert table["relative_bias"].abs().max() < 0.1
    assert bias_finding(table, 0.2).judgement is Judgement.PASS


def test_osteoarthritis_in_the_score_is_a_bias_only_where_it_is_left_out():
    rows = audit_bias(world(leak=4.0), resamples=100, seed=0).set_index("adjusted_for")
    assert rows.loc["neither", "lower"] > 0.1
    assert rows.loc["fm", "lower"] > 0.1
    assert abs(rows.loc["oa", "bias"]) < 0.05
    assert abs(rows.loc["fm and oa", "bias"]) < 0.05


def test_a_leak_that_no_adjustment_mends_is_an_alarm():
    found = bias_finding(audit_bias(world(leak=0.0, hidden_leak=2.0), resamples=100, seed=0), 0.2)
    assert found.judgement is Judgement.ALARM
    assert found.finding.startswith("It is not: +")


def test_too_few_patients_are_refused():
    with pytest.raises(UndefinedMetric, match="At least 30 patients are needed, there are 12"):
        audit_bias(world(0.0, patients=12), resamples=10, seed=0)


def test_a_bias_that_nobody_can_judge_is_not_passed():
    table = audit_bias(world(0.0), resamples=50, seed=0)
    with pytest.raises(UndefinedMetric, match=r"too uncertain to say anything: .* 3000 held-out patients are too few"):
        bias_finding(table.assign(lower=-3.0, upper=4.0), 0.2)
