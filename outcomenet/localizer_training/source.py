"""Source of training samples: the films of both regions, and a look at one of them as the step before leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float
from outcomenet.localization.frames import Window
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.looks import Look, look_at

Sample = dict[str, np.ndarray]
Shapes = Mapping[Region, Float[np.ndarray, "landmark 2"]]  # mean shapes, mm
FOOT_SHARE = 0.35  # of the samples; a foot has 8 landmarks, a hand 29


@dataclass(frozen=True)
class Source:
    """Films and mean shapes of both regions."""

    banks: Mapping[Region, FilmBank]
    shapes: Shapes

    def draw_region(self, rng: np.random.Generator) -> Region:
        """A region, hands more often than feet."""
        return Region.FOOT if rng.random() < FOOT_SHARE else Region.HAND

    def draw_film(self, rng: np.random.Generator, region: Region) -> int:
        """Number of one of a region's films."""
        return int(rng.integers(len(self.banks[region].points)))


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
