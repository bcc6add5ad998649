"""The numbers of the demo in docs/results.md are those of the run whose files are kept beside it."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def fill():
    spec = importlib.util.spec_from_file_location("fill", DOCS / "results" / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_numbers_of_the_demo_in_the_running_text_are_those_of_its_audits(fill):
    (finding,) = pd.read_csv(fill.KEPT / "audits.csv").query("audit == 'do_oa'")["finding"]
    text = " ".join((DOCS / "results.md").read_text().split(fill.END)[1].split())
    at_0, at_half = re.findall(r"at 0\.[05] by ([+-]\d\.\d\d SD)", finding)
    assert f"in the demo (another preset and seed) the shift under do(oa=0) is {at_0}" in text
    assert f"and {at_half} in the demo" in text


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


def test_only_what_stands_between_the_marks_is_replaced(fill):
    page = f"before\n{fill.BEGIN}old\n{fill.END}after\n"
    assert fill.filled(page, "new\n") == f"before\n{fill.BEGIN}\nnew\n\n{fill.END}after\n"
    with pytest.raises(SystemExit, match="put them back"):
        fill.filled("no marks", "new")
