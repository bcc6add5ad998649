"""Numbers of the demo in docs/results.md, from the files of its run: `make results` (or python -m docs.results.fill RUN).

What the page needs of the run is kept beside this file, so that a test can hold the page to it without a run.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import read_csv, write_csv
from outcomenet.metrics.table import comparisons_table
from outcomenet.metrics.verdict import verdict_of
from outcomenet.outcomes import outcome
from outcomenet.predictions import PREDICTORS
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
FILES = ("metrics.csv", "comparisons.csv", "audits.csv", "score_change.csv")
TIMES_FILE = "times.csv"
SEEDS, SEEDS_FILE = 60, "seeds.csv"
NAME = "`make results`"  # what writes the page's parts
MEASURES = {
    "score": "score", "joint_change": "change of bone and cartilage, all joints alike",
    "damage_change": "change of damage, weighted by HAQ", "human_total": "human total",
}  # fmt: skip
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
    write_csv(bounds_by_seed(pd.read_parquet(run / "predictions.parquet")), folder / SEEDS_FILE)
    write_csv(times_of(run), folder / TIMES_FILE)


def times_of(run: Path) -> pd.DataFrame:
    """Seconds and peak memory in MB of the data's making, of training and of evaluation, from the run's own records."""
    record, evaluation = (json.loads((run / name).read_text()) for name in ("record.json", "evaluation.json"))
    # stages before training's first are the data's; their seconds are all that the record has of them
    titles = [stage["stage"] for stage in record["stages"]]
    learning = next(number for number, title in enumerate(titles) if title in ("embed films", "train"))
    of = {
        "data": (sum(stage["seconds"] for stage in record["stages"][:learning]), record["stages"][:learning]),
        "training": (_seconds(record["times"]), record["stages"][learning:]),
        "evaluation": (_seconds(evaluation["times"]), evaluation["stages"]),
    }
    rows = [
        {"part": part, "seconds": round(seconds), "peak_memory_mb": max(stage["peak_memory_mb"] for stage in stages)}
        for part, (seconds, stages) in of.items()
    ]
    return pd.DataFrame(rows)


def _seconds(times: dict[str, str]) -> float:
    begun, finished = (datetime.fromisoformat(times[name]) for name in ("begun", "finished"))
    return (finished - begun).total_seconds()


def bounds_by_seed(predictions: pd.DataFrame) -> pd.DataFrame:
    """The 95 % bounds of the primary contrast, HAQ R2 against the human total, at 1,000 resamples of each of the seeds."""
    pair = ("direct_adjusted", "human_total")
    rows = predictions[(predictions["outcome"] == "haq") & predictions["predictor"].isin(pair)]
    tables = [
        comparisons_table(rows, resamples=1000, seed=seed, pairs=[pair]).assign(seed=seed) for seed in range(SEEDS)
    ]
    found = pd.concat(tables, ignore_index=True)
    return found.loc[found["metric"] == "r2", ["seed", "difference", "lower", "upper"]]


def seeds_sentence(folder: Path) -> str:
    """For how many seeds the lower bound lies below 0."""
    lower = read_csv(folder / SEEDS_FILE)["lower"]
    return (
        f"At 1,000 resamples its lower bound falls below 0 for {int((lower < 0).sum())} of {len(lower)} seeds of the resampling "
        f"([{SEEDS_FILE}](results/{SEEDS_FILE})).\n"
    )


def times_sentence(folder: Path) -> str:
    """How long the demo took, how much memory it needed and how many patients it held out."""
    if not (folder / TIMES_FILE).is_file():
        return "Its time was not measured yet: `make demo` on a machine that does nothing else, then `make results`.\n"
    times = read_csv(folder / TIMES_FILE).set_index("part")
    minutes = times["seconds"] / 60
    return (
        f"It took {minutes.sum():.1f} minutes: {minutes['data']:.1f} to simulate the cohort and take it in, {minutes['training']:.1f} to "
        f"train, {minutes['evaluation']:.1f} to evaluate; peak memory {times['peak_memory_mb'].max() / 1000:.1f} GB "
        f"([{TIMES_FILE}](results/{TIMES_FILE})).\n"
    )


def demo_block(folder: Path) -> str:
    """The page's part on the demo: ladder, paired differences, change, audits."""
    metrics, comparisons, audits, change = (
        read_csv(folder / name, keep_default_na=False, na_values=[""]) for name in FILES
    )
    parts = [_ladder(metrics), _differences(comparisons), _change(change), _audits(audits)]
    return "\n".join(parts)


def written(page: str, folder: Path) -> str:
    """The page with all that is written from the files of a folder."""
    blocks = {NAME: demo_block, f"{NAME}, times": times_sentence, f"{NAME}, seeds": seeds_sentence}
    for name, block in blocks.items():
        page = with_block(page, name, block(folder))
    return page


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
    measures = {title: change[change["measure"] == name] for name, title in MEASURES.items()}
    measures = {title: rows for title, rows in measures.items() if len(rows)}
    lines = [
        f"| change in a year, {int(change['patients'].max())} held-out patients | {' | '.join(measures)} |",
        "| --- |" + " --- |" * len(measures),
    ]
    for statistic, title in STATISTICS.items():
        digits = 0 if statistic.startswith("n_per_arm") else 2
        cells = [_estimate(of[of["statistic"] == statistic], digits) for of in measures.values()]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    for against in change.loc[change["statistic"] == "correlation", "against"].unique():
        cells = [
            _estimate(of[(of["statistic"] == "correlation") & (of["against"] == against)], 2)
            for of in measures.values()
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
    PAGE.write_text(written(PAGE.read_text(), KEPT))
    print(f"{PAGE} has the numbers of {sys.argv[1]}; look at `git diff docs/results.md` and say why they changed.")
