"""Source of training samples: the films of both regions, and a look at one of them as the step before leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float
from outcomenet.localization.frames import Window
from outcomenet.localization.shape_model import ShapeModel, fit_shape
from outcomenet.localizer_training.film_bank import BankFilm, FilmBank
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.looks import Look, look_at
from outcomenet.progress import Progress

Sample = dict[str, np.ndarray]
Shapes = Mapping[Region, Float[np.ndarray, "landmark 2"]]  # mean shapes, mm
FOOT_SHARE = 0.35  # of the samples; a foot has 8 landmarks, a hand 29


class Bank(Protocol):
    """Films of one region, as samples need them: a `FilmBank`, or one mixed with a user's films."""

    @property
    def count(self) -> int:
        """Films to draw from."""
        ...

    def film(self, number: int, mean_shape: Float[np.ndarray, "landmark 2"]) -> BankFilm:
        """One film with its limb's frame, see `FilmBank.film`."""
        ...


@dataclass(frozen=True)
class Source:
    """Films and mean shapes of both regions."""

    banks: Mapping[Region, Bank]
    shapes: Shapes

    def draw_region(self, rng: np.random.Generator) -> Region:
        """A region, hands more often than feet."""
        return Region.FOOT if rng.random() < FOOT_SHARE else Region.HAND

    def draw_film(self, rng: np.random.Generator, region: Region) -> int:
        """Number of one of a region's films."""
        return int(rng.integers(self.banks[region].count))


def simulated_source(
    experiment: LocalizerExperiment, folder: Path, progress: Progress
) -> tuple[Source, dict[Region, ShapeModel]]:
    """The training films of both regions, drawn where they are not there yet, and their shapes.

    Args:
        experiment: How many films, and how varied.
        folder: Where they lie.
        progress: Shows how far the drawing is.
    """
    banks = simulated_banks(experiment, folder, progress)
    shapes = {region: fit_shape(bank.points, region) for region, bank in banks.items()}
    for bank in banks.values():
        _ = bank.small  # once, before threads ask for it
    return Source(banks, {region: shape.mean for region, shape in shapes.items()}), shapes


def simulated_banks(experiment: LocalizerExperiment, folder: Path, progress: Progress) -> dict[Region, FilmBank]:
    """The training films of both regions, drawn where they are not there yet.

    Args:
        experiment: How many films, and how varied.
        folder: Where they lie.
        progress: Shows how far the drawing is.
    """
    count = {Region.HAND: experiment.hand_films, Region.FOOT: experiment.foot_films}
    banks = {r: FilmBank(folder, r, experiment.seed, count[r], experiment.variety) for r in Region}
    for bank in banks.values():
        bank.draw(progress)
    return banks


def grid_of(window: Window) -> Float[np.ndarray, "row column 2"]:
    """Limb coordinates (mm) of the middles of a window's pixels."""
    column, row = np.meshgrid(np.arange(window.columns) + 0.5, np.arange(window.rows) + 0.5)
    return window.to_limb(np.stack([column, row], -1))


def drawn_look(source: Source, region: Region, rng: np.random.Generator, rough: float) -> Look:
    """A look whose frame is off as the step before leaves it.

    Args:
        source: Films and mean shapes.
        region: Hand or foot.
        rng: Draws film, distortion and guess.
        rough: Scales by how much the guess is off; 1 is what the finder leaves, 0.6 what the landmark network leaves.

    Returns:
        The look.
    """
    film = source.banks[region].film(source.draw_film(rng, region), source.shapes[region])
    wild = rng.random() < 0.15
    return look_at(
        film,
        source.shapes[region],
        rng,
        squash=rng.uniform(0.82, 1.12) if rng.random() < 0.7 else rng.uniform(0.62, 0.9),
        amplitude_mm=min(abs(rng.normal(0.0, 2.0)), 4.0),
        turn=rng.uniform(-0.6, 0.6) if wild else rng.normal(0.0, 0.12 * rough),
        log_scale=rng.normal(0.0, 0.08 * rough * (2 if wild else 1)),
        shift_mm=rng.normal(0.0, 5.0 * rough * (2 if wild else 1), 2),
    )
