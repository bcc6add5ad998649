"""Does comparing two films see change that human readers of both films miss?

Command:   make paired-change     (docs/results/paired_change.py: three modes of reading, fills their table), each of which is
           outcomenet simulate cohorts/change --preset default --patients 1000 --seed 31 --films crops
           outcomenet intake cohorts/change --out datasets/change
           outcomenet train experiments/paired_change.py --data datasets/change --out runs/change
           outcomenet evaluate runs/change     (responsiveness.csv: SRM, and what each measure's change goes with)
           The human rival is read in the same mode: for --network.pairs single or paired, simulate with
           --set reading_mode=single or paired.
           From chance instead: simulate with --crop-size 48 --mm-per-pixel 0.5.
Time:      about 5 minutes on 2 CPU cores
Start:     encoder, states and comparison of two films are the pretrained ones (record.json: pretrained.begins) and stay as they are; what is
           learned from outcomes is what each state's change counts. Films swapped have then changed by the opposite and a film beside
           itself by 0, in the chronological mode too: what their order tells is learned with --network.encoder-rate above 0 only.
Expected:  from chance R2 of HAQ change 0.36 where the human change has 0, and of SvdH change 0.07, far below human readers;
           pretrained: see docs/results.md.
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
        training=TrainingConfig(steps=1500, batch_size=16, log_every=50, save_every=500),
    )


def sweep_modes() -> Iterator[dict[str, object]]:
    """How the films of two visits are read; the cohort's readers must have read in the same mode."""
    for mode in ("single", "paired", "chronological"):
        yield {"network.pairs": mode}
