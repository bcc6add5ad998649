"""Fine-tuning of the localiser on a user's own corrected films, beside simulated ones so that it forgets nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.arrays import Float
from outcomenet.artifacts import sha256_of, sha256_of_json
from outcomenet.errors import FilmRefused, UsageError
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film_file import read_film
from outcomenet.localization.frames import fitted_frame
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.weights import LocalizerWeights
from outcomenet.localizer_training.experiment import LocalizerExperiment
from outcomenet.localizer_training.film_bank import SPACING_MM, BankFilm, FilmBank
from outcomenet.localizer_training.source import Source
from outcomenet.localizer_training.stages import train_stage
from outcomenet.progress import Progress
from outcomenet.ranges import Count, check_ranges
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig

OWN_SHARE = 0.5  # of the looks are at the user's films
LEAST_LANDMARKS = 6  # of a limb, to tell how it lies


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
        corrected = corrected_films(weights, corrections)
        if not any(corrected.values()):
            raise UsageError(
                f"Fine-tuning needs films with at least {LEAST_LANDMARKS} corrected landmarks of a hand or foot; "
                "none of the films has a limb in --corrections with as many."
            )
        experiment = LocalizerExperiment()
        banks = {}
        for region in Region:
            simulated = FilmBank(folder / "films", region, experiment.seed + 2, self.films, experiment.variety)
            simulated.draw(progress)
            banks[region] = MixedBank(simulated, corrected[region])
        source = Source(banks, {region: shape.mean for region, shape in weights.shapes.items()})
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


class MixedBank:
    """Simulated films first, then the user's; has what samples need of a `FilmBank`."""

    def __init__(self, simulated: FilmBank, corrected: Sequence[BankFilm]):
        self.simulated, self.corrected = simulated, corrected
        self.region = simulated.region
        repeats = round(OWN_SHARE / (1 - OWN_SHARE) * len(simulated.points) / len(corrected)) if corrected else 0
        self.count = len(simulated.points) + repeats * len(corrected)

    @property
    def points(self) -> range:
        """As many as there are films to draw from; the user's count several times."""
        return range(self.count)

    def film(self, number: int, mean_shape: Float[np.ndarray, "landmark 2"]) -> BankFilm:
        """One film, simulated or the user's, see `FilmBank.film`."""
        first = len(self.simulated.points)
        if number < first:
            return self.simulated.film(number, mean_shape)
        return self.corrected[(number - first) % len(self.corrected)]


def corrected_films(
    weights: LocalizerWeights, corrections: Mapping[Path, list[PlacedLimb]]
) -> dict[Region, list[BankFilm]]:
    """The corrected limbs as films of the bank: left limbs, 8-bit, at the bank's scale.

    Args:
        weights: Mean shapes, which tell how a limb lies.
        corrections: Corrected limbs by film; those with fewer than `LEAST_LANDMARKS` landmarks are left out.

    Returns:
        By region. What was left unplaced in a COCO file counts as not to be seen; of what landmarks.csv does not name
        nothing is known.

    Raises:
        UsageError: A film cannot be decoded.
    """
    films: dict[Region, list[BankFilm]] = {region: [] for region in Region}
    with FilmDecoder(workers=1) as decoder:
        for file, film in zip(corrections, decoder.map(read_film, list(corrections)), strict=True):
            if isinstance(film, FilmRefused):
                raise UsageError(f"A corrected film cannot be read: {film}")
            for limb in corrections[file]:
                if len(limb.points) >= LEAST_LANDMARKS:
                    films[limb.side.region].append(_as_bank_film(film.pixels, limb, weights))
    return films


def _as_bank_film(pixels: np.ndarray, limb: PlacedLimb, weights: LocalizerWeights) -> BankFilm:
    region = limb.side.region
    names = landmarks_of(region)
    placed = np.array([name in limb.points for name in names])
    at = np.array([limb.points.get(name, (0.0, 0.0)) for name in names])
    if not limb.left_as_displayed:  # the bank shows left limbs
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        at[:, 0] = pixels.shape[1] - at[:, 0]
    shape = weights.shapes[region].mean
    frame = fitted_frame(shape, at, placed.astype(float), thumb_right=True)
    factor = 1.0 / (SPACING_MM * frame.px_per_mm)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    # not the extremes: single hot pixels or a lead letter would set the scale of the whole film
    low, high = np.percentile(pixels, (0.5, 99.8))
    grey = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=way)
    at = at * factor
    frame = fitted_frame(shape, at, placed.astype(float), thumb_right=True)
    at[~placed] = frame.to_film(shape[~placed])
    unplaced, nothing = ~placed, np.zeros(len(placed), bool)
    missing, unknown = (unplaced, nothing) if limb.complete else (nothing, unplaced)
    return BankFilm(small, at.astype(np.float32), missing, frame, unknown)
