"""Failures of the machine put into sentences: full disk, missing permission, wrong path, no memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from outcomenet.errors import OutcomenetError, UsageError

_AGAIN = "then run the same command again"
# What the machine lacks; the command was right.
_LACKS = {
    errno.ENOSPC: f"no space is left on the disk. Free some, {_AGAIN}.",
    errno.EDQUOT: f"the disk quota is used up. Free some space, {_AGAIN}.",
    errno.EFBIG: f"the file would be larger than is allowed here. Raise `ulimit -f`, {_AGAIN}.",
    errno.EIO: "the disk reports an error of its own. Look at its health, or write elsewhere.",
    errno.ESTALE: f"the network disk has gone away. Mount it again, {_AGAIN}.",
    errno.EMFILE: f"too many files are open. Raise `ulimit -n` or take fewer workers, {_AGAIN}.",
    errno.ENFILE: f"too many files are open on this machine. Close other programs, {_AGAIN}.",
}
_FOLDER = "a part of this path is a file, and a folder is needed there. Name another path."
# What is wrong with a path that was named.
_WRONG = {
    errno.EACCES: "permission is denied. Name a place that you may read and write, or ask for the right to.",
    errno.EPERM: "the system does not permit it. Name a place that you may read and write.",
    errno.EROFS: "the file system is read-only. Name a place that can be written.",
    errno.ENOTDIR: _FOLDER,
    errno.EISDIR: "this is a folder, and a file is needed. Name the file.",
    errno.EEXIST: _FOLDER,
    errno.ENAMETOOLONG: "the name is too long for this disk. Choose a shorter one.",
    errno.ENOTEMPTY: "another process has written there meanwhile. Choose another name or remove it first.",
    errno.ELOOP: "its links lead in a circle. Name the place itself.",
    errno.ENOENT: "there is no such file or folder. Correct the path.",
}
# The disk or the folder, whatever is written there.
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EROFS, errno.EACCES, errno.EPERM)
_MEMORY = (
    f"The memory ran out. Close other programs, take smaller batches or fewer workers, or raise the limit, {_AGAIN}."
)
_OF_LIBRARIES = (OSError, ValueError, RuntimeError)
# XLA, OpenCV and C++ raise kinds of their own when memory runs out: their texts tell.
_MEMORY_TEXTS = ("RESOURCE_EXHAUSTED", "Out of memory", "Insufficient memory", "can't start new thread", "bad_alloc")


def in_words(error: BaseException) -> OutcomenetError | None:
    """A sentence with its exit code for a failure of the machine or of a path; None for a fault of the program.

    Libraries wrap such failures into errors of their own kinds, so causes and texts are looked at too.
    """
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.errno in _LACKS | _WRONG:
            return _of_path(cause.errno, cause.filename or "")
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            return OutcomenetError(_MEMORY)
        if isinstance(cause, _OF_LIBRARIES):
            text = str(cause)
            known = next((code for code in _LACKS if os.strerror(code) in text), None)
            known = known or next((code for code in _WRONG if f": {os.strerror(code)}" in text), None)
            if known:
                return _of_path(known, "")
            if any(sign in text for sign in _MEMORY_TEXTS):
                return OutcomenetError(_MEMORY)
    return None


def is_of_disk(error: BaseException) -> bool:
    """Whether the place that is written to failed, and not the work: whatever else is written there would fail too."""
    texts = tuple(os.strerror(code) for code in _OF_DISK)
    return any(
        (isinstance(cause, OSError) and cause.errno in _OF_DISK)
        or (isinstance(cause, _OF_LIBRARIES) and any(text in str(cause) for text in texts))
        for cause in _chain(error)
    )


def _of_path(code: int, path: str | bytes) -> OutcomenetError:
    sentence = (_LACKS | _WRONG)[code]
    text = f"{os.fsdecode(path)}: {sentence}" if path else f"{sentence[0].upper()}{sentence[1:]}"
    return UsageError(text) if code in _WRONG else OutcomenetError(text)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield from error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
        # what was being handled when a fault of the program happened does not excuse it
        error = error.__cause__ or (error.__context__ if isinstance(error, _OF_LIBRARIES) else None)
