"""Arms of the pretraining: the sweep's names, the page and its file, and a classifier that finds what is planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX
from outcomenet.experiment import load_module
from outcomenet.experiment_files import experiment_file
from outcomenet.models.standardised_crops import LIMBS
from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment
from outcomenet.runs.config import with_settings
from tests import real_or_drawn
from tests.pretraining_arms import ARMS, EXPERIMENT, NAME, page_part, sweep, with_kept
from tests.real_or_drawn import statistics, told_apart
from tools.marked_page import with_block

PAGE = Path(__file__).parents[2] / "docs/pretraining"


def test_each_line_of_the_sweep_is_an_experiment_and_has_a_name():
    default = load_module(experiment_file(EXPERIMENT)).get_experiment()
    arms = {name: with_settings(default, settings) for name, settings in sweep().items()}
    assert list(arms) == list(ARMS)
    assert all(isinstance(arm, PretrainingExperiment) for arm in arms.values())
    assert len(set(arms.values())) == len(arms)
    # equal training size, but for the arm that says otherwise
    assert {arm.training.steps for name, arm in arms.items() if name != "patch_4"} == {500}
    for arm in arms.values():
        assert 24 <= arm.geometry.width_mm <= 25.6
        assert arm.geometry.size_px % arm.network.encoder.patch == 0


def test_the_page_has_the_numbers_of_its_file():
    page = (PAGE / "README.md").read_text()
    part = page_part(pd.read_csv(PAGE / "arms.csv")) if (PAGE / "arms.csv").exists() else ""
    assert with_block(page, NAME, part) == page


def test_the_page_says_what_tells_real_joints_from_drawn_ones():
    part = real_or_drawn.page_part(
        *(pd.read_csv(PAGE / f"{name}.csv") for name in ("real_or_drawn", "real_or_drawn_by"))
    )
    page = (PAGE / "README.md").read_text()
    assert with_block(page, real_or_drawn.NAME, part) == page


def test_arms_are_columns_and_the_four_cells_follow():
    table = pd.DataFrame(
        {
            "arm": ["base", "real_looks"],
            "steps": [500, 500],
            "clock_minutes": [np.nan, 30.4],
            "drawn_erosion_auroc": [0.9, 0.8],
            "drawn_narrowing_auroc": [0.7, 0.75],
            "real_erosion_auroc": [0.6, 0.65],
            "real_narrowing_auroc": [0.5, 0.55],
        }
    )
    part = page_part(table)
    assert "| steps | 500 | 500 |" in part
    assert "| minutes on the clock, beside other work | - | 30 |" in part
    assert "| erosion planted into real films, AUROC | 0.60 | 0.65 |" in part
    assert "| 500 steps, drawn looks alone | 0.90 / 0.70 | 0.60 / 0.50 |" in part
    assert "| 500 steps, with looks of real films | 0.80 / 0.75 | 0.65 / 0.55 |" in part


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_tells_real_joints_from_drawn_ones_is_found():
    rng = np.random.default_rng(0)
    films = [("one", True), ("two", True), *((f"drawn {n}", False) for n in range(6))]
    rows = [
        {"film": film, "real": real, "joint": f"LH_MCP{n}", "site": f"MCP{n}"}
        | {"grey_50": rng.normal(3.0 * real, 1.0), "grey_1": rng.normal(), "power_2_3": rng.normal()}
        for film, real in films
        for n in (2, 3, 4, 5)
        for _ in range(5)
    ]
    classifiers, alone = told_apart(pd.DataFrame(rows))
    by = classifiers.groupby(["features", "classifier"])["auroc"].mean().to_dict()
    assert by["percentiles", "logistic regression"] > 0.95
    assert by["both", "gradient boosting"] > 0.9
    assert 0.2 < by["fineness", "logistic regression"] < 0.8
    assert set(classifiers["left_out"]) == {"one", "two"}
    assert alone.set_index("statistic")["auroc"].idxmax() == "grey_50"
    row = alone.set_index("statistic").to_dict("index")["grey_50"]
    assert row["one"] - row["drawn"] == pytest.approx(3.0, abs=0.8)
    assert row["drawn_sd"] == pytest.approx(1.0, abs=0.2)


def test_a_crops_statistics_are_those_of_its_film_standardised():
    crops = np.random.default_rng(1).integers(1000, 3000, (JOINT_COUNT, 96, 96)).astype(np.uint16)
    joint = JOINT_INDEX["LH_MCP2"]
    crops[joint] += 1000
    limb = next(limb for limb in LIMBS if joint in limb)
    told = statistics(crops, np.ones(JOINT_COUNT, bool), joint, limb)
    film = crops[limb].astype(float)
    assert told["grey_50"] == pytest.approx((np.median(crops[joint]) - film.mean()) / film.std(), abs=0.02)
    assert "power_48_64" not in told  # half a cycle per pixel is 48


def test_arms_that_were_measured_before_are_kept_and_those_measured_anew_are_not(tmp_path):
    pd.DataFrame({"arm": ["shipped", "vit", "base"], "steps": [1, 2, 3]}).to_csv(tmp_path / "arms.csv", index=False)
    table = with_kept(pd.DataFrame({"arm": ["agreement", "vit"], "steps": [4, 5]}), tmp_path / "arms.csv")
    assert table.to_dict("list") == {"arm": ["shipped", "base", "agreement", "vit"], "steps": [1, 3, 4, 5]}
