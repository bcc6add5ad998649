"""Landmarks of a cohort's films that bring none: found once, before the joints are cut, and kept beside the data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomenet.anatomy import Region, Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.films.burnt_in_text import TextBox, text_boxes
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.film_flags import FilmFlagTable
from outcomenet.intake.kept import Kept
from outcomenet.localization.film_quality import is_implausible
from outcomenet.localization.geometry import limb_length_px
from outcomenet.progress import Progress

if TYPE_CHECKING:
    from outcomenet.localization.found import FoundLimb
    from outcomenet.localization.locating import LocatedFilm

FOUND_LANDMARKS = "landmarks_found.csv"
FINDING = ".found"  # of the kept files
COLUMNS = ["film_id", "side", "landmark", "x_px", "y_px", "error_px", "certainty", "state"]

Points = Mapping[str, tuple[float, float]]


@dataclass
class FoundLandmarks:
    """What was found: landmarks by (film_id, side), reasons of limbs that are not to be cut, films with dark bones.

    `flags` lists the quality flags of these films; those of films with placed landmarks join them when they are cut.
    """

    flags: FilmFlagTable
    points: dict[tuple[str, Side], Points] = field(default_factory=dict)
    refused: dict[tuple[str, Side], str] = field(default_factory=dict)
    dark_bones: set[str] = field(default_factory=set)
    rows: list[dict] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """film_flags.csv and landmarks_found.csv: every landmark with its standard error and state; no such file where none was
        looked for."""
        self.flags.write(folder)
        if self.rows:
            write_csv(pd.DataFrame(self.rows, columns=COLUMNS), folder / FOUND_LANDMARKS)


def sides_of(declared: str, region: str) -> tuple[Side, ...]:
    """The limbs that a film should show: one, or the left and the right."""
    letters = ("L", "R") if declared == "both" else (declared,)
    return tuple(Side.of(letter, region) for letter in letters)


def find_landmarks(cohort: Cohort, ledger: Ledger, workers: int, progress: Progress, kept: Kept) -> FoundLandmarks:
    """Looks for the joints of every film of `cohort` without placed landmarks. The ledger counts flags of what stays.

    What was found on a film is kept, and a film that is the same is not looked at again. A film that cannot be read is
    left to the build, which counts it.
    """
    placed = set(cohort.landmarks["film_id"])
    films = cohort.films
    wanted = films[~films["film_id"].isin(placed) & ~films["path"].str.endswith(SUFFIX)]
    found = FoundLandmarks(FilmFlagTable(cohort, ledger))
    names = {
        row.Index: kept.name(cohort.folder / row.path, [row.side, row.region, row.spacing_mm], FINDING)
        for row in wanted.itertuples()
    }
    paths = {index: cohort.folder / path for index, path in wanted["path"].items()}
    fresh = wanted[[_finding(kept, name, paths[index]) is None for index, name in names.items()]]
    _locate(cohort, fresh, names, kept, workers, progress)
    for row in wanted.itertuples():
        finding = _finding(kept, names[row.Index], paths[row.Index])
        if finding is not None:
            _enter(found, ledger, str(row.film_id), finding)
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
            kept.write(names[row.Index], film.path, json.dumps(_look(row, film)).encode("ascii"))


def _look(row: Any, film: LocatedFilm) -> dict[str, Any]:
    """What was found on a film, without its name: of each side that it should show flags, text and landmarks. `row` is its row
    of `Cohort.films`."""
    assert film.film is not None
    sides = sides_of(str(row.side), str(row.region))
    limbs: dict[str, dict[str, Any]] = {}
    for side in sides:
        limb, flags = _limb_of(film, side, alone=len(sides) == 1)
        text: Sequence[TextBox] = ()
        if limb is None:
            # none at all, or others than the table says
            flags = list(film.without_limb) or ["no_limb", *film.film.header.remarks]
        else:
            flags = _against_the_table(flags, limb, side, row.spacing_mm)
        if film.film.header.text_declared and "burnt_in_text" not in flags:
            flags = [*flags, "burnt_in_text"]
        if "burnt_in_text" in flags:
            text = text_boxes(film.film.pixels)
        limbs[str(side)] = {
            "flags": flags,
            "text": [[int(edge) for edge in box] for box in text],
            "landmarks": [] if limb is None else _rows(limb),
            "visible": None if limb is None else {n: [float(x), float(y)] for n, (x, y) in limb.visible.items()},
        }
    return {"dark_bones": bool(film.reversed), "limbs": limbs}


def _enter(found: FoundLandmarks, ledger: Ledger, film_id: str, finding: Mapping[str, Any]) -> None:
    if finding["dark_bones"]:
        found.dark_bones.add(film_id)
    for name, limb in finding["limbs"].items():
        side = Side(name)
        found.rows += [{"film_id": film_id, "side": name, **row} for row in limb["landmarks"]]
        reason = found.flags.settle(film_id, side, limb["flags"], [TextBox(*box) for box in limb["text"]], found=True)
        if reason or limb["visible"] is None:
            found.refused[film_id, side] = reason
            continue
        ledger.flag("localisation", "film", "joints found, not placed by hand", [film_id])
        hidden = len(limb["landmarks"]) - len(limb["visible"])
        ledger.add("localisation", "landmark", "not found surely enough, cut off or missing", hidden)
        found.points[film_id, side] = {mark: (x, y) for mark, (x, y) in limb["visible"].items()}


def _against_the_table(flags: list[str], limb: FoundLimb, side: Side, spacing_mm: float) -> list[str]:
    """The localiser's flags, and what side and spacing in the cohort's tables add to them."""
    length_px = limb_length_px(limb.visible, limb.region)
    table = {
        "other_side": limb.side is not side,
        "implausible_size": is_implausible(length_px, None if pd.isna(spacing_mm) else spacing_mm, limb.region),
    }
    return [*flags, *(flag for flag, present in table.items() if present and flag not in flags)]


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


def _limb_of(film: LocatedFilm, side: Side, *, alone: bool) -> tuple[FoundLimb | None, list[str]]:
    """The found limb that is to be `side`: of its region and side; on a film of one limb also the surest of its region."""
    own = [
        (limb, flags)
        for limb, flags in zip(film.found.limbs, film.flags, strict=True)
        if limb.region is Region(side.region)
    ]
    exact = [(limb, flags) for limb, flags in own if limb.side is side]
    return (exact or (own if alone else []) or [(None, [])])[0]
