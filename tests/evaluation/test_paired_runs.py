"""Runs that compare two visits: true changes, responsiveness against scipy, and what the run writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from outcomenet.errors import UndefinedMetric, UsageError
from outcomenet.evaluation.cohort_truth import true_changes
from outcomenet.evaluation.pair_responsiveness import responsiveness
from outcomenet.experiment import load_experiment
from outcomenet.models.visit_comparison import PairReading
from outcomenet.predictors import HUMAN_TOTAL
from outcomenet.progress import Progress
from outcomenet.workflow import run_prediction, run_training


def test_true_changes_are_per_year_beside_the_earlier_state():
    truth = pd.DataFrame({"patient_id": ["a", "a"], "visit_id": ["V0", "V1"], "true_erosion": [0.1, 0.4]})
    pairs = pd.DataFrame({"patient_id": ["a"], "visit_id": ["V0"], "later_visit_id": ["V1"], "years": [1.5]})
    changed = true_changes(truth, pairs).iloc[0]
    assert changed["true_erosion"] == 0.1
    assert changed["true_erosion_change"] == pytest.approx(0.2)


def test_responsiveness_is_srm_and_spearman_of_the_sample():
    rng = np.random.default_rng(0)
    truth = rng.normal(1.0, 1.0, 80)
    human, film = truth + rng.normal(0, 2.0, 80), truth + rng.normal(0, 0.3, 80)
    human[0] = np.nan
    patients = pd.Series([f"P{k // 2}" for k in range(80)])
    table = responsiveness({HUMAN_TOTAL: human, "film": film}, {"truth": truth}, patients, resamples=300, seed=0)
    table = table.set_index(["measure", "statistic"])
    assert (table["n"] == 79).all()
    for name, values in ((HUMAN_TOTAL, human[1:]), ("film", film[1:])):
        assert table.loc[(name, "srm"), "value"] == pytest.approx(values.mean() / values.std(ddof=1))
        rank = table.loc[(name, "rank_correlation")]
        assert rank["value"] == pytest.approx(spearmanr(values, truth[1:]).statistic)
        assert rank["lower"] < rank["value"] < rank["upper"]
    assert table.loc[("film", "rank_correlation_difference"), "lower"] > 0
    untold = responsiveness({"film": film}, {}, patients, zero_is_no_change=False, resamples=10, seed=0)
    assert untold.empty
    falling = responsiveness({HUMAN_TOTAL: film, "film": -film}, {}, patients, resamples=10, seed=0)
    assert falling.set_index("statistic").loc["srm_difference", "value"] == pytest.approx(0)
    with pytest.raises(UndefinedMetric, match="needs two patients"):
        responsiveness({HUMAN_TOTAL: human[:1]}, {}, patients[:1], resamples=10, seed=0)


def test_a_run_of_pairs_compares_both_with_the_human_change(runs):
    run = runs["paired_change"]
    predictions = pd.read_parquet(run / "predictions.parquet")
    haq = set(predictions.loc[predictions["outcome"] == "haq_change", "predictor"])
    assert {"covariates", "human_total", "human_joints", "direct", "direct_adjusted", "oracle"} <= haq
    # the human change is no rival for itself
    assert "human_total" not in set(predictions.loc[predictions["outcome"] == "svdh_change", "predictor"])
    table = pd.read_csv(run / "responsiveness.csv")
    assert {HUMAN_TOTAL, "direct_adjusted (haq_change)"} <= set(table["measure"])
    assert "true SvdH change" in set(table["against"])
    audits = pd.read_csv(run / "audits.csv").set_index("audit")
    assert "this run compares two" in audits.loc["border", "finding"]


def test_single_films_and_other_reading_modes_are_refused(runs, small_dataset, tmp_path):
    with pytest.raises(UsageError, match="cannot read single films"):
        run_prediction(runs["paired_change"], [tmp_path / "film.png"], tmp_path / "out")
    file = Path(__file__).parents[2] / "experiments/paired_change.py"
    experiment = load_experiment(file).with_steps(1)
    experiment = replace(experiment, network=replace(experiment.network, pairs=PairReading.PAIRED))
    with pytest.raises(UsageError, match="was read in chronological mode"):
        run_training(file, experiment, small_dataset, tmp_path / "run", progress=Progress(quiet=True))
    assert not (tmp_path / "run").exists()
