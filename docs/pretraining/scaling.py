"""Runs of docs/pretraining over training size and in a world of unseen films: `make scaling`, or python -m docs.pretraining.scaling FOLDER.

Each world is a cohort, a training and an evaluation of its own in FOLDER/PRESET-PATIENTS-SEED; one that is evaluated already is left as it is.
Cohort and data set are deleted when it is evaluated: 1,000 patients take three gigabytes each. `fill.py` writes the table of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from docs.evaluated_world import ONE_NETWORK, evaluated_world

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

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", nargs="*", metavar="PRESET-PATIENTS-SEED", help="in the place of the listed ones")
    options = parser.parse_args()
    named = [tuple(name.rsplit("-", 2)) for name in options.worlds or []]
    for preset, patients, seed in named or WORLDS:
        place = options.folder / f"{preset}-{patients}-{seed}"
        evaluated_world(place, "data_scaling", ONE_NETWORK, preset=preset, patients=int(patients), seed=int(seed))
