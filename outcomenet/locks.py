"""Lock that keeps a folder to one writing process; the system releases it however the process ends."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from outcomenet.errors import UsageError

# Some network disks know no locks. There the user must take care himself, as everywhere before.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Holds the folder `out`, which need not be there yet, against every other process until the block ends.

    The lock is the file `.NAME.lock` beside the folder; where nothing can be written there, in the folder. A killed
    process leaves the file and not the lock.

    Raises:
        UsageError: Another process holds it.
        OSError: Neither place can be written.
    """
    descriptor, lock = _locked(out)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(out: Path) -> tuple[int, Path]:
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    # beside the folder, so that a folder that is replaced keeps its lock; inside where only the folder is ours
    folder = place if place.is_dir() and not os.access(place.parent, os.W_OK) else place.parent
    lock = folder / f".{place.name}.lock"
    while True:
        # O_NOFOLLOW: a link laid there could have any file truncated
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace")
            if error.errno in _NO_LOCKS:
                return descriptor, lock
            os.close(descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            who = f" (process {holder})" if holder else ""
            raise UsageError(
                f"{out} is being written by another outcomenet{who}. Wait until that one has ended, or choose another folder."
            ) from None
        if _is_still(lock, descriptor):  # its last holder may have removed it between the two lines above
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor, lock
        os.close(descriptor)


def _is_still(lock: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(lock), os.fstat(descriptor))
    except FileNotFoundError:
        return False
