"""`outcomenet localize`: films in, tables of landmarks out; what a person placed or corrected wins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import already_made, is_made, note_of, whole_folder
from outcomenet.cohorts.pseudonyms import Pseudonyms
from outcomenet.errors import UsageError
from outcomenet.localization.film_list import list_films, pseudonymous_films
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.located_tables import LocatedTables, read_limbs
from outcomenet.localization.locating import locate_films
from outcomenet.localization.matching import Matched, match_corrections_file, match_landmarks_file
from outcomenet.localization.weights import WEIGHTS, Tuning, load_weights, save_weights
from outcomenet.progress import Progress


def localize(
    films: Sequence[Path],
    out: Path,
    *,
    landmarks: Path | None = None,
    review: Path | None = None,
    corrections: Path | None = None,
    weights: Path | None = None,
    workers: int = 1,
    names: Pseudonyms | None = None,
    tuning: Tuning | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Locates films and writes the folder `out` (see `LocatedTables.write`).

    Args:
        films: files, and folders whose files are taken as films by their content.
        out: folder to write.
        landmarks: landmarks.csv placed by hand; wins over what is found.
        review: folder for pictures and a COCO keypoints file to correct.
        corrections: that file, corrected; wins over `landmarks`.
        weights: other weights than those that come with the package.
        workers: processes that decode films.
        names: gives films pseudonyms in everything that is written; None: they are called as their files are.
        tuning: how the networks first learn from the corrected films, in the folder `out`.tuning, where a killed run goes on;
            the new weights are written to `out`. None: they do not.
        progress: where progress is shown.

    Returns:
        One row per limb, as in limbs.csv, with the name of the file (`file`), which is not written.

    Raises:
        UsageError: nothing to read, or a folder to write is there already.
        DataRefused: landmarks or corrections of another film, or outside of theirs.
    """
    progress = progress or Progress()
    listed = list_films(films)
    known = pseudonymous_films(listed.films, names) if names else listed.films
    matched: list[Matched] = []
    for path, match in ((landmarks, match_landmarks_file), (corrections, match_corrections_file)):
        if path is not None:
            matched.append(match(path, listed.films, known))
            for sentence in matched[-1].in_words(path):
                progress.say(sentence)
    by_hand = {film: limbs for one in matched for film, limbs in one.limbs.items()}
    if tuning is not None and corrections is None and landmarks is None:
        raise UsageError(
            "Fine-tuning learns from corrected films; name them by corrections (--corrections) or landmarks (--landmarks)."
        )
    files = {film.film_id: named.film_id for film, named in zip(known, listed.films, strict=True)}
    paths = [film.path for film in known]
    inputs = [path for path in (landmarks, corrections, weights) if path is not None]
    settings = (tuning is not None, tuning, sorted(files))
    note = note_of("localize", [*paths, *inputs], review=review, fine_tune=settings, given=inputs)
    if is_made(out, note) and (review is None or review.is_dir()):
        progress.say(already_made(out))
        limbs = read_limbs(out)
        return limbs.assign(file=limbs["film_id"].map(files))
    with ExitStack() as folders:
        staged = folders.enter_context(whole_folder(out, note=note))
        staged_review = None
        if review is not None and review.resolve().is_relative_to(out.resolve()):
            staged_review = staged / review.resolve().relative_to(out.resolve())
            staged_review.mkdir(parents=True, exist_ok=True)
        elif review is not None:
            staged_review = folders.enter_context(whole_folder(review, replace=is_made(review, note), note=note))
        learned = load_weights(weights)
        if tuning is not None:
            folder = out.with_name(f"{out.name}.tuning")
            learned = tuning.tuned(learned, by_hand, folder, progress=progress)
            save_weights(learned, staged / WEIGHTS)
        tables = LocatedTables(staged, staged_review)
        for one in matched:
            tables.ledger.add("localisation", "film with landmarks", "not among the films", one.without_film)
            tables.ledger.flag("localisation", "film", "no landmarks placed, joints found", len(one.without_landmarks))
        if listed.others:
            progress.say(listed.of_others())
            tables.ledger.add("localisation", "file", "not a film by its content", len(listed.others))
        located = locate_films(Localizer(learned), paths, by_hand, workers=workers, progress=progress)
        for film, one in zip(known, located, strict=True):
            tables.add(one, film)
        limbs = tables.write()
        return limbs.assign(file=limbs["film_id"].map(files))
