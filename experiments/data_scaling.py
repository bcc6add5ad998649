"""How many patients does the measure need: recovery of what the joints hold beyond the human score.

recovery = (R2 direct_adjusted - R2 human_joints) / (R2 oracle - R2 human_joints)

Command:   for n in 250 500 1000 2000 4000; do
             outcomenet simulate cohorts/scale$n --patients $n --seed 21 --films crops --crop-size 48 --mm-per-pixel 0.5
             outcomenet intake cohorts/scale$n --out datasets/scale$n
             outcomenet train experiments/data_scaling.py --data datasets/scale$n --out runs/scale$n
             outcomenet evaluate runs/scale$n
           done
Time:      4 steps a second for one network on 2 CPU cores: 12 minutes for 2,600 steps at 4,000 patients
           (--rungs direct_adjusted --training.steps 2600)
Expected:  recovery rises with the number of patients; at 4,000: 0.89 (HAQ), 0.78 (pain), 0.92 (progression); 0.8 is the aim.
"""

from collections.abc import Iterator

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="data_scaling",
        question="How many patients does the measure need?",
        outcomes=("haq", "pain", "progression"),
        training=TrainingConfig(steps=600, batch_size=16, log_every=20, save_every=300),
    )


def sweep_steps() -> Iterator[dict[str, object]]:
    """Length of training, for cohorts of 250 to 16,000 patients."""
    for steps in (600, 1200, 2400, 4800):
        yield {"training.steps": steps}
