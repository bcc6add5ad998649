"""The primary contrast is resampled so often that its verdict does not hang on the seed, and its bounds' error is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from outcomenet.metrics.resampling import bootstrap_weights, monte_carlo_margins, percentile_interval, weight_blocks
from outcomenet.metrics.table import PRIMARY_RESAMPLES, Contrast, comparisons_table, primary_contrast
from outcomenet.metrics.verdict import Verdict, verdict_of


def test_blocks_hold_the_very_same_resamples():
    patients = pd.Series(["b", "a", "a", "c", "d"])
    whole = bootstrap_weights(patients, 25, seed=3)
    blocks = list(weight_blocks(patients, 25, seed=3, block=10))
    assert [len(block) for block in blocks] == [11, 10, 5]
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.array_equal(whole[:11], bootstrap_weights(patients, 10, seed=3))


def test_the_margin_is_that_of_a_sample_quantile_and_holds_in_95_of_100_seeds():
    """Asymptotic SD of a quantile, sqrt(p (1 - p) / B) / density (David & Nagaraja 2003, sec. 10.2), of a normal."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(400, 4000))
    margins = np.array([monte_carlo_margins(row) for row in draws])
    exact = 1.96 * np.sqrt(0.025 * 0.975 / 4000) / norm.pdf(norm.ppf(0.025))
    assert margins.mean(0) == pytest.approx([exact, exact], rel=0.05)
    bounds = np.array([percentile_interval(row) for row in draws])
    held = np.abs(bounds - norm.ppf([0.025, 0.975])) <= margins
    assert held.mean() == pytest.approx(0.95, abs=0.02)


def predictions(seed: int = 0, patients: int = 60, human: float = 0.9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    target = rng.uniform(0, 3, patients)
    frame = {
        "patient_id": [f"p{i}" for i in range(patients)], "visit_id": "v", "split": "test", "outcome": "haq",
        "horizon": 0, "target": target, "observed": True, "interval_start": 0.0, "interval_end": np.inf,
    }  # fmt: skip
    noise = {"human_total": human, "direct_adjusted": 0.7}
    rows = [
        pd.DataFrame(frame).assign(predictor=name, prediction=target + rng.normal(0, sd, patients))
        for name, sd in noise.items()
    ]
    return pd.concat([*rows, *(row.assign(outcome="pain") for row in rows)])


def test_the_contrast_asked_in_advance_is_resampled_more_often_and_no_other():
    asked = primary_contrast("haq")
    assert asked == Contrast("haq", "r2", "direct_adjusted", "human_total")
    table = comparisons_table(predictions(), resamples=200, seed=1, primary=asked)
    assert table["primary"].sum() == 1
    primary, others = table[table["primary"]].iloc[0], table[~table["primary"]]
    assert (primary["outcome"], primary["metric"], primary["resamples"]) == ("haq", "r2", PRIMARY_RESAMPLES)
    assert set(others["resamples"]) == {200}
    same = others[(others["outcome"] == "pain") & (others["metric"] == "r2")].iloc[0]
    assert same["difference"] == primary["difference"]
    assert primary["lower_margin"] < same["lower_margin"] / 3  # the root of 100,000 / 200 is 22
    assert (table[["lower_margin", "upper_margin"]] > 0).all(axis=None)


def test_seeds_agree_on_a_bound_that_is_clear_of_its_margin():
    """A lower bound of 0.007, whose SD over seeds is a thousandth: at the 200 resamples of others it changes its sign."""
    table, asked = predictions(seed=21, human=0.8925), primary_contrast("haq")
    said, few = set(), set()
    for seed in (0, 1, 2):
        row = comparisons_table(table, resamples=50, seed=seed, primary=asked).query("primary").iloc[0]
        said.add(
            verdict_of(row["lower"], row["upper"], lower_margin=row["lower_margin"], upper_margin=row["upper_margin"])
        )
    for seed in range(20):
        few.add(comparisons_table(table, resamples=200, seed=seed).query("metric == 'r2'").iloc[0]["lower"] > 0)
    assert said == {Verdict.BETTER}
    assert few == {True, False}
