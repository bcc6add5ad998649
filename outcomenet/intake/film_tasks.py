"""What is to be cut out of each visit's films: one task for every limb that a film should show."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from outcomenet.anatomy import Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.cutting import FilmTask
from outcomenet.intake.found_landmarks import FoundLandmarks, sides_of
from outcomenet.localization.crops import FOOT_LENGTH_MM, HAND_LENGTH_MM
from outcomenet.localization.geometry import CropGeometry

PREVIEW_FILMS = 8

VisitKey = tuple[str, str]  # patient_id, visit_id


def film_tasks(
    cohort: Cohort, located: FoundLandmarks, geometry: CropGeometry, secret: bytes, ledger: Ledger
) -> dict[VisitKey, list[FilmTask]]:
    """The tasks of every visit that has films. Of two films of one side at a visit the first by film_id is taken; the
    ledger counts the others."""
    meta = cohort.meta
    placed = {
        film: dict(zip(rows["landmark"], zip(rows["x_px"], rows["y_px"], strict=True), strict=True))
        for film, rows in cohort.landmarks.groupby("film_id")
    }
    tasks: dict[VisitKey, list[FilmTask]] = defaultdict(list)
    sides: set[tuple[str, str, Side]] = set()
    previewed = 0
    for film in cohort.films.sort_values(["patient_id", "visit_id", "film_id"]).itertuples():
        path = cohort.folder / str(film.path)
        for side in sides_of(film.side, film.region):
            if (film.patient_id, film.visit_id, side) in sides:
                ledger.add("films", "film", "a further film of the same side at one visit", 1)
                continue
            sides.add((film.patient_id, film.visit_id, side))
            preview = previewed < PREVIEW_FILMS and path.suffix != SUFFIX
            previewed += preview
            found = located.points.get((film.film_id, side), {})
            tasks[film.patient_id, film.visit_id].append(
                FilmTask(
                    film_id=film.film_id,
                    row=int(film.row),
                    path=path,
                    side=side,
                    landmarks=placed.get(film.film_id, found),
                    placed=film.film_id in placed,
                    geometry=geometry,
                    spacing_mm=None if pd.isna(film.spacing_mm) else float(film.spacing_mm),
                    spacing_source=str(film.spacing_source),
                    hand_length_mm=meta.fallback_hand_length_mm or HAND_LENGTH_MM,
                    foot_length_mm=meta.fallback_foot_length_mm or FOOT_LENGTH_MM,
                    preview=preview,
                    refused=located.refused.get((film.film_id, side), ""),
                    dark_bones=film.film_id in located.dark_bones,
                    secret=secret,
                )
            )
    return dict(tasks)
