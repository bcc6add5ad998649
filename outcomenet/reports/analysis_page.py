"""The page of an analysis: two pages for a clinician, then every section folded; one file, printable whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from outcomenet import __version__
from outcomenet.artifacts import write_whole
from outcomenet.biomarkers.analysis_answer import Answer
from outcomenet.biomarkers.analysis_plan import AnalysisPlan
from outcomenet.biomarkers.analysis_sections import SECTIONS
from outcomenet.biomarkers.number_words import with_interval
from outcomenet.biomarkers.section import EstimateRow, Section, estimate_rows
from outcomenet.biomarkers.trial_sizes import size_words
from outcomenet.pages.figures import PublishedFigure, publish
from outcomenet.pages.page import Row, Table, page_template
from outcomenet.reports.numbers import count, decimal

PAGE = "analysis.html"
FIRST_FIGURE = "association"  # the section whose first figure stands on the first page
HEADERS = ("Term", "Outcome", "Measure", "Adjustment", "Estimate (95 % interval)", "p", "Patients", "Note")
WORDS = (0, 1, 2, 3, 7)
COUNTED = ("patients", "visits")  # units that are said behind the number


@dataclass(frozen=True)
class Shown:
    """A section as the template sets it."""

    name: str
    title: str
    asks: str
    sentences: Sequence[str]
    refusals: Sequence[str]
    figures: Sequence[PublishedFigure]
    tables: Sequence[Table]
    estimates: Table | None


def write_analysis_page(
    folder: Path, plan: AnalysisPlan, facts: Mapping[str, str], sections: Mapping[str, Section], answer: Answer
) -> Path:
    """Writes analysis.html and figures/ of an analysis.

    Args:
        folder: Of the analysis.
        plan: That was frozen.
        facts: What the reader needs to know of the data and the plan, by title.
        sections: Finished sections by name.
        answer: The first page.

    Returns:
        The page's path.
    """
    (folder / "figures").mkdir(exist_ok=True)
    shown = [_shown(name, section, folder / "figures") for name, section in sections.items()]
    figures = [figure for section in shown if section.name == FIRST_FIGURE for figure in section.figures]
    page = page_template("outcomenet.reports", "analysis.html").render(
        version=__version__, question=plan.question, facts=facts, answer=answer, numbers=_main_numbers(answer),
        first_figure=figures[0] if figures else None, sections=shown,
    )  # fmt: skip
    return write_whole(folder / PAGE, page)


def _main_numbers(answer: Answer) -> Table:
    rows = [
        Row(
            [
                of.asks,
                _in_words(of.row),
                "" if math.isnan(of.row.n_patients) else count(of.row.n_patients),
                of.answer,
            ]
        )
        for of in answer.numbers
    ]
    return Table(
        "The main numbers, with 95 % intervals", ["Question", "Estimate", "Patients", "What it is"], rows, (0, 3)
    )


def _in_words(row: EstimateRow) -> str:
    """An estimate with its interval; of patients per arm also where the interval has no upper bound."""
    return size_words(asdict(row)) if row.unit == "patients" else with_interval(row.estimate, row.lower, row.upper)


def _shown(name: str, section: Section, folder: Path) -> Shown:
    figures = [publish(draw, folder) for draw in section.draws]
    kind = SECTIONS[name]
    return Shown(
        name,
        kind.title,
        kind.asks,
        section.sentences,
        section.refusals,
        [figure for figure in figures if figure is not None],
        [printed(title, table) for title, table in section.tables.items()],
        estimates_table(kind.title, section.estimates),
    )


def printed(title: str, table: pd.DataFrame) -> Table:
    """A finished table of texts: columns of words are set left, columns of numbers right.

    Args:
        title: Its caption.
        table: Cells are text.
    """
    texts = table.fillna("").astype(str)
    words = tuple(at for at, name in enumerate(texts.columns) if at == 0 or not _numbers(texts[name]))
    return Table(
        title,
        [str(name) for name in texts.columns],
        [Row(list(cells)) for cells in texts.itertuples(index=False, name=None)],
        words,
    )


def _numbers(column: pd.Series) -> bool:
    """Whether every cell that says something is a number, alone or with its interval or its total."""
    said = column[column != ""].str.replace(r" (to|of) ", " ", regex=True)
    return len(said) > 0 and not said.str.contains(r"[A-Za-z]").any()


def estimates_table(title: str, estimates: pd.DataFrame) -> Table | None:
    """Every number of a section, with the decimals that its interval allows; None where there is none.

    Args:
        title: Of the section.
        estimates: Its rows of estimates.csv.
    """
    if estimates.empty:
        return None
    rows = [
        Row(
            [
                row.term,
                row.outcome,
                row.measure,
                row.adjustment,
                with_interval(row.estimate, row.lower, row.upper) + (f" {row.unit}" if row.unit in COUNTED else ""),
                "" if math.isnan(row.p) else "<0.001" if row.p < 0.001 else decimal(row.p, 3),
                "" if math.isnan(row.n_patients) else count(row.n_patients),
                row.note,
            ]
        )
        for row in estimate_rows(estimates)
    ]
    kept = [at for at in range(len(HEADERS)) if any(row.cells[at] for row in rows)]
    rows = [Row([row.cells[at] for at in kept]) for row in rows]
    words = tuple(place for place, at in enumerate(kept) if at in WORDS)
    return Table(f"{title}: every number, as in estimates.csv", [HEADERS[at] for at in kept], rows, words)
