"""Numbers of the demo in docs/results.md, from the files of its run: `make results` (or python docs/results/fill.py RUN).

What the page needs of the run is kept beside this file, so that a test can hold the page to it without a run.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import read_csv
from outcomenet.metrics.verdict import verdict_of
from outcomenet.outcomes import outcome
from outcomenet.predictions import PREDICTORS

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
FILES = ("metrics.csv", "comparisons.csv", "audits.csv", "score_change.csv")
BEGIN, END = "<!-- begin: written by `make results` -->\n", "<!-- end: written by `make results` -->\n"
STATISTICS = {
    "srm": "SRM", "sdc": "SDC (95 %)", "sdc_in_sd": "SDC in SDs of the change", "icc_a1": "ICC(2,1) of status",
    "icc_a1_change": "ICC(2,1) of the change", "n_per_arm_80": "patients per arm, power 80 %",
    "n_per_arm_90": "patients per arm, power 90 %",
}  # fmt: skip


def keep(run: Path, folder: Path) -> None:
    """Copies the files of an evaluated run that the page is written from; of metrics.csv those of all held-out patients."""
    for name in FILES:
        shutil.copyfile(run / name, folder / name)
    metrics = read_csv(folder / "metrics.csv")
    metrics[metrics["subgroup"] == "all"].to_csv(folder / "metrics.csv", index=False)


def demo_block(folder: Path) -> str:
    """The page's part on the demo: ladder, paired differences, change, audits."""
    metrics, comparisons, audits, change = (
        read_csv(folder / name, keep_default_na=False, na_values=[""]) for name in FILES
    )
    parts = [_ladder(metrics), _differences(comparisons), _change(change), _audits(audits)]
    return "\n".join(parts)


def filled(page: str, block: str) -> str:
    """The page with everything between the two marks replaced; SystemExit where a mark is missing."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise SystemExit(f"docs/results.md needs the lines {BEGIN.strip()} and {END.strip()} once each; put them back.")
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + block + "\n" + END + rest.split(END)[1]


def _ladder(metrics: pd.DataFrame) -> str:
    headline = {name: outcome(name).headline_metric for name in metrics["outcome"].unique()}
    lines = ["| rung | " + " | ".join(f"{name} {metric}" for name, metric in headline.items()) + " |"]
    lines.append("| --- |" + " --- |" * len(headline))
    for predictor in PREDICTORS:
        own = metrics[metrics["predictor"] == predictor]
        cells = [_estimate(own[(own["outcome"] == n) & (own["metric"] == m)], 3) for n, m in headline.items()]
        if any(cell != "-" for cell in cells):
            lines.append(f"| {predictor} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _differences(comparisons: pd.DataFrame) -> str:
    metric = comparisons["outcome"].map(lambda name: outcome(name).headline_metric)
    asked = (comparisons["predictor"] == "direct_adjusted") & (comparisons["metric"] == metric)
    lines = [
        "| direct_adjusted minus | outcome | difference (95 %) | Monte Carlo error of the bounds | resamples | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows = comparisons[asked & comparisons["reference"].isin(["human_total", "human_joints", "score_mediated"])]
    for row in rows.itertuples():
        verdict = verdict_of(row.lower, row.upper, lower_margin=row.lower_margin, upper_margin=row.upper_margin)
        lines.append(
            f"| {row.reference} | {row.outcome} {row.metric} | {row.difference:+.3f} ({row.lower:+.4f} to {row.upper:+.4f}) | "
            f"{row.lower_margin:.4f}, {row.upper_margin:.4f} | {row.resamples} | {verdict} |"
        )
    return "\n".join(lines) + "\n"


def _change(change: pd.DataFrame) -> str:
    score, human = (change[change["measure"] == name] for name in ("score", "human_total"))
    lines = [
        f"| change in a year, {int(change['patients'].max())} held-out patients | score | human total |",
        "| --- | --- | --- |",
    ]
    for statistic, title in STATISTICS.items():
        digits = 0 if statistic.startswith("n_per_arm") else 2
        cells = [_estimate(of[of["statistic"] == statistic], digits) for of in (score, human)]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    for against in change.loc[change["statistic"] == "correlation", "against"].unique():
        cells = [
            _estimate(of[(of["statistic"] == "correlation") & (of["against"] == against)], 2) for of in (score, human)
        ]
        lines.append(f"| correlation with the change of {against} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _audits(audits: pd.DataFrame) -> str:
    numbers = audits["judgement"].value_counts()
    lines = [f"Of {len(audits)} audits {numbers.get('pass', 0)} pass and {numbers.get('alarm', 0)} raise an alarm:", ""]
    alarms = audits[audits["judgement"] == "alarm"]
    lines += [f"- {row.question} {row.finding}" for row in alarms.itertuples()]
    lines += [
        f"- {row.question} {row.finding}"
        for row in audits[audits["audit"] == "do_oa"].itertuples()
        if row.judgement != "alarm"
    ]
    return "\n".join(lines) + "\n"


def _estimate(rows: pd.DataFrame, digits: int) -> str:
    if rows.empty or pd.isna(rows.iloc[0]["value"]):
        return "-"
    row = rows.iloc[0]
    if pd.isna(row["lower"]):
        return f"{row['value']:.{digits}f}"
    upper = f"{row['upper']:.{digits}f}" if row["upper"] < float("inf") else "more than any number"
    return f"{row['value']:.{digits}f} ({row['lower']:.{digits}f} to {upper})"


if __name__ == "__main__":
    keep(Path(sys.argv[1]), KEPT)
    PAGE.write_text(filled(PAGE.read_text(), demo_block(KEPT)))
    print(f"{PAGE} has the numbers of {sys.argv[1]}; look at `git diff docs/results.md` and say why they changed.")
