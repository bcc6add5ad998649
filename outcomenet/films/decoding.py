"""Pool of worker processes that decode films; a worker may run out of memory, hang or die without harm to the caller."""

from __future__ import annotations

import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
import typing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from typing import TypeVar, cast

from outcomenet.errors import FilmRefused, OutcomenetError, UsageError
from outcomenet.films.answers import BadAnswer, Incoming, is_text, unpacked
from outcomenet.films.decoder_worker import READY, REQUEST

F = TypeVar("F")
T = TypeVar("T")

# The largest film has 72 MB of 16-bit words; this leaves room for a decoder's copies of them.
MEMORY_BYTES = 2**30
CPU_SECONDS = 20
TIMEOUT_SECONDS = 60.0  # by the clock: a worker may have to wait for a disk or for its turn
# Generous: many workers may import OpenCV and SciPy from one slow disk at the same time.
_START_SECONDS, _END_SECONDS, _SEND_SECONDS = 120.0, 5.0, 10.0
# A refusal's reason code; it goes into tables and messages.
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_TRACEBACK = 20_000  # characters
# One thread each; and memory that one film needed is kept for the next instead of being given back and zeroed again, which
# took two thirds of the time for an uncompressed film (mallopt(3); other systems than glibc take no notice).
_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
}
_LOOK_AHEAD = 4  # films per worker that may be in flight or wait for an earlier, slower one


class DecoderFailed(OutcomenetError):
    """The function run in a worker raised something else than FilmRefused: a fault of the program, not of a film."""


class FilmDecoder:
    """A small pool of decoding processes, used as a context manager.

    A worker is a fresh interpreter that imports the film decoders and the module of the function it is given, and nothing
    of the caller's. It may map `memory_bytes` more than it starts with, spend `cpu_seconds` of CPU and `timeout_seconds`
    of wall-clock time on a film, and neither open a socket, start a program nor write a file. One that dies or takes
    longer is replaced, and its film alone is refused; so is one that answers what the function cannot have given, since a
    hostile film may have taken it over. Workers end with the thread that started them.

    >>> from outcomenet.films.film_file import read_header
    >>> with FilmDecoder(workers=1) as decoder:
    ...     print(*decoder.map(read_header, ["no-such.dcm"]))
    no-such.dcm: There is no such file; correct the path.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        cpu_seconds: int = CPU_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
    ):
        if workers < 1:
            raise UsageError(f"Films are decoded by at least one worker, got {workers}; ask for 1 or more.")
        self.workers, self.timeout_seconds = workers, timeout_seconds
        self.cpu_seconds, self.memory_bytes = cpu_seconds, memory_bytes
        self._pool: list[_Worker] = []

    def __enter__(self) -> FilmDecoder:
        self._pool = [self._start() for _ in range(self.workers)]
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._pool:
            worker.stop()
        self._pool = []

    def map(self, function: Callable[..., T], films: Iterable[F], *arguments: object) -> Iterator[T | FilmRefused]:
        """Applies a function to each film, in a worker.

        Args:
            function: A function of a module, importable by name; its return type is annotated and one that `answers` knows.
            films: First argument of each call, picklable. A few per worker are in flight at a time, so that this may be an
                endless iterator.
            arguments: Further arguments, the same for each film, picklable.

        Yields:
            In the order of `films` the result, or the FilmRefused of a film that has none. Codes of the pool itself are
            decoder_died, decoder_timeout and decoder_answer.

        Raises:
            DecoderFailed: The function raised something else than FilmRefused.
            UsageError: The pool is used outside its `with` block.
        """
        if not self._pool:
            raise UsageError("A FilmDecoder has workers only inside its `with` block; call map there.")
        return self._results(function, iter(films), arguments)

    def _results(
        self, function: Callable[..., T], films: Iterator[F], arguments: tuple[object, ...]
    ) -> Iterator[T | FilmRefused]:
        # what a worker answers is checked against this
        kind = typing.get_type_hints(function)["return"]
        ready: dict[int, object] = {}
        waiting = enumerate(films)
        handed_out = yielded = 0
        exhausted = False
        try:
            while True:
                for place in self._idle():
                    if exhausted or handed_out - yielded >= _LOOK_AHEAD * self.workers:
                        break
                    number, film = next(waiting, (None, None))
                    if number is None:
                        exhausted = True
                        break
                    self._give(place, number, (function, film, arguments))
                    handed_out += 1
                ready.update(self._collect(kind))
                while yielded in ready:
                    yield cast("T | FilmRefused", ready.pop(yielded))
                    yielded += 1
                if exhausted and yielded == handed_out:
                    return
        finally:
            for place, worker in enumerate(self._pool):
                if worker.film is not None:  # the caller stopped listening in between
                    self._replace(place)

    def _idle(self) -> list[int]:
        return [place for place, worker in enumerate(self._pool) if worker.film is None]

    def _give(self, place: int, number: int, request: tuple[object, ...]) -> None:
        """Hands a film to a worker; one that died while it was idle is replaced first."""
        try:
            self._pool[place].give(number, request, self.timeout_seconds)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self._replace(place)
            self._pool[place].give(number, request, self.timeout_seconds)

    def _collect(self, kind: object) -> Iterator[tuple[int, object]]:
        """Waits until a busy worker answers, dies or takes too long; yields number and result of each film that is settled
        by that. `kind` is the type of a result."""
        busy = [place for place, worker in enumerate(self._pool) if worker.film is not None]
        if not busy:
            return
        patience = min(self._pool[place].deadline for place in busy) - time.monotonic()
        readable = wait([self._pool[place].connection for place in busy], timeout=max(0.0, patience))
        for place in busy:
            worker = self._pool[place]
            number = worker.film
            if number is None:
                continue
            try:
                if worker.connection in readable and worker.answered():
                    yield number, _result(kind, worker.take())
                    continue
                if time.monotonic() < worker.deadline:
                    continue
                refused = _too_slow(f"{self.timeout_seconds:g} seconds")
            except EOFError:
                refused = self._why_it_died(worker)
            except BadAnswer:
                refused = FilmRefused(
                    "The decoder gave an answer that is no film's: the film is damaged, or made to do harm. Export it again.",
                    "decoder_answer",
                )
            self._replace(place)
            yield number, refused

    def _why_it_died(self, worker: _Worker) -> FilmRefused:
        if worker.ended_by() == signal.SIGXCPU:
            return _too_slow(f"{self.cpu_seconds} seconds of computing")
        return FilmRefused("The decoder died on the film; export it uncompressed.", "decoder_died")

    def _start(self) -> _Worker:
        return _Worker(self.memory_bytes, self.cpu_seconds)

    def _replace(self, place: int) -> None:
        self._pool[place].stop()
        self._pool[place] = self._start()


class _Worker:
    """One process and the connection to it. `film` is the number of the film it is busy with, None when idle."""

    def __init__(self, memory_bytes: int, cpu_seconds: int):
        self.film: int | None = None
        self.deadline = 0.0
        self.started = False
        self.incoming = Incoming()
        self.connection, theirs = socket.socketpair()
        limits = [str(number) for number in (theirs.fileno(), memory_bytes, cpu_seconds, os.getpid())]
        # A fresh interpreter rather than multiprocessing's spawn, which would import the caller's main script, and
        # with it whatever that imports (JAX). -P keeps a folder of the current directory from posing as a library.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "outcomenet.films.decoder_worker", *limits],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # decoders write a line for every odd file
            env={**os.environ, **_SETTINGS, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()

    def give(self, film: int, request: tuple[object, ...], timeout_seconds: float) -> None:
        """Sends a request; the time allowed counts from here, not from the start of the process.

        Raises BrokenPipeError, ConnectionResetError or TimeoutError where the worker is gone, does not listen, or has sent
        an answer to no request.
        """
        if not self.started:
            self.started = self._has_started()
        if not self.started:
            raise DecoderFailed(
                "A decoding process could not be started; see why with `python -m outcomenet.films.decoder_worker 0 0 0 0`."
            )
        self.connection.setblocking(False)
        if wait([self.connection], timeout=0):  # an answer to nothing would be taken for this film's
            raise BrokenPipeError
        self.connection.settimeout(_SEND_SECONDS)
        pickled = pickle.dumps(request)
        self.connection.sendall(REQUEST.pack(len(pickled)) + pickled)
        self.connection.setblocking(False)
        self.film, self.deadline = film, time.monotonic() + timeout_seconds

    def _has_started(self) -> bool:
        self.connection.setblocking(False)
        until = time.monotonic() + _START_SECONDS
        try:
            while time.monotonic() < until:
                wait([self.connection], timeout=until - time.monotonic())
                if self.answered():
                    return self.take().message == [READY]
        except (EOFError, BadAnswer):
            pass
        return False

    def answered(self) -> bool:
        """Whether the answer is whole now. Raises EOFError where the process is gone, BadAnswer where it is none."""
        return self.incoming.take(self.connection)

    def take(self) -> Incoming:
        """The whole answer; the worker is idle then."""
        answer, self.incoming, self.film = self.incoming, Incoming(), None
        return answer

    def ended_by(self) -> int:
        """The signal that ended a process that is gone, 0 where there was none."""
        try:
            return max(0, -self.process.wait(timeout=_END_SECONDS))
        except subprocess.TimeoutExpired:
            return 0

    def stop(self) -> None:
        """Ends the process at once; it holds nothing that must be saved."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


def _too_slow(than: str) -> FilmRefused:
    return FilmRefused(f"Decoding the film took longer than {than}; export it uncompressed.", "decoder_timeout")


def _result(kind: object, answer: Incoming) -> object:
    """The film's value of type `kind`, or FilmRefused. Raises BadAnswer for anything else, DecoderFailed for a fault of the
    program."""
    match answer.message:
        case ["done", result]:
            return unpacked(kind, result, answer.data)
        case ["refused", sentence, str(code)] if is_text(sentence) and _CODE.fullmatch(code):
            return FilmRefused(sentence, code)
        case ["failed", str(text)]:
            shown = "".join(letter for letter in text[-_MOST_TRACEBACK:] if letter.isprintable() or letter == "\n")
            raise DecoderFailed(f"A film could not be processed, because the program itself failed:\n{shown}")
    raise BadAnswer("an answer of no known kind")
