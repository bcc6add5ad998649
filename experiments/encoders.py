"""Does it matter for the score which kind of network looks at a joint, at the same number of parameters?

Command:   outcomenet sweep encoders --data datasets/demo --out sweeps/encoders --axis encoders --seeds 3
Time:      a step of both networks on 8 visits at 48 px takes 0.4 s of CPU with CnnConfig and 1.1 s with VitConfig (python -m
           tests.bench_encoders, 2 CPU cores, measured once); all steps about 4 and 10 minutes
Expected:  open; the convolutions assume what a vision transformer has to learn, which on few patients should tell for them.
"""

from collections.abc import Iterator

from outcomenet.experiment import GRADED_CONFOUNDING, Experiment
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="encoders",
        question="Does it matter for the score which kind of network looks at a joint?",
        confounding=GRADED_CONFOUNDING,
        training=TrainingConfig(steps=500, batch_size=8, log_every=20, save_every=100),
    )


def sweep_encoders() -> Iterator[dict[str, object]]:
    """One set of overrides per encoder; both have 0.25 million parameters at 48 px."""
    yield {"network.encoder": "CnnConfig"}
    yield {"network.encoder": "VitConfig"}
