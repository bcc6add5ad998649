"""False gains in the strict null world: runs its seeds and fills their table in docs/results.md.

`make null-worlds`, or python -m docs.results.null_worlds FOLDER --seeds 20. Each seed is a cohort, a training and an evaluation of its own in
FOLDER. Cohort and data set of a seed are deleted when it is evaluated: each takes about a gigabyte. What the page needs is kept beside this file
after each seed, so that a test can hold the page to it without the runs; a seed that is kept there is not run again (--anew runs all).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from docs.evaluated_world import ONE_NETWORK, evaluated_world
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.outcomes import outcome
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
FILE = "null_worlds.csv"
NAME = "`make null-worlds`"  # what writes the page's part
PATIENTS = 300
REFERENCES = ("human_total", "human_joints")
SETTINGS = {**ONE_NETWORK, "evaluation.audits.permutations": 20, "evaluation.audits.resamples": 50}


def contrasts(folder: Path, kept: pd.DataFrame | None = None) -> pd.DataFrame:
    """Differences between direct_adjusted and the human scores on the headline metric of each outcome, of every seed.

    Args:
        folder: Of the seeds' runs.
        kept: Rows of seeds that were run before; those of the folder take the place of their seed.
    """
    tables = []
    for run in sorted(folder.glob("seed*/run/comparisons.csv"), key=lambda path: int(path.parts[-3][4:])):
        table = read_csv(run)
        headline = table["outcome"].map(lambda name: outcome(name).headline_metric)
        asked = (table["predictor"] == "direct_adjusted") & table["reference"].isin(REFERENCES)
        columns = ["outcome", "metric", "reference", "difference", "lower", "upper", "value", "reference_value", "n"]
        tables.append(table.loc[asked & (table["metric"] == headline), columns].assign(seed=int(run.parts[-3][4:])))
    if kept is not None:
        ran = {int(seed) for table in tables for seed in table["seed"]}
        tables.append(kept[~kept["seed"].isin(ran)])
    return pd.concat(tables, ignore_index=True).sort_values("seed", kind="stable", ignore_index=True)


def null_table(table: pd.DataFrame) -> str:
    """The table as lines of Markdown.

    Args:
        table: Content of null_worlds.csv.
    """
    lines = [
        "| direct_adjusted minus | outcome | seeds | above 0 | below 0 | mean difference | mean direct_adjusted | mean human |",
        "| --- |" + " --- |" * 7,
    ]
    for (reference, name, metric), rows in table.dropna(subset=["lower"]).groupby(
        ["reference", "outcome", "metric"], sort=False
    ):
        counts = f"{len(rows)} | {(rows['lower'] > 0).sum()} | {(rows['upper'] < 0).sum()}"
        means = " | ".join(f"{rows[column].mean():{form}}" for column, form in MEANS.items())
        lines.append(f"| {reference} | {name} {metric} | {counts} | {means} |")
    return "\n".join(lines) + "\n"


MEANS = {"difference": "+.3f", "value": ".3f", "reference_value": ".3f"}


def written_into(page: str) -> str:
    """The page with its table as the kept file has it."""
    if (KEPT / FILE).is_file():
        block = f"{null_table(read_csv(KEPT / FILE))}\nFrom [{FILE}](results/{FILE}).\n"
    else:
        block = f"Not run yet: {NAME}.\n"
    return with_block(page, NAME, block)


def kept_rows() -> pd.DataFrame | None:
    """Rows of the seeds that were run before; None where there are none."""
    return read_csv(KEPT / FILE) if (KEPT / FILE).is_file() else None


def main(folder: Path, seeds: Iterable[int]) -> None:
    """Runs the seeds; after each one the kept file and the page are written anew.

    Args:
        folder: Of the runs.
        seeds: Of the worlds.
    """
    for seed in seeds:
        evaluated_world(folder / f"seed{seed}", "null_world", SETTINGS, preset="null", patients=PATIENTS, seed=seed)
        table = contrasts(folder, kept_rows())
        write_csv(table, KEPT / FILE)
        PAGE.write_text(written_into(PAGE.read_text()))
        print(null_table(table), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20, help="seeds 1 to this one")
    parser.add_argument("--anew", action="store_true", help="run also the seeds that are kept")
    options = parser.parse_args()
    kept = kept_rows()
    done = set() if kept is None or options.anew else set(kept["seed"])
    main(options.folder, [seed for seed in range(1, options.seeds + 1) if seed not in done])
