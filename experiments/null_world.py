"""How often is a gain over the human score claimed where none can exist?

Command:   make null-worlds     (docs/results/null_worlds.py: twenty seeds, counts the false gains), each of which is
           outcomenet simulate cohorts/null$s --preset null --patients 300 --seed $s --films crops
           outcomenet intake cohorts/null$s --out datasets/null$s
           outcomenet train experiments/null_world.py --data datasets/null$s --out runs/null$s
           outcomenet evaluate runs/null$s
Time:      about 3 minutes for each seed on 2 CPU cores
Expected:  outcomes know the joints only through the score as read: the 95 % interval of direct_adjusted - human_total (and
           - human_joints) lies above 0 in at most 1 of 20 (it should lie above by chance in 1 of 40).
"""

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="null_world",
        question="How often is a gain over the human score claimed where none can exist?",
        outcomes=("haq", "pain", "progression"),
        training=TrainingConfig(steps=1500, batch_size=16, log_every=50, save_every=500),
    )
