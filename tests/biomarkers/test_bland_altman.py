"""Limits of agreement and kappas of readers. Recorded numbers: R 4.2.2, psych 2.2.9 (tests/biomarkers/r/readings.R)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.bland_altman import limits_of_agreement
from outcomenet.biomarkers.grade_agreement import grade_agreement
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Layout

READINGS = pd.read_csv(Path(__file__).parent / "r" / "readings.csv")
TWO = READINGS[READINGS["reader"] != "reader 3"]


def test_limits_are_those_of_r():
    found = limits_of_agreement(TWO, value="total", reading="reader", resamples=300).estimates

    assert found["estimate"].tolist() == pytest.approx(
        [-1.8450000000, -10.0469900247, 6.3569900247, -0.1950000000, -10.2440178706, 9.8540178706], abs=1e-9
    )
    assert found["term"].tolist()[0] == "bias of status, reader 1 minus reader 2"
    assert (found["lower"] < found["estimate"]).all()
    assert (found["estimate"] < found["upper"]).all()
    assert found["n_patients"].tolist() == [40] * 6
    assert found["n_visits"].tolist() == [80] * 3 + [40] * 3


def test_the_plot_shows_status_and_change_in_both_layouts():
    section = limits_of_agreement(TWO, value="total", reading="reader", resamples=50, titles={"total": "Score"})
    page, phone = (section.draws[0](layout=layout) for layout in Layout)

    assert page.data.groupby("what").size().to_dict() == {"change": 40, "status": 80}
    assert [axis.get_title(loc="left") or axis.get_title() for axis in page.figure.axes] == [
        "Score: status",
        "Score: change",
    ]
    assert phone.figure.get_figwidth() == Layout.PHONE.value
    assert section.sentences[0].startswith("Score: two readings of a film differ by \N{MINUS SIGN}1.8")


def test_every_pair_of_readers_has_limits():
    terms = limits_of_agreement(READINGS, value="total", reading="reader", resamples=0).estimates["term"]

    assert [term for term in terms if term.startswith("bias of status")] == [
        "bias of status, reader 1 minus reader 2",
        "bias of status, reader 1 minus reader 3",
        "bias of status, reader 2 minus reader 3",
    ]


def test_one_reading_has_no_limits():
    with pytest.raises(UndefinedMetric, match="has 1 readings"):
        limits_of_agreement(TWO[TWO["reader"] == "reader 1"], value="total", reading="reader")


def test_kappa_is_that_of_r_and_keeps_patients_together():
    found = grade_agreement(TWO, grade="grade", reader="reader", resamples=400).estimates
    copied = pd.concat([TWO.assign(visit_id=TWO["visit_id"] + 10 * k) for k in range(4)])
    again = grade_agreement(copied, grade="grade", reader="reader", resamples=400).estimates

    assert found["estimate"].iloc[[0, 2]].tolist() == pytest.approx([0.8112338858, 0.4128748165], abs=1e-9)
    assert again["lower"].iloc[0] == pytest.approx(found["lower"].iloc[0], abs=0.02)
    assert found["term"].iloc[0] == "kappa, quadratic weights, reader 1 and reader 2"


def test_joints_are_targets_and_one_grade_is_undefined():
    joints = pd.concat([TWO.assign(joint=joint) for joint in ("MCP2", "MCP3")])
    found = grade_agreement(joints, grade="grade", reader="reader", target=("visit_id", "joint"), resamples=0).estimates
    flat = grade_agreement(TWO.assign(grade=1), grade="grade", reader="reader", resamples=20).estimates

    assert found["n_visits"].iloc[0] == 160
    assert np.isnan(flat["estimate"]).all()
    assert "one single grade throughout" in flat["note"].iloc[0]
    with pytest.raises(UndefinedMetric, match="No two readers"):
        grade_agreement(TWO[TWO["reader"] == "reader 1"], grade="grade", reader="reader")
