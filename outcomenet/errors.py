"""Errors with one clear sentence: what was expected, what came, where, and what to do now."""

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


class TrainingDiverged(OutcomenetError):
    """A loss is no finite number any more; what was saved before is whole."""


class CheckpointError(OutcomenetError):
    """A checkpoint's files do not match its manifest, or none is there."""


class UndefinedMetric(OutcomenetError):
    """A statistic has no value on these data (one class only, no comparable pair, no variance)."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`, by the share of letters in common (Ratcliff/Obershelp, `difflib`).

    Args:
        name: The name that is not known; case makes no difference.
        known: Names to compare with.
        count: How many to return at most.

    Returns:
        The nearest names, best first; empty where none shares half of its letters.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.5)
    return [by_lower[match] for match in close]


def meant(name: str, known: Iterable[str]) -> str:
    """The known word that a slip of the pen turned into `name`, or that `name` abbreviates.

    A slip is one letter in four lost, added, changed or exchanged with its neighbour: `nearest` names words that merely
    share letters, as `date` for `arthrose`.

    Args:
        name: The word as it was written; case and blanks around it make no difference.
        known: The words that it may stand for.

    Returns:
        The known word; "" where none is so near, or where several words begin with `name`.

    >>> meant("filmid", ["film_id", "date"]), meant("Arthrose", ["film_id", "date"])
    ('film_id', '')
    """
    word = name.strip().lower()
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = sorted((slips(word, lower), lower) for lower in by_lower)
    if near and near[0][0] <= max(len(word), len(near[0][1])) // 4:
        return by_lower[near[0][1]]
    whole = [lower for lower in by_lower if len(word) >= 3 and lower.startswith(word)]
    return by_lower[whole[0]] if len(whole) == 1 else ""


def slips(one: str, other: str) -> int:
    """Edit distance with exchanged neighbours (optimal string alignment, a restricted Damerau-Levenshtein distance).

    Args:
        one: A word.
        other: A word; the distance is the same from either to the other.

    Returns:
        How many letters are lost, added, changed or exchanged with a neighbour.

    >>> slips("haq", "hqa"), slips("pain", "pan")
    (1, 1)
    """
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, above, row = above, row, [i]
        for j, there in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown name.

    Args:
        name: The name that is not known.
        known: Every name that would have been right.

    Returns:
        A sentence with the nearest known names, or all of them when nothing is similar.

    >>> did_you_mean("pian", ["pain", "haq_di"])
    'Did you mean pain?'
    """
    known = list(known)
    close = nearest(name, known, count=2)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known are: {', '.join(sorted(known))}."
