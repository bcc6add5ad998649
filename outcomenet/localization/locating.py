"""Films located one by one: decoded in workers, their limbs found, or taken as a person placed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from outcomenet.errors import FilmRefused
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film import Film, checked_film
from outcomenet.films.film_file import unnamed_film
from outcomenet.localization.found import FoundFilm
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.network_flags import found_limbs
from outcomenet.localization.placed import PlacedLimb, placed_limbs
from outcomenet.progress import Progress


class LocatedFilm(NamedTuple):
    """One film with its limbs, or why it is none."""

    path: Path
    film: Film | None  # as it was decoded
    found: FoundFilm
    limbs: tuple[LandmarkedLimb, ...] = ()  # those of `found`, in its order, as they are cut
    refused: FilmRefused | None = None


def locate_films(
    localizer: Localizer,
    files: Sequence[Path],
    by_hand: Mapping[Path, list[PlacedLimb]] | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[LocatedFilm]:
    """Decodes films and looks for their limbs.

    Args:
        localizer: The networks; they are not run over films with placed landmarks.
        files: Films.
        by_hand: Limbs with placed landmarks, by film.
        workers: Processes that decode films.
        progress: Where progress is shown.

    Yields:
        Each film in turn. A file that is no film comes with its sentence.
    """
    by_hand = by_hand or {}
    progress = progress or Progress(quiet=True)
    progress.start("films", len(files), "find joints")
    with FilmDecoder(workers=workers) as decoder:
        for path, film in zip(files, decoder.map(unnamed_film, files), strict=True):
            progress.advance()
            film = film if isinstance(film, FilmRefused) else checked_film(film)
            if isinstance(film, FilmRefused):
                yield LocatedFilm(path, None, FoundFilm([], 0.0), refused=film)
            elif path in by_hand:
                yield LocatedFilm(
                    path, film, *placed_limbs(by_hand[path], film.header.laterality, localizer.weights.shapes)
                )
            else:
                found = localizer.locate(film.pixels)
                yield LocatedFilm(path, film, found, found_limbs(film, found))
    progress.finish()
