"""What does a joint look like? Pretrains the encoder on simulated joints whose state is known, before it meets a cohort.

Command:   outcomenet train experiments/pretrained_encoder.py --out runs/pretrained
           cp runs/pretrained/joints.safetensors outcomenet/models/pretrained.safetensors    (what is shipped)
           make pretraining-arms    (trains each line of sweep_arms() from chance and writes docs/pretraining/arms.csv)
Time:      about 2 hours on 2 CPU cores; the same command goes on where it stopped. An arm takes about 10 minutes
Expected:  see docs/pretraining
"""

from collections.abc import Iterator

from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment


def get_experiment() -> PretrainingExperiment:
    return PretrainingExperiment()


def sweep_arms() -> Iterator[dict[str, object]]:
    """Arms of equal training size, 4,000 pairs of films; the first is the default."""
    # a reference of few joints, which no arm is judged by
    few: dict[str, object] = {"reference_pairs": 16}
    short = few | {"training.steps": 500}
    yield short
    yield short | {"looks.real": 0.3}
    yield short | {"loss_weights.agreement": 0.5}
    yield short | {"geometry.size_px": 48, "geometry.mm_per_px": 0.5, "network.encoder.patch": 4}
    yield short | {"geometry.size_px": 128, "geometry.mm_per_px": 0.2}
    yield short | {
        "network.encoder": "VitConfig",
        "network.encoder.patch": 16,
        "network.encoder.width": 96,
        "network.encoder.blocks": 2,
        "network.encoder.embedding": 96,
    }
    # a step takes longer where there are four times as many positions: as much time as the first arm, not as many steps
    yield few | {"training.steps": 200, "network.encoder.patch": 4}
    yield short | {"loss_weights.masked": 0.5}
    yield short | {"seed": 24}  # how far chance alone moves the numbers, and the second teacher
    teachers = tuple(f"runs/arms/{arm}/joints.safetensors" for arm in ("base", "base_again"))
    yield short | {"loss_weights.distilled": 11.0, "teachers": teachers, "seed": 25}
