"""What does each way of handling osteoarthritis remove from the score, and what does it cost?

Command:   outcomenet simulate cohorts/oa --preset heavy_oa --patients 1000 --seed 11 --films crops --crop-size 48 --mm-per-pixel 0.5
           outcomenet intake cohorts/oa --out datasets/oa
           outcomenet train experiments/confounders.py --data datasets/oa --out runs/confounders-NAME [one line of sweep_strategies()]
           outcomenet evaluate runs/confounders-NAME     (audit_interventions.csv: shift under do(oa), in SD of the score)
Time:      about 4 minutes for each strategy on 2 CPU cores
Expected:  a shift of -1.1 SD without handling, -0.7 with outcome-side terms, -0.5 to -0.9 with any strategy that knows one
           flag per patient, 0.04 with joint_decorrelation 10 for 0.02 of R2 (docs/results.md).
"""

from collections.abc import Iterator

from outcomenet.experiment import Experiment
from outcomenet.training.loop import TrainingConfig

COVARIATES = ("age", "male", "duration", "rf", "acpa", "fm", "oa")


def get_experiment() -> Experiment:
    return Experiment(
        name="confounders",
        question="What does each way of handling osteoarthritis remove from the score, and what does it cost?",
        outcomes=("haq", "pain"),
        training=TrainingConfig(steps=600, batch_size=16, log_every=20, save_every=200),
    )


def sweep_strategies() -> Iterator[dict[str, object]]:
    """One set of overrides per strategy; the outcome-side terms stay on, as the estimand for fibromyalgia needs them."""
    yield {"confounding.seen_osteoarthritis": False}
    yield {}
    yield {"confounding.oa_features": 12}
    yield {"confounding.joint_decorrelation": 2.0}
    yield {"confounding.joint_decorrelation": 10.0}
    yield {"confounding.conditional_adversary": ("oa",)}
    yield {"confounding.correlation_adversary": ("oa",)}
    yield {"confounding.metadata_residual": ("oa",)}
    yield {"confounding.reweight": ("oa",)}
    yield {"confounding.residualised_outcome": True}
    yield {"confounding.oa_features": 12, "confounding.conditional_adversary": ("oa",)}
    yield {"confounding.distance_correlation": ("oa",)}
    yield {"confounding.distance_correlation": ("oa",), "confounding.reweight": ("oa",)}
