"""A simulated cohort is a cohort: the same bytes every time, taken in like a hospital's, with its truth beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.visit_table import visit_table
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.scoring import SCHEMES as ALL_SCHEMES
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.cohort_writer import CHUNK
from outcomenet.simulation.presets import PRESETS, preset
from outcomenet.simulation.world import COEFFICIENTS, World

QUIET = Progress(quiet=True)

# simulated readers stage nothing and grade no osteophytes
SCHEMES = {name: scheme for name, scheme in ALL_SCHEMES.items() if name not in ("steinbrocker", "osteophytes")}


def write(folder: Path, world: World, patients: int, films="none", seed=0, full_films=0) -> Path:
    return simulate_cohort(
        folder, world, patients=patients, seed=seed, films=films, full_films=full_films,
        geometry=CropGeometry(32, 0.75), progress=QUIET,
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, second = (write(tmp_path / name / "c", World(), 4, films="crops") for name in "ab")
    assert files(first) == files(second)
    assert files(first) != files(write(tmp_path / "other" / "c", World(), 4, films="crops", seed=1))


def test_more_patients_leave_the_first_ones_unchanged(tmp_path):
    few, many = write(tmp_path / "few", World(), 3, films="crops"), write(tmp_path / "many", World(), 5, films="crops")
    for name, content in files(few).items():
        if name.startswith("films/"):
            assert (many / name).read_bytes() == content
        elif name.endswith(".csv"):
            table, larger = pd.read_csv(few / name), pd.read_csv(many / name)
            kept = larger[larger["patient_id"].isin(set(pd.read_csv(few / "patients.csv")["patient_id"]))]
            # scores and measurements are grouped by chunk: the same rows, in another order
            by = list(table.columns)
            pd.testing.assert_frame_equal(
                kept.sort_values(by).reset_index(drop=True),
                table.sort_values(by).reset_index(drop=True),
                check_dtype=False,
            )


def test_chunks_join_without_a_seam(tmp_path):
    tables = write(tmp_path / "c", World(), CHUNK + 2)
    patients = pd.read_csv(tables / "patients.csv")["patient_id"]
    assert list(patients) == [f"P{i + 1:05d}" for i in range(CHUNK + 2)]
    assert (tables / "visits.csv").read_text().count("patient_id") == 1


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_passes_intake(name, tmp_path):
    cohort = read_cohort(write(tmp_path / "c", preset(name), 30))
    table = visit_table(cohort, Ledger())
    assert table["svdh_total"].notna().mean() > 0.85
    assert table["haq"].notna().all()
    assert table[["control_site", "control_none"]].notna().all(axis=None)
    assert {"age", "male", "duration", "rf", "acpa", "fm", "oa", "das28", "crp"} <= set(table)


def test_all_schemes_pass_intake_and_an_unreadable_site_is_an_empty_cell(tmp_path):
    world = World(schemes=tuple(SCHEMES), amputation_share=0.9, reading_mode="single")
    folder = write(tmp_path / "c", world, 12)
    cohort = read_cohort(folder)
    assert set(cohort.scores["scheme"]) == set(SCHEMES)
    scores = pd.read_csv(folder / "scores.csv")
    assert scores["score"].isna().any()
    assert set(scores["reading_mode"]) == {"single"}
    per = scores.groupby(["patient_id", "visit_id", "reader", "scheme"]).size().groupby("scheme").first()
    assert per.to_dict() == {name: len(scheme.sites) for name, scheme in SCHEMES.items()}


def test_effects_hold_every_coefficient_and_the_interventions(tmp_path):
    folder = write(tmp_path / "c", World().with_texts(["disability_oa=0.4"]).do(oa=0, site="B"), 3, seed=7)
    effects = json.loads((folder / "truth" / "effects.json").read_text())
    assert set(COEFFICIENTS) <= effects.keys()
    assert (effects["seed"], effects["disability_oa"]) == (7, 0.4)
    assert effects["interventions"] == {"oa": 0, "site": "B"}
    assert len(effects["by_joint"]) == 58


def test_what_simulate_was_asked_for_is_recorded(tmp_path):
    folder = write(tmp_path / "c", World(), 3, seed=7)
    asked = json.loads((folder / "truth" / "effects.json").read_text())["simulated_with"]
    assert asked.keys() == {"patients", "films", "full_films", "crops", "version"}
    assert asked["patients"] == 3


def test_the_truth_adds_up(tmp_path):
    folder = write(tmp_path / "c", World(), 40)
    visits, joints = pd.read_csv(folder / "truth" / "visits.csv"), pd.read_csv(folder / "truth" / "joints.csv")
    assert len(joints) == 58 * len(visits)
    assert visits[["patient_id", "visit_id"]].equals(pd.read_csv(folder / "visits.csv")[["patient_id", "visit_id"]])
    assert visits["expected_haq"].between(0, 3).all()
    assert visits["expected_pain"].between(0, 100).all()
    ceilings = json.loads((folder / "truth" / "ceilings.json").read_text())
    haq = ceilings["haq"]
    assert haq["score_as_read"] < haq["film_states_and_covariates"] < haq["everything"] < 1


def test_expected_outcomes_are_unbiased():
    from outcomenet.simulation.disability import expected_haq
    from outcomenet.simulation.sample import draw_sample
    from outcomenet.simulation.symptoms import expected_points

    sample = draw_sample(World(), 6000, seed=2)
    haq = expected_haq(sample.world, sample.solved.explained[:, 0])
    # about four standard errors of the mean of 6,000 patients
    assert haq.mean() == pytest.approx(sample.haq[:, 0].mean(), abs=0.03)
    for name, symptom in sample.solved.symptoms.items():
        expected = expected_points(sample.world, name, symptom.explained[:, 0])
        assert expected.mean() == pytest.approx(symptom.points[:, 0].mean(), abs=1.0)
    assert np.polyfit(haq, sample.haq[:, 0], 1)[0] == pytest.approx(1.0, abs=0.05)


def test_the_check_prints_its_table_and_writes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", "--check", "--preset", "trial"]) == 0
    out = capsys.readouterr().out
    assert "change a year, control arm" in out
    assert " NO" not in out
    assert main(["simulate", "--check", "--set", "disability_fibromyalgia=0"]) == 1
    assert "calibration targets are missed" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["c", "--patients", "-3"], "Setting patients (of Simulate) is a whole number from 1"),
        (["c", "--seed", "-1"], "Setting seed (of Simulate) is a whole number from 0"),
        (["c", "--preset", "tral"], "Did you mean trial"),
        (["c", "--set", "hiden_signal=0"], "Did you mean hidden_signal"),
        (["c", "--do", "os=0"], "Did you mean oa"),
        (["--preset", "trial"], "Name the folder to write"),
        (["c", "--check"], "--check writes nothing"),
        (["--do", "oa=0", "c"], "A folder goes first"),
        (["c", "--do", "oa=0", "oa=1"], "given twice"),
        (["c", "--visits", "4", "--set", "visits=3"], "given twice"),
        (["c", "--films", "crops", "--crop-size", "0"], "whole number from 8 to 512"),
    ],
)
def test_a_wrong_simulation_is_answered_with_the_nearest_name(arguments, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_repeated_options_all_apply(tmp_path):
    arguments = ["--films", "none", "--patients", "3", "--set", "hidden_signal=0", "--set", "male_share=0"]
    assert main(["simulate", str(tmp_path / "c"), *arguments, "--do", "oa=0", "--do", "fm=1"]) == 0
    effects = json.loads((tmp_path / "c" / "truth" / "effects.json").read_text())
    assert (effects["hidden_signal"], effects["male_share"]) == (0, 0)
    assert effects["interventions"] == {"oa": 0, "fm": True}


def test_sens_follows_svdh_in_the_null_world_too(tmp_path):
    folder = write(tmp_path / "c", preset("null").with_overrides(schemes=("svdh", "sens")), 12)
    scores = pd.read_csv(folder / "scores.csv")
    keys = ["patient_id", "visit_id", "reader", "side", "site", "feature"]
    svdh, sens = (scores[scores["scheme"] == name].set_index(keys)["score"] for name in ("svdh", "sens"))
    assert (svdh.clip(upper=1) == sens.loc[svdh.index]).all()
