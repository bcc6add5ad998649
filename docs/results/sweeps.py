"""Sweeps of experiments with three seeds each: runs them and fills their tables in docs/results.md.

`make sweep-results`, or python -m docs.results.sweeps FOLDER. Arms are compared on validation patients; the held-out ones stay closed. What is
finished is left as it is, so that the same command goes on. What the page needs is kept beside this file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

import outcomenet as on
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.experiment_files import experiment_file
from outcomenet.reports.numbers import decimal
from outcomenet.sweeps.sweep_results import NETWORKS
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
SEEDS, PATIENTS, SEED, STEPS = 3, 300, 31, 600
# Experiment, its axis, and the world whose patients it is trained on.
SWEEPS = {"human_head": ("heads", "default"), "confounders": ("strategies", "heavy_oa")}


def file_of(experiment: str) -> Path:
    """Kept file of a sweep's arms."""
    return KEPT / f"sweep_{experiment}.csv"


def name_of(experiment: str) -> str:
    """What writes the page's part."""
    return f"`make sweep-results`, {experiment}"


def run(folder: Path, experiment: str, workers: int) -> Path:
    """Simulates the patients, takes them in and runs the sweep; gives its folder."""
    axis, preset = SWEEPS[experiment]
    cohort, data = folder / f"{preset}-cohort", folder / f"{preset}-data"
    if not data.exists():
        if not cohort.exists():
            on.simulate(cohort, preset=preset, patients=PATIENTS, seed=SEED, films="crops")
        on.intake(cohort, data)
    asked = on.load_experiment(experiment).with_settings({"training.steps": STEPS})
    out = folder / f"sweep-{experiment}"
    return on.sweep(
        asked, data, out, axes=[axis], seeds=SEEDS, workers=workers, file=experiment_file(experiment)
    ).folder


def arms_block(arms: pd.DataFrame) -> str:
    """The page's part: every arm's headline metric of each outcome by the sweep's own measure, as Markdown.

    Args:
        arms: arms.csv of a sweep.
    """
    measure = next(name for name in NETWORKS if (arms["predictor"] == name).any())
    lines = [
        "| outcome | arm | mean (SD over seeds) | minus the first arm (95 % interval, patients) | SD over pairs of seeds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in arms[arms["predictor"] == measure].itertuples(index=False):
        difference = ""
        if pd.notna(row.difference):
            difference = f"{decimal(row.difference, 3)} ({decimal(row.lower, 3)} to {decimal(row.upper, 3)})"
        spread = "" if pd.isna(row.sd_of_difference) else decimal(row.sd_of_difference, 3)
        value = f"{decimal(row.value, 3)} ({decimal(row.sd_over_seeds, 3)})"
        lines.append(f"| {row.outcome} {row.metric} | {row.words} | {value} | {difference} | {spread} |")
    return "\n".join(lines) + "\n"


def written_into(page: str) -> str:
    """The page with its tables as the kept files have them."""
    for experiment in SWEEPS:
        file = file_of(experiment)
        block = "Not run yet: `make sweep-results`.\n"
        if file.is_file():
            block = f"{arms_block(read_csv(file))}\nFrom [{file.name}](results/{file.name}).\n"
        page = with_block(page, name_of(experiment), block)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SWEEPS), choices=list(SWEEPS))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    for experiment in given.only:
        folder = run(given.folder, experiment, given.workers)
        write_csv(read_csv(folder / "arms.csv").round(6), file_of(experiment))
        PAGE.write_text(written_into(PAGE.read_text()))


if __name__ == "__main__":
    main()
