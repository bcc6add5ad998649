"""Errors that say what was expected, what came, where, and what to do now."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OutcomenetError(Exception):
    """Base of every error that outcomenet raises on purpose; its text is one clear sentence for a person."""

    exit_code = 1


class UsageError(OutcomenetError):
    """The command line or a configuration asks for something that does not exist."""

    exit_code = 2


class DataRefused(OutcomenetError):
    """Input data break a rule; nothing was written."""

    exit_code = 3


class FilmRefused(DataRefused):
    """One film cannot be read as a radiograph; `code` is its reason code in the ledger."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


class Preempted(OutcomenetError):
    """The process was asked to stop; the state is saved and the same command goes on from it."""

    exit_code = 4


class CheckpointError(OutcomenetError):
    """A checkpoint's files do not match its manifest, or none is there."""


class UndefinedMetric(OutcomenetError):
    """A statistic has no value on these data (one class only, no comparable pair, no variance)."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`, best first; empty when nothing is similar."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.5)
    return [by_lower[match] for match in close]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence naming the nearest known names, or all of them when nothing is similar.

    >>> did_you_mean("pian", ["pain", "haq_di"])
    'Did you mean pain?'
    """
    known = list(known)
    close = nearest(name, known, count=2)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known are: {', '.join(sorted(known))}."
