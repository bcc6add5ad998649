"""Cache of what was made of each film, beside the data set: a later intake does only what is new or changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import outcomenet
from outcomenet.artifacts import sha256_of

KEPT_FILE = re.compile(r"[0-9a-f]{64}\.")


class Kept:
    """A folder with a file per film and purpose. A film is looked for by its path in the cohort, size, time of change, settings and the
    program (path, size and time as make and rsync take it), and what is found counts only if it says inside that it was made
    of this very film, under this key, and is whole. Losing the folder costs only time."""

    def __init__(self, folder: Path, cohort: Path):
        self.folder, self._cohort = folder, cohort
        self._used: set[str] = set()
        self._films: dict[Path, str] = {}  # SHA-256

    def name(self, film: Path, settings: Sequence[object], suffix: str) -> str:
        """The name of the file that belongs to a film.

        Args:
            film: The film.
            settings: Values of JSON; other settings have another file.
            suffix: Says what is kept.

        Returns:
            A name in the folder; "" for a film that is not there.
        """
        try:
            file = film.stat()
        except OSError:
            return ""
        key = [_program(), os.path.relpath(film, self._cohort), file.st_size, file.st_mtime_ns, *settings]
        name = f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()}{suffix}"
        self._used.add(name)
        return name

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str, film: Path) -> bytes | None:
        """What is kept under a name; None where it is not there, was damaged, or belongs to another name or film."""
        try:
            label, _, data = self.path(name).read_bytes().partition(b"\n")
            return data if json.loads(label) == self._label(name, film, data) else None
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, name: str, film: Path, data: bytes) -> None:
        """Whole or not at all, with a first line that says what it belongs to; nothing where the film is gone meanwhile."""
        try:
            label = json.dumps(self._label(name, film, data))
        except FileNotFoundError:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        # two intakes may share the folder: each writes under a name of its own, and the last rename wins
        whole = self.folder / f"{name}.{os.getpid()}"
        whole.write_bytes(label.encode("ascii") + b"\n" + data)
        whole.replace(self.folder / name)

    def _label(self, name: str, film: Path, data: bytes) -> dict[str, str]:
        if film not in self._films:
            self._films[film] = sha256_of(film)
        return {"key": name, "film": self._films[film], "sha256": hashlib.sha256(data).hexdigest()}

    def forget_unused(self) -> None:
        """Removes what no film of this intake needed: of another version of a film, other settings or another program."""
        if self.folder.is_dir():
            for file in self.folder.iterdir():
                if KEPT_FILE.match(file.name) and file.name not in self._used:
                    file.unlink()


@cache
def _program() -> str:
    """SHA-256 over the modules and weights that read, look at and cut films: another version does all films anew."""
    package = Path(outcomenet.__file__).parent
    digest = hashlib.sha256()
    for part in ("films", "localization", "intake"):
        for file in sorted((package / part).iterdir()):
            if file.suffix in (".py", ".safetensors"):
                digest.update(file.read_bytes())
    return digest.hexdigest()
