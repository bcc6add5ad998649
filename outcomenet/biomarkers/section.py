"""What a section of an analysis gives: tidy estimates, figures, sentences in words, and what it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from outcomenet.csv_files import as_numbers
from outcomenet.errors import UndefinedMetric, did_you_mean
from outcomenet.pages.figures import STYLE, Drawing, Layout
from outcomenet.typed_rows import typed_rows

# Columns of estimates.csv, one row per number, in their order.
COLUMNS = (
    "section", "outcome", "measure", "adjustment", "term", "estimate", "lower", "upper", "level", "p",
    "n_visits", "n_patients", "events", "method", "unit", "note",
)  # fmt: skip
SECTIONS = (
    "flow", "table_one", "association", "added_value", "prognosis", "incidence", "discrimination", "calibration", "decision_curve",
    "responsiveness", "reliability", "agreement", "trial_power", "measurement_error", "confounding", "subgroups",
)  # fmt: skip
NUMBERS = ("estimate", "lower", "upper", "level", "p")
COUNTS = ("n_visits", "n_patients", "events")


@dataclass(frozen=True)
class EstimateRow:
    """One row of estimates.csv, for `typed_rows`."""

    section: str
    outcome: str
    measure: str
    adjustment: str
    term: str
    estimate: float
    lower: float
    upper: float
    p: float
    n_visits: float
    n_patients: float
    events: float
    method: str
    unit: str
    note: str


Draw = Callable[..., Drawing | None]  # takes layout=


@dataclass(frozen=True)
class Section:
    """Result of one public function of `outcomenet.biomarkers`."""

    estimates: pd.DataFrame
    """One row per number, with `COLUMNS`; a number that has no value is missing, and its note says why."""
    sentences: tuple[str, ...] = ()
    """What the numbers say, in words, with their intervals."""
    draws: tuple[Draw, ...] = ()
    """Makers of the section's figures; each takes `layout`."""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Finished tables for printing, by title: cells are text."""
    refusals: tuple[str, ...] = ()
    """What was not computed, and why: one sentence each."""

    def figures(self) -> list[Figure]:
        """The section's figures as wide as a page, for a notebook."""
        with matplotlib.rc_context(STYLE):  # pyright: ignore[reportArgumentType]  # the stubs list keys one by one
            drawings = [draw(layout=Layout.PAGE) for draw in self.draws]
        return [drawing.figure for drawing in drawings if drawing is not None]


def estimates_frame(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Rows of estimates.csv as a table.

    Args:
        rows: Entries by column; those that are left out are empty. `section` and `term` are needed.

    Returns:
        A table with exactly `COLUMNS`: text where it is text, floats, and counts that may be missing. An infinite number is
        missing, with a note: no program reads it alike.

    Raises:
        ValueError: A row names a column or a section that there is not.
    """
    table = pd.DataFrame(list(rows))
    unknown = set(table.columns) - set(COLUMNS)
    sections = set(table["section"]) - set(SECTIONS) if len(table) else set()
    if unknown or sections:
        raise ValueError(f"estimates have no columns {sorted(unknown)} and no sections {sorted(sections)}")
    table = table.reindex(columns=list(COLUMNS))
    for name in NUMBERS:
        table[name] = as_numbers(table[name])
    for name in COUNTS:
        table[name] = as_numbers(table[name]).astype("Int64")
    words = [name for name in COLUMNS if name not in NUMBERS + COUNTS]
    table[words] = table[words].fillna("").astype(str)
    endless = np.isinf(table[list(NUMBERS)].to_numpy()).any(axis=1)
    table[list(NUMBERS)] = table[list(NUMBERS)].replace([np.inf, -np.inf], np.nan)
    noted = (table["note"] + "; not finite").str.removeprefix("; ")
    table["note"] = np.where(endless, noted, table["note"])
    return table


def joined(sections: Sequence[Section]) -> Section:
    """Several results as one, in their order.

    Args:
        sections: One for each outcome, grouping or part.

    Raises:
        UndefinedMetric: There is none.
    """
    if not sections:
        raise UndefinedMetric("the plan names no outcome or group of the kind that this section tells of")
    return Section(
        pd.concat([section.estimates for section in sections], ignore_index=True),
        tuple(sentence for section in sections for sentence in section.sentences),
        tuple(draw for section in sections for draw in section.draws),
        {title: table for section in sections for title, table in section.tables.items()},
        tuple(refusal for section in sections for refusal in section.refusals),
    )


def estimate_rows(estimates: pd.DataFrame) -> list[EstimateRow]:
    """Rows of estimates as records; a count that is missing is NaN."""
    return typed_rows(estimates.astype(dict.fromkeys(COUNTS, float)), EstimateRow)


def expect_columns(table: pd.DataFrame, *names: str) -> None:
    """Refuses a table without the columns that an analysis was asked to use.

    Args:
        table: The analysis table.
        names: Columns that are needed.

    Raises:
        UndefinedMetric: One is not there; the sentence names the nearest.
    """
    for name in names:
        if name not in table.columns:
            raise UndefinedMetric(f"The table has no column {name!r}. {did_you_mean(name, map(str, table.columns))}")
