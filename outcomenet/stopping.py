"""Orderly stop on a signal (SIGTERM, SIGHUP, Ctrl-C): at once in most commands, after a saved step in training.

Python runs a signal's handler between two of its own instructions, so a main thread that waits in a library for ever would
never stop. A second thread therefore learns of the signal from the system and ends the process if nothing else does.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from outcomenet.errors import Preempted

Handler = Callable[[int, FrameType | None], object]
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# Batch systems kill about 30 s after asking. Whoever takes longer than this to notice would lose nothing by being ended:
# results are written whole or not at all, and a training goes on from its last checkpoint.
PATIENCE_SECONDS = 20.0
_noticed = threading.Event()


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """A signal raises KeyboardInterrupt in the block, once: what cleans up after it is not interrupted again.

    A signal that the caller ignores (nohup) stays ignored. Outside of the main thread nothing happens.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        _noticed.set()
        # a second Ctrl-C must not interrupt what removes half-written files
        for other in old:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    with _handled_by(interrupt) as old, _watched():
        yield


@contextmanager
def asked_by_signals() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether a signal came, for a loop that stops at the end of its step."""
    asked = threading.Event()

    def is_asked() -> bool:
        if asked.is_set():
            _noticed.set()
        return asked.is_set()

    with _handled_by(lambda number, frame: asked.set()):
        yield is_asked


@contextmanager
def _handled_by(handler: Handler) -> Iterator[Mapping[signal.Signals, Handler | int | None]]:
    """Sets the handler of every signal that is not ignored; gives the handlers that were there before."""
    old = {}
    if threading.current_thread() is threading.main_thread():
        old = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}
    for number in old:
        signal.signal(number, handler)
    try:
        yield old
    finally:
        for number, before in old.items():
            signal.signal(number, before)


@contextmanager
def _watched() -> Iterator[None]:
    """Ends the process with Preempted's exit code where a signal is not noticed in time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _noticed.clear()
    receiving, sending = socket.socketpair()
    sending.setblocking(False)  # Python writes to it from within a signal, where nothing may wait
    before = signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(receiving,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        sending.close()


def _watch(signals: socket.socket) -> None:
    with signals:
        while number := signals.recv(1):  # empty once the other end is closed
            if number[0] in SIGNALS and not _noticed.wait(PATIENCE_SECONDS):
                text = f"outcomenet: stopped after waiting {PATIENCE_SECONDS:g} s for a step to end. Run the same command again.\n"
                os.write(2, text.encode())
                os._exit(Preempted.exit_code)
