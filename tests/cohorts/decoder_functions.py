"""Functions for worker processes to run: some work, some do not."""

from __future__ import annotations

import os
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
