"""Training samples of one limb: windows for the landmark network, patches for the refiner.

Each is a pure function of (films, seed, number).
"""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.localization.appearance import appearance
from outcomenet.localization.frames import (
    LENGTHS_MM,
    LIMB_WINDOWS,
    PATCH_MM_PER_PX,
    PATCH_PX,
    Window,
    frame_of,
)
from outcomenet.localization.networks import LANDMARK_COUNT, OF_REGION
from outcomenet.localizer_training.looks import UPRIGHT, film_edges, look_at
from outcomenet.localizer_training.source import Sample, Source, drawn_look, grid_of
from outcomenet.localizer_training.style import distracted, obstructed, restyled

NO_LIMB_SHARE = 0.25  # of the landmark network's windows
PATCHES = 8  # of one limb


def landmark_sample(source: Source, seed: int, number: int) -> Sample:
    """A limb's window and where its landmarks are in it; some windows show no limb as it should lie.

    Args:
        source: Films and mean shapes.
        seed: Seed of the training.
        number: Number of the sample.

    Returns:
        `image` (appearance of the window), `region`, `points` in window pixels, `seen` where they are visible, `known`
        where that is known, `is_limb`; without a limb nothing is known of any landmark.
    """
    rng = np.random.default_rng([seed, number, 1])
    if rng.random() < NO_LIMB_SHARE:
        return _without_limb(source, rng)
    region = source.draw_region(rng)
    window = LIMB_WINDOWS[region]
    look = drawn_look(source, region, rng, 1.0)
    grid = grid_of(window)
    pixels = look.pixels(grid)
    if rng.random() < 0.15:
        pixels = np.maximum(pixels, _neighbour(source, grid, rng))
    inside = film_edges(look.points, grid, rng)
    pixels = obstructed(restyled(pixels, rng), rng)
    on_film = inside
    if rng.random() < 0.35:  # the film goes on, but nothing of the limb was exposed or printed there
        pixels = np.where(inside, pixels, rng.choice([0.0, 1.0, rng.uniform(0, 1.2)]))
        on_film = np.ones_like(inside)
    at = window.to_pixels(look.points)
    cell = np.clip(at.astype(int), 0, (window.columns - 1, window.rows - 1))
    margin = 1.5  # window pixels: nearer to the edge a landmark counts as not seen
    in_window = ((at > margin) & (at < np.array([window.columns, window.rows]) - margin)).all(1)
    seen = in_window & inside[cell[:, 1], cell[:, 0]] & ~look.film.missing & look.film.known
    points, visible, known = (
        np.zeros((LANDMARK_COUNT, 2), np.float32), np.zeros(LANDMARK_COUNT, bool), np.zeros(LANDMARK_COUNT, bool)
    )  # fmt: skip
    points[OF_REGION[region]], visible[OF_REGION[region]], known[OF_REGION[region]] = at, seen, look.film.known
    return {
        "image": appearance(pixels.astype(np.float32), on_film),
        "region": np.asarray(list(Region).index(region), np.int32),
        "points": points,
        "seen": visible,
        "known": known,
        "is_limb": np.asarray(True),
    }


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
        on_film = _partly_on_film(rng) if rng.random() < 0.15 else np.ones(pixels.shape, bool)
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


def _without_limb(source: Source, rng: np.random.Generator) -> Sample:
    """A window that shows the other region, a limb from the side, mirrored, turned away, elsewhere or of a wrong size,
    or only things."""
    region = source.draw_region(rng)
    window = LIMB_WINDOWS[region]
    kind = rng.choice(
        ["region", "side", "mirrored", "turned", "elsewhere", "nothing"], p=[0.45, 0.15, 0.15, 0.12, 0.08, 0.05]
    )
    shown = next(r for r in Region if r is not region) if kind == "region" else region
    film = source.banks[shown].film(source.draw_film(rng, shown), source.shapes[shown])
    squash = (
        rng.uniform(0.1, 0.4) if kind == "side" or (kind == "region" and rng.random() < 0.3) else rng.uniform(0.8, 1.12)
    )
    turn, log_scale, shift = rng.normal(0, 0.2), rng.normal(0, 0.15), rng.normal(0, 8.0, 2)
    if kind == "turned" or (kind == "region" and rng.random() < 0.3):
        turn = rng.uniform(0.9, 2 * np.pi - 0.9)
    if kind == "region":  # as large in its window as the limb that should be there
        log_scale += np.log(source.shapes[shown].std() / source.shapes[region].std()) + rng.normal(0, 0.2)
    if kind == "elsewhere":
        away = rng.uniform(0, 2 * np.pi)
        shift = rng.uniform(0.45, 0.9) * LENGTHS_MM[region] * np.array([np.cos(away), np.sin(away)])
        log_scale += rng.choice([-0.7, 0.0, 0.7])
    look = look_at(
        film, source.shapes[shown], rng, squash=squash, amplitude_mm=min(abs(rng.normal(0.0, 2.0)), 4.0), turn=turn,
        log_scale=log_scale, shift_mm=shift,
    )  # fmt: skip
    grid = grid_of(window) - np.asarray(window.centre) + np.asarray(LIMB_WINDOWS[shown].centre)
    pixels = look.pixels(grid[:, ::-1] if kind == "mirrored" else grid)
    if kind == "nothing":
        pixels = distracted(np.zeros_like(pixels) + rng.uniform(0, 0.3), rng)
    pixels = obstructed(restyled(pixels, rng), rng)
    on_film = film_edges(look.points, grid, rng) if rng.random() < 0.5 else np.ones(pixels.shape, bool)
    nothing = np.zeros(LANDMARK_COUNT, bool)
    return {
        "image": appearance(pixels.astype(np.float32), on_film),
        "region": np.asarray(list(Region).index(region), np.int32),
        "points": np.zeros((LANDMARK_COUNT, 2), np.float32),
        "seen": nothing,
        "known": nothing,
        "is_limb": np.asarray(False),
    }


def _neighbour(source: Source, grid: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The other hand or foot beside the limb, or another film on the plate."""
    region = source.draw_region(rng)
    film = source.banks[region].film(source.draw_film(rng, region), source.shapes[region])
    beside = np.array([rng.choice([-1.0, 1.0]) * rng.uniform(110, 200), rng.normal(0, 25)])
    turn = rng.normal(0, 0.3)
    frame = frame_of(beside + grid.mean((0, 1)), turn, 1.0, bool(rng.random() < 0.5), source.shapes[region].mean(0))
    limb = frame.to_limb(grid * UPRIGHT)
    at = (film.frame.to_film(limb) - 0.5).astype(np.float32)
    return cv2.remap(film.pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) / 255.0


def _partly_on_film(rng: np.random.Generator) -> np.ndarray:
    """The film ends somewhere in the patch."""
    axis = np.meshgrid(np.arange(PATCH_PX), np.arange(PATCH_PX))[int(rng.integers(2))]
    edge = rng.uniform(4, PATCH_PX - 4)
    return axis < edge if rng.random() < 0.5 else axis > edge
