"""Landmarks of a cohort's films: placed ones, and those found on the other films, once, before the joints are cut."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from outcomenet.anatomy import Region, Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.csv_files import write_csv
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.kept import Kept
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.progress import Progress
from outcomenet.typed_rows import typed_rows

if TYPE_CHECKING:
    from outcomenet.localization.locating import LocatedFilm

FOUND_LANDMARKS = "landmarks_found.csv"
FINDING = ".found"  # suffix of the kept files
COLUMNS = ["film_id", "side", "landmark", "x_px", "y_px", "error_px", "certainty", "state"]


@dataclass(frozen=True)
class ListedFilm:
    """A row of `Cohort.films`, as far as the joints' search and the crops need it."""

    row: int  # line in films.csv
    film_id: str
    patient_id: str
    visit_id: str
    path: str  # relative to the cohort folder
    region: str
    side: str
    spacing_mm: float  # NaN where neither film nor table states it
    spacing_source: str

    @property
    def sides(self) -> tuple[Side, ...]:
        """The limbs that the film should show: one, or the left and the right."""
        letters = ("L", "R") if self.side == "both" else (self.side,)
        return tuple(Side.of(letter, self.region) for letter in letters)

    @property
    def declared(self) -> str:
        """The side L or R that the row states; "" where the film shows both, so that the shape must tell."""
        return "" if self.side == "both" else self.side


class LandmarkRow(TypedDict):
    """A row of landmarks_found.csv, without film and side."""

    landmark: str
    x_px: float
    y_px: float
    error_px: float
    certainty: float
    state: str


class LimbFinding(TypedDict):
    """One limb of a film in the cache: landmarks that can be relied on, flags, and a row for every landmark."""

    landmarks: Mapping[str, tuple[float, float]]
    dark_bones: bool
    flags: Sequence[str]
    rows: list[LandmarkRow]


FilmFinding = Mapping[str, LimbFinding]  # by side


@dataclass
class FoundLandmarks:
    """Landmarks of a cohort's films: placed ones, and what was found on the others, by film_id and side.

    A film that could not be decoded has no limb here; one on which none was found has one that is flagged so.
    """

    placed: dict[str, LandmarkedLimb] = field(default_factory=dict)  # by film_id
    limbs: dict[tuple[str, Side], LandmarkedLimb] = field(default_factory=dict)
    hidden: dict[tuple[str, Side], int] = field(default_factory=dict)  # landmarks that cannot be relied on
    rows: list[dict[str, object]] = field(default_factory=list)

    def limb(self, film_id: str, side: Side) -> LandmarkedLimb | None:
        """The limb with its landmarks; None where the film could not be decoded, or brings crops instead.

        Args:
            film_id: Of the film.
            side: Of the limb; placed landmarks are of the only limb of their film.
        """
        return self.placed.get(film_id) or self.limbs.get((film_id, side))

    def write(self, folder: Path) -> None:
        """landmarks_found.csv, every landmark with its standard error and state; no file where none was looked for."""
        if self.rows:
            write_csv(pd.DataFrame(self.rows, columns=COLUMNS), folder / FOUND_LANDMARKS)


def find_landmarks(cohort: Cohort, workers: int, progress: Progress, kept: Kept) -> FoundLandmarks:
    """Looks for the joints of every film without placed landmarks.

    Args:
        cohort: Films and placed landmarks.
        workers: Processes that decode films.
        progress: Where progress is shown.
        kept: What was found before: a film that is the same is not looked at again.

    Returns:
        Limbs by film and side. A film that cannot be decoded is left to the build, which counts it.
    """
    films = typed_rows(cohort.films, ListedFilm)
    placed = _placed(cohort, films)
    wanted = [film for film in films if film.film_id not in placed and not film.path.endswith(SUFFIX)]
    sought = [_Sought.of(film, cohort.folder, kept) for film in wanted]
    _locate([film for film in sought if _finding(kept, film) is None], kept, workers, progress)
    landmarks = FoundLandmarks(placed)
    for film in sought:
        finding = _finding(kept, film)
        if finding is not None:
            _enter(landmarks, film.listed, finding)
    return landmarks


def _placed(cohort: Cohort, films: Sequence[ListedFilm]) -> dict[str, LandmarkedLimb]:
    points = {
        str(film): dict(zip(rows["landmark"], zip(rows["x_px"], rows["y_px"], strict=True), strict=True))
        for film, rows in cohort.landmarks.groupby("film_id")
    }
    return {
        film.film_id: LandmarkedLimb(Region(film.region), points[film.film_id], placed=True, declared=film.declared)
        for film in films
        if film.film_id in points
    }


@dataclass(frozen=True)
class _Sought:
    """A film whose joints are looked for, and the name in the cache of what is found; "" for a film that is not there."""

    listed: ListedFilm
    path: Path
    name: str

    @classmethod
    def of(cls, film: ListedFilm, folder: Path, kept: Kept) -> _Sought:
        path = folder / film.path
        return cls(film, path, kept.name(path, [film.side, film.region], FINDING))


def _finding(kept: Kept, film: _Sought) -> FilmFinding | None:
    """What was found on a film before; None where it was not looked at, or what is kept is not of this film."""
    data = kept.read(film.name, film.path) if film.name else None
    return None if data is None else json.loads(data)


def _locate(films: Sequence[_Sought], kept: Kept, workers: int, progress: Progress) -> None:
    if not films:
        return  # before JAX is imported
    from outcomenet.localization.localizer import Localizer
    from outcomenet.localization.locating import locate_films

    located = locate_films(Localizer(), [film.path for film in films], workers=workers, progress=progress)
    for sought, film in zip(films, located, strict=True):
        if film.film is not None and sought.name:
            kept.write(sought.name, film.path, json.dumps(_finding_of(sought.listed.sides, film)).encode("ascii"))


def _finding_of(sides: Sequence[Side], film: LocatedFilm) -> FilmFinding:
    """What was found on a film, without its name: landmarks and the networks' flags of each side that it should show."""
    return {str(side): _limb_of(film, side, alone=len(sides) == 1) for side in sides}


def _enter(landmarks: FoundLandmarks, film: ListedFilm, finding: FilmFinding) -> None:
    for name, limb in finding.items():
        side = Side(name)
        landmarks.rows += [{"film_id": film.film_id, "side": name, **row} for row in limb["rows"]]
        points = {mark: (x, y) for mark, (x, y) in limb["landmarks"].items()}
        landmarks.hidden[film.film_id, side] = len(limb["rows"]) - len(points)
        landmarks.limbs[film.film_id, side] = LandmarkedLimb(
            side.region, points, False, film.declared, limb["dark_bones"], tuple(limb["flags"])
        )


def _limb_of(film: LocatedFilm, side: Side, *, alone: bool) -> LimbFinding:
    """The found limb that is to be `side`: of its region and side; on a film of one limb also the surest of its region."""
    of_region = [
        (limb, network)
        for limb, network in zip(film.limbs, film.found.limbs, strict=True)
        if limb.region is Region(side.region)
    ]
    exact = [pair for pair in of_region if pair[1].side is side]
    for limb, network in exact or (of_region if alone else []):
        return {
            "landmarks": dict(limb.landmarks),
            "dark_bones": limb.dark_bones,
            "flags": limb.flags,
            "rows": [
                {
                    "landmark": name,
                    "x_px": round(point.x_px, 2),
                    "y_px": round(point.y_px, 2),
                    "error_px": round(point.error_px, 2),
                    "certainty": round(point.certainty, 4),
                    "state": str(point.state),
                }
                for name, point in network.landmarks.items()
            ],
        }
    return {"landmarks": {}, "dark_bones": False, "flags": ["no_limb"], "rows": []}
