"""Does comparing two films see change that human readers of both films miss?

Command:   outcomenet simulate cohorts/change --preset default --patients 1000 --seed 31 --films crops --crop-size 48 --mm-per-pixel 0.5
           outcomenet intake cohorts/change --out datasets/change
           outcomenet train experiments/paired_change.py --data datasets/change --out runs/change
           outcomenet evaluate runs/change     (responsiveness.csv: SRM, and what each measure's change goes with)
           The human rival is read in the same mode: for --network.pairs single or paired, simulate with
           --set reading_mode=single or paired.
Time:      about 8 minutes on 2 CPU cores
Expected:  R2 of HAQ change 0.36 where the human change has 0; of SvdH change 0.07, far below human readers.
"""

from collections.abc import Iterator
from dataclasses import replace

from outcomenet.experiment import TINY, Experiment
from outcomenet.models.visit_comparison import PairReading
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="paired_change",
        question="Does comparing two films see change that human readers of both films miss?",
        outcomes=("haq_change", "svdh_change"),
        network=replace(TINY, pairs=PairReading.CHRONOLOGICAL),
        training=TrainingConfig(steps=600, batch_size=16, log_every=20, save_every=300),
    )


def sweep_modes() -> Iterator[dict[str, object]]:
    """How the films of two visits are read; the cohort's readers must have read in the same mode."""
    for mode in ("single", "paired", "chronological"):
        yield {"network.pairs": mode}
