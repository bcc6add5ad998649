"""Fine-tuning of the localiser on a user's own corrected films, beside simulated ones so that it forgets nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcomenet.artifacts import sha256_of, sha256_of_json
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.weights import LocalizerWeights
from outcomenet.localizer_training.corrected_films import corrected_films, mixed_source
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.stages import train_stage
from outcomenet.progress import Progress
from outcomenet.ranges import Count, check_ranges
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig


@dataclass(frozen=True)
class FineTuning:
    """Settings of few, small steps of the networks that place landmarks; the finder stays as it is."""

    films: Count = 300  # simulated ones of each region beside the user's
    landmarks: TrainingConfig = field(default_factory=lambda: TrainingConfig(300, 16, log_every=20, save_every=100))
    refiner: TrainingConfig = field(default_factory=lambda: TrainingConfig(300, 24, log_every=20, save_every=100))
    optimiser: OptimiserConfig = field(default_factory=lambda: OptimiserConfig(learning_rate=3e-4, weight_decay=0.0))

    def __post_init__(self) -> None:
        check_ranges(self)

    def tuned(
        self,
        weights: LocalizerWeights,
        corrections: Mapping[Path, list[PlacedLimb]],
        folder: Path,
        *,
        progress: Progress,
    ) -> LocalizerWeights:
        """Weights trained further on corrected films; calibration is kept.

        Args:
            weights: Where training starts.
            corrections: Corrected limbs by film.
            folder: Simulated films and checkpoints; a call that was stopped goes on from them.
            progress: Shows how far the work is.

        Raises:
            UsageError: No film has a limb with enough corrected landmarks, or a film cannot be decoded.
        """
        shapes = {region: shape.mean for region, shape in weights.shapes.items()}
        corrected = corrected_films(shapes, corrections)
        # films of a seed that neither the shipped networks nor their calibration have seen
        seed = LocalizerExperiment().seed + 2
        simulated = LocalizerExperiment(hand_films=self.films, foot_films=self.films, seed=seed)
        source = mixed_source(simulated, corrected, shapes, folder / "films", progress)
        networks = weights.networks
        # by content: a name may hold a patient's, and a film that was moved is the same film
        films = sorted((sha256_of(path), [str(limb) for limb in limbs]) for path, limbs in corrections.items())
        identity = sha256_of_json({"weights": weights.made_by, "tuning": dataclasses.asdict(self), "limbs": films})
        for name in ("landmarks", "refiner"):
            config: TrainingConfig = getattr(self, name)
            trained = train_stage(
                name, getattr(networks, name), source, config, self.optimiser, folder / name, identity, progress
            )
            networks = dataclasses.replace(networks, **{name: trained})
        made_by = weights.made_by | {
            "fine_tuned_on": {
                "limbs": {str(region): len(limbs) for region, limbs in corrected.items()},
                "films_sha256": sha256_of_json([digest for digest, _ in films]),
            }
        }
        return dataclasses.replace(weights, networks=networks, made_by=made_by)
