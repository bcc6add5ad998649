"""Sentences and the printed table on the patients that a trial needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomenet.biomarkers.change_verdict import TRIAL_WORDS, Contrast, contrasts_in_words
from outcomenet.biomarkers.number_words import sentence, with_interval
from outcomenet.biomarkers.trial_effects import MOST_READERS
from outcomenet.biomarkers.trial_sizes import per_arm_term, size_words

SAVED = "share of patients saved"
Row = dict[str, object]
Words = Callable[[str], str]


class Found:
    """Rows of the section by measure, term and adjustment."""

    def __init__(self, rows: Sequence[Row]):
        self.rows = {(row["measure"], row["term"], row.get("adjustment", "")): row for row in rows}

    def size(self, measure: str, power: float, *, design: str = "", adjustment: str = "") -> str:
        """Patients per arm in words.

        Args:
            measure: endpoint.
            power: of the trial.
            design: of the effect.
            adjustment: of the effect.
        """
        return size_words(self.rows.get((measure, per_arm_term(power, design), adjustment)))

    def number(self, measure: str, term: str, adjustment: str = "") -> float:
        """An estimate, NaN where there is none.

        Args:
            measure: endpoint.
            term: of the row.
            adjustment: of the row.
        """
        return float(str(self.rows.get((measure, term, adjustment), {}).get("estimate", np.nan)))

    def is_bounded(self, measure: str, term: str) -> bool:
        """Whether a number of patients has an upper bound.

        Args:
            measure: endpoint.
            term: of the row.
        """
        return bool(np.isfinite(float(str(self.rows.get((measure, term, ""), {}).get("upper", np.nan)))))


def trial_verdict(found: Found, contrasts: Mapping[str, Contrast], first: str, power: float, words: Words) -> str:
    """Whether a trial with the first measure needs fewer patients than with the others, and how many with each.

    Args:
        found: rows of the section.
        contrasts: of the first measure with each other one.
        first: the measure that is judged.
        power: whose sizes are said.
        words: what a column is called.
    """
    if not contrasts:
        return ""
    parts = contrasts_in_words(words(first), list(contrasts.values()), TRIAL_WORDS, "|d|")
    sizes = ", ".join(f"{words(name)} {found.size(name, power)}" for name in (first, *contrasts))
    return sentence("; ".join([*parts, f"per arm at {100 * power:g} % power: {sizes}"]))


def trial_sentences(
    found: Found, *, measures: Sequence[str], endpoints: Sequence[str], outcome: str | None, human: str, truth: str | None,
    third: str, power: float, words: Words,
) -> Iterator[str]:  # fmt: skip
    """What baseline values, readers, enrichment and perfect knowledge change, as far as each was computed.

    Args:
        found: rows of the section.
        measures: columns, the one that is judged first.
        endpoints: columns with patients per arm.
        outcome: endpoint for which the measures at baseline are covariates; None for none.
        human: column of the human score.
        truth: column of the true damage; None for none.
        third: design of the effect in the highest third.
        power: whose sizes are said.
        words: what a column is called.
    """
    yield from _own_baseline(found, endpoints, power, words)
    if outcome:
        yield from _prognostic(found, outcome, measures, power, words)
    yield from _by_readers(found, human, power, words)
    yield from _enriched(found, measures[0], third, power, words)
    if truth:
        yield from _beside_truth(found, truth, endpoints, power, words)


def _own_baseline(found: Found, endpoints: Sequence[str], power: float, words: Words) -> Iterator[str]:
    """What each endpoint's own first value saves."""
    parts = [
        f"{words(name)} {adjusted} in the place of {found.size(name, power)}"
        for name in endpoints
        if (adjusted := found.size(name, power, adjustment=f"{name} at baseline")) != "no number"
    ]
    if parts:
        yield sentence(
            f"With its own baseline in an analysis of covariance a trial needs per arm at {100 * power:g} % power: {', '.join(parts)}"
        )


def _prognostic(found: Found, outcome: str, measures: Sequence[str], power: float, words: Words) -> Iterator[str]:
    """What a measure at baseline saves for the outcome's endpoint."""
    parts = []
    for name in measures:
        row = found.rows.get((outcome, SAVED, f"{name} at baseline"))
        if row is None or not np.isfinite(float(str(row.get("estimate", np.nan)))):
            continue
        share, low, high = (100 * float(str(row.get(key, np.nan))) for key in ("estimate", "lower", "upper"))
        patients = found.number(outcome, f"patients per arm saved, {100 * power:g} % power", f"{name} at baseline")
        saved = f", {patients:,.0f} per arm at {100 * power:g} % power" if np.isfinite(patients) else ""
        parts.append(f"{words(name)} saves {with_interval(share, low, high)} % of the patients{saved}")
    if parts:
        yield sentence(
            f"As a covariate at baseline beside {words(outcome)} itself, for the change of {words(outcome)}: {'; '.join(parts)}"
        )


def _by_readers(found: Found, human: str, power: float, words: Words) -> Iterator[str]:
    """Patients per arm by number of readers."""
    designs = ["1 reader", *(f"mean of {number} readers" for number in range(2, MOST_READERS + 1))]
    parts = [
        f"{size} with {'the ' if design.startswith('mean') else ''}{design}"
        for design in designs
        if (size := found.size(human, power, design=design)) != "no number"
    ]
    if parts:
        yield sentence(f"{words(human)} needs per arm at {100 * power:g} % power {', '.join(parts)}")


def _enriched(found: Found, first: str, design: str, power: float, words: Words) -> Iterator[str]:
    """What choosing the third at highest risk saves, and how many must be screened for it."""
    screened = found.number(first, f"screened for both arms, {100 * power:g} % power, {design}")
    everyone = 2 * found.number(first, per_arm_term(power))
    if np.isfinite(screened):
        yield sentence(
            f"With {words(first)} in the {design} a trial needs {found.size(first, power, design=design)} per arm at {100 * power:g} % power "
            f"in the place of {found.size(first, power)}, but {screened:,.0f} patients must be screened for both arms"
            + (f" in the place of {everyone:,.0f}" if np.isfinite(everyone) else "")
            + (
                "; its own first value selects, so that part of the saving is regression to the mean"
                if design.endswith(words(first))
                else ""
            )
        )


def _beside_truth(found: Found, truth: str, endpoints: Sequence[str], power: float, words: Words) -> Iterator[str]:
    """How far the first measure goes from a human score to what perfect knowledge would need."""
    term, (first, *others) = per_arm_term(power), [name for name in endpoints if name != truth]
    best, ours = found.number(truth, term), found.number(first, term)
    text = (
        f"Perfect knowledge of {words(truth)} would need {found.size(truth, power)} per arm at {100 * power:g} % power"
    )
    shares = {
        words(name): (theirs - ours) / (theirs - best)
        for name in others
        # a share of a number that was not told from endless says nothing
        if (theirs := found.number(name, term)) > best
        and found.is_bounded(first, term)
        and found.is_bounded(name, term)
    }
    gains = [f"{100 * share:.0f} % of what could be gained over {name}" for name, share in shares.items() if share > 0]
    gains += [f"nothing over {name}" for name, share in shares.items() if share <= 0]
    yield sentence(f"{text}; {words(first)} gains {', '.join(gains)}" if gains else text)


def printed_sizes(
    found: Found, endpoints: Sequence[str], powers: Sequence[float], drop_out: float, words: Words
) -> pd.DataFrame:
    """The table of the section: a line per endpoint, cells as text.

    Args:
        found: rows of the section.
        endpoints: columns, in the order of the lines.
        powers: of the trial.
        drop_out: share of patients lost.
        words: what a column is called.
    """
    lines = []
    for name in endpoints:
        row = found.rows[name, "effect d", ""]
        line = {
            "Endpoint": words(name),
            "Effect d": with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper"))),
        }
        line |= {f"Per arm, {100 * power:g} % power": found.size(name, power) for power in powers}
        share = f"{100 * powers[0]:g} %"
        line[f"With its baseline, {share}"] = found.size(name, powers[0], adjustment=f"{name} at baseline")
        lost = found.rows.get((name, f"n per arm with {100 * drop_out:g} % drop-out, {share} power", ""))
        line[f"With {100 * drop_out:g} % drop-out, {share}"] = size_words(lost)
        lines.append(line)
    return pd.DataFrame(lines)
