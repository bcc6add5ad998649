"""Placed landmarks and corrections matched to films: by id or by file name, never onto another patient's film."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from outcomenet.errors import DataRefused, FilmRefused, did_you_mean
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film import FilmHeader
from outcomenet.films.film_file import read_header
from outcomenet.localization.coco import Corrections, read_coco
from outcomenet.localization.film_list import NamedFilm
from outcomenet.localization.placed import PlacedLimb, read_landmarks

# Label Studio puts eight hexadecimal digits before the name of an uploaded file, and a folder before its exports. Eight decimal
# digits are a date or a number of the hospital's own.
_UPLOADED = re.compile(r"^(?=[0-9a-f]{0,7}[a-f])[0-9a-f]{8}-(?=.)")
_EXPORT_FOLDER = "images/"
# Where a landmark may lie beside its film: half a pixel of rounding, and the far edge itself.
_EDGE_PX = 1.0


class Matched(NamedTuple):
    """Limbs by film, and what found no partner: names in the file, films without one."""

    limbs: dict[Path, list[PlacedLimb]]
    without_film: list[str]
    without_landmarks: list[NamedFilm]
    taken_for: dict[str, str] = {}  # names that an upload lengthened, and the film that each was taken for

    def in_words(self, source: Path) -> list[str]:
        """One sentence for each kind that found no partner."""
        sentences = []
        if self.without_film:
            sentences.append(
                f"{source.name} has landmarks of {len(self.without_film)} films that are not among the films, which nobody used: "
                f"{', '.join(self.without_film)}."
            )
        if self.taken_for:
            names = ", ".join(f"{name} for {film}" for name, film in self.taken_for.items())
            sentences.append(f"{source.name}: names that an upload had lengthened were taken for films: {names}.")
        if self.without_landmarks:
            names = ", ".join(film.film_id for film in self.without_landmarks)
            sentences.append(
                f"{len(self.without_landmarks)} films have no landmarks in {source.name}, so their joints are looked for: {names}."
            )
        return sentences


def match_landmarks_file(path: Path, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]) -> Matched:
    """Parses landmarks.csv and lays its landmarks on the films at hand, see `match_landmarks`.

    Args:
        path: the table.
        films: the films under the names of their files.
        known_as: the same films under the ids that are written, pseudonyms perhaps.

    Raises:
        UsageError: there is no such file.
        DataRefused: it is no table of landmarks, or they belong on no film at hand.
    """
    return match_landmarks(read_landmarks(path), path, films, known_as)


def match_corrections_file(path: Path, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]) -> Matched:
    """Parses a COCO file and lays its landmarks on the films at hand, see `match_corrections`.

    Args:
        path: the file.
        films: the films under the names of their files.
        known_as: the same films under the ids that are written, pseudonyms perhaps.

    Raises:
        UsageError: there is no such file.
        DataRefused: it is no COCO keypoints file, or its landmarks belong on no film at hand.
    """
    return match_corrections(read_coco(path), path, films, known_as)


def match_landmarks(
    placed: Mapping[str, list[PlacedLimb]], source: Path, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]
) -> Matched:
    """Landmarks of landmarks.csv on the films at hand.

    Args:
        placed: limbs by the film_id of the table.
        source: the table, for messages.
        films: the films under the names of their files.
        known_as: the same films under the ids that are written, pseudonyms perhaps.

    Returns:
        What belongs to which film. A table may hold more films than those at hand.

    Raises:
        DataRefused: no name is that of a film, a name is that of several, or a landmark lies outside its film.
    """
    return _within_films(_matched(placed, _partners(placed, source, films, known_as), source, films), source)


def match_corrections(
    corrections: Corrections, source: Path, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]
) -> Matched:
    """As `match_landmarks`, for a COCO file, whose points are scaled where they were drawn on copies of another size.

    Raises DataRefused as well where a copy is not the film made larger or smaller: points on a cropped or turned copy tell
    nothing of the film.
    """
    uploaded = {name: _UPLOADED.sub("", name.removeprefix(_EXPORT_FOLDER)) for name in corrections.limbs}
    partners = _partners(corrections.limbs, source, films, known_as)
    late = {name: plain for name, plain in uploaded.items() if name not in partners and plain != name}
    partners_of_plain = _partners(late.values(), source, films, known_as)
    taken_for = {name: plain for name, plain in late.items() if plain in partners_of_plain}
    partners |= {name: partners_of_plain[plain] for name, plain in taken_for.items()}
    _refuse_two_names(partners, source)
    matched = _matched(corrections.limbs, partners, source, films)._replace(taken_for=taken_for)
    headers = _headers(matched.limbs)
    names = {film: name for name, film in partners.items()}
    scaled = {}
    for path, limbs in matched.limbs.items():
        header = headers.get(path)
        scaled[path] = limbs if header is None else _scaled(limbs, corrections.sizes[names[path]], header, path, source)
    return _within_films(matched._replace(limbs=scaled), source)


def _matched(
    placed: Mapping[str, list[PlacedLimb]], partners: Mapping[str, Path], source: Path, films: Sequence[NamedFilm]
) -> Matched:
    if placed and not partners:
        name = next(iter(placed))
        hint = did_you_mean(name, [film.film_id for film in films])
        raise DataRefused(f"{source.name} names film {name!r}, which is not among the films. {hint}")
    return Matched(
        {path: placed[name] for name, path in partners.items()},
        [name for name in placed if name not in partners],
        [film for film in films if film.path not in set(partners.values())],
    )


def _partners(
    names: Iterable[str], source: Path, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]
) -> dict[str, Path]:
    """The film of each name that has one. A name with folders must agree in all of them."""
    partners: dict[str, Path] = {}
    for name in names:
        called = _films_called(name, films, known_as)
        if len(called) > 1:
            raise DataRefused(
                f"{source.name} names film {name!r}, and {len(called)} of the films are called so; name the one that is meant: "
                f"{', '.join(film.film_id for film in called)}."
            )
        if called:
            partners[name] = called[0].path
    _refuse_two_names(partners, source)
    return partners


def _refuse_two_names(partners: Mapping[str, Path], source: Path) -> None:
    """Raises DataRefused where two names are those of one film."""
    names: dict[Path, str] = {}
    for name, path in partners.items():
        if path in names:
            raise DataRefused(
                f"{source.name} names film {path.name} as {names[path]!r} and as {name!r}; keep the one that is right."
            )
        names[path] = name


def _films_called(name: str, films: Sequence[NamedFilm], known_as: Sequence[NamedFilm]) -> list[NamedFilm]:
    by_id = [film for film in known_as if name in (film.film_id, film.file_name, f"{film.file_name}.png")]
    if by_id:
        return by_id
    parts = tuple(name.replace("\\", "/").split("/"))
    return [film for film in films if film.path.parts[-len(parts) :] == parts]


def _headers(paths: Iterable[Path]) -> dict[Path, FilmHeader]:
    """Headers of the films that can be read; the others are refused when they are decoded."""
    paths = list(paths)
    if not paths:
        return {}
    with FilmDecoder(workers=1) as decoder:
        headers = zip(paths, decoder.map(read_header, paths), strict=True)
        return {path: header for path, header in headers if not isinstance(header, FilmRefused)}


def _scaled(
    limbs: list[PlacedLimb], size: tuple[float, float], header: FilmHeader, path: Path, source: Path
) -> list[PlacedLimb]:
    height, width = size
    factors = header.columns / width, header.rows / height
    # a copy is rounded to whole pixels on either side
    if abs(width * header.rows / header.columns - height) > 1.0 + header.rows / header.columns:
        raise DataRefused(
            f"{source.name} was drawn on a picture of {width:g} x {height:g} pixels, but film {path.name} has "
            f"{header.columns} x {header.rows}; a cropped or turned copy tells nothing of the film. Correct it on the film "
            "itself or on a copy made smaller as a whole."
        )
    return [
        limb._replace(points={name: (x * factors[0], y * factors[1]) for name, (x, y) in limb.points.items()})
        for limb in limbs
    ]


def _within_films(matched: Matched, source: Path) -> Matched:
    headers = _headers(matched.limbs)
    for path, limbs in matched.limbs.items():
        header = headers.get(path)
        if header is None:
            continue
        for name, (x, y) in ((name, point) for limb in limbs for name, point in limb.points.items()):
            if not (-_EDGE_PX <= x <= header.columns + _EDGE_PX and -_EDGE_PX <= y <= header.rows + _EDGE_PX):
                raise DataRefused(
                    f"{source.name} places landmark {name} of film {path.name} at ({x:g}, {y:g}), outside the film of "
                    f"{header.columns} x {header.rows} pixels. Place it on the film as stored, origin at its top left corner."
                )
    return matched
