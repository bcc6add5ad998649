"""Landmarks of a cohort's films that bring none: found once, before the joints are cut, and kept beside the data set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomenet.anatomy import Region, Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.csv_files import write_csv
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.kept import Kept
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.progress import Progress

if TYPE_CHECKING:
    from outcomenet.localization.found import FoundLimb
    from outcomenet.localization.locating import LocatedFilm

FOUND_LANDMARKS = "landmarks_found.csv"
FINDING = ".found"  # suffix of the kept files
COLUMNS = ["film_id", "side", "landmark", "x_px", "y_px", "error_px", "certainty", "state"]


@dataclass
class FoundLandmarks:
    """What was found on the films without placed landmarks, by film_id and side.

    A film that could not be decoded has no limb here; one on which none was found has one that is flagged so.
    """

    limbs: dict[tuple[str, Side], LandmarkedLimb] = field(default_factory=dict)
    hidden: dict[tuple[str, Side], int] = field(default_factory=dict)  # landmarks that cannot be relied on
    rows: list[dict] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """landmarks_found.csv, every landmark with its standard error and state; no file where none was looked for."""
        if self.rows:
            write_csv(pd.DataFrame(self.rows, columns=COLUMNS), folder / FOUND_LANDMARKS)


def sides_of(declared: str, region: str) -> tuple[Side, ...]:
    """The limbs that a film should show: one, or the left and the right."""
    letters = ("L", "R") if declared == "both" else (declared,)
    return tuple(Side.of(letter, region) for letter in letters)


def declared_side(declared: str) -> str:
    """The side L or R that a film's row states; "" where it shows both, so that the shape must tell."""
    return "" if declared == "both" else declared


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
    placed = set(cohort.landmarks["film_id"])
    films = cohort.films
    wanted = films[~films["film_id"].isin(placed) & ~films["path"].str.endswith(SUFFIX)]
    found = FoundLandmarks()
    names = {
        row.Index: kept.name(cohort.folder / row.path, [row.side, row.region], FINDING) for row in wanted.itertuples()
    }
    paths = {index: cohort.folder / path for index, path in wanted["path"].items()}
    fresh = wanted[[_finding(kept, name, paths[index]) is None for index, name in names.items()]]
    _locate(cohort, fresh, names, kept, workers, progress)
    for row in wanted.itertuples():
        finding = _finding(kept, names[row.Index], paths[row.Index])
        if finding is not None:
            _enter(found, row, finding)
    return found


def _finding(kept: Kept, name: str, film: Path) -> dict[str, Any] | None:
    """What was found on a film before; None where it was not looked at, or what is kept is not of this film."""
    data = kept.read(name, film) if name else None
    return None if data is None else json.loads(data)


def _locate(
    cohort: Cohort, films: pd.DataFrame, names: Mapping[Any, str], kept: Kept, workers: int, progress: Progress
) -> None:
    if films.empty:
        return
    from outcomenet.localization.localizer import Localizer
    from outcomenet.localization.locating import locate_films

    paths = [cohort.folder / path for path in films["path"]]
    located = locate_films(Localizer(), paths, workers=workers, progress=progress)
    for row, film in zip(films.itertuples(), located, strict=True):
        if film.film is not None and names[row.Index]:
            kept.write(names[row.Index], film.path, json.dumps(_finding_of(row, film)).encode("ascii"))


def _finding_of(row: Any, film: LocatedFilm) -> dict[str, Any]:
    """What was found on a film, without its name: landmarks and the networks' flags of each side that it should show.
    `row` is its row of `Cohort.films`."""
    sides = sides_of(str(row.side), str(row.region))
    return {str(side): _limb_of(film, side, alone=len(sides) == 1) for side in sides}


def _enter(found: FoundLandmarks, row: Any, finding: Mapping[str, Any]) -> None:
    film_id, declared = str(row.film_id), declared_side(str(row.side))
    for name, limb in finding.items():
        side = Side(name)
        found.rows += [{"film_id": film_id, "side": name, **landmark} for landmark in limb["rows"]]
        points = {mark: (x, y) for mark, (x, y) in limb["landmarks"].items()}
        found.hidden[film_id, side] = len(limb["rows"]) - len(points)
        found.limbs[film_id, side] = LandmarkedLimb(
            side.region, points, False, declared, limb["dark_bones"], tuple(limb["flags"])
        )


def _rows(limb: FoundLimb) -> list[dict[str, Any]]:
    """Rows of landmarks_found.csv, without film and side."""
    return [
        {
            "landmark": name,
            "x_px": round(point.x_px, 2),
            "y_px": round(point.y_px, 2),
            "error_px": round(point.error_px, 2),
            "certainty": round(point.certainty, 4),
            "state": str(point.state),
        }
        for name, point in limb.landmarks.items()
    ]


def _limb_of(film: LocatedFilm, side: Side, *, alone: bool) -> dict[str, Any]:
    """The found limb that is to be `side`: of its region and side; on a film of one limb also the surest of its region."""
    own = [
        (limb, found)
        for limb, found in zip(film.limbs, film.found.limbs, strict=True)
        if limb.region is Region(side.region)
    ]
    exact = [pair for pair in own if pair[1].side is side]
    for limb, found in exact or (own if alone else []):
        return {
            "landmarks": dict(limb.landmarks),
            "dark_bones": limb.dark_bones,
            "flags": limb.flags,
            "rows": _rows(found),
        }
    return {"landmarks": {}, "dark_bones": False, "flags": ["no_limb"], "rows": []}
