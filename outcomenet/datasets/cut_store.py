"""Keeps every film's cut joints beside the data set, so that a later intake decodes only what is new or changed."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import outcomenet
from outcomenet.cohorts.crop_file import SUFFIX
from outcomenet.cohorts.decoding import FilmDecoder
from outcomenet.datasets.cutting import CutFilm, FilmTask, cut_film
from outcomenet.datasets.film_identity import FilmIdentity
from outcomenet.errors import FilmRefused

_ARRAYS = ("crops", "present")


@cache
def _code() -> str:
    """SHA-256 over the modules that read and cut films, so that another version of them cuts every film anew."""
    package = Path(outcomenet.__file__).parent
    digest = hashlib.sha256()
    for part in ("cohorts", "localization", "datasets"):
        for file in sorted((package / part).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


class CutStore:
    """Files of one folder, one per film and limb; a film is the same while its name, size, time of change, landmarks
    settings and the program are (for name, size and time as make and rsync take it). Losing the folder costs only time."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.decoded = self.taken = 0
        self._used: set[str] = set()

    def cut(self, decoder: FilmDecoder, tasks: Sequence[FilmTask]) -> Iterator[CutFilm | FilmRefused]:
        """What `cut_film` gives for each task, in order: kept results where there are, else decoded and then kept.

        Refused films are not kept: they are looked at again. Simulated crops are copied, not kept twice.
        """
        names = [self._name(task) for task in tasks]
        self._used.update(names)
        have = [bool(name) and self._is_whole(name) for name in names]
        fresh = decoder.map(cut_film, (task for task, there in zip(tasks, have, strict=True) if not there))
        for task, name, there in zip(tasks, names, have, strict=True):
            if there:
                self.taken += 1
                yield self._read(name, task)
                continue
            result = next(fresh)
            self.decoded += 1
            if name and not isinstance(result, FilmRefused):
                self._write(name, result)
            yield result

    def forget_unused(self) -> None:
        """Removes what no film of this intake needed: of another version of a film, other landmarks or settings."""
        if self.folder.is_dir():
            for file in self.folder.iterdir():
                if file.name not in self._used:
                    file.unlink()

    def _name(self, task: FilmTask) -> str:
        """The film's file in the store; "" for simulated crops and for a film that is not there."""
        if task.path.suffix == SUFFIX:
            return ""
        try:
            file = task.path.stat()
        except OSError:
            return ""
        said: list[Any] = [
            _code(), task.path.name, file.st_size, file.st_mtime_ns, str(task.side), sorted(task.landmarks.items()),
            task.geometry.size_px, task.geometry.mm_per_px, task.spacing_mm, task.spacing_source, task.hand_length_mm,
            task.foot_length_mm, task.preview, task.refused, task.dark_bones, task.secret.hex(),
        ]  # fmt: skip
        return f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}.cut"

    def _is_whole(self, name: str) -> bool:
        """Whether the kept file is there and as it was written (by the checksums of the ZIP format)."""
        try:
            with zipfile.ZipFile(self.folder / name) as file:
                return file.testzip() is None
        except (OSError, zipfile.BadZipFile):
            return False

    def _read(self, name: str, task: FilmTask) -> CutFilm:
        with np.load(self.folder / name, allow_pickle=False) as file:
            arrays = {key: file[key] if key in file else None for key in _ARRAYS}
            said = json.loads(file["said"].tobytes())
            preview = file["preview"].tobytes()
        identity = said.pop("identity")
        return CutFilm(
            film_id=task.film_id,
            side=task.side,
            preview_png=preview,
            identity=FilmIdentity(*identity) if identity else None,
            **arrays,
            **said,
        )

    def _write(self, name: str, cut: CutFilm) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        said = {
            key: value
            for key, value in cut._asdict().items()
            if key not in (*_ARRAYS, "film_id", "side", "preview_png")
        }
        whole = self.folder / f"{name}.{os.getpid()}"
        with whole.open("wb") as file:
            np.savez(
                file,
                said=np.frombuffer(json.dumps(said).encode(), np.uint8),
                preview=np.frombuffer(cut.preview_png, np.uint8),
                **{key: getattr(cut, key) for key in _ARRAYS if getattr(cut, key) is not None},
            )
        whole.replace(self.folder / name)
