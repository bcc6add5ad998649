"""Held-out films for calibration: one limb anywhere on each, at any size and turn, with its true landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Bool, Float
from outcomenet.localization.frames import ANCHORS, LimbFrame, frame_of
from outcomenet.localization.shape_model import ShapeModel
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.style import obstructed, restyled
from outcomenet.progress import Progress

# Pixels a millimetre of the limb, about 220 to 900 pixels from wrist to finger tip, and the film's size in mm of the
# limb.
PX_PER_MM = (1.2, 5.0)
FILM_MM = {Region.HAND: (230.0, 290.0), Region.FOOT: (160.0, 230.0)}


class HeldOutFilm(NamedTuple):
    """A film, brighter = more bone unless `dark_bones`; landmarks in its pixels, also of what is not to be seen."""

    pixels: Float[np.ndarray, "row column"]
    region: Region
    points: Float[np.ndarray, "landmark 2"]
    visible: Bool[np.ndarray, "landmark"]
    frame: LimbFrame
    dark_bones: bool


def held_out_films(
    experiment: LocalizerExperiment, shapes: Mapping[Region, ShapeModel], folder: Path, progress: Progress
) -> list[HeldOutFilm]:
    """Films for calibration and check, `2 * calibration_films` of each region, hands first.

    Args:
        experiment: How many, and how varied; their seed is the training's plus 1.
        shapes: Mean shapes, which tell how a limb lies.
        folder: Bank of these films; those already there are not drawn again.
        progress: Shows how far the drawing is.
    """
    films = []
    for region in Region:
        count = 2 * experiment.calibration_films
        bank = FilmBank(folder, region, experiment.seed + 1, count, experiment.variety)
        bank.draw(progress)
        films += [held_out_film(bank, shapes[region].mean, experiment.seed, n) for n in range(count)]
    return films


def held_out_film(
    bank: FilmBank, mean_shape: Float[np.ndarray, "landmark 2"], seed: int, number: int, *, styled: bool = True
) -> HeldOutFilm:
    """A film of the bank laid anew; of (bank, seed, number) alone.

    Args:
        bank: Films that no network learned from.
        mean_shape: Mean landmarks of the region in limb coordinates, mm.
        seed: Seed of the series.
        number: Number in the series; numbers beyond the bank's films take them again.
        styled: Whether grey levels are changed and things laid over; otherwise the film is as the scanner made it.

    Returns:
        The film with its true landmarks, of which those that are amputated or off the film are not visible.
    """
    rng = np.random.default_rng([seed, number, 4])  # training samples have streams 1 to 3
    film = bank.film(number % bank.count, mean_shape)
    scale = float(np.exp(rng.uniform(*np.log(PX_PER_MM))))
    width, height = (np.array(FILM_MM[bank.region]) * rng.uniform(0.85, 1.25, 2) * scale).astype(int)
    kind = rng.random()
    turn = rng.normal(0, 0.12) if kind < 0.6 else np.pi + rng.normal(0, 0.12) if kind < 0.8 else rng.uniform(0, 7)
    if kind >= 0.8:  # at any turn: a square holds the limb however it lies
        width = height = max(width, height)
    centre = np.array([width, height]) * rng.uniform(0.42, 0.58, 2)
    frame = frame_of(centre, turn, scale, bool(rng.random() < 0.5), ANCHORS[bank.region])
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    limb = frame.to_limb(np.stack([column, row], -1))
    at = (film.frame.to_film(limb) - 0.5).astype(np.float32)
    source = film.pixels
    if film.frame.px_per_mm > 1.5 * scale:  # shrunk: averaged first
        source = cv2.GaussianBlur(source, (0, 0), 0.4 * film.frame.px_per_mm / scale)
    pixels = cv2.remap(source, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    pixels = pixels.astype(np.float32) / 255
    dark = False
    if styled:
        pixels = obstructed(restyled(pixels, rng, 0.6), rng, 0.3)
        dark = bool(rng.random() < 0.15)
        pixels = 1.0 - pixels if dark else pixels
    points = frame.to_film(film.frame.to_limb(film.points.astype(float)))
    on_film = ((points > 0) & (points < (width, height))).all(1)
    return HeldOutFilm(pixels, bank.region, points, on_film & ~film.missing, frame, dark)
