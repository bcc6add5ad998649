"""The worked example of docs/analysis: real patients of RAPPORT, disease activity in the place of a film's score.

`make rapport-analysis`, or python -m docs.analysis.rapport RAPPORT.csv FOLDER. The table is the one of data_cards/rapport, in long form.
What the page needs of the analysis is kept beside this file, so that a test can hold the page to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import outcomenet as on
from outcomenet.biomarkers.number_words import p_words, with_interval
from outcomenet.biomarkers.section import estimate_rows
from outcomenet.csv_files import read_csv, write_csv
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PLAN, PAGE, FILE = KEPT / "rapport.toml", KEPT / "README.md", KEPT / "rapport_estimates.csv"
NAME = "`make rapport-analysis`"  # what writes the page's part
SHOWN = ("association", "added_value", "responsiveness", "reliability", "trial_power")


def tidy(rapport: pd.DataFrame) -> pd.DataFrame:
    """One row per patient and visit of the long table.

    Args:
        rapport: pid, sex, age_5y, ra_years_cat, month, instrument (das28, haq_di, radai), value.
    """
    keys = ["pid", "sex", "age_5y", "ra_years_cat", "month"]
    # the duration of one patient is not known: he stays in the table with an empty cell
    wide = rapport.pivot_table(index=keys, columns="instrument", values="value", aggfunc="first", dropna=False)
    wide = wide.dropna(how="all")
    table = wide.reset_index().rename(columns={"age_5y": "age", "ra_years_cat": "duration_class", "haq_di": "haq"})
    return table.assign(years=table["month"] / 12, planned_visit=table["month"] // 3)


def keep(folder: Path) -> None:
    """Keeps the estimates of a finished analysis and writes the page's part.

    Args:
        folder: The analysis.
    """
    write_csv(read_csv(folder / "estimates.csv").round(6), FILE)
    PAGE.write_text(with_block(PAGE.read_text(encoding="utf-8"), NAME, block(read_csv(FILE))), encoding="utf-8")


def block(estimates: pd.DataFrame) -> str:
    """The page's part: how HAQ-DI goes with each measure on each rung, as Markdown.

    Args:
        estimates: Of the analysis.
    """
    rows = [
        row for row in estimate_rows(estimates.fillna({"note": "", "method": "", "adjustment": "", "unit": "", "outcome": "", "measure": ""}))
        if row.section == "association" and row.term == "slope per SD" and row.method.startswith("mixed model")
    ]  # fmt: skip
    lines = [
        "| HAQ-DI per SD of | adjustment | difference (95 % interval) | | visits | patients |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.measure} | {row.adjustment} | {with_interval(row.estimate, row.lower, row.upper)} | {p_words(row.p)} | "
        f"{row.n_visits:.0f} | {row.n_patients:.0f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    tidy(read_csv(source)).to_csv(out / "rapport.csv", index=False)
    keep(on.analyse(out / "rapport.csv", out / "analysis", plan=PLAN).folder)
