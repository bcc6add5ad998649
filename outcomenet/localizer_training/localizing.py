"""What `outcomenet localize` does: films in, tables out, with what a person placed or corrected on top."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import is_made, note_of, whole_folder
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.localization.coco import read_coco
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.locating import LIMBS, LocatedTables, film_files, locate_films
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
    given = [path for path in (landmarks, corrections, weights) if path is not None]
    note = note_of("localize", [*files, *given], review=review, fine_tune=(fine_tune, tuning), given=given)
    if is_made(out, note) and (review is None or review.is_dir()):
        progress.say(f"{out} is there already, whole, from this very command.")
        return pd.read_csv(out / LIMBS)
    with ExitStack() as folders:
        staged = folders.enter_context(whole_folder(out, note=note))
        staged_review = None
        if review is not None and review.resolve().is_relative_to(out.resolve()):
            staged_review = staged / review.resolve().relative_to(out.resolve())
            staged_review.mkdir(parents=True, exist_ok=True)
        elif review is not None:
            staged_review = folders.enter_context(whole_folder(review, replace=is_made(review, note), note=note))
        learned = load_weights(weights)
        if fine_tune:
            folder = out.with_name(f"{out.name}.tuning")
            learned = fine_tuned(learned, files, by_hand, folder, tuning or FineTuning(), progress=progress)
            save_weights(learned, staged / WEIGHTS)
        tables = LocatedTables(staged, staged_review)
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
