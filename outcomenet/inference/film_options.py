"""Film options: what a person says of the films that he names, beside the films."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from outcomenet.cohorts.pseudonyms import Pseudonyms


@dataclass(frozen=True)
class FilmOptions:
    """How films are read, on their own or two dates together.

    Attributes:
        landmarks: landmarks.csv placed by a person. Joints of films without are found; a limb on which that fails is flagged
            and not scored.
        spacing_mm: millimetres per pixel of all films; None: as each file says, else from the limb's length.
        names: gives films pseudonyms in everything that is written; None: they are called as their files are, with their
            folders where names meet.
    """

    landmarks: Path | None = None
    spacing_mm: float | None = None
    names: Pseudonyms | None = None


NOTHING_SAID = FilmOptions()
