"""Does learning the human score beside the outcomes help the film's measure of function?

Command:   outcomenet sweep human_head --data DATASET --out sweeps/heads --axis heads --seeds 3
Time:      `outcomenet plan` with the same arguments says what it takes here
What acts: the encoder learns (network.encoder_rate 0.1). Frozen, as it is by default, it is beyond the human head's reach, and all arms are the same
Expected:  not known yet, no full run has been made. Asked is whether joint training helps where patients are few, since the
           score teaches what an erosion is; with its gradient stopped the head only reads, off nothing is learned from readers.
"""

from collections.abc import Iterator

from outcomenet.experiment import Experiment
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.training.loop import TrainingConfig


def get_experiment() -> Experiment:
    return Experiment(
        name="human_head",
        question="Does learning the human score beside the outcomes help?",
        network=OutcomeNetConfig(encoder_rate=0.1),
        training=TrainingConfig(steps=500, batch_size=8, log_every=20, save_every=100),
    )


def sweep_heads() -> Iterator[dict[str, object]]:
    """Weight of the human head and what its gradient does to the encoder."""
    for weight in (1.0, 4.0, 16.0):
        yield {"network.human_head": "joint", "loss_weights.svdh": weight}
    yield {"network.human_head": "stop_gradient"}
    yield {"network.human_head": "off"}
