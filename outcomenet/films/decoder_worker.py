"""Worker process that decodes films: it limits itself, then answers one request after the other.

`decoding.FilmDecoder` starts it. It imports what decoding needs, never JAX. Requests are pickled, since they come from the
parent, which is trusted. Answers are not (see `answers`).
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import struct
import sys
import time
import traceback
from collections.abc import Callable
from typing import BinaryIO

from outcomenet.errors import FilmRefused
from outcomenet.films.answers import outgoing, packed
from outcomenet.films.sandbox import end_with, forbid_network, forbid_writing

READY = "ready"
REQUEST = struct.Struct("<I")  # length of the pickle that follows


def main(file_descriptor: int, memory_bytes: int, cpu_seconds: int, parent: int) -> None:
    """Answers requests (function, film, arguments) until the other end closes.

    Args:
        file_descriptor: Socket to the parent; requests come from it and answers go to it.
        memory_bytes: Address space allowed beyond what is mapped once the libraries are imported.
        cpu_seconds: CPU time allowed for one film.
        parent: Process id of the parent; the worker ends when it does.
    """
    end_with(parent)  # first: a parent that dies during the imports leaves no worker behind
    importlib.import_module("outcomenet.films.film_file")  # before the limit: libraries map much, and use little
    limit_memory(memory_bytes)
    # after the imports, which open many files, and before the first byte of a film
    forbid_writing()
    forbid_network()
    with open(file_descriptor, "rb") as requests:
        _send(file_descriptor, outgoing(READY, []))
        while (request := _next(requests)) is not None:
            limit_cpu_time(cpu_seconds)
            try:
                _send(file_descriptor, _answer(request))
            except OSError:  # nobody listens any more
                return


def _next(requests: BinaryIO) -> bytes | None:
    """The next request; None at the end of them."""
    head = requests.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return None
    (length,) = REQUEST.unpack(head)
    request = requests.read(length)
    return request if len(request) == length else None


def _send(file_descriptor: int, pieces: list[memoryview]) -> None:
    for piece in pieces:
        while len(piece):
            piece = piece[os.write(file_descriptor, piece) :]


def limit_memory(allowed_bytes: int) -> None:
    """Allows `allowed_bytes` of address space beyond what is mapped now, and no core dump."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + allowed_bytes, mapped + allowed_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu_time(seconds: int) -> None:
    """Allows `seconds` of CPU time from now; the system ends the process that takes more."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    allowed = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))


def _answer(request: bytes) -> list[memoryview]:
    """An answer of kind "done" (value), "refused" (sentence, code) or "failed" (traceback)."""
    try:
        function: Callable[..., object]
        function, film, arguments = pickle.loads(request)
        result, arrays = packed(function(film, *arguments))
        return outgoing("done", [result], arrays)
    except FilmRefused as refused:
        # a file's name may hold what cannot be printed
        sentence = "".join(letter if letter.isprintable() else "?" for letter in str(refused))
        return outgoing("refused", [sentence, refused.code])
    except MemoryError:
        return outgoing("refused", ["Decoding the film needs more memory than is allowed; reduce it.", "memory"])
    except Exception:  # also a request that cannot be read here, and a result that cannot be sent
        return outgoing("failed", [traceback.format_exc()])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
