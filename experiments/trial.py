"""Can a measure learned from outcomes show a treatment's effect on joints with fewer patients than the human score?

Both measures are taken on the same held-out patients of a simulated trial: two arms drawn by lot, two films a year apart.

Command:   outcomenet simulate cohorts/trial --preset trial --patients 4000 --seed 101 --films crops
           outcomenet intake cohorts/trial --out datasets/trial
           outcomenet train experiments/trial.py --data datasets/trial --out runs/trial
           outcomenet evaluate runs/trial     (score_change.csv: n_per_arm_ratio, correlation with the true change)
Time:      about half an hour on 2 CPU cores
Expected:  n_per_arm_ratio of joint_change below 1, of damage_change above; docs/pretraining/README.md has the numbers
"""

from outcomenet.datasets.resplit import SplitConfig
from outcomenet.experiment import GRADED_CONFOUNDING, EvaluationConfig, Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="trial",
        question="Can a measure learned from outcomes show a treatment's effect with fewer patients than the human score?",
        outcomes=("haq", "pain"),
        rungs=("direct_adjusted",),
        confounding=GRADED_CONFOUNDING,
        split=SplitConfig(folds=3),
        training=TrainingConfig(steps=1000, batch_size=32, log_every=50, save_every=500),
        evaluation=EvaluationConfig(randomised=True),
    )
