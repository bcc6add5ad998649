"""Does the audit name a scanner shortcut before the external test shows it?

Command:   outcomenet simulate cohorts/shortcut --preset scanner_shortcut --patients 700 --seed 3 --films crops --crop-size 48 --mm-per-pixel 0.5
           outcomenet intake cohorts/shortcut --out datasets/shortcut
           outcomenet train experiments/scanner_shortcut.py --data datasets/shortcut --out runs/shortcut
           outcomenet evaluate runs/shortcut     (audit_interventions.csv: do(scanner); audit_probes.csv: site)
Time:      about 4 minutes on 2 CPU cores
Expected:  in training and validation the hospital goes with what nothing else explains; a network that reads the
           scanner's tone uses it. do(scanner) moves its score (by +0.97 SD at one hospital) and the probe reads the site
           (AUROC 0.97); R2 falls from 0.60 in validation to 0.34 in the test split, where the hospital is drawn by chance.
"""

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="scanner_shortcut",
        question="Does the audit name a scanner shortcut before the external test shows it?",
        outcomes=("haq", "pain"),
        training=TrainingConfig(steps=500, batch_size=8, log_every=20, save_every=250),
    )
