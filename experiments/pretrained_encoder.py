"""What does a joint look like? Pretrains the encoder on simulated joints whose state is known, before it meets a cohort.

Command:   outcomenet train experiments/pretrained_encoder.py --out runs/pretrained
           cp runs/pretrained/joints.safetensors outcomenet/models/pretrained.safetensors    (what is shipped)
Time:      about 2 hours on 2 CPU cores; the same command goes on where it stopped
Expected:  see docs/results
"""

from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment


def get_experiment() -> PretrainingExperiment:
    return PretrainingExperiment()
