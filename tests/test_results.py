"""Numbers in docs/results.md and docs/pretraining are those of the runs whose files are kept beside the pages."""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from outcomenet.experiment import load_experiment
from tests import unlike_measured
from tools.marked_page import with_block

DOCS = Path(__file__).parents[1] / "docs"


def script(path: str) -> ModuleType:
    """A program of the folder docs/."""
    return importlib.import_module(f"docs.{path.replace('/', '.')}")


@pytest.fixture(scope="module")
def fill():
    return script("results/fill")


def test_the_page_says_what_the_kept_files_say(fill):
    page = (DOCS / "results.md").read_text()
    assert page == fill.written(page, fill.KEPT), "run `make results` on an evaluated demo"


def test_the_kept_files_are_of_one_run(fill):
    metrics = pd.read_csv(fill.KEPT / "metrics.csv").set_index(["predictor", "outcome", "metric"])["value"]
    for row in pd.read_csv(fill.KEPT / "comparisons.csv").itertuples():
        own, other = (metrics[name, row.outcome, row.metric] for name in (row.predictor, row.reference))
        assert row.difference == pytest.approx(own - other, abs=1e-9)


def test_one_film_of_follow_up_has_no_concordance(fill):
    metrics = pd.read_csv(fill.KEPT / "metrics.csv")
    own = metrics[metrics["metric"].isin(["harrell_c", "uno_c"])]
    assert len(own) == 16
    assert own[["value", "lower", "upper"]].isna().all(axis=None)
    assert not pd.read_csv(fill.KEPT / "comparisons.csv")["metric"].isin(["harrell_c", "uno_c"]).any()


def test_a_number_changed_in_a_file_changes_the_page(fill, tmp_path):
    for name in fill.FILES:
        shutil.copyfile(fill.KEPT / name, tmp_path / name)
    table = pd.read_csv(tmp_path / "metrics.csv")
    table.loc[(table["predictor"] == "covariates") & (table["metric"] == "r2"), "value"] += 0.001
    table.to_csv(tmp_path / "metrics.csv", index=False)
    assert fill.demo_block(tmp_path) != fill.demo_block(fill.KEPT)


def test_the_seeds_are_of_the_kept_run_and_the_page_counts_them(fill, tmp_path):
    seeds = pd.read_csv(fill.KEPT / fill.SEEDS_FILE)
    assert seeds["seed"].tolist() == list(range(60))
    primary = pd.read_csv(fill.KEPT / "comparisons.csv").query("primary").iloc[0]
    assert (primary["outcome"], primary["metric"], primary["reference"]) == ("haq", "r2", "human_total")
    assert seeds["difference"].to_numpy() == pytest.approx(primary["difference"], abs=1e-9)
    # 100,000 resamples have the bound that the seeds scatter around
    assert seeds["lower"].mean() == pytest.approx(primary["lower"], abs=3 * seeds["lower"].std() / 60**0.5)
    seeds.assign(lower=[-0.1] * 7 + [0.0] * 53).to_csv(tmp_path / fill.SEEDS_FILE, index=False)
    assert "below 0 for 7 of 60 seeds" in fill.seeds_sentence(tmp_path)


def test_the_numbers_of_real_patients_are_those_of_the_kept_file(fill):
    kept = pd.read_csv(fill.KEPT / "rapport.csv").set_index("metric").query("predictor == 'covariates'")
    r2, mae = (f"{row.value:.2f} ({row.lower:.2f} to {row.upper:.2f})" for row in kept.loc[["r2", "mae"]].itertuples())
    text = " ".join((DOCS / "results.md").read_text().split())
    assert f"R2 {r2}, mean absolute error {mae}, n = {kept.loc['r2', 'n']}" in text


def test_every_part_of_the_page_points_to_its_files_or_says_that_it_was_measured_once():
    """A number without a kept file is marked, with the command that would give it anew."""
    parts = re.split(r"^## ", (DOCS / "results.md").read_text(), flags=re.MULTILINE)[1:]
    unmarked = [
        part.splitlines()[0]
        for part in parts
        if not re.search(r"\(results/\w+\.csv\)|\*[Mm]easured\s+once|^In \[", part, re.MULTILINE)
    ]
    assert unmarked == ["Not run"]


def test_only_what_stands_between_the_marks_is_replaced():
    begin, end = "<!-- begin: written by it -->\n", "<!-- end: written by it -->\n"
    assert with_block(f"before\n{begin}old\n{end}after\n", "it", "new\n") == f"before\n{begin}\nnew\n\n{end}after\n"
    with pytest.raises(ValueError, match="got 0 and 0"):
        with_block("no marks", "it", "new")
    with pytest.raises(ValueError, match="got 2 and 1"):
        with_block(begin + begin + end, "it", "new")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("results/strategies", "results.md"),
        ("results/null_worlds", "results.md"),
        ("results/sweeps", "results.md"),
        ("results/paired_change", "results.md"),
        ("pretraining/fill", "pretraining/README.md"),
    ],
)
def test_tables_of_many_runs_are_those_of_their_kept_files(path, page):
    text = (DOCS / page).read_text()
    assert script(path).written_into(text) == text


def test_each_arm_of_the_strategies_has_a_name_of_its_own():
    strategies = script("results/strategies")
    arms = dict(strategies.arms())
    assert len(arms) == len(list(strategies.arms())) == 14
    assert arms["none"] == {"rungs": ("direct",)}
    assert arms["outcome_terms"]["confounding.seen_osteoarthritis"] is False
    assert arms["joint_decorrelation_10"]["confounding.joint_decorrelation"] == 10.0
    assert {"distance_correlation", "distance_correlation-reweight", "residualised_outcome"} <= arms.keys()
    for settings in arms.values():
        load_experiment("confounders").with_settings({**strategies.SETTINGS, **settings})


def test_a_false_gain_is_an_interval_above_0(tmp_path):
    null_worlds = script("results/null_worlds")
    for seed, (lower, upper) in enumerate([(0.01, 0.2), (-0.1, 0.1), (-0.2, -0.01)], 1):
        row = {
            "outcome": "haq", "metric": "r2", "predictor": "direct_adjusted", "difference": 0.5 * (lower + upper),
            "lower": lower, "upper": upper, "value": 0.2, "reference_value": 0.1, "n": 100,
        }  # fmt: skip
        rows = [row | {"reference": "human_joints"}, row | {"reference": "covariates"}, row | {"metric": "mae"}]
        (tmp_path / f"seed{seed}" / "run").mkdir(parents=True)
        pd.DataFrame(rows).to_csv(tmp_path / f"seed{seed}" / "run" / "comparisons.csv", index=False)
    table = null_worlds.contrasts(tmp_path)
    assert table["seed"].tolist() == [1, 2, 3]
    assert "| human_joints | haq r2 | 3 | 1 | 1 | +0.000 | 0.200 | 0.100 |" in null_worlds.null_table(table)
    kept = pd.concat([table.assign(seed=4), table.assign(value=0.9)], ignore_index=True)
    merged = null_worlds.contrasts(tmp_path, kept)  # seeds that were run before stay, those run anew do not
    assert sorted(set(merged["seed"])) == [1, 2, 3, 4]
    assert (merged["value"] == 0.2).all()


def test_recovery_is_told_for_every_world_and_left_out_where_a_rung_is_missing(tmp_path, monkeypatch):
    page = script("pretraining/fill")
    monkeypatch.setattr(page, "KEPT", tmp_path)
    for name, values in (("default-1000-92", (0.1, 0.4, 0.5)), ("unseen_films-250-7", (0.1, 0.4))):
        rows = [
            {"predictor": rung, "outcome": "haq", "metric": "r2", "subgroup": "all", "value": value}
            for rung, value in zip(page.RUNGS, values, strict=False)
        ]
        (tmp_path / name / "run").mkdir(parents=True)
        pd.DataFrame(rows).to_csv(tmp_path / name / "run" / "metrics.csv", index=False)
    page.keep_scaling(tmp_path)
    lines = page.scaling_table(pd.read_csv(tmp_path / page.SCALING))
    assert "| default | 1,000 | 92 | haq r2 | 0.100 | 0.400 | 0.500 | 0.75 |" in lines
    assert "| unseen_films | 250 | 7 | haq r2 | 0.100 | 0.400 | - | not judged |" in lines


def test_a_row_of_paired_films_has_both_measures(tmp_path):
    paired = script("results/paired_change")
    run = tmp_path / "paired" / "run"
    run.mkdir(parents=True)
    bounds = {"lower": 0.1, "upper": 0.3}
    metrics = [
        {"predictor": rung, "outcome": "haq_change", "metric": "r2", "subgroup": "all", "value": 0.2, **bounds}
        for rung in (*paired.RUNGS, "covariates")
    ]
    pd.DataFrame(metrics).to_csv(run / "metrics.csv", index=False)
    measures = [
        {"measure": measure, "statistic": statistic, "against": against or "", "value": value, **bounds}
        for value, (measure, statistic, against) in zip((0.5, 0.6, 0.7), paired.RESPONSIVENESS.values(), strict=True)
    ]
    pd.DataFrame(measures).to_csv(run / "responsiveness.csv", index=False)
    line = paired.paired_table(pd.DataFrame([paired.row_of(run)])).splitlines()[-1]
    assert line.startswith("| paired | 0.20 (0.10 to 0.30) |")
    assert line.endswith("| 0.50 (0.10 to 0.30) | 0.60 (0.10 to 0.30) | 0.70 (0.10 to 0.30) |")


def test_what_is_told_of_unlike_joints_is_that_of_the_kept_file():
    page = (DOCS / "pretraining/README.md").read_text()
    table = pd.read_csv(DOCS / "pretraining" / unlike_measured.FILE)
    assert with_block(page, unlike_measured.NAME, unlike_measured.page_part(table)) == page
