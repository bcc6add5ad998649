"""An outcome that is declared goes all the way: simulated, stored, predicted by every rung, judged."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from outcomenet.datasets.dataset import open_dataset
from outcomenet.experiment import load_experiment
from outcomenet.runs.run import Run
from outcomenet.workflow import run_evaluation, run_training
from tests.trained_runs import QUIET, ROOT, shrunk


def test_fatigue_is_an_outcome_like_the_others(small_dataset, tmp_path):
    file = ROOT / "experiments" / "demo.py"
    experiment = replace(shrunk(load_experiment(file)), outcomes=("haq", "fatigue"), rungs=())
    run_training(file, experiment, small_dataset, tmp_path / "run", progress=QUIET)
    run_evaluation(tmp_path / "run", progress=QUIET)
    run = Run.open(tmp_path / "run")
    judged = run.metrics[(run.metrics["outcome"] == "fatigue") & (run.metrics["metric"] == "r2")]
    assert {"covariates", "human_total", "human_joints", "oracle"} <= set(judged["predictor"])
    rows = run.predictions[run.predictions["outcome"] == "fatigue"].drop_duplicates(["patient_id", "visit_id"])
    stored = open_dataset(small_dataset).visits.set_index(["patient_id", "visit_id"])["fatigue"]
    keys = pd.MultiIndex.from_frame(rows[["patient_id", "visit_id"]])
    assert rows["target"].tolist() == stored.loc[keys].tolist()
