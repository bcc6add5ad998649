"""Paired difference of two measures in how large an effect each shows, with its verdict and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from outcomenet.biomarkers.number_words import number, with_interval
from outcomenet.biomarkers.resampled import NO_INTERVAL
from outcomenet.metrics.resampling import Estimate, estimate, monte_carlo_margins
from outcomenet.metrics.verdict import Verdict, verdict_of

# First and other measure by {first} and {other}.
CHANGE_WORDS = {
    Verdict.BETTER: "{first} sees more change than {other}",
    Verdict.WORSE: "{first} sees less change than {other}",
    Verdict.BORDERLINE: "whether {first} sees more or less change than {other} is borderline, within the Monte Carlo error",
    Verdict.UNDECIDED: "no difference was shown between {first} and {other} in how much change they see",
    Verdict.ABSENT: "whether {first} sees more change than {other} was not computed",
}
TRIAL_WORDS = {
    Verdict.BETTER: "a trial with {first} needs fewer patients than one with {other}",
    Verdict.WORSE: "a trial with {first} needs more patients than one with {other}",
    Verdict.BORDERLINE: "whether a trial with {first} needs more or fewer patients than one with {other} is borderline, within the "
    "Monte Carlo error",
    Verdict.UNDECIDED: "no difference was shown between {first} and {other} in the patients that a trial needs",
    Verdict.ABSENT: "whether a trial with {first} needs fewer patients than one with {other} was not computed",
}


class Contrast(NamedTuple):
    """Size of the first measure's effect minus that of another, in SDs; above 0 the first shows more."""

    other: str
    first_size: float
    other_size: float
    difference: Estimate
    margins: tuple[float, float]
    verdict: Verdict
    level: float

    @classmethod
    def of(cls, other: str, first: np.ndarray, second: np.ndarray, level: float = 0.95) -> Contrast:
        """From the absolute effects of both in the sample and, behind it, in every resample of the same patients.

        Args:
            other: what the other measure is called.
            first: |effect| of the first measure.
            second: |effect| of the other.
            level: of the interval.
        """
        values = first - second
        difference = estimate(values, level) if len(values) > 1 else Estimate(float(values[0]), np.nan, np.nan)
        margins = monte_carlo_margins(values[1:], level) if np.isfinite(difference.lower) else (0.0, 0.0)
        verdict = verdict_of(difference.lower, difference.upper, lower_margin=margins[0], upper_margin=margins[1])
        return cls(other, float(first[0]), float(second[0]), difference, margins, verdict, level)

    @property
    def note(self) -> str:
        """The verdict in short, with the Monte Carlo error of the bounds."""
        if self.verdict is Verdict.ABSENT:
            return NO_INTERVAL if np.isfinite(self.difference.value) else "an effect is not defined"
        return f"{self.verdict}; Monte Carlo error of the bounds {self.margins[0]:.2g} and {self.margins[1]:.2g}"

    def row(self, first: str, other: str, term: str, note: str) -> dict[str, object]:
        """A row of the estimates with the difference.

        Args:
            first: column of the first measure.
            other: column of the other.
            term: what the row is.
            note: its note.
        """
        value, lower, upper = self.difference
        return {
            "measure": first, "adjustment": f"minus {other}", "term": term, "estimate": value, "lower": lower, "upper": upper,
            "level": self.level, "unit": "SD of the change", "note": note,
        }  # fmt: skip


def contrasts_in_words(first: str, contrasts: Sequence[Contrast], words: Mapping[Verdict, str], size: str) -> list[str]:
    """Contrasts of one measure in words with their numbers, without a full stop.

    Args:
        first: what the first measure is called.
        contrasts: with each of the others.
        words: what each verdict means, with {first} and {other}.
        size: what is compared, such as |SRM|.
    """
    return [_words("it" if place else first, contrast, words, size) for place, contrast in enumerate(contrasts)]


def _words(first: str, contrast: Contrast, words: Mapping[Verdict, str], size: str) -> str:
    said = words[contrast.verdict].format(first=first, other=contrast.other)
    if not np.isfinite(contrast.difference.value):
        return f"{said}: an effect is not defined"
    one, two = number(contrast.first_size), number(contrast.other_size, contrast.first_size)
    return f"{said} ({size} {one} against {two}, difference {with_interval(*contrast.difference)})"
