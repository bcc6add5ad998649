"""The generated sentences say better, worse, undecided and absent as the interval says it."""

from __future__ import annotations

import dataclasses

import pandas as pd

from outcomenet.reports.measures import Verdict, verdict
from outcomenet.reports.narrative import answer
from outcomenet.reports.run_folder import RunFolder, read_run


def _folder_with(run, difference: float, lower: float, upper: float, margin: float = 0.001) -> RunFolder:
    """A run whose main comparison has the given paired difference, its bounds sure to `margin`."""
    folder = read_run(run)
    comparisons = pd.DataFrame(
        [
            (
                "haq",
                0,
                "r2",
                "direct_adjusted",
                "human_total",
                difference,
                lower,
                upper,
                320,
                0.9,
                10_000,
                margin,
                margin,
            )
        ],
        columns=folder.comparisons.columns,
    )
    return dataclasses.replace(folder, comparisons=comparisons)


def test_interval_above_zero_is_better(better_run):
    told = answer(_folder_with(better_run, 0.0681, 0.021, 0.117))
    assert told.verdict is Verdict.BETTER
    assert "told more about function (HAQ-DI) than the human score" in told.headline
    assert "did better than the human Sharp/van der Heijde total in predicting HAQ-DI" in told.paragraph
    assert "difference in R² +0.068, 95\N{NO-BREAK SPACE}% interval 0.021 to 0.117" in told.paragraph


def test_interval_below_zero_is_said_to_be_worse(better_run):
    told = answer(_folder_with(better_run, -0.05, -0.09, -0.01))
    assert told.verdict is Verdict.WORSE
    assert "told less about function (HAQ-DI) than the human score" in told.headline
    assert "did worse than the human Sharp/van der Heijde total" in told.paragraph
    assert "−0.050, 95\N{NO-BREAK SPACE}% interval −0.090 to −0.010" in told.paragraph


def test_interval_that_holds_zero_shows_no_difference(better_run):
    told = answer(_folder_with(better_run, 0.012, -0.02, 0.044))
    assert told.verdict is Verdict.UNDECIDED
    assert "no difference was shown" in told.headline
    assert "no difference was shown" in told.paragraph
    assert "compatible with a loss of 0.020 and with a gain of 0.044" in told.paragraph
    assert "better" not in told.headline + told.paragraph


def test_interval_that_touches_zero_shows_no_difference():
    assert verdict("r2", 0.0, 0.1) is Verdict.UNDECIDED
    assert verdict("r2", -0.1, 0.0) is Verdict.UNDECIDED


def test_lower_error_is_better():
    assert verdict("mae", -0.10, -0.02) is Verdict.BETTER
    assert verdict("mae", 0.02, 0.10) is Verdict.WORSE


def test_calibration_slope_has_no_better_or_worse():
    assert verdict("calibration_slope", 0.1, 0.2) is Verdict.ABSENT


def test_absent_comparison_names_the_rungs_that_are_there(covariates_run):
    told = answer(read_run(covariates_run))
    assert told.verdict is Verdict.ABSENT
    assert "cannot say" in told.headline
    assert "this run holds the covariates alone" in told.paragraph


def test_undefined_difference_is_no_verdict(better_run):
    told = answer(_folder_with(better_run, float("nan"), float("nan"), float("nan")))
    assert told.verdict is Verdict.ABSENT
    assert "not defined on these patients" in told.paragraph


def test_r2_below_zero_is_explained(better_run):
    folder = _folder_with(better_run, -0.5, -0.6, -0.4)
    metrics = folder.metrics.copy()
    metrics.loc[(metrics["predictor"] == "direct_adjusted") & (metrics["metric"] == "r2"), "value"] = -0.1
    told = answer(dataclasses.replace(folder, metrics=metrics))
    assert "worse than giving every patient the average" in told.paragraph


def test_number_of_held_out_patients_is_told(better_run):
    assert "160 held-out simulated patients (320 visits)" in answer(read_run(better_run)).paragraph


def test_worse_run_is_worse_on_every_outcome(worse_run):
    told = answer(read_run(worse_run))
    assert told.verdict is Verdict.WORSE
    assert "did worse than the human Sharp/van der Heijde total in predicting pain" in told.beside[0]
    assert "did worse than the human Sharp/van der Heijde total in ranking the risk of" in told.beside[1]


def test_outcome_without_comparison_is_named(better_run):
    told = answer(_folder_with(better_run, 0.05, 0.01, 0.09))
    assert "For pain, this comparison was not computed." in told.beside


def test_oracle_is_told_only_of_simulated_patients(better_run):
    folder = read_run(better_run)
    assert any("oracle" in sentence for sentence in answer(folder).beside)
    real = dataclasses.replace(folder, record={**folder.record, "data": {"simulated": False}})
    assert not any("oracle" in sentence for sentence in answer(real).beside)


def test_the_answer_is_about_the_first_outcome_where_haq_is_not_in_the_run(better_run):
    folder = _folder_with(better_run, 0.3, 0.2, 0.4)
    as_change = {"haq": "haq_change"}
    frames = {
        name: frame[frame["outcome"] == "haq"].replace({"outcome": as_change})
        for name, frame in (("metrics", folder.metrics), ("comparisons", folder.comparisons))
    }
    told = answer(dataclasses.replace(folder, **frames))
    assert told.headline == (
        "On these patients the outcome-direct measure told more about HAQ-DI change in a year than the human score."
    )
    assert "in predicting HAQ-DI change in a year (R² " in told.paragraph


def test_a_bound_within_its_monte_carlo_error_is_borderline(better_run):
    told = answer(_folder_with(better_run, 0.081, 0.0012, 0.155, margin=0.002))
    assert told.verdict is Verdict.BORDERLINE
    assert told.headline.startswith("Borderline: whether the outcome-direct measure told more about function (HAQ-DI)")
    assert "For HAQ-DI, a difference is borderline between" in told.paragraph
    assert (
        "the lower bound would move by up to 0.0020 (Monte Carlo error of 10\N{NARROW NO-BREAK SPACE}000"
        in told.paragraph
    )
    assert "the bound is +0.0012" in told.paragraph
    # on the other side of 0 it is as uncertain
    assert answer(_folder_with(better_run, 0.079, -0.0012, 0.155, margin=0.002)).verdict is Verdict.BORDERLINE
    assert answer(_folder_with(better_run, -0.08, -0.155, 0.0012, margin=0.002)).verdict is Verdict.BORDERLINE
    assert answer(_folder_with(better_run, 0.081, 0.0021, 0.155, margin=0.002)).verdict is Verdict.BETTER


def test_the_box_says_what_did_not_hold(better_run):
    folder = _folder_with(better_run, 0.08, 0.01, 0.15)
    more = [
        ("haq", 0, "r2", "direct_adjusted", "human_joints", 0.069, -0.03, 0.16, 320, 0.9, 1000, 0.001, 0.001),
        ("haq", 0, "r2", "direct_adjusted", "score_mediated", 0.2, 0.1, 0.3, 320, 1.0, 1000, 0.001, 0.001),
        ("haq", 0, "mae", "direct_adjusted", "human_total", -0.01, -0.03, 0.01, 320, 0.2, 1000, 0.001, 0.001),
    ]  # fmt: skip
    more = pd.DataFrame(more, columns=folder.comparisons.columns)
    folder = dataclasses.replace(folder, comparisons=pd.concat([folder.comparisons, more], ignore_index=True))
    told = answer(folder)
    assert told.verdict is Verdict.BETTER
    assert told.against == [
        "R²: no difference was shown from the human scores joint by joint (+0.069, −0.030 to 0.160).",
        "Mean absolute error: no difference was shown from the human Sharp/van der Heijde total (−0.010, −0.030 to 0.010).",
        "1 of 3 audits raises an alarm (see below). 1 audit could not be computed.",
    ]


def test_a_run_without_audits_says_so_in_the_box(worse_run):
    assert "No audit was run." in answer(read_run(worse_run)).against
