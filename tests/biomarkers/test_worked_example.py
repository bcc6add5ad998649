"""The worked example of docs/analysis says what its files say, and its files are what `analyse` gives."""

from __future__ import annotations

from pathlib import Path

import outcomenet as on
from docs.analysis import trial_world
from docs.analysis.rapport import FILE, NAME, PAGE, PLAN, block, tidy
from outcomenet.biomarkers.analysis_sections import first_difference
from outcomenet.csv_files import read_csv
from tests import analysis_coverage
from tools.marked_page import with_block

RAPPORT = Path(__file__).parents[1] / "data" / "rapport_long_coarse.csv"


def test_the_page_says_what_the_kept_file_says():
    page = PAGE.read_text(encoding="utf-8")

    assert page == with_block(page, NAME, block(read_csv(FILE))), "run `make rapport-analysis`"


def test_the_page_says_how_often_intervals_held_the_truth():
    page, kept = PAGE.read_text(encoding="utf-8"), read_csv(PAGE.with_name("coverage.csv"))

    assert page == with_block(page, analysis_coverage.NAME, analysis_coverage.block(kept)), (
        "run `make analysis-coverage`"
    )


def test_the_page_says_what_the_simulated_trial_gave():
    page = PAGE.read_text(encoding="utf-8")

    assert page == with_block(page, trial_world.NAME, trial_world.block(read_csv(trial_world.FILE))), (
        "run `make trial-analysis`"
    )


def test_the_kept_file_is_what_the_analysis_gives(tmp_path: Path):
    table = tidy(read_csv(RAPPORT))
    table.to_csv(tmp_path / "rapport.csv", index=False)

    analysis = on.analyse(tmp_path / "rapport.csv", tmp_path / "analysis", plan=PLAN)

    # 704 answers to the HAQ of 159 patients (shared reference: mean 0.60)
    assert table["haq"].notna().sum() == 704
    assert round(table["haq"].mean(), 2) == 0.60
    assert first_difference(analysis.estimates, read_csv(FILE), tolerance=1e-3) == ""
