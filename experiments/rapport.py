"""How much of next year's HAQ do baseline HAQ, disease activity, age and sex tell, in 159 real patients without films?

Command:   outcomenet intake rapport_long_coarse.csv --format rapport --out datasets/rapport
           outcomenet train experiments/rapport.py --data datasets/rapport --out runs/rapport
           outcomenet evaluate runs/rapport
Time:      under a minute
Expected:  R2 of about 0.5 to 0.7 (the Spearman correlation of HAQ at months 0 and 12 is 0.79): what any film measure
           would have to add to. Every patient is predicted by regressions that never saw them (5 folds).
"""

from outcomenet.experiment import EvaluationConfig, Experiment
from outcomenet.strategies import NO_HANDLING


def get_experiment() -> Experiment:
    return Experiment(
        name="rapport",
        question="How much of next year's HAQ do baseline HAQ, DAS28, RADAI, age and sex tell?",
        outcomes=("future_haq",),
        covariates=("haq", "das28", "radai", "age", "male"),
        rungs=(),
        confounding=NO_HANDLING,
        evaluation=EvaluationConfig(cross_fit_folds=5),
    )
