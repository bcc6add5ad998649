"""Configuration of the localiser's training as one record: films to draw, steps of each network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from outcomenet.localization.networks import LocalizerConfig
from outcomenet.ranges import Count, Within, check_ranges
from outcomenet.simulation.landmark_films import FilmVariety
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig


@dataclass(frozen=True)
class LocalizerExperiment:
    """Films to draw and steps for each network."""

    hand_films: Count = 6000
    foot_films: Count = 3000
    finder: TrainingConfig = field(default_factory=lambda: TrainingConfig(2500, 32, log_every=50, save_every=500))
    landmarks: TrainingConfig = field(default_factory=lambda: TrainingConfig(4000, 16, log_every=50, save_every=500))
    refiner: TrainingConfig = field(default_factory=lambda: TrainingConfig(3000, 20, log_every=50, save_every=500))
    optimiser: OptimiserConfig = field(default_factory=lambda: OptimiserConfig(learning_rate=1.5e-3, weight_decay=0.02))
    networks: LocalizerConfig = field(default_factory=LocalizerConfig)
    variety: FilmVariety = field(default_factory=FilmVariety)
    calibration_films: Count = 150  # of each region
    seed: Annotated[int, Within(0, 2**32 - 2)] = 11  # the calibration films have the next one

    def __post_init__(self) -> None:
        check_ranges(self)
