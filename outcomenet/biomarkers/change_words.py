"""Sentences and the printed table on how measures change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomenet.biomarkers.change_verdict import CHANGE_WORDS, Contrast, contrasts_in_words
from outcomenet.biomarkers.number_words import number, sentence, with_interval
from outcomenet.biomarkers.patient_changes import PatientChanges

PEARSON = "Pearson correlation of the changes"


def change_verdict(
    rows: Sequence[Mapping[str, object]], measures: Sequence[str], human: str, other: Sequence[str], contrasts: Sequence[Contrast],
    words: Callable[[str], str],
) -> str:  # fmt: skip
    """How the first measure stands beside the others, and whether its change goes with something else.

    Args:
        rows: of the estimates: mean changes and correlations.
        measures: columns, the one that is judged first.
        human: column of the human score.
        other: columns of outcomes and activity.
        contrasts: of the first measure with each other, in their order.
        words: what a column is called.
    """
    if not contrasts:
        return ""
    first = measures[0]
    parts = contrasts_in_words(words(first), contrasts, CHANGE_WORDS, "|SRM|")
    way = {row["measure"]: _direction(row) for row in rows if row["term"] == "mean change"}
    opposite = [words(name) for name in measures[1:] if way[name] * way[first] < 0]
    parts += [f"on average it changes in the opposite direction of {', '.join(opposite)}"] if opposite else []
    r = {
        str(row["outcome"]): float(str(row["estimate"]))
        for row in rows
        if row["measure"] == first and row["term"] == PEARSON and "estimate" in row
    }
    rivals = {name: abs(r[name]) for name in other if name in r}
    strongest = max(rivals, key=rivals.__getitem__, default="")
    if strongest and human in r and rivals[strongest] > abs(r[human]):
        parts.append(
            f"its change goes more with that of {words(strongest)} (r {number(r[strongest])}) than with that of {words(human)} "
            f"(r {number(r[human])})"
        )
    return sentence("; ".join(parts))


def _direction(row: Mapping[str, object]) -> float:
    """1 or -1 where the interval lies on one side of 0, else 0."""
    bounds = [float(str(row.get(name, np.nan))) for name in ("lower", "upper")]
    return float(np.sign(bounds[0])) if bounds[0] * bounds[1] > 0 else 0.0


def change_sentence(estimates: pd.DataFrame, name: str, words: Callable[[str], str]) -> str:
    """Mean, SD and SRM of a measure's change in words.

    Args:
        estimates: of the section.
        name: column of the measure.
        words: what a column is called.
    """
    rows = _by_term(estimates, name)
    text = (
        f"{words(name)}: mean change {_cell(rows, 'mean change')}, SD {_cell(rows, 'SD of change', bounds=False)}, SRM "
        f"{_cell(rows, 'SRM')}"
    )
    beyond = [float(rows[f"share {direction} beyond the SDC"]["estimate"]) for direction in ("worse", "better")]
    if np.isfinite(beyond).all():
        text += f"; {beyond[0]:.0%} worse and {beyond[1]:.0%} better by more than the smallest detectable change"
    return sentence(text)


def pairs_sentence(changes: PatientChanges) -> str:
    """Whose changes these are, between which visits, and who was left out.

    Args:
        changes: of the patients.
    """
    left = f"; {changes.note}" if changes.note else ""
    return sentence(f"Changes are those of {len(changes.patients):,} patients, {changes.how}{left}")


def printed_changes(estimates: pd.DataFrame, measures: Sequence[str], words: Callable[[str], str]) -> pd.DataFrame:
    """The table of the section: a line per measure, cells as text.

    Args:
        estimates: of the section.
        measures: columns, in the order of the lines.
        words: what a column is called.
    """
    terms = {
        "Mean change": "mean change", "SD": "SD of change", "SRM": "SRM", "Guyatt": "Guyatt's responsiveness",
        "Worse beyond SDC": "share worse beyond the SDC", "Better beyond SDC": "share better beyond the SDC",
    }  # fmt: skip
    lines = []
    for name in measures:
        rows = _by_term(estimates, name)
        cells = {head: _cell(rows, term, bounds=head != "SD") for head, term in terms.items()}
        lines.append({"Measure": words(name), **cells})
    return pd.DataFrame(lines)


def _by_term(estimates: pd.DataFrame, name: str) -> dict[str, dict]:
    """Rows of one measure's own change, without what is set against another column."""
    own = (estimates["measure"] == name) & (estimates["outcome"] == "") & (estimates["adjustment"] == "")
    return {str(row["term"]): row for row in estimates[own].to_dict("records")}


def _cell(rows: Mapping[str, Mapping], term: str, *, bounds: bool = True) -> str:
    if term not in rows:
        return "-"
    value, lower, upper = (float(rows[term][name]) for name in ("estimate", "lower", "upper"))
    return with_interval(value, lower, upper) if bounds else number(value)
