"""Every experiment runs; its run folder is complete; films are read or flagged, never guessed."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.run_tables import analysis_tables
from outcomenet.cli import main
from outcomenet.csv_files import read_csv
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.outcome_kinds import status_at_horizon
from outcomenet.predictions import read_predictions
from outcomenet.predictors import PREDICTORS
from outcomenet.progress import Progress
from outcomenet.runs.config import as_lines, from_record, to_record
from outcomenet.runs.run_codebook import tables_of
from outcomenet.wiring import networks_of
from outcomenet.workflow import run_report
from tests.trained_runs import FILES

GOLDEN = Path(__file__).parents[1] / "golden"
QUIET = Progress(quiet=True)
EVALUATED = ("demo", "rapport")  # as in conftest.py


def golden_text(experiment: Experiment) -> str:
    """Resolved configuration and shapes of every parameter at the default crop size."""
    lines = as_lines(experiment)
    for rung, network in networks_of(experiment, crop_size=96, readers=2).items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(network.abstract_parameters):
            lines.append(f"{rung}{jax.tree_util.keystr(path)}: {leaf.shape}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_resolved_configuration_and_shapes_are_the_golden_ones(file, request):
    golden = GOLDEN / f"{file.stem}.txt"
    text = golden_text(load_experiment(file))
    if request.config.getoption("--golden"):
        golden.write_text(text)
    assert golden.read_text() == text, "if the change is meant: pytest tests/evaluation --golden, and say why"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_configuration_survives_its_record(file):
    import json

    experiment = load_experiment(file)
    assert from_record(Experiment, json.loads(json.dumps(to_record(experiment)))) == experiment


def test_every_experiment_runs_one_step(runs):
    for name, run in runs.items():
        written = {f.name for f in run.iterdir()}
        assert "record.json" in written
        if name in EVALUATED:
            assert {"predictions.parquet", "metrics.csv", "MANIFEST.json"} <= written
        else:
            assert {"metrics.jsonl", "checkpoints"} <= written


def test_the_ladder_is_complete_on_a_simulated_cohort(runs):
    predictions = read_predictions(runs["demo"] / "predictions.parquet")
    haq = predictions[(predictions["outcome"] == "haq") & (predictions["split"] == "test")]
    # clinical_matrix is for progression; the coarse rung needs more validation visits than this cohort has
    assert set(haq["predictor"]) | {"clinical_matrix", "direct_adjusted_coarse"} == set(PREDICTORS)
    assert haq.groupby("predictor").size().nunique() == 1
    assert haq["prediction"].between(0, 3).all()


def test_the_biomarker_is_the_sum_of_its_joints_and_is_explained(runs):
    table = pd.read_parquet(runs["demo"] / "biomarkers.parquet")
    joints = table.filter(like="joint_")
    assert joints.shape[1] == 58
    assert joints.sum(axis=1).to_numpy() == pytest.approx(table["score"].to_numpy(), abs=1e-5)
    book = pd.read_csv(runs["demo"] / "codebook.csv").query("table == 'biomarkers'")
    assert list(book["column"]) == list(table.columns)
    assert set(table["treatment"]) == {"advanced", "conventional"}
    held_out = table["split"] == "test"
    assert table.loc[held_out, "score_lower"].notna().all()


@pytest.mark.parametrize("name", ["demo", "rapport", "paired_change", "trial"])
def test_every_column_of_every_table_is_explained_and_no_csv_holds_an_infinite_number(runs, name):
    book = read_csv(runs[name] / "codebook.csv", dtype=str, keep_default_na=False)
    for table, columns in tables_of(runs[name]).items():
        of_table = book[book["table"] == table]
        assert list(of_table["column"]) == columns
        silent = list(of_table.loc[of_table["meaning"] == "", "column"])
        assert not silent, f"{table}: say in `runs.table_words` what {silent} are"
    for file in runs[name].glob("*.csv"):
        cells = pd.read_csv(file, dtype=str, keep_default_na=False)
        assert not cells.isin(["inf", "-inf"]).any(axis=None), file.name


def test_a_run_of_regressions_has_its_analysis_tables_and_nobody_was_learned_from_by_a_network(runs):
    tables = analysis_tables(runs["rapport"])
    assert len(tables.visits) == 740  # of 159 patients at months 0, 3, 6, 9 and 12
    assert tables.visits["may_be_used"].all()
    assert sorted(tables.visits["planned_visit"].unique()) == [0, 1, 2, 3, 4]
    assert set(tables.visits["planned_visit_source"]) == {"given"}
    assert "score" not in tables.visits
    assert len(tables.follow_up) == 0
    assert {"das28", "radai", "haq"} <= set(tables.visits)


def test_real_patients_without_films_get_an_honest_interval(runs):
    metrics = pd.read_csv(runs["rapport"] / "metrics.csv").query("subgroup == 'all'")
    metrics = metrics.set_index(["predictor", "metric"]).sort_index()
    r2 = metrics.loc[("covariates", "r2")]
    assert 0.3 < r2["lower"] < r2["value"] < r2["upper"] < 0.9
    predictions = read_predictions(runs["rapport"] / "predictions.parquet")
    assert predictions["fold"].nunique() == 5
    assert predictions["observed"].sum() == 129  # HAQ known at month 12 (reference README: n = 129)
    assert not predictions.duplicated(["patient_id", "visit_id"]).any()


def test_status_at_the_horizon():
    start, end = np.array([0, 370, 100, 0.0]), np.array([360, np.inf, np.inf, 900])
    assert np.array_equal(status_at_horizon(start, end, 365), [1, 0, np.nan, np.nan], equal_nan=True)


@pytest.fixture
def film(tmp_path):
    """A DICOM hand film with its landmarks, from the simulator."""
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    cohort = simulate_cohort(
        tmp_path / "films", preset("default").with_overrides(visits=1), patients=1, seed=0, films="dicom", full_films=1,
        geometry=CropGeometry(), progress=QUIET,
    )  # fmt: skip
    landmarks = pd.read_csv(cohort / "landmarks.csv")
    landmarks["film_id"] += ".dcm"
    landmarks.to_csv(tmp_path / "landmarks.csv", index=False)
    return cohort / "films" / "P00001-V0-LH.dcm"


def test_predict_reads_placed_and_found_films_and_flags_what_is_none(runs, film, tmp_path, capsys):
    other = tmp_path / "unplaced.dcm"
    write_dicom(
        other,
        np.full((40, 40), 9, np.uint16),
        spacing_mm=0.2,
        patient_id="x",
        study_date=pd.Timestamp("2020-01-01").date(),
    )
    text = tmp_path / "text.dcm"
    text.write_text("not a film")
    foot = str(film.with_name("P00001-V0-RF.dcm"))
    arguments = ["predict", str(runs["demo"]), str(film), str(other), str(text), foot, "--out", str(tmp_path / "out")]
    own = pd.read_csv(tmp_path / "landmarks.csv")
    own[own["film_id"] == film.name].to_csv(tmp_path / "own.csv", index=False)
    assert main([*arguments, "--landmarks", str(tmp_path / "own.csv"), "--film-names", "files"]) == 0
    rows = pd.read_csv(tmp_path / "out" / "films.csv").set_index("film_id")
    assert rows.loc[film.name, "joints_seen"] == 23
    assert np.isfinite(rows.loc[film.name, "score"])
    assert rows.loc["unplaced.dcm", "flags"] == "no_limb;nearly_black"
    assert "landmarks_found" in rows.loc[foot_name := "P00001-V0-RF.dcm", "flags"]
    assert rows.loc[foot_name, ["side", "joints_seen"]].tolist() == ["RF", 6]
    assert rows.loc["text.dcm", "flags"].startswith("refused:")
    assert rows.loc[["unplaced.dcm", "text.dcm"], "score"].isna().all()
    joints = pd.read_csv(tmp_path / "out" / "joints.csv")
    own_joints = joints[joints["film_id"] == film.name]
    assert own_joints["contribution"].sum() == pytest.approx(rows.loc[film.name, "score"], abs=1e-4)


def test_a_mirrored_film_is_cut_alike_and_flagged(runs, film, tmp_path):
    own = pd.read_csv(tmp_path / "landmarks.csv")
    own[own["film_id"] == film.name].assign(side="right").to_csv(tmp_path / "own.csv", index=False)
    assert (
        main(
            [
                "predict",
                str(runs["demo"]),
                str(film),
                "--out",
                str(tmp_path / "out"),
                "--landmarks",
                str(tmp_path / "own.csv"),
            ]
        )
        == 0
    )
    assert "other_side" in pd.read_csv(tmp_path / "out" / "films.csv").loc[0, "flags"]


def test_a_film_that_does_not_exist_is_named(runs, tmp_path, capsys):
    assert main(["predict", str(runs["demo"]), str(tmp_path / "no.dcm"), "--out", str(tmp_path / "out")]) == 2
    assert "There is no film" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_outcome_cannot_be_its_own_covariate():
    from outcomenet.errors import UsageError

    with pytest.raises(UsageError, match="haq is an outcome of this experiment"):
        Experiment(name="x", question="?", covariates=("haq",))


def test_the_report_of_a_real_run_knows_the_words_that_data_sets_write(runs):
    """Sources and kept rows are named by one part and read by another: a made-up run folder would not show them drift."""
    page = run_report(runs["demo"]).read_text()
    assert "were simulated straight to joint crops, without a film file" in page
    assert "Not every patient took the whole way through the software." in page
    assert "Kept, but noted." in page
    assert "came as" not in page
    left_out = page.partition("Left out.")[2].partition("</table>")[0]
    assert "(kept)" not in left_out
