"""Configuration of the encoder's pretraining as one record: the joints to draw, their looks, the network, its training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import JointNetConfig
from outcomenet.pretraining.crop_looks import LookRanges
from outcomenet.pretraining.joint_losses import JointLossWeights
from outcomenet.pretraining.scenes import SceneVariety
from outcomenet.ranges import Count, Within, check_ranges
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig


@dataclass(frozen=True)
class PretrainingExperiment:
    """`training.batch_size` counts pairs: 116 crops each."""

    geometry: CropGeometry = field(default_factory=CropGeometry)
    scenes: SceneVariety = field(default_factory=SceneVariety)
    looks: LookRanges = field(default_factory=LookRanges)
    network: JointNetConfig = field(default_factory=JointNetConfig)
    loss_weights: JointLossWeights = field(default_factory=JointLossWeights)
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(6500, 8, log_every=50, save_every=250))
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    initial: str = ""  # weights file that training goes on from; empty: chance
    teachers: tuple[str, ...] = ()  # weights files of networks whose mean reading of each state is a target (distilled)
    held_out_pairs: Count = 64  # drawn from the next seed, that tell how well states are read
    reference_pairs: Count = 512  # of further seeds, by which joints unlike these are told (see `reference_joints`)
    seed: Annotated[int, Within(0, 2**32 - 5)] = 21

    def __post_init__(self) -> None:
        check_ranges(self)
