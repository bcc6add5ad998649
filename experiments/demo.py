"""Does a measure learned from outcomes beat the human score, on a cohort small enough to watch?

Command:   make demo   (or: outcomenet demo --out runs/demo)
Time:      under 10 minutes on 2 CPU cores, all included (docs/results.md has the measured time)
Expected:  held-out R2 for HAQ in the order oracle > direct_adjusted > covariates; whether direct_adjusted beats
           human_total on so few patients is left open, and the report says what came out.
"""

from outcomenet.experiment import GRADED_CONFOUNDING, Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="demo",
        question="Does a measure learned from outcomes beat the human score?",
        confounding=GRADED_CONFOUNDING,
        training=TrainingConfig(steps=1500, batch_size=16, log_every=50, save_every=500),
    )
