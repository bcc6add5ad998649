"""What each way of handling osteoarthritis removes and costs: runs every arm and fills its table in docs/results.md.

`make strategies`, or python -m docs.results.strategies FOLDER. Cohort, data set and a run per arm lie in FOLDER; what is there already is
gone on with or left as it is. What the page needs is kept beside this file, so that a test can hold the page to it without the runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

import outcomenet as on
from outcomenet.artifacts import read_json_object
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.experiment import Experiment, load_module
from outcomenet.experiment_files import experiment_file
from tools.marked_page import with_block

KEPT = Path(__file__).parent
PAGE = KEPT.parent / "results.md"
FILE = "strategies.csv"
NAME = "`make strategies`"  # what writes the page's part
COHORT = {"preset": "heavy_oa", "patients": 600, "seed": 31}
# No film is read again, since no arm differs in what the score's error is; twice the usual number of patients is filmed again.
SETTINGS: dict[str, object] = {"evaluation.rereadings": 0, "evaluation.audits.intervention_patients": 80}
INTERVENTIONS = (("oa", "0.0"), ("oa", "0.5"), ("ra_damage", "0.3"))
# What these work on is the embedding, which a frozen encoder fixes: they are run once more with an encoder that learns.
ON_THE_EMBEDDING = ("oa_features", "conditional_adversary", "correlation_adversary", "distance_correlation")
SLOW = {"network.encoder_rate": 0.1}


def arms() -> Iterator[tuple[str, dict[str, object]]]:
    """Name and settings of every arm: no handling, and each line of `sweep_strategies()` of experiments/confounders.py."""
    yield "none", {"rungs": ("direct",)}
    for overrides in load_module(experiment_file("confounders")).sweep_strategies():
        yield name_of(overrides), {"rungs": ("direct_adjusted",), **overrides}


def name_of(overrides: Mapping[str, object]) -> str:
    """A short name: the strategies that are switched on beside the outcome-side terms."""
    if not overrides:
        return "seen_osteoarthritis"
    if overrides == {"confounding.seen_osteoarthritis": False}:
        return "outcome_terms"
    parts = [
        name.removeprefix("confounding.")
        + (f"_{value:g}" if isinstance(value, int | float) and value is not True else "")
        for name, value in overrides.items()
    ]
    return "-".join(parts)


def run_arms(folder: Path, *, learning: bool) -> None:
    """Simulates the cohort, and trains and evaluates every arm.

    Args:
        folder: Cohort, data set and runs.
        learning: Also the arms that work on the embedding, with an encoder that learns; each takes many times as long.
    """
    if not (folder / "dataset").exists():
        if not (folder / "cohort").exists():
            on.simulate(folder / "cohort", films="crops", **COHORT)  # pyright: ignore[reportArgumentType]
        on.intake(folder / "cohort", folder / "dataset")
    for name, settings in arms():
        _run(folder / name, settings, folder / "dataset")
        if learning and any(word in name for word in ON_THE_EMBEDDING):
            _run(folder / f"{name}-encoder_learns", settings | SLOW, folder / "dataset")


def _run(run: Path, settings: Mapping[str, object], dataset: Path) -> None:
    experiment: Experiment = on.load_experiment("confounders").with_settings({**SETTINGS, **settings})
    on.train(experiment, dataset, run, file=experiment_file("confounders"))
    on.evaluate(run, dataset)


def keep(folder: Path) -> None:
    """Writes strategies.csv from the runs of a folder, a row per arm in the order in which arms are listed."""
    names = [name for name, _ in arms()]
    ordered = [
        row for name in names for row in (name, f"{name}-encoder_learns") if (folder / row / "metrics.csv").is_file()
    ]
    write_csv(pd.DataFrame([row_of(folder / name) for name in ordered]), KEPT / FILE)


def row_of(run: Path) -> dict[str, object]:
    """What the table says of one evaluated run.

    Args:
        run: Of one arm; its folder has the arm's name.
    """
    metrics = read_csv(run / "metrics.csv")
    metrics = metrics[(metrics["subgroup"] == "all") & (metrics["metric"] == "r2")]
    (rung,) = read_json_object(run / "record.json", "train it again")["config"]["rungs"]
    own = metrics[metrics["predictor"] == rung].set_index("outcome")["value"]
    row: dict[str, object] = {"strategy": run.name, "haq_r2": own["haq"], "pain_r2": own["pain"]}
    shifts = read_csv(run / "audit_interventions.csv").astype({"value": str}).set_index(["intervention", "value"])
    for name, value in INTERVENTIONS:
        of = shifts.loc[(name, value)]
        row |= {f"{name}_{value}_{bound}": of[bound] for bound in ("shift", "lower", "upper")}
    return row | {"patients": int(shifts["patients"].max())}


def strategies_table(table: pd.DataFrame) -> str:
    """The table as lines of Markdown.

    Args:
        table: Content of strategies.csv.
    """
    lines = [
        "| strategy (beside outcome-side terms but for `none`) | do(oa=0) | do(oa=0.5) | HAQ R2 | pain R2 | do(ra_damage=0.3) |",
        "| --- |" + " --- |" * 5,
    ]
    for _, row in table.iterrows():
        shifts = [
            f"{row[f'{name}_{value}_shift']:+.2f} ({row[f'{name}_{value}_lower']:+.2f} to {row[f'{name}_{value}_upper']:+.2f})"
            for name, value in INTERVENTIONS
        ]
        title = (
            str(row["strategy"]).replace("-encoder_learns", ", encoder learns").replace("-", " and ").replace("_", " ")
        )
        lines.append(
            f"| {title} | {shifts[0]} | {shifts[1]} | {row['haq_r2']:.3f} | {row['pain_r2']:.3f} | {shifts[2]} |"
        )
    return "\n".join(lines) + "\n"


def written_into(page: str) -> str:
    """The page with its table as the kept file has it."""
    if (KEPT / FILE).is_file():
        block = f"{strategies_table(read_csv(KEPT / FILE))}\nFrom [{FILE}](results/{FILE}).\n"
    else:
        block = f"Not run yet: {NAME}.\n"
    return with_block(page, NAME, block)


if __name__ == "__main__":
    run_arms(Path(sys.argv[1]), learning="--learning" in sys.argv)
    keep(Path(sys.argv[1]))
    PAGE.write_text(written_into(PAGE.read_text()))
