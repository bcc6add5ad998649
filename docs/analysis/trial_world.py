"""A simulated trial through `analyse`: what each measure would need beside what perfect knowledge would.

`make trial-analysis`, or python -m docs.analysis.trial_world FOLDER. Cohort and data set are deleted when the run is evaluated;
what the page needs of the analysis is kept beside this file, so that a test can hold the page to it.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd

import outcomenet as on
from docs.evaluated_world import ONE_NETWORK, evaluated_world
from outcomenet.biomarkers.number_words import with_interval
from outcomenet.biomarkers.section import estimate_rows
from outcomenet.biomarkers.trial_sizes import size_words
from outcomenet.csv_files import read_csv, write_csv
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE, FILE = KEPT / "README.md", KEPT / "trial_estimates.csv"
NAME = "`make trial-analysis`"  # what writes the page's part
PATIENTS, SEED = 900, 103
# Estimates that the page and its test need: the size of the trial by each measure, and how much each changed.
SECTIONS_KEPT = ("responsiveness", "trial_power")
PER_ARM = "n per arm, 80 % power"


def analysed(folder: Path) -> Path:
    """Simulates the trial, trains and evaluates one network, and analyses its held-out patients with their arms.

    Args:
        folder: Of cohort, run and analysis; what is there already is gone on with.
    """
    run = evaluated_world(
        folder, "trial", {**ONE_NETWORK, "evaluation.rereadings": 3}, patients=PATIENTS, seed=SEED, preset="trial"
    )
    return on.analyse(run, folder / "analysis").folder


def keep(folder: Path) -> None:
    """Keeps the estimates of a finished analysis and writes the page's part.

    Args:
        folder: The analysis.
    """
    table = read_csv(folder / "estimates.csv")
    write_csv(table[table["section"].isin(SECTIONS_KEPT)].round(6), FILE)
    PAGE.write_text(with_block(PAGE.read_text(encoding="utf-8"), NAME, block(read_csv(FILE))), encoding="utf-8")


def block(estimates: pd.DataFrame) -> str:
    """The page's part: patients per arm by each measure, and how much each changed, as Markdown.

    Args:
        estimates: Of the analysis.
    """
    empty = dict.fromkeys(("note", "method", "adjustment", "unit", "outcome", "measure"), "")
    rows = list(estimate_rows(estimates.fillna(empty)))
    changed = {row.measure: row for row in rows if row.term == "SRM"}
    lines = [
        "| measure | patients per arm at 80 % power (95 % interval) | SRM (95 % interval) |",
        "| --- | --- | --- |",
    ]
    # the plain comparison of changes: others start from the first visit's value or from fewer readers
    for row in (row for row in rows if row.term == PER_ARM and not row.adjustment):
        srm = changed.get(row.measure)
        words = with_interval(srm.estimate, srm.lower, srm.upper) if srm else ""
        lines.append(f"| {row.measure} | {size_words(asdict(row))} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    keep(analysed(Path(sys.argv[1])))
