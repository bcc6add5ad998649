"""What `outcomenet localize` does: films in, tables out, with what a person placed or corrected on top."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.localization.coco import read_coco
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.locating import LocatedTables, film_files, locate_films, refuse_existing
from outcomenet.localization.placed import PlacedLimb, read_landmarks
from outcomenet.localization.weights import load_weights, save_weights
from outcomenet.localizer_training.fine_tune import FineTuning, fine_tuned
from outcomenet.localizer_training.run import WEIGHTS
from outcomenet.progress import Progress


def localize(
    films: Sequence[Path],
    out: Path,
    *,
    landmarks: Path | None = None,
    review: Path | None = None,
    corrections: Path | None = None,
    fine_tune: bool = False,
    weights: Path | None = None,
    workers: int = 1,
    tuning: FineTuning | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Locates films and writes the folder `out` (see `LocatedTables.write`); returns one row per limb.

    `landmarks` and `corrections` win over what is found. With `fine_tune` the networks first learn from the corrected
    films, in `out`.tuning, where a killed run goes on; the new weights are written to `out`.
    """
    progress = progress or Progress()
    files = film_files(films)
    by_hand: dict[str, list[PlacedLimb]] = {}
    for path, read in ((landmarks, read_landmarks), (corrections, read_coco)):
        if path is not None:
            by_hand |= _of_these(read(path), path, files)
    if fine_tune and corrections is None and landmarks is None:
        raise UsageError("Fine-tuning learns from corrected films; name them with --corrections or --landmarks.")
    refuse_existing(out, review)
    learned = load_weights(weights)
    if fine_tune:
        folder = out.with_name(f"{out.name}.tuning")
        learned = fine_tuned(learned, files, by_hand, folder, tuning or FineTuning(), progress=progress)
    tables = LocatedTables(out, review)
    if fine_tune:
        save_weights(learned, out / WEIGHTS)
    for located in locate_films(Localizer(learned), files, by_hand, workers=workers, progress=progress):
        tables.add(located)
    return tables.write()


def _of_these(placed: dict[str, list[PlacedLimb]], path: Path, files: Sequence[Path]) -> dict[str, list[PlacedLimb]]:
    """Placed limbs of the films at hand. A table beside them may hold more; one that names none of them is refused."""
    names = [file.name for file in files]
    own = {film: limbs for film, limbs in placed.items() if film in names}
    if placed and not own:
        film = next(iter(placed))
        raise DataRefused(f"{path} names film {film!r}, which is not among the films. {did_you_mean(film, names)}")
    return own
