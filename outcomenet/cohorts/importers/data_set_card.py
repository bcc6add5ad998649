"""Cards of public data sets: address, terms, files, columns, and the questions that each can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomenet.errors import UsageError


@dataclass(frozen=True)
class SourceFile:
    """A file that the importer needs; `pattern` is a glob below the folder that the user names."""

    pattern: str
    meaning: str


@dataclass(frozen=True)
class SourceColumn:
    """Where one column of the source goes.

    `target` is `patients.csv: sex` and the like, "" for a column that is only checked; `how` gives unit and
    transformation.
    """

    file: str
    column: str
    target: str
    how: str


@dataclass(frozen=True)
class DataSetCard:
    """A known data set. `name` is the value of `outcomenet intake --format`.

    `access` are the steps that lead to the files, `dates` says what was done to dates and birth years, and `unverified`
    what of the format nobody could check against the real files, and where the rest was seen. `deidentified`: its ids and
    dates are no longer those of people, so that they need no pseudonyms.
    """

    name: str
    title: str
    url: str
    licence: str
    citation: str
    access: tuple[str, ...]
    files: tuple[SourceFile, ...]
    description: str
    answers: str
    cannot_answer: str
    dates: str
    unverified: str
    columns: tuple[SourceColumn, ...] = ()
    readers: str = ""
    source_is: str = "FOLDER"
    deidentified: bool = True


def require_files(card: DataSetCard, source: Path) -> None:
    """Checks that a data set's files are there.

    Args:
        card: The data set.
        source: Folder that the user named.

    Raises:
        UsageError: A file is not below `source`; the message leads to the files step by step.
    """
    absent = [file for file in card.files if not any(source.glob(file.pattern))]
    if absent:
        raise files_absent(card, source, absent)


def files_absent(card: DataSetCard, source: Path, absent: Sequence[SourceFile]) -> UsageError:
    """The error for files that are not there.

    Args:
        card: The data set.
        source: Folder that the user named.
        absent: Files that are not below it.

    Returns:
        An error that names the files, and says step by step how one gets and imports them.
    """
    named = "; ".join(f"{file.pattern} ({file.meaning})" for file in absent)
    last = (
        f"Run `outcomenet intake {card.source_is} --format {card.name} --out DATASET`, "
        f"{card.source_is} being what holds these files."
    )
    steps = [f"{number}. {step}" for number, step in enumerate((*card.access, last), start=1)]
    return UsageError(
        "\n".join([f"The files of {card.title} were expected in {source}; not found: {named}. To import them:", *steps])
    )
