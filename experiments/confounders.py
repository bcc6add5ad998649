"""What does each way of handling osteoarthritis remove from the score, and what does it cost?

Command:   make strategies     (docs/results/strategies.py: simulates, takes in, trains and evaluates every arm, fills the table), which is
           outcomenet simulate cohorts/oa --preset heavy_oa --patients 600 --seed 31 --films crops
           outcomenet intake cohorts/oa --out datasets/oa
           outcomenet train experiments/confounders.py --data datasets/oa --out runs/confounders-NAME [one line of sweep_strategies()]
           outcomenet evaluate runs/confounders-NAME     (audit_interventions.csv: shift under do(oa), in SD of the score)
           Arms on validation patients, with seeds: outcomenet sweep confounders --data datasets/oa --out sweeps/oa --axis strategies --seeds 3
           From chance instead of the pretrained encoder: simulate with --crop-size 48 --mm-per-pixel 0.5, train with
           --training.steps 400.
Time:      about 3 minutes for each arm on 2 CPU cores
What acts: the pretrained encoder is frozen (network.encoder_rate 0), so that what works on the embedding reaches less than it was made for.
           Adversaries and distance correlation then push the score alone, whose weights are all that they can change; the joint
           states beside it stay as they are. The factorised arm (oa_features) sums embeddings instead of states, and which of
           their numbers tell of osteoarthritis is not learned. Terms, joint decorrelation, metadata residual, reweighting and
           residualised outcome act as they do from chance. With --network.encoder-rate 0.1 the encoder learns, and all act in full.
Expected:  from chance joint_decorrelation alone brings the shift under do(oa=0) near 0; on joint states, where osteoarthritis is a part of its own,
           every arm does that holds it fixed. docs/results.md has the numbers.
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
        training=TrainingConfig(steps=1500, batch_size=16, log_every=50, save_every=500),
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
