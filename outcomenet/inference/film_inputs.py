"""Inputs of a prediction: the films that a person names, what they are called, and the limbs found or placed on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomenet.inference.film_options import FilmOptions
from outcomenet.localization.film_list import NamedFilm, list_films, pseudonymous_films
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.locating import LocatedFilm, locate_films
from outcomenet.localization.matching import match_landmarks
from outcomenet.localization.placed import PlacedLimb, read_landmarks
from outcomenet.progress import Progress


@dataclass(frozen=True)
class FilmInputs:
    """Films to predict for, and landmarks that a person placed on them."""

    films: list[NamedFilm]  # as everything written calls them
    originals: list[NamedFilm]  # the same, as their files are called
    placed: Mapping[Path, list[PlacedLimb]]  # by film
    landmarks: Path | None  # the table of `placed`

    @property
    def files(self) -> list[Path]:
        """Every file that the prediction depends on."""
        paths = [film.path for film in self.films]
        return paths if self.landmarks is None else [*paths, self.landmarks]

    def located(self, progress: Progress) -> Iterator[tuple[NamedFilm, NamedFilm, LocatedFilm]]:
        """Each film, what its file is called, and its limbs: those that were placed, else those that the localiser finds.

        Args:
            progress: is told of the films.
        """
        located = locate_films(Localizer(), [film.path for film in self.films], self.placed, progress=progress)
        return zip(self.films, self.originals, located, strict=True)


def film_inputs(films: Sequence[Path], options: FilmOptions, progress: Progress) -> FilmInputs:
    """Lists the films and matches landmarks to them.

    Args:
        films: Files, and folders whose files are taken as films by their content.
        options: Landmarks and names of the films.
        progress: Is told of files that are no films and of landmarks without a film.

    Raises:
        UsageError: There is no film.
        DataRefused: Landmarks belong to no film, or to several, or lie outside theirs.
    """
    listed, landmarks = list_films(films), options.landmarks
    known = pseudonymous_films(listed.films, options.names) if options.names else listed.films
    placed: Mapping[Path, list[PlacedLimb]] = {}
    if landmarks is not None:
        matched = match_landmarks(read_landmarks(landmarks), landmarks, listed.films, known)
        for sentence in matched.in_words(landmarks):
            progress.say(sentence)
        placed = matched.limbs
    if listed.others:
        progress.say(listed.of_others())
    return FilmInputs(known, listed.films, placed, landmarks)
