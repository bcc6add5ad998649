"""Truth of a simulated cohort: which columns there are, and the change of damage per year; a real cohort has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.datasets.dataset import Dataset
from outcomenet.evaluation.cohort_truth import read_true_course, read_truth, true_changes, true_damage_change

VISITS = pd.DataFrame(
    {
        "patient_id": ["01", "01"], "visit_id": ["V0", "V1"], "ra_part": [0.5, 0.6], "oa_part": [0.1, 0.1],
        "svdh_without_error": [10.0, 16.0],
    }
)  # fmt: skip
JOINTS = pd.DataFrame(
    {
        "patient_id": ["01"] * 4, "visit_id": ["V0", "V0", "V1", "V1"], "side": ["left", "right"] * 2,
        "site": "mcp2", "erosion": [0.0, 1.0, 1.0, 2.0],
    }
)  # fmt: skip
PAIRS = pd.DataFrame({"patient_id": ["01"], "visit_id": ["V0"], "later_visit_id": ["V1"], "years": [1.5]})


def of(folder: Path) -> Dataset:
    """A data set of which nothing but the folder is looked at."""
    dataset = object.__new__(Dataset)
    object.__setattr__(dataset, "folder", folder)
    return dataset


@pytest.fixture
def simulated(tmp_path):
    (tmp_path / "truth").mkdir()
    VISITS.to_csv(tmp_path / "truth" / "visits.csv", index=False)
    JOINTS.to_csv(tmp_path / "truth" / "joints.csv", index=False)
    return of(tmp_path)


def test_the_oracle_knows_the_parts_of_disability_and_mean_joint_states(simulated):
    truth = read_truth(simulated)
    assert list(truth) == ["patient_id", "visit_id", "true_ra_part", "true_oa_part", "true_erosion"]
    assert truth["patient_id"].tolist() == ["01", "01"]  # text, with its leading zero
    assert truth["true_erosion"].tolist() == [0.5, 1.5]


def test_damage_rises_by_four_units_a_year(simulated):
    assert true_damage_change(simulated, PAIRS) == pytest.approx([6 / 1.5])


def test_a_visit_without_truth_has_no_change():
    truth = VISITS[["patient_id", "visit_id", "ra_part"]]
    changed = true_changes(truth[truth["visit_id"] == "V0"], PAIRS)
    assert changed["ra_part"].tolist() == [0.5]
    assert np.isnan(changed["ra_part_change"]).all()


def test_a_column_that_the_simulator_did_not_have_is_left_out(simulated):
    assert list(read_true_course(simulated, ("activity", "svdh_without_error"))) == [
        "patient_id", "visit_id", "svdh_without_error",
    ]  # fmt: skip
    VISITS.drop(columns="svdh_without_error").to_csv(simulated.folder / "truth" / "visits.csv", index=False)
    assert true_damage_change(simulated, PAIRS) is None


def test_a_real_cohort_has_no_truth(tmp_path):
    real = of(tmp_path)
    assert read_truth(real) is None
    assert read_true_course(real, ("activity",)) is None
    assert true_damage_change(real, PAIRS) is None
