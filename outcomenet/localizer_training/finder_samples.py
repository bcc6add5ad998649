"""Training samples of the finder: whole films with a few limbs on them, a pure function of (films, seed, number)."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.localization.appearance import appearance
from outcomenet.localization.frames import (
    ANCHORS,
    LENGTHS_MM,
    frame_of,
)
from outcomenet.localization.networks import FINDER_CELL
from outcomenet.localizer_training.film_bank import FilmBank, limb_frame
from outcomenet.localizer_training.looks import Distortion, film_edges
from outcomenet.localizer_training.source import FOOT_SHARE, Sample, Source
from outcomenet.localizer_training.style import distracted, obstructed, restyled

FINDER_CELLS = 16  # along the longer side
SHORTEST_PX, LONGEST_PX = 26.0, 105.0  # length of a limb on the finder's film of 128 pixels


def finder_sample(source: Source, seed: int, number: int) -> Sample:
    """A whole film with one to three limbs, or none, and what the finder should say of each of its cells.

    Args:
        source: Films and mean shapes.
        seed: Seed of the training.
        number: Number of the sample.

    Returns:
        `image` (appearance of the film, 128 pixels a side), `dark_bones`, and per cell: `heat` of each region, `weight`,
        `place` (cells from the cell's middle), `direction`, `log_length` (of 64 pixels), `thumb_right`, `view`.
    """
    rng = np.random.default_rng([seed, number, 3])
    size = FINDER_CELL * FINDER_CELLS
    long, short = size, int(size * rng.uniform(0.42, 1.0))
    height, width = (long, short) if rng.random() < 0.6 else (short, long)
    column, row = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    grid = np.stack([column, row], -1)
    on_film = (column < width) & (row < height)
    limbs = int(rng.choice([0, 1, 2, 3], p=[0.05, 0.65, 0.22, 0.08]))
    pixels = np.zeros((size, size), np.float32)
    sample = _empty_targets()
    for limb in _limbs_of_a_film(limbs, width, height, rng):
        region = limb.region or source.draw_region(rng)
        pixels, view = _with_limb(source, pixels, grid, region, limb, rng)
        _note(sample, region, limb, view)
    if rng.random() < 0.3:
        pixels = distracted(pixels, rng)
    pixels = obstructed(restyled(pixels + rng.uniform(0, 0.2), rng), rng)
    if rng.random() < 0.2:
        pixels = _bordered(pixels, grid, width, height, rng)
    dark = rng.random() < 0.25
    if dark:
        pixels = 1.0 - pixels
    return sample | {"image": appearance(pixels.astype(np.float32), on_film), "dark_bones": np.asarray(dark)}


class _Limb(NamedTuple):
    """How one limb lies on the finder's film."""

    region: Region | None  # None: any
    centre: np.ndarray
    turn: float
    length: float
    thumb_right: bool


def _limbs_of_a_film(count: int, width: int, height: int, rng: np.random.Generator) -> list[_Limb]:
    """Limbs of one film are usually of one region and size, lie alike, and apart: mostly upright, or upside down."""
    kind = rng.random()
    turn = rng.normal(0, 0.25) if kind < 0.5 else np.pi + rng.normal(0, 0.25) if kind < 0.65 else rng.uniform(0, 7)
    region = None if rng.random() < 0.2 else (Region.FOOT if rng.random() < FOOT_SHARE else Region.HAND)
    longest = max(min(LONGEST_PX, 1.25 * max(width, height)) / max(1.0, 0.85 * count), SHORTEST_PX + 1)
    length = float(np.exp(rng.uniform(np.log(SHORTEST_PX), np.log(longest))))
    thumb_right = bool(rng.random() < 0.5)
    limbs: list[_Limb] = []
    for n in range(count):
        size = length * float(np.exp(rng.normal(0, 0.08) if rng.random() < 0.8 else rng.normal(0, 0.4)))
        for _ in range(8):
            centre = rng.uniform(0.12, 0.88, 2) * (width, height)
            if all(np.hypot(*(centre - other.centre)) > 0.6 * max(size, other.length) for other in limbs):
                mirrored = n % 2 == 1 and rng.random() < 0.8  # left and right beside each other
                limbs.append(_Limb(region, centre, turn + rng.normal(0, 0.12), size, thumb_right != mirrored))
                break
    return limbs


def _with_limb(
    source: Source, pixels: np.ndarray, grid: np.ndarray, region: Region, limb: _Limb, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """The film with one more limb, and its view (index into `networks.VIEWS`): seen from the side limbs are narrow."""
    bank = source.banks[region]
    if not isinstance(bank, FilmBank):
        raise TypeError(
            f"The finder learns from simulated films alone, got a {type(bank).__name__}; give it a FilmBank."
        )
    n = source.draw_film(rng, region)
    small = bank.small[n]
    ratio = small.shape[1] / bank.width
    shape = source.shapes[region]
    frame = limb_frame(bank.points[n], shape)
    view = int(rng.choice(3, p=[0.78, 0.12, 0.10]))
    squash = rng.uniform(*((0.85, 1.12), (0.5, 0.76), (0.1, 0.38))[view])
    anchor = ANCHORS[region]
    distortion = Distortion(rng, tuple(anchor), squash, min(abs(rng.normal(0, 2.0)), 4.0))
    on_film = frame_of(limb.centre, limb.turn, limb.length / LENGTHS_MM[region], limb.thumb_right, anchor)
    places = on_film.to_limb(grid)
    at = (frame.to_film(distortion.undo(places)) * ratio - 0.5).astype(np.float32)
    drawn = cv2.remap(small, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    ground = float(np.percentile(small, 5))
    drawn = np.clip(drawn.astype(np.float32) - ground, 0, None) / 255
    if rng.random() < 0.4:  # its own film ends near it
        points = distortion(frame.to_limb(bank.points[n].astype(float)))
        drawn = np.where(film_edges(points, places, rng), drawn, 0.0)
    return np.maximum(pixels, drawn), view


def _empty_targets() -> Sample:
    cells = (FINDER_CELLS, FINDER_CELLS)
    return {
        "heat": np.zeros((*cells, 2), np.float32),
        "weight": np.zeros(cells, np.float32),
        "place": np.zeros((*cells, 2), np.float32),
        "direction": np.zeros((*cells, 2), np.float32),
        "log_length": np.zeros(cells, np.float32),
        "thumb_right": np.zeros(cells, np.float32),
        "view": np.zeros(cells, np.int32),
    }


def _note(sample: Sample, region: Region, limb: _Limb, view: int) -> None:
    """Writes a limb into the cells around its middle; where two compete the nearer one has the cell."""
    cells = (np.stack(np.meshgrid(np.arange(FINDER_CELLS), np.arange(FINDER_CELLS)), -1) + 0.5) * FINDER_CELL
    off = limb.centre - cells
    near = np.exp(-(off**2).sum(-1) / (2 * FINDER_CELL**2)).astype(np.float32)
    plane = sample["heat"][..., list(Region).index(region)]
    np.maximum(plane, near, out=plane)
    taken = (near > 0.3) & (near > sample["weight"])
    sample["weight"][taken] = near[taken]
    sample["place"][taken] = off[taken] / FINDER_CELL
    sample["direction"][taken] = np.sin(limb.turn), -np.cos(limb.turn)
    sample["log_length"][taken] = np.log(
        limb.length / 64.0
    )  # 64 pixels: half the film, so that targets are small numbers
    sample["thumb_right"][taken] = float(limb.thumb_right)
    sample["view"][taken] = view


def _bordered(pixels: np.ndarray, grid: np.ndarray, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Bright or dark margins of a scan or of the collimator, on some sides."""
    left, top, right, bottom = (rng.uniform(0, 0.16) * (rng.random() < 0.6) for _ in range(4))
    tilt = np.deg2rad(rng.normal(0, 2))
    x, y = grid[..., 0] + tilt * grid[..., 1], grid[..., 1] - tilt * grid[..., 0]
    outside = (x < left * width) | (x > (1 - right) * width) | (y < top * height) | (y > (1 - bottom) * height)
    return np.where(outside, rng.choice([0.0, 1.0, rng.uniform(0, 1.3)]), pixels)
