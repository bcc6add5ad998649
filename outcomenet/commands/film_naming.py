"""Options of `predict` and `localize`: under which names films stand in what is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from outcomenet.cohorts.pseudonyms import Pseudonyms


@dataclass(frozen=True)
class FilmNaming:
    """How films are called in tables and in the names of pictures."""

    film_names: Literal["pseudonyms", "files"] = "pseudonyms"
    """Keyed hashes, since files are often called after people; or the files' own names."""
    key: Path | None = None
    """File with the secret key of pseudonyms, made where there is none; by default that of `outcomenet intake`."""


def names_of(naming: FilmNaming, *, outside: Iterable[Path]) -> Pseudonyms | None:
    """What gives the films their pseudonyms; None where they keep their files' names."""
    from outcomenet.cohorts.pseudonyms import Pseudonyms, default_key_path, key_of
    from outcomenet.errors import UsageError

    if naming.film_names == "files":
        if naming.key:
            raise UsageError(
                "With --film-names files no pseudonym is made, so that --key has nothing to do; leave one out."
            )
        return None
    return Pseudonyms(key_of(naming.key or default_key_path(), outside=outside))
