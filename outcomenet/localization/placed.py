"""Landmarks that a person placed, or that were found: by film, limb by limb, from landmarks.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.anatomy import Region, Side, landmarks_of
from outcomenet.cohorts.cells import Number, fits
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.localization.found import FoundFilm, FoundLandmark, FoundLimb, State
from outcomenet.localization.frames import NO_FRAME, fitted_frame
from outcomenet.localization.geometry import is_left_as_displayed
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.shape_model import ShapeModel

LATERALITY = {"l": "L", "left": "L", "r": "R", "right": "R", "": ""}
PIXEL = Number(-float("inf"), unit="of pixels")  # a place outside the film is refused once the film is open
NEEDED = ("film_id", "landmark", "x_px", "y_px")
# Further columns that may stand there; `outcomenet localize` writes all but `note`.
OPTIONAL = ("side", "region", "error_px", "error_mm", "certainty", "note")


class PlacedLimb(NamedTuple):
    """Landmarks of one limb, film pixels; `declared` is the side that is claimed for it (L, R or "")."""

    region: Region
    points: Mapping[str, tuple[float, float]]
    declared: str
    complete: bool = False  # whether what was not placed is not to be seen, as in a corrected COCO file

    @property
    def left_as_displayed(self) -> bool:
        """Whether the landmarks lie as on an unmirrored film of a left limb; DataRefused where they do not tell."""
        return is_left_as_displayed(self.points, self.region)

    @property
    def side(self) -> Side:
        """The declared side, else the one that the landmarks show."""
        return Side.of(self.declared or ("L" if self.left_as_displayed else "R"), self.region)


def read_landmarks(path: Path) -> dict[str, list[PlacedLimb]]:
    """Limbs by film: columns film_id (or film), landmark, x_px, y_px, and optionally those of `OPTIONAL`.

    A film whose rows name several sides or regions has several limbs.
    """
    if not path.is_file():
        raise UsageError(f"There is no landmarks file {path}.")
    cells, faults = read_csv_text(path)
    if cells is None or faults:
        raise CohortRefused(faults)
    table = cells.fillna("").rename(columns={"film": "film_id"})
    for column in NEEDED:
        if column not in table:
            raise DataRefused(f"{path.name} lacks column {column}; it needs {', '.join(NEEDED[:-1])} and {NEEDED[-1]}.")
    for column in table:
        if column not in (*NEEDED, *OPTIONAL):
            raise DataRefused(
                f"{path.name} has an unknown column {column!r}. {did_you_mean(str(column), (*NEEDED, *OPTIONAL))}"
            )
    for column in ("x_px", "y_px"):
        entries = zip(table.index, table[column], strict=True)
        row, cell = next(((row, cell) for row, cell in entries if not fits(str(cell), PIXEL)), (None, ""))
        if row is not None:
            raise DataRefused(f"{path.name}, row {row}, column {column}: expected {PIXEL.expected}, got {str(cell)!r}.")
        table[column] = table[column].map(PIXEL.parse)
    table["side"] = _sides(path, table)
    if "region" not in table:
        foot = table["landmark"].str.startswith(("MTP", "BASE")).groupby(table["film_id"]).transform("any")
        table["region"] = foot.map({True: Region.FOOT, False: Region.HAND})
    limbs: dict[str, list[PlacedLimb]] = {}
    for key, rows in table.groupby(["film_id", "region", "side"], sort=False):
        film, region, side = map(str, key)  # type: ignore[call-overload]
        limbs.setdefault(film, []).append(_limb(path, film, region, side, rows))
    return limbs


def placed_limbs(
    by_hand: Sequence[PlacedLimb], laterality: str, shapes: Mapping[Region, ShapeModel]
) -> tuple[FoundFilm, tuple[LandmarkedLimb, ...]]:
    """Placed limbs of a film in the form of found ones, and as they are cut.

    Args:
        by_hand: All limbs that were placed on the film.
        laterality: L, R or "" by the film's header; it counts on a film of one limb that has no declared side.
        shapes: Mean shapes, which tell how a limb lies.
    """
    several = ("several_limbs",) if len(by_hand) > 1 else ()
    alone = laterality if len(by_hand) == 1 else ""
    limbs = tuple(
        LandmarkedLimb(limb.region, limb.points, placed=True, declared=limb.declared or alone, flags=several)
        for limb in by_hand
    )
    return FoundFilm([placed_limb(limb, shapes) for limb in by_hand], 0.0), limbs


def placed_limb(by_hand: PlacedLimb, shapes: Mapping[Region, ShapeModel]) -> FoundLimb:
    """A limb with a person's landmarks, without error and without the networks' views.

    Args:
        by_hand: The limb.
        shapes: Mean shapes, which tell how the limb lies.

    Returns:
        Landmarks that do not tell the limb's direction are kept; the limb has no frame then, and cannot be cut.
    """
    names = landmarks_of(by_hand.region)
    landmarks = {
        name: FoundLandmark(*by_hand.points[name], 0.0, 1.0, State.VISIBLE)
        if name in by_hand.points
        else FoundLandmark(np.nan, np.nan, np.nan, 0.0, State.NOT_PLACED)
        for name in names
    }
    try:
        here = np.array([name in by_hand.points for name in names])
        points = np.array([by_hand.points[name] for name in names if name in by_hand.points])
        mean = shapes[by_hand.region].mean[here]
        frame = fitted_frame(mean, points, np.ones(len(points)), by_hand.left_as_displayed)
    except DataRefused:
        return FoundLimb(by_hand.region, NO_FRAME, 0.0, False, {}, landmarks, 0.0)
    return FoundLimb(by_hand.region, frame, 1.0, False, {}, landmarks, 0.0)


def _sides(path: Path, table: pd.DataFrame) -> pd.Series:
    if "side" not in table:
        return pd.Series("", index=table.index)
    sides = table["side"].str.strip().str.lower()
    unknown = sides[~sides.isin(LATERALITY)]
    if len(unknown):
        raise DataRefused(
            f"{path.name}, row {unknown.index[0]}, column side: expected L, R or nothing, got {unknown.iloc[0]!r}."
        )
    return sides.map(LATERALITY)


def _limb(path: Path, film: str, region: str, side: str, rows: pd.DataFrame) -> PlacedLimb:
    if region not in list(Region):
        raise DataRefused(f"{path.name} has region {region!r} for film {film}. {did_you_mean(region, list(Region))}")
    known = landmarks_of(region)
    for name in rows["landmark"]:
        if name not in known:
            raise DataRefused(f"{path.name} has landmark {name!r} on a {region} film. {did_you_mean(name, known)}")
    if rows["landmark"].nunique() < len(rows):
        raise DataRefused(
            f"{path.name} places a landmark of film {film} twice; keep one row for each, or name the limbs' sides."
        )
    xs, ys = rows["x_px"].to_numpy(float), rows["y_px"].to_numpy(float)
    points = {str(name): (float(x), float(y)) for name, x, y in zip(rows["landmark"], xs, ys, strict=True)}
    return PlacedLimb(Region(region), points, side)
