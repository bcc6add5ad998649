"""Films that a person names on the command line: files and folders, told by their content, each with an id of its own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from outcomenet.artifacts import sha256_of
from outcomenet.cohorts.pseudonyms import Pseudonyms
from outcomenet.errors import FilmRefused, UsageError
from outcomenet.films.film_file import film_format

# A file of a folder with one of these names is meant as a film, also where its content is not one: it is refused by name.
SUFFIXES = frozenset(
    (".dcm", ".dicom", ".dic", ".ima", ".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".npy")
)


class NamedFilm(NamedTuple):
    """A film file and the id under which everything written speaks of it."""

    film_id: str
    path: Path

    @property
    def file_name(self) -> str:
        """The id as (the start of) a file's name: an id that holds a folder may not make one."""
        return self.film_id.replace("%", "%25").replace("/", "%2F")


class FilmList(NamedTuple):
    """The films, sorted within each folder, and the files of the folders that are none."""

    films: list[NamedFilm]
    others: list[Path]

    def of_others(self) -> str:
        """The files that are no films, in words; empty where there are none."""
        if not self.others:
            return ""
        names = ", ".join(_printable(path.name) for path in self.others[:5]) + (", ..." if len(self.others) > 5 else "")
        return f"{len(self.others)} files of the folders are no films by their content and were left out: {names}."


def list_films(places: Sequence[Path]) -> FilmList:
    """Films named one by one, and all files of folders that are films by their first bytes, whatever they are called.

    The id of a film is its file's name; where several films share a name, as many of their folders stand before it as tell
    them apart (`PAT1/IM1.dcm`). A file that is named twice is one film.

    Raises:
        UsageError: A place is not there, or a folder holds no film.
    """
    if not places:
        raise UsageError("Name at least one film file, or a folder of films.")
    paths: dict[Path, None] = {}
    others: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.rglob("*") if not path.is_dir())
            films = [path for path in inside if _is_film(path)]
            if not films:
                raise UsageError(
                    f"Folder {place} holds no film: of its {len(inside)} files none is DICOM, PNG, JPEG, TIFF, BMP or NPY by "
                    "its content."
                )
            paths |= dict.fromkeys(_absolute(path) for path in films)
            others += [path for path in inside if path not in set(films)]
        elif place.exists():
            paths[_absolute(place)] = None
        else:
            raise UsageError(f"There is no film or folder {place}.")
    return FilmList([NamedFilm(name, path) for name, path in zip(_ids(list(paths)), paths, strict=True)], others)


def pseudonymous_films(films: Sequence[NamedFilm], names: Pseudonyms) -> list[NamedFilm]:
    """The films under pseudonyms: the same film has the same id in every call, and two patients' IM1.dcm have two.

    Args:
        films: Films under the names of their files.
        names: Key of the hashes of name and content.

    Returns:
        In the order of `films`; copies of one film under one name are numbered from the second on.
    """
    ids = [names.film(f"{film.path.name}\0{_digest(film.path)}") for film in films]
    seen: Counter[str] = Counter()
    numbered = []
    for name, film in zip(ids, films, strict=True):
        seen[name] += 1
        numbered.append(NamedFilm(name if seen[name] == 1 else f"{name}-{seen[name]}", film.path))
    return numbered


def _digest(path: Path) -> str:
    return sha256_of(path) if path.is_file() else "no file"


def _is_film(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return not path.name.startswith("._")  # what macOS leaves beside files on foreign disks
    try:
        return film_format(path) != "crops"
    except FilmRefused:
        return False


def _printable(name: str) -> str:
    """A name that any terminal and UTF-8 file can hold: other characters, and bytes of other encodings, as escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _ids(paths: Sequence[Path]) -> list[str]:
    """Each path's shortest ending that no other path has, in the order of `paths`."""
    depth = dict.fromkeys(paths, 1)
    while True:
        ids = {path: _printable("/".join(path.parts[-depth[path] :])) for path in paths}
        count = Counter(ids.values())
        shared = [path for path in paths if count[ids[path]] > 1]
        if not shared:
            return list(ids.values())
        for path in shared:
            depth[path] += 1
