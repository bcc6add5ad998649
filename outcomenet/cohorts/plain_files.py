"""Check that a path is a plain file or folder: no link, pipe, socket or device."""

from __future__ import annotations

import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip


def not_plain(path: Path, *, folder: bool = False) -> str:
    """Tells what a path is where it is no plain file.

    It opens nothing: a pipe would wait for a writer for ever, and a link leads out of the folder.

    Args:
        path: Its last part is looked at, links before it are followed.
        folder: Whether a folder is expected instead of a file.

    Returns:
        Its kind in words, such as "a pipe"; "" for what is expected, and where nothing is there.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return ""
    if (stat.S_ISDIR if folder else stat.S_ISREG)(mode):
        return ""
    return next((words for holds, words in _KINDS if holds(mode)), "a file" if folder else "no plain file")
