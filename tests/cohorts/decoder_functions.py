"""Functions for worker processes to run: some work, some do not."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time

from outcomenet.errors import FilmRefused


def double(film: int, plus: int = 0) -> int:
    return 2 * film + plus


def die_on_three(film: int) -> int:
    if film == 3:
        os._exit(7)
    return film


def sleep_on_three(film: int) -> int:
    if film == 3:
        time.sleep(60)
    return film


def refuse(film: int) -> int:
    raise FilmRefused("This one is blank; take it again.", "blank")


def fail(film: int) -> int:
    raise KeyError("a fault of the program")


def allocate(gigabytes: int) -> int:
    return len(bytearray(gigabytes * 2**30))


def jax_is_imported(film: int) -> bool:
    return "jax" in sys.modules


def open_socket(film: int) -> str:
    return _outcome(lambda: socket.create_connection(("127.0.0.1", 9), timeout=1))


def open_local_socket(film: int) -> str:
    return _outcome(lambda: socket.socket(socket.AF_UNIX))


def start_program(film: int) -> str:
    return _outcome(lambda: subprocess.run(["true"]))


def write_file(folder: str) -> str:
    def write() -> None:
        with open(os.path.join(folder, "written"), "w") as file:
            file.write("x" * 10_000)

    return _outcome(write)


def compute_for_ever(film: int) -> int:
    while film == 3:
        pass
    return film


def _outcome(action) -> str:
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, "other")
    return "done"
