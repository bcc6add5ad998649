"""Writes the cohort folder of an imported data set: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.importers.card import DataSetCard
from outcomenet.cohorts.meta import FILE as META_FILE
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused, UsageError

Settings = Mapping[str, object]


def refuse_existing(out_folder: Path) -> None:
    """Raises UsageError when the folder is there already: nothing is ever overwritten."""
    if out_folder.exists():
        raise UsageError(f"{out_folder} exists already; choose another folder or remove it first.")


def write_cohort_folder(
    out_folder: Path,
    settings: Settings,
    tables: Mapping[str, pd.DataFrame],
    films: Mapping[str, Path] | None = None,
) -> Path:
    """Writes cohort.toml from `settings`, each table, and each film (path in the folder -> the source's file).

    Films become hard links where the file system allows, so that they take no room twice, and copies elsewhere.
    Everything goes into a folder beside the target and is renamed at the end: nothing is left where that fails.
    """
    refuse_existing(out_folder)
    out_folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out_folder.name}.", dir=out_folder.parent))
    try:
        (staging / META_FILE).write_text(_toml(settings), encoding="utf-8")
        for file, table in tables.items():
            write_csv(table, staging / file, float_format="%.10g")
        for path, film in (films or {}).items():
            _place(film, staging / path)
        staging.chmod(0o755)  # mkdtemp's own rights are the owner's alone
        staging.rename(out_folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out_folder


def settings_of(card: DataSetCard, notes: Sequence[str] = (), **more: object) -> Settings:
    """The keys of cohort.toml that a card gives; `notes` say what this import left out, `more` are further keys."""
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
    """A note on what an import leaves out, none when it is nothing.

    >>> left_out(3, "films without a score")
    ['Left out at import: films without a score (3).']
    """
    return [f"Left out at import: {what} ({count})."] if count else []


def _toml(settings: Settings) -> str:
    """Text, numbers, truth values and flat lists, which TOML writes as JSON does."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())


def _place(film: Path, target: Path) -> None:
    if what := not_plain(film):
        raise DataRefused(
            f"A film of the source, {film.name}, is {what}; nothing is copied through it. Put the film itself there."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(film, target)
    except OSError:
        shutil.copyfile(film, target)
