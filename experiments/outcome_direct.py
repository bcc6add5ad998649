"""Does a measure learned from outcomes beat the human score on a cohort of thousands?

Command:   outcomenet train experiments/outcome_direct.py --data DATASET --out runs/outcome_direct
Time:      hours on an accelerator; size `base` is too slow for two CPU cores and was not run in full there
Expected:  not known yet: no full run has been made.
"""

from outcomenet.experiment import BASE, GRADED_CONFOUNDING, Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="outcome_direct",
        question="Does a measure learned from outcomes beat the human score?",
        network=BASE,
        confounding=GRADED_CONFOUNDING,
        training=TrainingConfig(steps=20_000, batch_size=32, save_every=500, log_every=50),
    )
