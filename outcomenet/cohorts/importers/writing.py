"""Writer of the cohort folder of an imported data set: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import already_made, is_made, note_of, whole_folder
from outcomenet.cohorts.importers.data_set_card import DataSetCard
from outcomenet.cohorts.meta import FILE as META_FILE
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused
from outcomenet.progress import Progress

Settings = Mapping[str, object]


def write_cohort_folder(
    out_folder: Path,
    settings: Settings,
    tables: Mapping[str, pd.DataFrame],
    films: Mapping[str, Path] | None = None,
) -> Path:
    """Writes a cohort folder, whole or not at all; one that an earlier call made of the same is left as it is.

    Films become hard links where the file system allows, so that they take no room twice, and copies elsewhere.

    Args:
        out_folder: Folder to write.
        settings: The keys of cohort.toml.
        tables: Tables by file name.
        films: The source's file of each film, by its path in the folder.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Something else is there already.
        DataRefused: A film of the source is a link or another special file.
    """
    films = films or {}
    for film in films.values():
        _refuse_special(film)
    written = {file: table.to_dict("list") for file, table in tables.items()}
    note = note_of("import", list(films.values()), settings=settings, tables=written, films=sorted(films.items()))
    # the note names every input by its content, so that the same call finds its own result
    if is_made(out_folder, note):
        Progress().say(already_made(out_folder))
        return out_folder
    with whole_folder(out_folder, note=note) as staging:
        (staging / META_FILE).write_text(_toml(settings), encoding="utf-8")
        for file, table in tables.items():
            # ten digits: 0.1 stays 0.1 and 1/3 comes back within any rounding
            write_csv(table, staging / file, float_format="%.10g")
        for path, film in films.items():
            _place(film, staging / path)
    return out_folder


def settings_of(card: DataSetCard, notes: Sequence[str] = (), **more: object) -> Settings:
    """The keys of cohort.toml for a data set.

    Args:
        card: The data set.
        notes: Sentences on what this import left out; they go into the description.
        more: Further keys.

    Returns:
        Keys and values; empty texts are left out.
    """
    settings: dict[str, object] = {
        "name": card.title,
        "licence": card.licence,
        "url": card.url,
        "citation": card.citation,
        "dates": card.dates,
        "source": f"Imported by outcomenet as {card.name}. {card.unverified}",
        "description": " ".join([card.description, *notes]),
        "readers": card.readers,
    }
    if card.deidentified:
        settings["deidentified"] = True
    return {name: value for name, value in (settings | more).items() if value != ""}


def left_out(count: int, what: str) -> list[str]:
    """A note on what an import leaves out.

    Args:
        count: How many.
        what: Of what, in the plural.

    Returns:
        One sentence, none for a count of 0.

    >>> left_out(3, "films without a score")
    ['Left out at import: films without a score (3).']
    """
    return [f"Left out at import: {what} ({count})."] if count else []


def _toml(settings: Settings) -> str:
    """Text, numbers, truth values and flat lists, which TOML writes as JSON does."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())


def _refuse_special(film: Path) -> None:
    if what := not_plain(film):
        raise DataRefused(
            f"A film of the source, {film.name}, is {what}; nothing is copied through it. Put the film itself there."
        )


def _place(film: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(film, target)
    except OSError:  # another disk, or a file system without hard links
        shutil.copyfile(film, target)
