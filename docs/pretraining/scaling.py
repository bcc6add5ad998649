"""Runs of docs/pretraining over training size and in a world of unseen films: `make scaling`, or python -m docs.pretraining.scaling FOLDER.

Each world is a cohort, a training and an evaluation of its own in FOLDER/PRESET-PATIENTS-SEED; one that is evaluated already is left as it is.
Cohort and data set are deleted when it is evaluated: 1,000 patients take three gigabytes each. `fill.py` writes the table of them.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import outcomenet as on
from outcomenet.experiment_files import experiment_file

# Preset, patients, seed: seeds that neither the pretraining nor any choice of settings has seen.
WORLDS = (
    ("default", 250, 90),
    ("default", 500, 91),
    ("default", 1000, 92),
    ("default", 2000, 93),
    ("unseen_films", 1000, 94),
    ("default", 500, 95),
    ("default", 1000, 96),
    ("unseen_films", 1000, 97),
)
# What is asked needs one network; audits and readings of changed films are cut to their least.
SETTINGS: dict[str, object] = {
    "rungs": ("direct_adjusted",), "evaluation.rereadings": 0, "evaluation.audits.intervention_patients": 10,
    "evaluation.audits.border_visits": 60, "evaluation.audits.explained_visits": 8, "evaluation.audits.shuffled_networks": 1,
}  # fmt: skip


def run_world(folder: Path, preset: str, patients: int, seed: int) -> None:
    """Simulates a cohort, trains `experiments/data_scaling.py` on it and evaluates.

    Args:
        folder: Of all worlds.
        preset: Of the world.
        patients: In all.
        seed: Of the world.
    """
    place = folder / f"{preset}-{patients}-{seed}"
    if (place / "run" / "metrics.csv").is_file():
        return
    if not (place / "dataset").exists():
        if not (place / "cohort").exists():
            on.simulate(place / "cohort", preset=preset, patients=patients, seed=seed, films="crops")
        on.intake(place / "cohort", place / "dataset")
    experiment = on.load_experiment("data_scaling").with_settings(SETTINGS)
    on.train(experiment, place / "dataset", place / "run", file=experiment_file("data_scaling"))
    on.evaluate(place / "run", place / "dataset")
    for name in ("cohort", "dataset"):
        shutil.rmtree(place / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", nargs="*", metavar="PRESET-PATIENTS-SEED", help="in the place of the listed ones")
    options = parser.parse_args()
    named = [tuple(name.rsplit("-", 2)) for name in options.worlds or []]
    for preset, patients, seed in named or WORLDS:
        run_world(options.folder, preset, int(patients), int(seed))
