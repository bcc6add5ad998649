"""A run as an object: tables are those of its files, and what is not there is a sentence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import outcomenet as on
from outcomenet.errors import DataRefused, UsageError
from outcomenet.runs.record import read_record
from tests.runs.conftest import EXPERIMENT, FILE, QUIET


def test_tables_of_a_run_are_those_of_its_files(run):
    opened = on.open_run(str(run))
    assert opened.record == read_record(run)
    assert opened.name == "f0"
    pd.testing.assert_frame_equal(opened.predictions, pd.read_parquet(run / "predictions.parquet"))
    np.testing.assert_array_equal(
        opened.metrics["value"], pd.read_csv(run / "metrics.csv", float_precision="round_trip")["value"]
    )
    assert set(opened.comparisons["reference"]) <= set(opened.predictions["predictor"])
    assert opened.table_one.map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert opened.notes == json.loads((run / "evaluation.json").read_text())["notes"]
    for name in ("flow", "ledger", "undefined_metrics"):
        assert isinstance(getattr(opened, name), pd.DataFrame)


def test_a_table_that_is_changed_leaves_the_run_as_it_is(run):
    opened = on.open_run(run)
    opened.metrics.drop(columns="value", inplace=True)
    assert "value" in opened.metrics


def test_a_table_that_is_not_there_says_why(run):
    with pytest.raises(UsageError, match=r"has no biomarkers.parquet: .* regressions alone has no biomarkers"):
        _ = on.open_run(run).biomarkers
    with pytest.raises(UsageError, match="trained no network"):
        _ = on.open_run(run).training


def test_a_changed_table_is_refused(run):
    (run / "metrics.csv").write_text((run / "metrics.csv").read_text() + "\n")
    with pytest.raises(DataRefused, match="metrics.csv is not the file that was written"):
        on.open_run(run)


def test_an_experiment_without_a_file_is_trained_and_its_record_says_so(tables_only, tmp_path):
    made = on.train(EXPERIMENT, tables_only, tmp_path / "made", progress=QUIET)
    loaded = on.train(EXPERIMENT, tables_only, tmp_path / "loaded", file=FILE, progress=QUIET)
    assert (made.record["command"], made.record["experiment"], made.record["experiment_sha256"]) == ("", "", "")
    assert loaded.record["experiment"] == "demo.py"
    assert made.record["config"] == loaded.record["config"]
    assert made.record["run_id"] != loaded.record["run_id"]
    with pytest.raises(UsageError, match="is not evaluated yet"):
        _ = made.metrics
    assert on.evaluate(made, progress=QUIET).metrics["n"].min() > 0
    assert on.report(made).read_text().startswith("<!doctype html>")
    again = on.train(EXPERIMENT, tables_only, tmp_path / "made", progress=QUIET)
    assert again.record["run_id"] == made.record["run_id"]
    with pytest.raises(UsageError, match="made with another experiment"):
        on.train(EXPERIMENT, tables_only, tmp_path / "made", file=FILE, progress=QUIET)


def test_runs_of_folds_are_joined(three, tmp_path):
    joined = on.pool(three, tmp_path / "all", progress=QUIET)
    assert joined.record["pooled"] == ["f0", "f1", "f2"]
    assert sorted(joined.predictions["fold"].unique()) == [0, 1, 2]
