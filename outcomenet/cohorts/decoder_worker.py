"""The worker process that decodes films: limits itself, then answers one request after the other.

Started by `decoding.FilmDecoder`; imports what decoding needs and never JAX.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from outcomenet.cohorts.sandbox import forbid_network, forbid_writing
from outcomenet.errors import FilmRefused

READY = "ready"


def main(file_descriptor: int) -> None:
    """Reads the limits, then requests (function, film, arguments), until the other end closes."""
    with Connection(file_descriptor) as parent:
        memory_bytes, cpu_seconds = parent.recv()
        importlib.import_module("outcomenet.cohorts.films")  # before the limit: libraries map much, and use little
        limit_memory(memory_bytes)
        forbid_writing()
        forbid_network()
        parent.send(READY)
        while True:
            try:
                function, film, arguments = parent.recv()
                limit_cpu_time(cpu_seconds)
                answer = _answer(function, film, arguments)
            except EOFError:
                return
            except Exception:  # the request names something that cannot be imported here
                answer = "failed", traceback.format_exc(), ""
            try:
                parent.send(answer)
            except OSError:  # nobody listens any more
                return
            except Exception:  # the result cannot be sent
                parent.send(("failed", traceback.format_exc(), ""))


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


def _answer(function: Callable[..., Any], film: Any, arguments: tuple[Any, ...]) -> tuple[str, Any, str]:
    """("done", value, ""), ("refused", sentence, code) or ("failed", traceback, "")."""
    try:
        return "done", function(film, *arguments), ""
    except FilmRefused as refused:
        return "refused", str(refused), refused.code
    except MemoryError:
        return "refused", "Decoding the film needs more memory than is allowed; reduce it.", "memory"
    except Exception:
        return "failed", traceback.format_exc(), ""


if __name__ == "__main__":
    main(int(sys.argv[1]))
