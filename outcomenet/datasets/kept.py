"""Keeps what was made of each film beside the data set, so that a later intake does only what is new or changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import outcomenet


class Kept:
    """A folder with a file per film and purpose. A film is the same while its name, size, time of change, settings and the
    program are (for name, size and time as make and rsync take it). Losing the folder costs only time."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._used: set[str] = set()

    def name(self, film: Path, settings: Sequence[Any], suffix: str) -> str:
        """The file that belongs to a film under these settings; "" for a film that is not there."""
        try:
            file = film.stat()
        except OSError:
            return ""
        said = [_program(), film.name, file.st_size, file.st_mtime_ns, *settings]
        name = f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}{suffix}"
        self._used.add(name)
        return name

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = self.folder / f"{name}.{os.getpid()}"
        whole.write_bytes(data)
        whole.replace(self.folder / name)

    def forget_unused(self) -> None:
        """Removes what no film of this intake needed: of another version of a film, other settings or another program."""
        if self.folder.is_dir():
            for file in self.folder.iterdir():
                if file.name not in self._used:
                    file.unlink()


@cache
def _program() -> str:
    """SHA-256 over the modules and weights that read, look at and cut films: another version does all films anew."""
    package = Path(outcomenet.__file__).parent
    digest = hashlib.sha256()
    for part in ("cohorts", "localization", "datasets"):
        for file in sorted((package / part).iterdir()):
            if file.suffix in (".py", ".safetensors"):
                digest.update(file.read_bytes())
    return digest.hexdigest()
