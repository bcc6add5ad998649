"""The numbers of the demo in docs/results.md are those of the run whose files are kept beside it."""

from __future__ import annotations

import importlib.util
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
    assert page == fill.filled(page, fill.demo_block(fill.KEPT)), "run `make results` on an evaluated demo"


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


def test_only_what_stands_between_the_marks_is_replaced(fill):
    page = f"before\n{fill.BEGIN}old\n{fill.END}after\n"
    assert fill.filled(page, "new\n") == f"before\n{fill.BEGIN}\nnew\n\n{fill.END}after\n"
    with pytest.raises(SystemExit, match="put them back"):
        fill.filled("no marks", "new")
