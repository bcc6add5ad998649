"""Hospitals and subgroups: means that are off are found, and too few patients get no number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.sites import audit_sites, r2_recalibrated, sites_finding
from outcomenet.audits.subgroups import subgroup_metrics, subgroups_finding, subgroups_of
from outcomenet.errors import UndefinedMetric

RNG = np.random.default_rng(5)
TRUTH = RNG.normal(1.1, 0.6, 200)
PATIENTS = [f"p{i // 2:03d}" for i in range(200)]
SITE = np.where(np.arange(200) < 90, "A", np.where(np.arange(200) < 180, "B", "C"))
RESAMPLED = {"resamples": 200, "seed": 0}


def predictions(off_at_b: float) -> pd.DataFrame:
    said = TRUTH + 0.2 * RNG.normal(size=200) - off_at_b * (SITE == "B")
    return pd.DataFrame(
        {
            "patient_id": PATIENTS, "visit_id": [f"V{i % 2}" for i in range(200)], "site": SITE, "split": "test",
            "predictor": "direct_adjusted", "learned_at": "all sites", "outcome": "haq", "horizon": 0,
            "prediction": said, "target": TRUTH, "observed": True,
        }
    )  # fmt: skip


def test_r2_after_recalibration_is_the_squared_correlation():
    target, said = np.array([1.0, 2.0, 4.0]), np.array([30.0, 10.0, 20.0])
    expected = np.corrcoef(target, said)[0, 1] ** 2
    assert r2_recalibrated(target, said, np.ones((1, 3)))[0] == pytest.approx(expected)


@pytest.mark.parametrize(("off", "judgement"), [(0.5, Judgement.ALARM), (0.0, Judgement.PASS)])
def test_a_hospital_that_is_off_on_average_is_named(off, judgement):
    table = audit_sites(predictions(off), **RESAMPLED)
    found = sites_finding(table)
    assert found.judgement is judgement
    assert ("direct_adjusted at B (all sites) by +0.5" in found.finding) is (off > 0)
    assert "Networks were not trained again" in found.finding
    rows = table.set_index(["site", "metric"])["value"]
    assert rows["B", "r2_recalibrated"] > 0.8
    assert rows["B", "calibration_intercept"] == pytest.approx(off, abs=0.1)
    assert "too few patients" in table.loc[table["site"] == "C", "metric"].tolist()


def test_what_leaving_a_hospital_out_costs_is_told():
    own = predictions(0.0)
    other = own.assign(learned_at="other sites", prediction=own["prediction"] * 0.5 + 0.55)
    sentence = sites_finding(audit_sites(pd.concat([own, other]), **RESAMPLED)).finding
    assert "of R² is lost" in sentence


def test_one_hospital_cannot_be_compared():
    with pytest.raises(UndefinedMetric, match="Fewer than two hospitals"):
        sites_finding(audit_sites(predictions(0.0).query("site == 'A'"), **RESAMPLED))


def visits() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": PATIENTS, "visit_id": [f"V{i % 2}" for i in range(200)], "site": SITE,
            "male": (np.arange(200) < 12).astype(float), "age": np.linspace(40, 69, 200), "duration": 3.0,
            "rf": np.nan, "svdh_total": np.arange(200.0),
        }
    )  # fmt: skip


def test_subgroups_are_those_of_the_field():
    groups = subgroups_of(visits())
    assert groups["women"].sum() == 188
    assert groups["age under 50"].sum() + groups["age 50 to 64"].sum() + groups["age 65 and over"].sum() == 200
    assert groups["hospital C"].sum() == 20
    assert [groups[f"human total: {third} third"].sum() for third in ("lowest", "middle", "highest")] == [67, 66, 67]
    assert groups["RF positive"].sum() == 0


def test_a_small_subgroup_has_a_reason_and_no_number():
    limits = {"least_visits": 30, "least_patients": 15}
    rows, reasons = subgroup_metrics(predictions(0.5), visits(), **limits, **RESAMPLED)
    assert rows.loc[rows["subgroup"] == "men", "value"].isna().all()
    assert (rows.loc[rows["subgroup"] == "women", ["value", "lower", "upper"]].notna()).all(axis=None)
    assert reasons["reason"].str.contains("Subgroup 'men' has 12 visits of 6 patients").any()
    assert "all" not in set(rows["subgroup"])
    found = subgroups_finding(rows, "direct_adjusted", "haq")
    assert found.judgement is Judgement.ALARM
    assert "hospital B by +0.49" in found.finding or "hospital B by +0.5" in found.finding
    assert "too small for a number" in found.finding


def test_no_subgroup_large_enough_is_refused():
    limits = {"least_visits": 3000, "least_patients": 15}
    rows, _ = subgroup_metrics(predictions(0.0), visits(), **limits, **RESAMPLED)
    with pytest.raises(UndefinedMetric, match="No subgroup has enough"):
        subgroups_finding(rows, "direct_adjusted", "haq")
