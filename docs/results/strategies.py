"""What each way of handling osteoarthritis removes and costs: runs every arm and fills its table in docs/results.md.

`make strategies`, or python -m docs.results.strategies FOLDER. Cohort, data set and a sweep lie in FOLDER; what is there already is
gone on with or left as it is, and with more seeds only what is new is run. What the page needs is kept beside this file, so that a
test can hold the page to it without the runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

import outcomenet as on
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.experiment import Experiment, load_module
from outcomenet.experiment_files import experiment_file
from outcomenet.sweeps.sweep_folder import read_sweep
from outcomenet.sweeps.trials import Trial
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


def run_arms(folder: Path, *, seeds: int, learning: bool, workers: int) -> Path:
    """Simulates the cohort, and trains and evaluates every arm with every seed, as one sweep that goes on where it stopped.

    Args:
        folder: Cohort, data set and sweep.
        seeds: Trainings of each arm.
        learning: Also the arms that work on the embedding, with an encoder that learns; each takes many times as long.
        workers: Processes at a time.

    Returns:
        The sweep's folder.
    """
    if not (folder / "dataset").exists():
        if not (folder / "cohort").exists():
            on.simulate(folder / "cohort", films="crops", **COHORT)  # pyright: ignore[reportArgumentType]
        on.intake(folder / "cohort", folder / "dataset")
    lines = list(dict(arms()).values())
    if learning:
        lines += [settings | SLOW for name, settings in arms() if any(word in name for word in ON_THE_EMBEDDING)]
    experiment: Experiment = on.load_experiment("confounders").with_settings(SETTINGS)
    return on.sweep(
        experiment, folder / "dataset", folder / "sweep", axes={"strategy": lines}, seeds=seeds, evaluate="test", workers=workers,
        file=experiment_file("confounders"),
    ).folder  # fmt: skip


def keep(folder: Path) -> None:
    """Writes strategies.csv, a row for each evaluated trial of a sweep, in the order of arms and seeds.

    Args:
        folder: Of the sweep.
    """
    sweep = read_sweep(folder)
    done = [trial for trial in sweep.trials if (sweep.run(trial) / "metrics.csv").is_file()]
    write_csv(pd.DataFrame([row_of(sweep.run(trial), trial) for trial in done]), KEPT / FILE)


def row_of(run: Path, trial: Trial) -> dict[str, object]:
    """What the table says of one evaluated run.

    Args:
        run: Its folder.
        trial: What it is of.
    """
    metrics = read_csv(run / "metrics.csv")
    metrics = metrics[(metrics["subgroup"] == "all") & (metrics["metric"] == "r2")]
    (rung,) = trial.config["rungs"]
    own = metrics[metrics["predictor"] == rung].set_index("outcome")["value"]
    overrides = {path: value for path, value in trial.settings.items() if path not in ("rungs", *SLOW)}
    name = "none" if rung == "direct" else name_of(overrides)
    if SLOW.items() <= trial.settings.items():
        name += "-encoder_learns"
    row: dict[str, object] = {"strategy": name, "seed": trial.seed, "haq_r2": own["haq"], "pain_r2": own["pain"]}
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
    for name, rows in table.groupby("strategy", sort=False):
        title = str(name).replace("-encoder_learns", ", encoder learns").replace("-", " and ").replace("_", " ")
        shifts = [_shift_words(rows, f"{what}_{value}") for what, value in INTERVENTIONS]
        r2 = [f"{rows[column].mean():.3f}" for column in ("haq_r2", "pain_r2")]
        lines.append(f"| {title} | {shifts[0]} | {shifts[1]} | {r2[0]} | {r2[1]} | {shifts[2]} |")
    return "\n".join(lines) + "\n"


def _shift_words(rows: pd.DataFrame, what: str) -> str:
    """Mean shift over trainings; in brackets the interval over patients of one training, or the range over several."""
    if len(rows) == 1:
        low, high = rows[f"{what}_lower"].iloc[0], rows[f"{what}_upper"].iloc[0]
    else:
        low, high = rows[f"{what}_shift"].min(), rows[f"{what}_shift"].max()
    return f"{rows[f'{what}_shift'].mean():+.2f} ({low:+.2f} to {high:+.2f})"


def written_into(page: str) -> str:
    """The page with its table as the kept file has it."""
    if (KEPT / FILE).is_file():
        block = f"{strategies_table(read_csv(KEPT / FILE))}\nFrom [{FILE}](results/{FILE}).\n"
    else:
        block = f"Not run yet: {NAME}.\n"
    return with_block(page, NAME, block)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learning", action="store_true", help="also with an encoder that learns, which takes hours")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    keep(run_arms(given.folder, seeds=given.seeds, learning=given.learning, workers=given.workers))
    PAGE.write_text(written_into(PAGE.read_text()))
