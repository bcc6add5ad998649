"""A user's corrected films as training films, mixed with simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.errors import FilmRefused, UsageError
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film_file import read_film
from outcomenet.localization.frames import fitted_frame
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localizer_training.film_bank import SPACING_MM, BankFilm, MixedBank
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.source import Shapes, Source, simulated_banks
from outcomenet.progress import Progress

LEAST_LANDMARKS = 6  # of a limb, to tell how it lies


def mixed_source(
    simulated: LocalizerExperiment,
    corrected: Mapping[Region, Sequence[BankFilm]],
    shapes: Shapes,
    folder: Path,
    progress: Progress,
) -> Source:
    """Source of samples of which about half are looks at the user's films.

    Args:
        simulated: Seed, number and variety of the simulated films, which are drawn where they are not there yet.
        corrected: The user's films by region, perhaps none of a region.
        shapes: Mean shapes, mm.
        folder: Where the simulated films lie.
        progress: Shows how far the drawing is.
    """
    banks = {
        region: MixedBank(bank, corrected[region])
        for region, bank in simulated_banks(simulated, folder, progress).items()
    }
    return Source(banks, shapes)


def corrected_films(shapes: Shapes, corrections: Mapping[Path, list[PlacedLimb]]) -> dict[Region, list[BankFilm]]:
    """The corrected limbs as films of the bank: left limbs, 8-bit, at the bank's scale.

    Args:
        shapes: Mean shapes, mm, which tell how a limb lies.
        corrections: Corrected limbs by film; those with fewer than `LEAST_LANDMARKS` landmarks are left out.

    Returns:
        By region. What was left unplaced in a COCO file counts as not to be seen; of what landmarks.csv does not name
        nothing is known.

    Raises:
        UsageError: A film cannot be decoded, or no limb has enough landmarks.
    """
    films: dict[Region, list[BankFilm]] = {region: [] for region in Region}
    with FilmDecoder(workers=1) as decoder:
        for file, film in zip(corrections, decoder.map(read_film, list(corrections)), strict=True):
            if isinstance(film, FilmRefused):
                raise UsageError(f"A corrected film cannot be read: {film}")
            for limb in corrections[file]:
                if len(limb.points) >= LEAST_LANDMARKS:
                    films[limb.side.region].append(_as_bank_film(film.pixels, limb, shapes))
    if not any(films.values()):
        raise UsageError(
            f"Fine-tuning needs films with at least {LEAST_LANDMARKS} corrected landmarks of a hand or foot; "
            "no limb of the corrected films has as many."
        )
    return films


def _as_bank_film(pixels: np.ndarray, limb: PlacedLimb, shapes: Shapes) -> BankFilm:
    region = limb.side.region
    names = landmarks_of(region)
    placed = np.array([name in limb.points for name in names])
    at = np.array([limb.points.get(name, (0.0, 0.0)) for name in names])
    if not limb.left_as_displayed:  # the bank shows left limbs
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        at[:, 0] = pixels.shape[1] - at[:, 0]
    shape = shapes[region]
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
