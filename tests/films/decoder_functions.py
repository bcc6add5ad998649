"""Functions for worker processes to run: some work, some do not."""

from __future__ import annotations

import errno
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import time

from outcomenet.errors import FilmRefused
from outcomenet.films.film import Film


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


def _taken_over(*pieces: bytes, then: str = "wait") -> int:
    """What a worker does that a film has taken over: it writes to its parent what it likes."""
    connection = int(sys.argv[1])
    for piece in pieces:
        os.write(connection, piece)
    if then == "end":
        os._exit(0)
    time.sleep(60)
    return 0


def _frame(said: bytes, data: bytes = b"", claims: tuple[int, int] | None = None) -> bytes:
    return struct.pack("<IQ", *(claims or (len(said), len(data)))) + said + data


class _Opens:
    """Unpickled it creates a file."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def speak_pickle(path: str) -> int:
    harm = pickle.dumps(_Opens(path))
    return _taken_over(struct.pack("!i", len(harm)), harm)


def frame_a_pickle(path: str) -> int:
    return _taken_over(_frame(pickle.dumps(_Opens(path))))


HOSTILE_ANSWERS = {
    "no list": _frame(b'{"done": 1}'), "an empty list": _frame(b"[]"), "no JSON": _frame(b"\xff\xfe\x00"),
    "an unknown kind": _frame(b'["exec", "import os"]'), "a text for a number": _frame(b'["done", "1"]'),
    "true for a number": _frame(b'["done", true]'), "a float for a number": _frame(b'["done", 1e400]'),
    "two values": _frame(b'["done", 1, 2]'), "bytes that nobody named": _frame(b'["done", 1]', b"x" * 100),
    "brackets without end": _frame(b"[" * 500_000), "a terabyte": _frame(b"", claims=(10, 2**40)),
    "a JSON of 4 GB": _frame(b"", claims=(2**32 - 1, 0)), "half an answer": _frame(b'["done", ', claims=(40, 0)),
    "a code with a path": _frame(b'["refused", "No.", "../x"]'), "a code that computes": _frame(b'["refused", "No.", "=1+1"]'),
    "a sentence of lines": _frame(b'["refused", "a\\nb", "bits"]'), "an escape": _frame(b'["refused", "\\u001b[2J", "bits"]'),
    "a number for a sentence": _frame(b'["refused", 7, "bits"]'),
}  # fmt: skip


def answer_hostile(what: str) -> int:
    return _taken_over(HOSTILE_ANSWERS[what])


def answer_twice(film: int) -> int:
    """Puts an answer into the pipe for the film that comes next."""
    if film == 3:
        os.write(int(sys.argv[1]), _frame(b'["done", 3]') + _frame(b'["done", 666]'))
        time.sleep(60)
    return film


def hostile_array(film: str) -> Film:
    said, data = {
        "short": ([["<u2", 100, 100], _HEADER], b"x"), "objects": ([["|O", 1, 1], _HEADER], b"x" * 8),
        "floats": ([["<f8", 1, 1], _HEADER], b"x" * 8), "three axes": ([["<u2", 1, 1, 1], _HEADER], b"xx"),
        "negative": ([["<u2", -1, -1], _HEADER], b"xx"), "bytes": ([["|u1", 1, 1], _HEADER], b"x"),
        "huge": ([["<u2", 2**40, 2**40], _HEADER], b"xx"), "no header": ([["<u2", 1, 1], None], b"xx"),
        "a header of texts": ([["<u2", 1, 1], ["1"] * 10], b"xx"), "fewer fields": ([["<u2", 1, 1]], b"xx"),
    }[film]  # fmt: skip
    _taken_over(_frame(json.dumps(["done", said]).encode(), data))
    raise AssertionError


_HEADER = [1, 1, 8, "MONOCHROME2", None, "none", "png", "", False, []]


def pid(film: int) -> int:
    return os.getpid()


def hang(film: int) -> int:
    while True:
        time.sleep(60)


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
