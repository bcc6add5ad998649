"""Landmarks of a cohort's films that bring none: found once, before the joints are cut, and kept beside the data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from outcomenet.anatomy import Region, Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.crop_file import SUFFIX
from outcomenet.cohorts.ledger import Ledger
from outcomenet.progress import Progress

if TYPE_CHECKING:
    from outcomenet.localization.found import FoundLimb
    from outcomenet.localization.locating import LocatedFilm

FOUND_LANDMARKS = "landmarks_found.csv"
COLUMNS = ["film_id", "side", "landmark", "x_px", "y_px", "error_px", "certainty", "state"]

Points = Mapping[str, tuple[float, float]]


@dataclass
class FoundLandmarks:
    """What was found: landmarks by (film_id, side), reasons of limbs that are not to be cut, films with dark bones."""

    points: dict[tuple[str, Side], Points] = field(default_factory=dict)
    refused: dict[tuple[str, Side], str] = field(default_factory=dict)
    dark_bones: set[str] = field(default_factory=set)
    rows: list[dict] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """landmarks_found.csv: every landmark with its standard error and state; nothing where none was looked for."""
        if self.rows:
            pd.DataFrame(self.rows, columns=COLUMNS).to_csv(folder / FOUND_LANDMARKS, index=False)


def sides_of(declared: str, region: str) -> tuple[Side, ...]:
    """The limbs that a film should show: one, or the left and the right."""
    letters = ("L", "R") if declared == "both" else (declared,)
    return tuple(Side.of(letter, region) for letter in letters)


def find_landmarks(cohort: Cohort, ledger: Ledger, workers: int, progress: Progress) -> FoundLandmarks:
    """Looks for the joints of every film of `cohort` without placed landmarks. The ledger counts flags and refusals.

    A film that cannot be read is left to the build, which refuses the cohort.
    """
    placed = set(cohort.landmarks["film_id"])
    films = cohort.films
    wanted = films[~films["film_id"].isin(placed) & ~films["path"].str.endswith(SUFFIX)]
    found = FoundLandmarks()
    if wanted.empty:
        return found
    from outcomenet.localization.localizer import Localizer
    from outcomenet.localization.locating import locate_films

    paths = [cohort.folder / path for path in wanted["path"]]
    located = locate_films(Localizer(), paths, workers=workers, progress=progress)
    for row, film in zip(wanted.itertuples(), located, strict=True):
        if film.film is not None:
            _enter(found, ledger, str(row.film_id), sides_of(str(row.side), str(row.region)), film)
    return found


def _enter(found: FoundLandmarks, ledger: Ledger, film_id: str, sides: tuple[Side, ...], film: LocatedFilm) -> None:
    from outcomenet.localization.quality import UNSCORABLE  # brings JAX, which statistics do without

    if film.reversed:
        found.dark_bones.add(film_id)
    for side in sides:
        limb, flags = _limb_of(film, side, alone=len(sides) == 1)
        if limb is None:
            found.refused[film_id, side] = "no hand or foot found" if not film.found.limbs else "the limb was not found"
            continue
        found.rows += [
            {
                "film_id": film_id,
                "side": str(side),
                "landmark": name,
                "x_px": round(point.x_px, 2),
                "y_px": round(point.y_px, 2),
                "error_px": round(point.error_px, 2),
                "certainty": round(point.certainty, 4),
                "state": str(point.state),
            }
            for name, point in limb.landmarks.items()
        ]
        unscorable = next((flag for flag in flags if flag in UNSCORABLE), None)
        if unscorable:
            found.refused[film_id, side] = f"joints not found surely: {unscorable}"
            continue
        ledger.flag("localisation", "film", "joints found, not placed by hand", [film_id])
        for flag in flags:
            ledger.flag("localisation", "film", flag, [film_id])
        hidden = len(limb.landmarks) - len(limb.visible)
        ledger.add("localisation", "landmark", "not found surely enough, cut off or missing", hidden)
        found.points[film_id, side] = limb.visible


def _limb_of(film: LocatedFilm, side: Side, *, alone: bool) -> tuple[FoundLimb | None, list[str]]:
    """The found limb that is to be `side`: of its region and side; on a film of one limb also the surest of its region."""
    own = [
        (limb, flags)
        for limb, flags in zip(film.found.limbs, film.flags, strict=True)
        if limb.region is Region(side.region)
    ]
    exact = [(limb, flags) for limb, flags in own if limb.side is side]
    return (exact or (own if alone else []) or [(None, [])])[0]
