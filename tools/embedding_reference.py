"""The reference by which joints unlike those of the pretraining are told, computed anew and stored in a weights file.

    python -m tools.embedding_reference FILE.safetensors [PAIRS]

FILE is one of `outcomenet train experiments/pretrained_encoder.py`, which stores a reference itself; PAIRS (512) are pairs of films.
"""

from __future__ import annotations

import sys
from pathlib import Path

from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment
from outcomenet.pretraining.reference_joints import add_reference
from outcomenet.progress import Progress
from outcomenet.runs.environment import set_numerics


def main() -> None:
    """Writes the file anew and prints the false alarms on further films."""
    set_numerics()
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else PretrainingExperiment().reference_pairs
    weights = add_reference(Path(sys.argv[1]), pairs, Progress())
    print(weights.card["reference"])


if __name__ == "__main__":
    main()
