"""Contributions set beside the true joints: those that follow are counted, and those that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from outcomenet.anatomy import JOINTS
from outcomenet.audits.findings import Judgement
from outcomenet.audits.joint_truth import audit_joint_truth, joint_truth_finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.correlation import weighted_rank_correlation

RNG = np.random.default_rng(0)
VISITS = 60
DAMAGE = np.where([joint.site.startswith("DIP") for joint in JOINTS], 0.0, RNG.random((VISITS, 58)))
OSTEOPHYTE = RNG.random((VISITS, 58))


def tables(contributions: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys = pd.DataFrame({"patient_id": [f"p{i}" for i in range(VISITS)], "visit_id": "V0"})
    columns = pd.DataFrame(contributions, columns=[f"joint_{joint.name}" for joint in JOINTS])
    truth = pd.DataFrame(
        {
            "patient_id": np.repeat(keys["patient_id"], 58), "visit_id": "V0",
            "side": np.tile([str(j.side) for j in JOINTS], VISITS), "site": np.tile([j.site for j in JOINTS], VISITS),
            "erosion": DAMAGE.ravel(), "narrowing": DAMAGE.ravel(), "osteophyte": OSTEOPHYTE.ravel(),
        }
    )  # fmt: skip
    return pd.concat([keys, columns], axis=1), truth


def test_the_sample_itself_is_spearmans_correlation():
    first, second = RNG.normal(size=30), RNG.normal(size=30)
    found = weighted_rank_correlation(first, second, np.ones((1, 30)))[0]
    assert found == pytest.approx(spearmanr(first, second).statistic)


def test_contributions_of_damage_pass_and_finger_end_joints_are_left_out():
    table = audit_joint_truth(*tables(DAMAGE + 0.1 * RNG.normal(size=DAMAGE.shape)), resamples=100, seed=0)
    assert len(table) == 29 - 4
    assert table["n"].eq(2 * VISITS).all()
    assert (table["spearman_damage"] > 0.8).all()
    found = joint_truth_finding(table)
    assert found.judgement is Judgement.PASS
    assert "25 of 25 kinds of joints" in found.finding


def test_contributions_of_osteophytes_are_an_alarm():
    found = joint_truth_finding(audit_joint_truth(*tables(OSTEOPHYTE), resamples=100, seed=0))
    assert found.judgement is Judgement.ALARM
    assert "25 follow osteophytes more" in found.finding


def test_an_unseen_joint_is_no_row():
    contributions = DAMAGE.copy()
    contributions[:10, 1] = np.nan
    contributions[:10, 5] = np.nan
    table = audit_joint_truth(*tables(contributions), resamples=50, seed=0).set_index("joint")
    assert table.loc["hand_PIP2", "n"] == 2 * VISITS - 10


def test_nothing_to_follow_is_refused():
    table = audit_joint_truth(*tables(np.zeros_like(DAMAGE)), resamples=50, seed=0)
    with pytest.raises(UndefinedMetric, match="both vary"):
        joint_truth_finding(table)


def test_finger_end_joints_alone_are_no_finding():
    table = audit_joint_truth(*tables(DAMAGE), resamples=50, seed=0)
    with pytest.raises(UndefinedMetric, match="No joint's true damage and contribution both vary"):
        joint_truth_finding(table.assign(spearman_damage=np.nan))
