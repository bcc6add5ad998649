"""Tasks of cutting: one for every limb that the films of a visit should show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from outcomenet.anatomy import Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.datasets.visit_example import VisitKey
from outcomenet.films.crop_file import SUFFIX
from outcomenet.films.film import FROM_CROPS, FROM_FILMS, NO_FILMS
from outcomenet.intake.found_landmarks import FoundLandmarks, ListedFilm
from outcomenet.localization.crops import Spacing
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.typed_rows import typed_rows

PREVIEW_FILMS = 8  # enough to see on the page whether crops sit on their joints
_UNKNOWN = Spacing(None, "none")


@dataclass(frozen=True)
class FilmTask:
    """One limb to cut out of one film."""

    film_id: str
    row: int  # line in films.csv
    path: Path
    side: Side
    limb: LandmarkedLimb | None  # None: crops of a simulation, or a film whose joints could not be looked for
    geometry: CropGeometry
    spacing: Spacing = _UNKNOWN  # of films.csv, else of the film's header
    lengths: LimbLengths = LimbLengths()  # of the cohort
    preview: bool = False
    secret: bytes = b""  # under which accession number and pixels are hashed


def film_tasks(
    cohort: Cohort, located: FoundLandmarks, geometry: CropGeometry, secret: bytes
) -> dict[VisitKey, list[FilmTask]]:
    """The tasks of every visit that has films.

    Args:
        cohort: Its tables say which film shows which side, at which spacing. Its ledger counts further films of one side at
            a visit: the first by film_id is taken.
        located: Landmarks of its films.
        geometry: Size and scale of the crops.
        secret: Under which accession numbers and pixels are hashed.

    Returns:
        By patient_id and visit_id.
    """
    lengths = lengths_of(cohort)
    tasks: dict[VisitKey, list[FilmTask]] = defaultdict(list)
    # a network takes one crop per joint and visit
    sides: set[tuple[str, str, Side]] = set()
    previewed = 0
    films = cohort.films.sort_values(["patient_id", "visit_id", "film_id"])
    for film in typed_rows(films, ListedFilm):
        path = cohort.folder / film.path
        for side in film.sides:
            if (film.patient_id, film.visit_id, side) in sides:
                cohort.ledger.add("films", "film", "a further film of the same side at one visit", 1)
                continue
            sides.add((film.patient_id, film.visit_id, side))
            preview = previewed < PREVIEW_FILMS and path.suffix != SUFFIX
            previewed += preview
            tasks[film.patient_id, film.visit_id].append(
                FilmTask(
                    film_id=film.film_id,
                    row=film.row,
                    path=path,
                    side=side,
                    limb=located.limb(film.film_id, side),
                    geometry=geometry,
                    spacing=Spacing(None if isnan(film.spacing_mm) else film.spacing_mm, film.spacing_source),
                    lengths=lengths,
                    preview=preview,
                    secret=secret,
                )
            )
    return dict(tasks)


def lengths_of(cohort: Cohort) -> LimbLengths:
    """The lengths of limbs that a cohort declares for its films without a spacing, else an adult's."""
    meta, adult = cohort.meta, LimbLengths()
    return LimbLengths(meta.fallback_hand_length_mm or adult.hand_mm, meta.fallback_foot_length_mm or adult.foot_mm)


def source_of(tasks: Sequence[FilmTask]) -> str:
    """How the films of a visit came: as films, as crops that a simulated cohort brings, or not at all."""
    if not tasks:
        return NO_FILMS
    return FROM_CROPS if all(task.path.suffix == SUFFIX for task in tasks) else FROM_FILMS
