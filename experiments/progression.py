"""Who progresses within a year, and by how much, with death and joint surgery as competing events?

Command:   outcomenet simulate cohorts/risk --preset high_risk --patients 1000 --visits 3 --seed 5 --films crops --crop-size 48 --mm-per-pixel 0.5
           outcomenet intake cohorts/risk --out datasets/risk
           outcomenet train experiments/progression.py --data datasets/risk --out runs/progression
           outcomenet evaluate runs/progression
Time:      about 5 minutes on 2 CPU cores
Expected:  no full run has been made. In this world swelling and micro-erosion, which the score leaves out, carry the next year's
           damage; asked is whether direct_adjusted comes above human_total and above the clinical matrix (SvdH, RF/ACPA, CRP);
           AUROC of matrices is 0.70-0.76 in cohorts.
"""

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="progression",
        question="Who progresses within a year, and by how much?",
        outcomes=("progression", "svdh_change", "future_haq"),
        training=TrainingConfig(steps=600, batch_size=16, log_every=20, save_every=200),
    )
