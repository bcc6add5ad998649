"""Numbers of simulated patients in docs/pretraining/README.md, from evaluated runs.

    python -m docs.pretraining.fill --trial RUN          # of experiments/trial.py
    python -m docs.pretraining.fill --scaling FOLDER     # of docs/pretraining/scaling.py: PRESET-PATIENTS-SEED/run, of any sizes

Without a run the page is written from the kept files alone.

What the page needs is kept beside this file, so that a test can hold the page to it without the runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import read_csv, write_csv
from tools.marked_page import with_block

KEPT = Path(__file__).parent
NAME = "fill.py"  # what writes the page's part
MEASURES = {
    "joint_change": "all joints alike",
    "damage_change": "weighted by HAQ",
    "score": "score",
    "human_total": "SvdH, two readers",
}
STATISTICS = {
    ("srm", ""): "SRM", ("sdc_in_sd", ""): "SDC in SDs of the change", ("icc_a1_change", ""): "ICC(2,1) of the change",
    ("correlation", "true damage"): "correlation with the true change of bone and cartilage",
    ("arm_difference_in_sd", ""): "difference between the arms, SDs", ("n_per_arm_of_trial_80", ""): "patients per arm, power 80 %",
    ("n_per_arm_ratio", "human_total"): "patients per arm over those with SvdH",
}  # fmt: skip
CHANGE, SCALING = "trial_score_change.csv", "scaling.csv"
COUNTERFACTUAL = "counterfactual_trial.csv"  # written by `make counterfactual-trial`
OUTCOMES = {"haq": "r2", "pain": "r2", "progression": "auroc"}
RUNGS = ("human_joints", "direct_adjusted", "oracle")


def keep_trial(trial: Path) -> None:
    """Copies score_change.csv of the trial's run."""
    write_csv(read_csv(trial / "score_change.csv"), KEPT / CHANGE)


def keep_scaling(folder: Path) -> None:
    """Three rungs of every run of a folder, a row per world and outcome; the runs' own folders tell preset, patients and seed."""
    rows = []
    for file in folder.glob("*/run/metrics.csv"):
        preset, patients, seed = file.parts[-3].rsplit("-", 2)
        metrics = read_csv(file)
        metrics = metrics[metrics["subgroup"] == "all"].set_index(["predictor", "outcome", "metric"])["value"]
        for outcome, metric in OUTCOMES.items():
            of_rungs = {rung: metrics.get((rung, outcome, metric)) for rung in RUNGS}
            world = {"preset": preset, "patients": int(patients), "seed": int(seed)}
            rows.append({**world, "outcome": outcome, "metric": metric, **of_rungs})
    order = ["preset", "patients", "seed"]
    write_csv(pd.DataFrame(rows).sort_values(order, kind="stable").reset_index(drop=True), KEPT / SCALING)


def change_table(table: pd.DataFrame) -> list[str]:
    """Both measures of change of joints beside the score and the human total, as lines of Markdown."""
    known = table.fillna({"against": ""}).set_index(["measure", "statistic", "against"])
    patients = int(table["patients"].max())
    lines = [
        f"| preset trial, {patients} held-out patients | " + " | ".join(MEASURES.values()) + " |",
        "| --- |" + " --- |" * len(MEASURES),
    ]
    for (statistic, against), title in STATISTICS.items():
        cells = [_cell(known, (measure, statistic, against)) for measure in MEASURES]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def _cell(known: pd.DataFrame, key: tuple[str, str, str]) -> str:
    if key not in known.index:
        return "-"
    value, lower, upper = (known.loc[key, name] for name in ("value", "lower", "upper"))
    digits = 0 if key[1].startswith("n_per_arm_of") else 2
    shown = [f"{number:,.{digits}f}" if abs(number) < 1e6 else "no limit" for number in (value, lower, upper)]
    return shown[0] if pd.isna(lower) else f"{shown[0]} ({shown[1]} to {shown[2]})"


def scaling_table(table: pd.DataFrame) -> list[str]:
    """Recovery of what the joints hold beyond the human score, as lines of Markdown."""
    lines = [
        "| preset | patients | seed | outcome | human_joints | direct_adjusted | oracle | recovery |",
        "| --- |" + " --- |" * 7,
    ]
    for row in table.itertuples():
        known = [row.human_joints, row.direct_adjusted, row.oracle]
        cells = ["-" if pd.isna(value) else f"{value:.3f}" for value in known]
        recovery = "not judged" if pd.isna(known).any() else f"{(known[1] - known[0]) / (known[2] - known[0]):.2f}"
        world = f"{row.preset} | {row.patients:,} | {row.seed}"
        lines.append(f"| {world} | {row.outcome} {row.metric} | {' | '.join(cells)} | {recovery} |")
    return lines


def counterfactual_table(table: pd.DataFrame) -> list[str]:
    """Effect of the treatment on each measure, from patients under both arms, as lines of Markdown."""
    lines = [
        f"| {table['patients'].max():,} patients, each under both arms | effect, SDs | patients per arm, power 80 % | over those with SvdH |",
        "| --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        effect = f"{row.d:.3f} ({row.d_lower:.3f} to {row.d_upper:.3f})"
        ratio = f"{row.n_ratio:.2f} ({row.n_ratio_lower:.2f} to {row.n_ratio_upper:.2f})"
        lines.append(f"| {row.measure} | {effect} | {row.n_per_arm_80:,} | {ratio} |")
    return lines


def page_part() -> str:
    """What stands between the marks, from the files beside this one."""
    tables = (
        change_table(read_csv(KEPT / CHANGE)),
        counterfactual_table(read_csv(KEPT / COUNTERFACTUAL)),
        scaling_table(read_csv(KEPT / SCALING)),
    )
    return "\n\n".join("\n".join(lines) for lines in tables)


def written_into(page: str) -> str:
    """The page with its numbers as they are in the files."""
    return with_block(page, NAME, page_part())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trial", type=Path, help="evaluated run of experiments/trial.py")
    parser.add_argument("--scaling", type=Path, help="folder of evaluated runs of docs/pretraining/scaling.py")
    options = parser.parse_args()
    if options.trial:
        keep_trial(options.trial)
    if options.scaling:
        keep_scaling(options.scaling)
    page = KEPT / "README.md"
    page.write_text(written_into(page.read_text()))
