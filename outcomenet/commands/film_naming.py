"""Options of `predict` and `localize`: under which names films stand in what is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class FilmNaming:
    """How films are called in tables and in the names of pictures."""

    film_names: Literal["pseudonyms", "files"] = "pseudonyms"
    """Keyed hashes, since files are often called after people; or the files' own names."""
    key: Path | None = None
    """File with the secret key of pseudonyms, made where there is none; by default that of `outcomenet intake`."""
