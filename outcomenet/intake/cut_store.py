"""Cut joints of each film, kept for the next intake (see `kept`)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple

import numpy as np

from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.crop_file import SUFFIX as CROPS
from outcomenet.films.decoding import FilmDecoder
from outcomenet.intake.cut_answers import checked
from outcomenet.intake.cutting import CutFilm, FilmIdentity, cut_film
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.intake.kept import Kept
from outcomenet.localization.landmarked_limbs import LandmarkedLimb

SUFFIX = ".cut"
_ARRAYS = ("crops", "present")


class CutStore:
    """Cut films by limb. Refused films are not kept: they are looked at again. Simulated crops are not kept twice."""

    def __init__(self, kept: Kept):
        self._kept = kept
        self.decoded = self.taken = 0

    def cut(self, decoder: FilmDecoder, tasks: Sequence[FilmTask]) -> Iterator[CutFilm | FilmRefused]:
        """What `cut_film` gives for each task, in order: kept results where there are, else decoded and then kept."""
        names = [self._name(task) for task in tasks]
        # looked up before any film is decoded, so that the workers get the missing ones in one go
        have = [
            bool(name) and self._kept.read(name, task.path) is not None for task, name in zip(tasks, names, strict=True)
        ]
        fresh = decoder.map(cut_film, (task for task, there in zip(tasks, have, strict=True) if not there))
        for task, name, there in zip(tasks, names, have, strict=True):
            if there:
                data = self._kept.read(name, task.path)
                if data is None:
                    raise DataRefused(
                        f"{self._kept.path(name)} or its film was changed meanwhile; run the intake again."
                    )
                self.taken += 1
                yield _read(data, task)
                continue
            result = checked(next(fresh), task)
            self.decoded += 1
            if name and not isinstance(result, FilmRefused):
                self._kept.write(name, task.path, _written(result))
            yield result

    def _name(self, task: FilmTask) -> str:
        """The limb's file; "" for simulated crops and for a film that is not there."""
        if task.path.suffix == CROPS:
            return ""
        settings: list[object] = [
            str(task.side), _as_list(task.limb), astuple(task.geometry), task.spacing, astuple(task.lengths), task.preview,
            task.secret.hex(),
        ]  # fmt: skip
        return self._kept.name(task.path, settings, SUFFIX)


def _as_list(limb: LandmarkedLimb | None) -> list[object] | None:
    if limb is None:
        return None
    return [str(limb.region), sorted(limb.landmarks.items()), limb.placed, limb.declared, limb.dark_bones, limb.flags]


def _read(data: bytes, task: FilmTask) -> CutFilm:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {key: file[key] if key in file else None for key in _ARRAYS}
        entries = json.loads(file["entries"].tobytes())
        preview = file["preview"].tobytes()
    identity = entries.pop("identity")
    text = tuple(TextBox(*box) for box in entries.pop("text"))
    flags = tuple(entries.pop("flags"))
    return CutFilm(
        film_id=task.film_id,
        side=task.side,
        preview_png=preview,
        identity=FilmIdentity(*identity) if identity else None,
        flags=flags,
        text=text,
        **arrays,
        **entries,
    )


def _written(cut: CutFilm) -> bytes:
    entries = {
        key: value for key, value in cut._asdict().items() if key not in (*_ARRAYS, "film_id", "side", "preview_png")
    }
    file = io.BytesIO()
    np.savez(
        file,
        entries=np.frombuffer(json.dumps(entries).encode(), np.uint8),
        preview=np.frombuffer(cut.preview_png, np.uint8),
        **{key: getattr(cut, key) for key in _ARRAYS if getattr(cut, key) is not None},
    )
    return file.getvalue()
