"""Films of two visits read together, in the three ways in which people read: runs them and fills their table in docs/results.md.

`make paired-change`, or python -m docs.results.paired_change FOLDER. Each mode has a cohort of the same patients whose readers read in it, a
training and an evaluation in FOLDER; what is there already is gone on with or left as it is. What the page needs is kept beside this file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from docs.evaluated_world import ONE_NETWORK, evaluated_world
from outcomenet.csv_files import read_csv, write_csv
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
FILE = "paired_change.csv"
NAME = "`make paired-change`"  # what writes the page's part
MODES = ("single", "paired", "chronological")
PATIENTS, SEED = 1000, 131
RUNGS = ("human_total", "human_joints", "direct_adjusted", "oracle")
FILM, HUMAN, TRUTH = "direct_adjusted (svdh_change)", "human_total", "true SvdH change"
RESPONSIVENESS = {
    "human_srm": (HUMAN, "srm", None), "human_with_truth": (HUMAN, "rank_correlation", TRUTH),
    "film_with_truth": (FILM, "rank_correlation", TRUTH),
}  # fmt: skip


def row_of(run: Path) -> dict[str, object]:
    """R2 of the change of HAQ-DI by rung, and what the changes of damage go with, of one evaluated run.

    Args:
        run: Its folder lies in one that has the mode's name.
    """
    metrics = read_csv(run / "metrics.csv")
    metrics = metrics[
        (metrics["subgroup"] == "all") & (metrics["metric"] == "r2") & (metrics["outcome"] == "haq_change")
    ]
    row: dict[str, object] = {"mode": run.parent.name}
    for rung, of in metrics.set_index("predictor").iterrows():
        if rung in RUNGS:
            row |= {f"{rung}_{name}": of[name] for name in ("value", "lower", "upper")}
    table = read_csv(run / "responsiveness.csv")
    for name, (measure, statistic, against) in RESPONSIVENESS.items():
        asked = (table["measure"] == measure) & (table["statistic"] == statistic)
        if against is not None:
            asked &= table["against"] == against
        (of,) = (of for _, of in table[asked].iterrows())
        row |= {f"{name}_{bound}": of[bound] for bound in ("value", "lower", "upper")}
    return row


def paired_table(table: pd.DataFrame) -> str:
    """The table as lines of Markdown.

    Args:
        table: Content of paired_change.csv.
    """
    lines = [
        "| mode | human_total | human_joints | direct_adjusted | oracle | human SRM | rank correlation of human change with true SvdH change "
        "| of the film's SvdH change |",
        "| --- |" + " --- |" * 7,
    ]
    for _, row in table.iterrows():
        cells = [
            f"{row[f'{name}_value']:.2f} ({row[f'{name}_lower']:.2f} to {row[f'{name}_upper']:.2f})"
            for name in (*RUNGS, *RESPONSIVENESS)
        ]
        lines.append(f"| {row['mode']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def written_into(page: str) -> str:
    """The page with its table as the kept file has it."""
    if (KEPT / FILE).is_file():
        block = f"{paired_table(read_csv(KEPT / FILE))}\nFrom [{FILE}](results/{FILE}).\n"
    else:
        block = f"Not run yet: {NAME}.\n"
    return with_block(page, NAME, block)


if __name__ == "__main__":
    for mode in MODES:
        readers = {"reading_mode": mode}
        evaluated_world(
            Path(sys.argv[1]) / mode, "paired_change", {**ONE_NETWORK, "network.pairs": mode}, patients=PATIENTS, seed=SEED, set=readers
        )  # fmt: skip
    write_csv(pd.DataFrame([row_of(Path(sys.argv[1]) / mode / "run") for mode in MODES]), KEPT / FILE)
    PAGE.write_text(written_into(PAGE.read_text()))
