"""Where samples come from: the films of both regions, and a look at one of them as the step before leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from outcomenet.anatomy import Region
from outcomenet.localization.frames import Window
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.looks import look_at

Sample = dict[str, np.ndarray]
Shapes = Mapping[Region, np.ndarray]  # mean shapes, mm
FOOT_SHARE = 0.35


@dataclass(frozen=True)
class Source:
    """Films and mean shapes of both regions."""

    banks: Mapping[Region, FilmBank]
    shapes: Shapes

    def draw_region(self, rng: np.random.Generator) -> Region:
        return Region.FOOT if rng.random() < FOOT_SHARE else Region.HAND

    def draw_film(self, rng: np.random.Generator, region: Region) -> int:
        return int(rng.integers(len(self.banks[region].points)))


def grid_of(window: Window) -> np.ndarray:
    column, row = np.meshgrid(np.arange(window.columns) + 0.5, np.arange(window.rows) + 0.5)
    return window.to_limb(np.stack([column, row], -1))


def drawn_look(source: Source, region: Region, rng: np.random.Generator, rough: float):
    """A look whose frame is off as the step before leaves it; `rough` scales by how much."""
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
