"""Training samples of the refiner: patches about landmarks, a pure function of (films, seed, number)."""

from __future__ import annotations

import numpy as np

from outcomenet.localization.appearance import appearance
from outcomenet.localization.frames import (
    PATCH_MM_PER_PX,
    PATCH_PX,
    Window,
)
from outcomenet.localization.networks import OF_REGION
from outcomenet.localizer_training.source import Sample, Source, drawn_look, grid_of
from outcomenet.localizer_training.style import obstructed, restyled

PATCHES = 8  # of one limb


def patch_sample(source: Source, seed: int, number: int) -> Sample:
    """Patches about some landmarks of one limb.

    Args:
        source: Films and mean shapes.
        seed: Seed of the training.
        number: Number of the sample.

    Returns:
        Per patch: `image` (its appearance), `landmark`, `offset` (patch pixels from the middle), and whether the landmark
        is `there`.
    """
    rng = np.random.default_rng([seed, number, 2])
    region = source.draw_region(rng)
    look = drawn_look(source, region, rng, 0.6)
    known = np.flatnonzero(look.film.known)
    chosen = rng.choice(known, PATCHES, replace=len(known) < PATCHES)
    lost = np.flatnonzero(look.film.missing)
    if len(lost):  # what is missing is rare: show it whenever it is
        chosen[: min(2, len(lost))] = rng.choice(lost, min(2, len(lost)), replace=False)
    images, offsets, there = [], [], []
    for landmark in chosen:
        point = look.points[landmark]
        shift = np.clip(rng.normal(0.0, 1.5 if rng.random() < 0.7 else 3.5, 2), -9.0, 9.0)
        patch = Window(tuple(point + shift), PATCH_MM_PER_PX, PATCH_PX, PATCH_PX)
        at = patch.to_pixels(point)
        pixels = obstructed(restyled(look.pixels(grid_of(patch)), rng, 0.8), rng, 0.4)
        on_film = _cut(rng) if rng.random() < 0.15 else np.ones(pixels.shape, bool)
        column, row = np.clip(at, 0, PATCH_PX - 1).astype(int)
        there.append(bool(on_film[row, column]) and not look.film.missing[landmark])
        if rng.random() < 0.5:  # the border was printed
            pixels = np.where(on_film, pixels, rng.choice([0.0, 1.1]))
            on_film = np.ones_like(on_film)
        images.append(appearance(pixels.astype(np.float32), on_film))
        offsets.append(at - PATCH_PX / 2)
    return {
        "image": np.stack(images),
        "landmark": (chosen + OF_REGION[region].start).astype(np.int32),
        "offset": np.array(offsets, np.float32),
        "there": np.array(there),
    }


def _cut(rng: np.random.Generator) -> np.ndarray:
    """The film ends somewhere in the patch."""
    axis = np.meshgrid(np.arange(PATCH_PX), np.arange(PATCH_PX))[int(rng.integers(2))]
    edge = rng.uniform(4, PATCH_PX - 4)
    return axis < edge if rng.random() < 0.5 else axis > edge
