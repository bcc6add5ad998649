"""How many patients does the measure need: recovery of what the joints hold beyond the human score.

recovery = (R2 direct_adjusted - R2 human_joints) / (R2 oracle - R2 human_joints)

Command:   make scaling     (docs/pretraining/scaling.py: several sizes, seeds and a world of unseen films, fills their table), each of which is
           outcomenet simulate cohorts/scale$n --patients $n --seed 21 --films crops     (or --preset unseen_films)
           outcomenet intake cohorts/scale$n --out datasets/scale$n
           outcomenet train experiments/data_scaling.py --data datasets/scale$n --out runs/scale$n
           outcomenet evaluate runs/scale$n
           From chance instead of the pretrained encoder: simulate with --crop-size 48 --mm-per-pixel 0.5, train with
           --training.steps 600 (2,600 at 4,000 patients).
Time:      500 patients: about 2 minutes of training on 2 CPU cores, since each film is embedded once; from chance 4 steps a second
           for one network, 12 minutes for 2,600 steps
Expected:  pretrained: docs/pretraining/README.md has the table; from chance HAQ 0.2 at 500 patients, and at 4,000 0.89 (HAQ), 0.78 (pain),
           0.92 (progression)
"""

from collections.abc import Iterator

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="data_scaling",
        question="How many patients does the measure need?",
        outcomes=("haq", "pain", "progression"),
        training=TrainingConfig(steps=1500, batch_size=16, log_every=50, save_every=500),
    )


def sweep_steps() -> Iterator[dict[str, object]]:
    """Length of training, for cohorts of 250 to 16,000 patients."""
    for steps in (600, 1200, 2400, 4800):
        yield {"training.steps": steps}
