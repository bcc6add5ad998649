"""The public functions on films of no data set: a run reads them, or their joints are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import pandas as pd

from outcomenet import workflow
from outcomenet.cohorts.pseudonyms import Pseudonyms, default_key_path, key_of
from outcomenet.errors import UsageError
from outcomenet.inference.film_options import FilmOptions
from outcomenet.localization import localizing
from outcomenet.localizer_training.fine_tune import FineTuning
from outcomenet.progress import Progress
from outcomenet.ranges import PixelSpacing, Workers, check_arguments
from outcomenet.runs.run import Run, folder_of

FilmNames = Literal["pseudonyms", "files"]


def predict(
    run: Path | str | Run,
    films: Path | str | Iterable[Path | str],
    out: Path | str,
    *,
    landmarks: Path | str | None = None,
    pixel_spacing_mm: PixelSpacing | None = None,
    film_names: FilmNames = "pseudonyms",
    key: Path | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Reads film files with a trained run: per-joint outputs, score, flags. Joints are found where none were placed.

    Args:
        run: The run, or its folder.
        films: DICOM, PNG, JPEG, TIFF, BMP or NPY files, or folders of them; each film is read on its own.
        out: Folder to write; it must not exist, unless the same call made it.
        landmarks: landmarks.csv placed by hand.
        pixel_spacing_mm: Spacing of all films, where the files do not say.
        film_names: What films are called in what is written: keyed hashes, or their files' names.
        key: File with the secret key of pseudonyms; None: that of `intake`.
        progress: Where progress is shown.

    Returns:
        One row per film, as in films.csv: score and flags, with the file's name (`file`).

    Raises:
        UsageError: The run has no network for single films, or no film can be found.
        DataRefused: A file of the run was changed, or the landmarks are of other films.

    Example:
        >>> import outcomenet as on
        >>> on.predict("runs/mine", "films", "read")  # doctest: +SKIP
    """
    check_arguments(predict, locals())
    return workflow.run_prediction(
        folder_of(run), _paths(films), Path(out),
        FilmOptions(_path(landmarks), pixel_spacing_mm, _film_names(film_names, key, [Path(out)])),
        progress=progress or Progress(),
    )  # fmt: skip


def compare(
    run: Path | str | Run,
    before: Path | str | Iterable[Path | str],
    after: Path | str | Iterable[Path | str],
    out: Path | str,
    *,
    landmarks: Path | str | None = None,
    pixel_spacing_mm: PixelSpacing | None = None,
    film_names: FilmNames = "pseudonyms",
    key: Path | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Reads a patient's films of two dates together: what changed at each joint, with intervals.

    Args:
        run: The run, or its folder; its score is built from joint states (`network.initial pretrained`).
        before: Films of the earlier date, or folders of them.
        after: Films of the later date.
        out: Folder to write; it must not exist, unless the same call made it.
        landmarks: landmarks.csv placed by hand.
        pixel_spacing_mm: Spacing of all films, where the files do not say.
        film_names: What films are called in what is written: keyed hashes, or their files' names.
        key: File with the secret key of pseudonyms; None: that of `intake`.
        progress: Where progress is shown.

    Returns:
        One row per limb, as in films.csv: the change of bone and cartilage summed over its joints, and whether it is
        beyond the error of reading. changes.csv has every joint.

    Raises:
        UsageError: The run tells no joint states, or a date has no film, or one side twice.
        DataRefused: A file of the run was changed, or the landmarks are of other films.

    Example:
        >>> import outcomenet as on
        >>> on.compare("runs/mine", "films/2024", "films/2025", "changed")  # doctest: +SKIP
    """
    check_arguments(compare, locals())
    return workflow.run_comparison(
        folder_of(run), _paths(before), _paths(after), Path(out),
        FilmOptions(_path(landmarks), pixel_spacing_mm, _film_names(film_names, key, [Path(out)])),
        progress=progress or Progress(),
    )  # fmt: skip


def localize(
    films: Path | str | Iterable[Path | str],
    out: Path | str | None = None,
    *,
    landmarks: Path | str | None = None,
    review: Path | str | None = None,
    corrections: Path | str | None = None,
    fine_tune: bool = False,
    weights: Path | str | None = None,
    workers: Workers = 1,
    film_names: FilmNames = "pseudonyms",
    key: Path | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Finds hands, feet and their landmarks on films. Writes landmarks.csv, limbs.csv (flags) and overlay pictures.

    Args:
        films: Film files, or folders of them: films are told by content.
        out: Folder to write; it must not exist, unless the same call made it. None: everything goes to `review`.
        landmarks: landmarks.csv placed by hand; wins over what is found.
        review: Folder for overlays, and for pictures and a COCO keypoints file to correct in CVAT or Label Studio.
        corrections: COCO keypoints file as these exported it; wins over `landmarks`.
        fine_tune: Train the networks further on the corrected films first; writes weights.safetensors into `out`.
        weights: Other weights than those that come with the package.
        workers: Processes that decode films.
        film_names: What films are called in what is written: keyed hashes, or their files' names.
        key: File with the secret key of pseudonyms; None: that of `intake`.
        progress: Where progress is shown.

    Returns:
        One row per limb, as in limbs.csv, with the file's name (`file`).

    Raises:
        UsageError: Nothing to read, or no folder to write, or one that is there already.
        DataRefused: Landmarks or corrections are of another film, or outside of theirs.

    Example:
        >>> import outcomenet as on
        >>> on.localize("films", "found", review="review")  # doctest: +SKIP
    """
    check_arguments(localize, locals())
    into = _path(out or review)
    if into is None:
        raise UsageError("Name a folder to write: `out` (--out), or `review` (--review).")
    # a key is never made inside of what is handed on
    written = [into, *([Path(review)] if review else [])]
    return localizing.localize(
        _paths(films), into, landmarks=_path(landmarks), review=_path(review), corrections=_path(corrections),
        weights=_path(weights), workers=workers, names=_film_names(film_names, key, written),
        tuning=FineTuning() if fine_tune else None, progress=progress or Progress(),
    )  # fmt: skip


def _path(place: Path | str | None) -> Path | None:
    return None if place is None else Path(place)


def _paths(places: Path | str | Iterable[Path | str]) -> list[Path]:
    """One path or several as a list."""
    return [Path(places)] if isinstance(places, str | PathLike) else [Path(place) for place in places]


def _film_names(film_names: FilmNames, key: Path | str | None, outside: Sequence[Path]) -> Pseudonyms | None:
    """What gives the films their pseudonyms; None where they keep their files' names."""
    if film_names == "files":
        if key:
            raise UsageError(
                'With film_names="files" (--film-names files) no pseudonym is made, so that key (--key) has nothing to do; leave one out.'
            )
        return None
    return Pseudonyms(key_of(Path(key or default_key_path()), outside=outside))
