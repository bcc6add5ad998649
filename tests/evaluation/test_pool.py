"""Folds and hospitals held out: patients stay whole, everyone is judged once, and joined runs are checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from outcomenet.artifacts import read_manifest, sha256_of
from outcomenet.audits.sizes import AuditSizes
from outcomenet.biomarkers.run_tables import analysis_tables
from outcomenet.cli import main
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import SPLITS, open_dataset
from outcomenet.datasets.resplit import SplitConfig, resplit
from outcomenet.errors import DataRefused, UsageError
from outcomenet.evaluation.ladder_predictions import in_every_part
from outcomenet.evaluation.pool import pool_runs
from outcomenet.experiment import EvaluationConfig, Experiment
from outcomenet.intake.account.account import copy_account
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.progress import Progress
from outcomenet.runs.chain import Stage, check_run, finish, stage_of, staged
from outcomenet.runs.record import read_record
from outcomenet.runs.run import open_run
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.loop import TrainingConfig
from outcomenet.workflow import run_evaluation, run_prediction, run_training

FILE = Path(__file__).parents[2] / "experiments/demo.py"
QUIET = Progress(quiet=True)
AUDITS = AuditSizes(
    intervention_patients=1, border_visits=20, explained_visits=4, shuffled_networks=1, resamples=20, permutations=5
)
EXPERIMENT = Experiment(
    "pool", "?", outcomes=("haq",), covariates=("age",), rungs=("direct_adjusted",),
    confounding=ConfoundingConfig(outcome_terms=("age",)),
    network=OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8)),
    training=TrainingConfig(steps=1, batch_size=2),
    evaluation=EvaluationConfig(resamples=30, rereadings=0, audits=AUDITS),
)  # fmt: skip


def with_split(**how) -> Experiment:
    return replace(EXPERIMENT, split=SplitConfig(**how))


@pytest.fixture(scope="module")
def dataset(small_dataset):
    return open_dataset(small_dataset)


def patients_by_split(dataset) -> dict[str, set[str]]:
    return {split: set(rows["patient_id"]) for split, rows in dataset.visits.groupby("split")}


def test_every_patient_is_held_out_in_exactly_one_fold_and_examples_follow(dataset):
    held_out = []
    for k in range(4):
        fold = resplit(dataset, SplitConfig(folds=4, fold=k))
        parts = patients_by_split(fold)
        assert not parts["train"] & parts["test"]
        assert not parts["train"] & parts["validation"]
        for split in SPLITS:
            read = {example["patient_id"].decode() for example in fold.examples(split)}
            rows = fold.visits[(fold.visits["split"] == split) & fold.visits["has_films"]]
            assert read == set(rows["patient_id"])
            assert len(fold.examples(split)) == len(rows)
        held_out += sorted(parts["test"])
    assert sorted(held_out) == sorted(dataset.visits["patient_id"].unique())


def test_a_hospital_left_out_is_in_no_training_visit(dataset):
    site = dataset.visits["site"].dropna().iloc[0]
    without = resplit(dataset, SplitConfig(leave_site_out=site))
    assert site not in set(without.visits.loc[without.visits["split"] != "test", "site"])
    assert set(without.visits.loc[without.visits["split"] == "test", "site"]) == {site}
    assert resplit(dataset, SplitConfig()) is dataset
    with pytest.raises(DataRefused, match="There is no hospital 'Z'; the data set has"):
        resplit(dataset, SplitConfig(leave_site_out="Z"))
    for wrong in ({"folds": 2}, {"folds": 3, "fold": 3}, {"folds": 3, "leave_site_out": "A"}):
        with pytest.raises(UsageError, match="split"):
            SplitConfig(**wrong)


@pytest.fixture(scope="module")
def folds(small_dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folds")
    for k in range(3):
        run_training(FILE, with_split(folds=3, fold=k), small_dataset, folder / f"f{k}", progress=QUIET)
        run_evaluation(folder / f"f{k}", progress=QUIET)
    return [folder / f"f{k}" for k in range(3)]


def test_joined_folds_judge_every_patient_once_and_make_a_report(folds, dataset, tmp_path):
    assert main(["pool", *map(str, folds), "--out", str(tmp_path / "all")]) == 0
    pooled = pd.read_parquet(tmp_path / "all" / "predictions.parquet")
    network = pooled[pooled["predictor"] == "direct_adjusted"]
    assert set(network["split"]) == {"test"}
    assert set(network["fold"]) == {0, 1, 2}
    with_films = dataset.visits[dataset.visits["has_films"]]
    assert len(network) == len(with_films)
    assert not network.duplicated(["patient_id", "visit_id"]).any()
    # each visit's prediction is that of the run that held it out
    own = pd.read_parquet(folds[1] / "predictions.parquet")
    own = own[(own["split"] == "test") & (own["predictor"] == "direct_adjusted")]
    same = own.merge(network, on=["patient_id", "visit_id"])
    assert len(same) == len(own)
    assert (same["prediction_x"] == same["prediction_y"]).all()
    # the biomarker, too, is that of the network that never saw the patient, on a scale common to the folds
    biomarkers = pd.read_parquet(tmp_path / "all" / "biomarkers.parquet")
    assert len(biomarkers) == len(with_films)
    assert biomarkers["may_be_used"].all()
    links = pd.read_csv(tmp_path / "all" / "biomarker_links.csv").set_index("fold")
    alone = pd.read_parquet(folds[1] / "biomarkers.parquet")
    both = biomarkers[biomarkers["fold"] == 1].merge(alone, on=["patient_id", "visit_id"])
    assert set(both["split_y"]) == {"test"}
    assert both["score_x"].to_numpy() == pytest.approx(
        (both["score_y"] * links.loc[1, "factor"] + links.loc[1, "shift"]).to_numpy(), abs=1e-6
    )
    assert main(["report", str(tmp_path / "all")]) == 0


@pytest.fixture(scope="module")
def joined(folds, tmp_path_factory):
    out = tmp_path_factory.mktemp("joined") / "all"
    pool_runs(folds, out)
    return out


def test_analysis_tables_of_a_fold_and_of_joined_folds(folds, joined, dataset):
    for run in (folds[1], joined):
        tables = analysis_tables(run)
        visits, follow_up = tables.visits, tables.follow_up
        # rows in = rows out
        assert len(visits) == len(dataset.visits)
        assert len(follow_up) == len(pd.read_csv(dataset.folder / "follow_up.csv"))
        assert not visits.duplicated(["patient_id", "visit_id"]).any()
        given = dataset.visits.set_index(["patient_id", "visit_id"])
        own = visits.set_index(["patient_id", "visit_id"]).loc[given.index]
        for name, source in (
            ("human_total", "svdh_total"),
            ("duration_years", "duration"),
            ("haq", "haq"),
            ("pain", "pain"),
        ):
            np.testing.assert_array_equal(own[name], given[source])
        assert (own["treatment"] == given["treatment"]).all()
        # the mean of the readers' totals is the human total
        both = own[["human_total_reader_1", "human_total_reader_2"]]
        assert both.mean(axis=1).where(both.notna().all(axis=1)).dropna().to_numpy() == pytest.approx(
            own["human_total"][both.notna().all(axis=1)].to_numpy()
        )
        assert own["true_svdh_without_error"].notna().all()
        assert set(follow_up.columns) >= {
            "split",
            "treatment",
            "planned_visit",
            "score",
            "score_haq",
            "age",
            "fm",
            "human_total",
        }
        assert follow_up["score"].notna().all()
        explained = tables.codebook.set_index(["table", "column"])["meaning"]
        assert set(explained.loc["visits"].index) == set(visits)
        assert (explained != "").all()
        assert "VAS 0-100 mm" in explained["visits", "pain"]
        assert "as given" in explained["follow_up", "fm"]
    assert joined != folds[1]
    assert visits["may_be_used"].all()
    assert set(visits["fold"]) == {0, 1, 2}
    alone = analysis_tables(folds[1])
    assert set(alone.usable.visits["split"]) == {"validation", "test"}
    assert set(alone.usable.follow_up["split"]) == {"validation", "test"}


def test_tables_merge_by_what_they_share_without_a_row_lost_or_a_column_doubled(folds, joined):
    for run in (folds[0], joined):
        opened = open_run(run)
        visits, follow_up, biomarkers = opened.visits, opened.follow_up, opened.biomarkers
        for one, other, rows in (
            (visits, biomarkers, biomarkers),
            (follow_up, biomarkers, follow_up),
            (follow_up, visits, follow_up),
        ):
            merged = one.merge(other)
            assert len(merged) == len(rows)
            assert not [name for name in merged if name.endswith(("_x", "_y"))]


def test_haq_units_are_those_of_the_fold_that_held_the_patient_out(folds, joined):
    links = read_csv(joined / "biomarker_links.csv").set_index("fold")
    pooled = open_run(joined).biomarkers
    for k, fold in enumerate(folds):
        own = (
            pd.read_parquet(fold / "biomarkers.parquet").query("split == 'test'").set_index(["patient_id", "visit_id"])
        )
        rows = pooled[pooled["fold"] == k].set_index(["patient_id", "visit_id"]).loc[own.index]
        expected = links.loc[k, "haq_intercept"] + links.loc[k, "haq_slope"] * own["score"]
        assert rows["score_haq"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-5)
        assert (rows["treatment"] == own["treatment"]).all()


def test_every_program_reads_the_same_table(joined):
    for name in ("visits", "follow_up", "biomarkers"):
        table = pd.read_parquet(joined / f"{name}.parquet")
        text = read_csv(joined / f"{name}.csv", dtype={"patient_id": str, "visit_id": str})
        stata, meta = pyreadstat.read_dta(str(joined / f"{name}.dta"))
        assert list(text) == list(table)
        assert len(stata) == len(table)
        book = pd.read_csv(joined / "codebook.csv", keep_default_na=False).query("table == @name")
        assert book["stata_name"].tolist() == meta.column_names
        assert book["stata_label"].tolist() == [
            meta.column_names_to_labels[column] or "" for column in meta.column_names
        ]
        for column, short in zip(book["column"], book["stata_name"], strict=True):
            if pd.api.types.is_float_dtype(table[column]):
                np.testing.assert_allclose(stata[short], table[column], rtol=1e-6)
                np.testing.assert_array_equal(text[column].astype(table[column].dtype), table[column])


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_folder(joined):
    code = (
        f'source("{joined}/read_outcomenet.R"); data <- read_outcomenet("{joined}"); '
        "v <- data$visits; cat(nrow(v), sum(v$may_be_used), class(v$patient_id), class(v$rf), signif(mean(v$score, na.rm=TRUE), 10))"
    )
    said = subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True).stdout.split()
    visits = pd.read_parquet(joined / "visits.parquet")
    assert said[:4] == [str(len(visits)), str(len(visits)), "character", "factor"]
    assert float(said[4]) == pytest.approx(visits["score"].mean(), rel=1e-6)
    shown = subprocess.run(
        ["Rscript", str(joined / "read_outcomenet.R")], check=True, capture_output=True, text=True
    ).stdout
    assert f"visits                   {len(visits):>6d} rows" in shown


def test_a_part_whose_evaluation_was_killed_is_refused_wherever_it_was(folds, tmp_path, monkeypatch):
    """Killed before its files were made, while they were moved (after each of them), or before the manifest counted them."""
    files = _of_evaluation(folds[1])
    for moment in (*range(0, len(files), 9), len(files) - 1):
        part = Path(shutil.copytree(folds[1], tmp_path / f"killed{moment}"))
        _kill_while_publishing(part, moment, monkeypatch)
        with pytest.raises((UsageError, DataRefused), match="evaluat"):
            pool_runs([folds[0], part, folds[2]], tmp_path / "x")
        finish(part, Stage.EVALUATION)  # what the same command does when it is run again
        check_run(part, needs=Stage.EVALUATION)
    begun = Path(shutil.copytree(folds[1], tmp_path / "begun"))
    for file in files:
        (begun / file).unlink()
    manifest = json.loads((begun / "MANIFEST.json").read_text())
    kept = {name: digest for name, digest in manifest.items() if stage_of(name) is Stage.TRAINING}
    (begun / "MANIFEST.json").write_text(json.dumps(kept))
    (begun / ".evaluation.partial").mkdir()
    shutil.copy(folds[1] / "predictions.parquet", begun / ".evaluation.partial")
    with pytest.raises(UsageError, match="is not evaluated to the end"):
        pool_runs([folds[0], begun, folds[2]], tmp_path / "x")
    assert not (tmp_path / "x").exists()


def _kill_while_publishing(part: Path, moment: int, monkeypatch) -> None:
    """Publishes the part's evaluation anew, and stops for good before the file of that number is moved to its place."""
    moved = []

    def replace_or_die(source, target):
        if ".evaluation.partial" in Path(source).parts and ".evaluation.partial" not in Path(target).parts:
            if len(moved) == moment:
                raise KeyboardInterrupt
            moved.append(source)
        return real(source, target)

    real = os.replace
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_or_die)
        with pytest.raises(KeyboardInterrupt):
            _publish_again(part)


def _of_evaluation(part: Path) -> list[str]:
    return [name for name in read_manifest(part, "") if stage_of(name) is Stage.EVALUATION]


def _publish_again(part: Path) -> None:
    names = _of_evaluation(part)
    with staged(part, Stage.EVALUATION) as folder:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(part / name, folder / name)


def test_a_part_that_an_earlier_version_evaluated_is_told_what_it_lacks(folds, tmp_path):
    part = Path(shutil.copytree(folds[1], tmp_path / "f1"))
    (part / "visits.parquet").unlink()
    manifest = json.loads((part / "MANIFEST.json").read_text())
    evaluation = json.loads((part / "evaluation.json").read_text())
    del manifest["visits.parquet"], evaluation["files"]["visits.parquet"]
    (part / "evaluation.json").write_text(json.dumps(evaluation))
    (part / "MANIFEST.json").write_text(json.dumps(manifest | {"evaluation.json": sha256_of(part / "evaluation.json")}))
    with pytest.raises(DataRefused, match=r"has no visits.parquet: an earlier version .* `outcomenet evaluate"):
        pool_runs([folds[0], part, folds[2]], tmp_path / "x")
    with pytest.raises(UsageError, match=r"has no visits.parquet: an earlier version"):
        analysis_tables(part)


def test_flow_and_table_one_never_show_the_splits_of_another_division(folds, small_dataset, tmp_path):
    """The data set's own splits are not those of a fold, and a joined run has none: all patients together, and a word."""
    pool_runs(folds, tmp_path / "all")
    intake = pd.read_csv(small_dataset / "table1.csv", dtype=str, keep_default_na=False)
    assert {"train", "test"} <= set(intake)
    for run in (folds[1], tmp_path / "all"):
        table = pd.read_csv(run / "table1.csv", dtype=str, keep_default_na=False)
        assert list(table) == ["variable", "level", "Missing", "Overall"]
        assert table.equals(intake[list(table)])
        steps = set(pd.read_csv(run / "flow.csv")["step"])
        assert "Cohort folder" in steps
        assert not steps & {"Train", "Validation", "Test"}
        assert main(["report", str(run)]) == 0
        page = (run / "report.html").read_text()
        assert "all together: this run divided them otherwise than the data set" in page
        assert "Largest SMD" not in page
        assert 'class="splits"' not in page


def test_a_run_of_the_data_sets_own_division_shows_its_splits(small_dataset, tmp_path):
    copy_account(small_dataset, tmp_path, splits=True)
    for name in ("table1.csv", "flow.csv"):
        assert (tmp_path / name).read_bytes() == (small_dataset / name).read_bytes()


def test_a_fold_that_is_missing_or_of_another_kind_is_named(folds, tmp_path, small_dataset):
    with pytest.raises(
        UsageError, match=r"one run for each fold 0 to 2 of split.folds 3; the 2 runs hold out \[0, 1\]"
    ):
        pool_runs(folds[:2], tmp_path / "x")
    with pytest.raises(UsageError, match=r"hold out \[0, 1, 1\]"):
        pool_runs([folds[0], folds[1], folds[1]], tmp_path / "x")
    other = replace(with_split(folds=3, fold=2), training=TrainingConfig(steps=1, batch_size=2, seed=5))
    run_training(FILE, other, small_dataset, tmp_path / "other", progress=QUIET)
    with pytest.raises(UsageError, match="is not evaluated to the end"):
        pool_runs([*folds[:2], tmp_path / "other"], tmp_path / "x")
    run_evaluation(tmp_path / "other", progress=QUIET)
    with pytest.raises(DataRefused, match="differs from .* in more than the patients"):
        pool_runs([*folds[:2], tmp_path / "other"], tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_rung_that_some_folds_lack_takes_nobody_from_the_others():
    rows = pd.DataFrame({"outcome": "haq", "predictor": ["direct"] * 2 + ["direct_adjusted_coarse"], "fold": [0, 1, 0]})
    kept, notes = in_every_part(rows, 2)
    assert set(kept["predictor"]) == {"direct"}
    assert len(kept) == 2
    assert notes == ["direct_adjusted_coarse for HAQ-DI is left out of what was joined: it is there in 1 of 2 parts."]


def test_a_joined_run_is_not_evaluated_again_and_says_how_it_was_made(folds, tmp_path):
    pool_runs(folds, tmp_path / "all")
    before = (tmp_path / "all" / "metrics.csv").read_bytes()
    with pytest.raises(UsageError, match="joins f0, f1, f2 and is evaluated already"):
        run_evaluation(tmp_path / "all", progress=QUIET)
    with pytest.raises(UsageError, match="has no network of its own"):
        run_prediction(tmp_path / "all", [], tmp_path / "out")
    assert (tmp_path / "all" / "metrics.csv").read_bytes() == before
    assert read_record(tmp_path / "all")["command"].startswith("outcomenet pool ")
    with pytest.raises(UsageError, match="Name the runs to join"):
        pool_runs([], tmp_path / "none")


def test_a_joined_run_is_recognised_by_the_very_runs_that_it_was_made_from(folds, tmp_path, capsys, monkeypatch):
    """Runs of other content under the same names, the same runs in another order, and another program make another run."""
    parts = [Path(shutil.copytree(fold, tmp_path / "parts" / fold.name)) for fold in folds]
    out = tmp_path / "all"
    join = ["pool", *map(str, parts), "--out", str(out)]
    assert main(join) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    capsys.readouterr()
    assert main(join) == 0
    assert f"{out} is there already, whole, from this very command." in capsys.readouterr().err
    assert main(["pool", *map(str, reversed(parts)), "--out", str(out)]) == 2
    with monkeypatch.context() as patched:
        patched.setattr("outcomenet.evaluation.pool.source_sha256", lambda: "0" * 64)
        assert main(join) == 2
    # the same run evaluated again: its name, data and network stay, its evaluation is another
    evaluation = json.loads((parts[1] / "evaluation.json").read_text())
    (parts[1] / "evaluation.json").write_text(json.dumps(evaluation | {"notes": ["evaluated again"]}))
    manifest = json.loads((parts[1] / "MANIFEST.json").read_text())
    digest = sha256_of(parts[1] / "evaluation.json")
    (parts[1] / "MANIFEST.json").write_text(json.dumps(manifest | {"evaluation.json": digest}))
    assert main(join) == 2
    assert capsys.readouterr().err.count(f"{out} exists already; choose another --out or remove it first.") == 3
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


def test_networks_are_not_said_to_be_cross_fitted_by_the_folds_of_regressions():
    with pytest.raises(UsageError, match="one run for each fold"):
        replace(EXPERIMENT, evaluation=EvaluationConfig(cross_fit_folds=3))


def test_networks_without_a_hospital_are_judged_there(small_dataset, dataset, tmp_path):
    sites = sorted(dataset.visits["site"].dropna().unique())
    runs = []
    for site in sites:
        run_training(FILE, with_split(leave_site_out=site), small_dataset, tmp_path / site, progress=QUIET)
        run_evaluation(tmp_path / site, progress=QUIET)
        runs.append(tmp_path / site)
    with pytest.raises(
        UsageError, match=r"Train one run with split.leave_site_out \(--split.leave-site-out\) for each"
    ):
        pool_runs(runs[:1], tmp_path / "x")
    pool_runs(runs, tmp_path / "all")
    table = pd.read_csv(tmp_path / "all" / "audit_sites.csv")
    assert set(table["site"]) == set(sites)
    assert set(table["learned_at"]) == {"other sites"}
    assert "direct_adjusted" in set(table["predictor"])
