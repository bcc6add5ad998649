"""One task for every limb that the films of a visit should show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from outcomenet.anatomy import Region, Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.cutting import FilmTask
from outcomenet.intake.found_landmarks import FoundLandmarks, declared_side, sides_of
from outcomenet.localization.crops import Spacing
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.localization.landmarked_limbs import LandmarkedLimb

PREVIEW_FILMS = 8

VisitKey = tuple[str, str]  # patient_id, visit_id
Points = Mapping[str, tuple[float, float]]  # film pixels


def film_tasks(
    cohort: Cohort, located: FoundLandmarks, geometry: CropGeometry, secret: bytes, ledger: Ledger
) -> dict[VisitKey, list[FilmTask]]:
    """The tasks of every visit that has films.

    Args:
        cohort: Its tables say which film shows which side, at which spacing.
        located: Limbs of the films without placed landmarks.
        geometry: Size and scale of the crops.
        secret: Under which accession numbers and pixels are hashed.
        ledger: Counts further films of one side at a visit: the first by film_id is taken.

    Returns:
        By patient_id and visit_id.
    """
    placed: dict[str, Points] = {
        str(film): dict(zip(rows["landmark"], zip(rows["x_px"], rows["y_px"], strict=True), strict=True))
        for film, rows in cohort.landmarks.groupby("film_id")
    }
    lengths = lengths_of(cohort.meta)
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
            tasks[film.patient_id, film.visit_id].append(
                FilmTask(
                    film_id=film.film_id,
                    row=int(film.row),
                    path=path,
                    side=side,
                    limb=_placed_limb(film, placed) or located.limbs.get((film.film_id, side)),
                    geometry=geometry,
                    spacing=Spacing(
                        None if pd.isna(film.spacing_mm) else float(film.spacing_mm), str(film.spacing_source)
                    ),
                    lengths=lengths,
                    preview=preview,
                    secret=secret,
                )
            )
    return dict(tasks)


def lengths_of(meta: CohortMeta) -> LimbLengths:
    """The lengths of limbs that a cohort declares for its films without a spacing, else an adult's."""
    adult = LimbLengths()
    return LimbLengths(meta.fallback_hand_length_mm or adult.hand_mm, meta.fallback_foot_length_mm or adult.foot_mm)


def _placed_limb(film: Any, placed: Mapping[str, Points]) -> LandmarkedLimb | None:
    if film.film_id not in placed:
        return None
    declared = declared_side(film.side)
    return LandmarkedLimb(Region(film.region), placed[film.film_id], placed=True, declared=declared)
