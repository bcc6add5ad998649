"""Experiment files: where the ones that come with outcomenet lie, and the file that a path or a name stands for."""

from __future__ import annotations

from pathlib import Path

import outcomenet
from outcomenet.errors import UsageError, did_you_mean

# In the repository a link to its folder experiments/, in an installed package the files themselves.
SHIPPED = Path(outcomenet.__file__).parent / "experiments"


def shipped_experiments() -> dict[str, Path]:
    """The experiment files that come with outcomenet, by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.py"))}


def experiment_file(place: Path | str) -> Path:
    """The experiment file that a person means.

    Args:
        place: Path of a file, or the name of an experiment that comes with outcomenet.

    Raises:
        UsageError: There is neither; the sentence names the nearest names.
    """
    if Path(place).is_file():
        return Path(place)
    known = shipped_experiments()
    if str(place) in known:
        return known[str(place)]
    raise UsageError(
        f"There is no experiment file {place}, and no experiment of that name comes with outcomenet. "
        f"{did_you_mean(Path(place).stem, known)}"
    )
