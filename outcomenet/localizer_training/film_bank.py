"""Bank of simulated films on disk, drawn once: training looks at each many times, every time changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.arrays import Bool, Float, UInt8
from outcomenet.localization.frames import LimbFrame, fitted_frame
from outcomenet.progress import Progress
from outcomenet.simulation.landmark_films import FilmVariety, landmark_film

SPACING_MM = 0.35  # finer than what any network sees of a limb: 0.5 mm a pixel (see `frames`)
CHUNK = 50  # films between two notes of how far the bank is
OWN_SHARE = 0.5  # of the looks are at the user's films where there are any


class BankFilm(NamedTuple):
    """A film of the bank: left limb, 8-bit; landmarks in film pixels, and the limb's frame on the film."""

    pixels: UInt8[np.ndarray, "height width"]
    points: Float[np.ndarray, "landmark 2"]
    missing: Bool[np.ndarray, "landmark"]
    frame: LimbFrame
    unknown: Bool[np.ndarray, "landmark"] | None = None  # of which nothing is known, not even whether they can be seen

    @property
    def known(self) -> Bool[np.ndarray, "landmark"]:
        """Landmarks of which it is known whether and where they can be seen."""
        return np.ones(len(self.points), bool) if self.unknown is None else ~self.unknown


@dataclass(frozen=True)
class FilmBank:
    """The films of one region and seed, in `folder`; those already there are not drawn again."""

    folder: Path
    region: Region
    seed: int
    films: int
    variety: FilmVariety

    def draw(self, progress: Progress) -> None:
        """Draws what is missing; a killed run loses at most `CHUNK` films."""
        self.folder.mkdir(parents=True, exist_ok=True)
        note = self.folder / f"{self.region}.json"
        wanted = {"seed": self.seed, "films": self.films, "variety": repr(self.variety), "spacing_mm": SPACING_MM}
        known = json.loads(note.read_text()) if note.is_file() else {}
        done = known.get("done", 0) if {k: known.get(k) for k in wanted} == wanted else 0
        if done == self.films:
            return
        first = landmark_film(self.region, self.seed, 0, SPACING_MM, self.variety)
        count = len(landmarks_of(self.region))
        arrays = {
            "pixels": ((self.films, *first.pixels.shape), np.uint8),
            "points": ((self.films, count, 2), np.float32),
            "missing": ((self.films, count), bool),
        }
        mode = "r+" if done else "w+"
        maps = {
            name: np.lib.format.open_memmap(self._file(name), mode=mode, dtype=dtype, shape=shape)
            for name, (shape, dtype) in arrays.items()
        }
        progress.start("films", self.films - done, f"draw {self.region} films")
        for number in range(done, self.films):
            film = landmark_film(self.region, self.seed, number, SPACING_MM, self.variety)
            for name, values in maps.items():
                values[number] = getattr(film, name)
            progress.advance()
            if (number + 1) % CHUNK == 0 or number + 1 == self.films:
                # films first, then the note: after a kill the note never counts a film that is not on disk
                for values in maps.values():
                    values.flush()
                note.write_text(json.dumps(wanted | {"done": number + 1}))
        progress.finish()

    @property
    def count(self) -> int:
        """Films to draw from."""
        return self.films

    def _file(self, name: str) -> Path:
        return self.folder / f"{self.region}_{name}.npy"

    @cached_property
    def _pixels(self) -> np.ndarray:
        return np.load(self._file("pixels"), mmap_mode="r")

    @property
    def width(self) -> int:
        """Of a film, in pixels."""
        return self._pixels.shape[2]

    @cached_property
    def points(self) -> Float[np.ndarray, "film landmark 2"]:
        """Landmarks of all films, film pixels."""
        return np.load(self._file("points"))

    @cached_property
    def missing(self) -> Bool[np.ndarray, "film landmark"]:
        """Which landmarks were amputated."""
        return np.load(self._file("missing"))

    @cached_property
    def small(self) -> UInt8[np.ndarray, "film height width"]:
        """All films at a quarter of their size, for the finder."""
        films, height, width = self._pixels.shape
        size = (width // 4, height // 4)
        return np.stack([cv2.resize(self._pixels[n], size, interpolation=cv2.INTER_AREA) for n in range(films)])

    def film(self, number: int, mean_shape: Float[np.ndarray, "landmark 2"]) -> BankFilm:
        """One film with its limb's frame.

        Args:
            number: Its place in the bank.
            mean_shape: Mean landmarks of the region in limb coordinates, mm.
        """
        points = self.points[number]
        return BankFilm(np.asarray(self._pixels[number]), points, self.missing[number], limb_frame(points, mean_shape))


class MixedBank:
    """Simulated films first, then the user's; has what samples need of a `FilmBank`."""

    def __init__(self, simulated: FilmBank, corrected: Sequence[BankFilm]):
        self.simulated, self.corrected = simulated, corrected
        self.region = simulated.region
        repeats = round(OWN_SHARE / (1 - OWN_SHARE) * simulated.count / len(corrected)) if corrected else 0
        # films to draw from; the user's count several times
        self.count = simulated.count + repeats * len(corrected)

    def film(self, number: int, mean_shape: Float[np.ndarray, "landmark 2"]) -> BankFilm:
        """One film, simulated or the user's, see `FilmBank.film`."""
        if number < self.simulated.count:
            return self.simulated.film(number, mean_shape)
        return self.corrected[(number - self.simulated.count) % len(self.corrected)]


def limb_frame(points: Float[np.ndarray, "landmark 2"], mean_shape: Float[np.ndarray, "landmark 2"]) -> LimbFrame:
    """The frame in which a left limb's landmarks come nearest to the mean shape.

    Args:
        points: Landmarks, film pixels.
        mean_shape: Mean landmarks in limb coordinates, mm.

    Returns:
        Map between limb coordinates and film pixels.
    """
    return fitted_frame(mean_shape, points.astype(float), np.ones(len(points)), thumb_right=True)
