"""The score without PIP joints: a measure that hangs on them is told from one that does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement, absent, finding, findings_table
from outcomenet.audits.pip_joints import audit_pip_joints, damage_place, pip_finding
from outcomenet.errors import UndefinedMetric


def table(pip_weight: float, patients: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    damage = rng.normal(size=patients)
    joints = {
        "joint_LH_PIP2": pip_weight * damage + 0.1 * rng.normal(size=patients),
        "joint_LH_MCP2": (1 - pip_weight) * damage + 0.1 * rng.normal(size=patients),
    }
    return pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(patients)], **joints, "score": sum(joints.values()),
            "haq": 1 + 0.5 * damage + 0.3 * rng.normal(size=patients),
            "svdh_LH_PIP2_erosion": np.arange(patients) % 4 == 1, "svdh_LH_MCP2_erosion": np.arange(patients) % 4 == 2,
            "svdh_total": 9.0,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("weight", "judgement"), [(0.95, Judgement.ALARM), (0.1, Judgement.PASS)])
def test_a_measure_that_hangs_on_pip_joints_is_an_alarm(weight, judgement):
    found = audit_pip_joints(table(weight), resamples=200, seed=0)
    assert pip_finding(found).judgement is judgement
    counts = found.set_index("what")["n"]
    assert counts["mean score in SD, damage: PIP only"] == 50
    assert "Damage at PIP only: 50 visits, mean score " in pip_finding(found).finding


def test_where_damage_is_comes_from_the_human_grades():
    rows = pd.DataFrame(
        {
            "svdh_LH_PIP2_jsn": [0.0, 1.0, 1.0, np.nan, 0.25, 3.0], "svdh_RF_MTP5_erosion": [0.0, 0.0, 2.0, np.nan, 0.0, 1.0],
            "svdh_total": 0.0, "svdh_change_half_width": 2.0,  # neither is a grade
        }
    )  # fmt: skip
    assert damage_place(rows).tolist() == ["none", "PIP only", "elsewhere", None, "none", "PIP mostly"]


def test_too_few_patients_are_refused():
    with pytest.raises(UndefinedMetric, match="At least 30 patients are needed, there are 9"):
        audit_pip_joints(table(0.1, patients=9), resamples=10, seed=0)


def test_findings_come_in_the_order_of_the_reader():
    rows = findings_table([finding("pip", True, "It loses much."), absent("control_none", "No such column.")])
    assert rows["audit"].tolist() == ["control_none", "pip"]
    assert rows["judgement"].tolist() == ["not computed", "alarm"]
    assert rows["question"].str.endswith("?").all()
