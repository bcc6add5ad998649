"""What an analysis hands on: a notebook and a Quarto document that redo every number from the files, and a methods paragraph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from outcomenet import __version__
from outcomenet.biomarkers.analysis_inputs import ESTIMATES
from outcomenet.biomarkers.analysis_plan import AnalysisPlan
from outcomenet.biomarkers.analysis_sections import SECTIONS
from outcomenet.biomarkers.plan_ledger import ordinal
from outcomenet.biomarkers.section import Section

NOTEBOOK, QUARTO, METHODS = "analysis.ipynb", "analysis.qmd", "methods.md"


class Cell(NamedTuple):
    """A cell of a notebook: Markdown or Python."""

    is_code: bool
    text: str


def write_hand_over(folder: Path, plan: AnalysisPlan, number: int, sections: Mapping[str, Section]) -> None:
    """Writes analysis.ipynb, analysis.qmd and methods.md into an analysis folder.

    Args:
        folder: Of the analysis.
        plan: That was frozen.
        number: Which plan on these data it is.
        sections: Finished sections by name.
    """
    cells = list(_cells(plan, sections))
    (folder / NOTEBOOK).write_text(_notebook(cells), encoding="utf-8")
    (folder / QUARTO).write_text(_quarto(plan, cells), encoding="utf-8")
    (folder / METHODS).write_text(methods_text(plan, number, sections), encoding="utf-8")


def _cells(plan: AnalysisPlan, sections: Mapping[str, Section]) -> Iterator[Cell]:
    yield Cell(
        False,
        f"# {plan.question}\n\nEvery number of this analysis again, from the files of this folder alone: the plan (`analysis.toml`), the "
        "visits and the follow-up. Start it in this folder.",
    )
    yield Cell(
        True,
        "from pathlib import Path\n\nfrom outcomenet.biomarkers.analysis_inputs import inputs_of\n"
        "from outcomenet.biomarkers.analysis_sections import SECTIONS, estimates_of, first_difference, made\n"
        "from outcomenet.csv_files import read_csv\n\ninputs = inputs_of(Path())\nsections = {}\ninputs.steps",
    )
    for name in sections:
        yield Cell(False, f"## {SECTIONS[name].title}\n\n{SECTIONS[name].asks}")
        yield Cell(True, f'sections["{name}"] = made(SECTIONS["{name}"], inputs)\nsections["{name}"].estimates')
        yield Cell(
            True,
            f'for sentence in (*sections["{name}"].sentences, *sections["{name}"].refusals):\n    print(sentence)\nsections["{name}"].figures()',
        )
    yield Cell(
        False, "## The same numbers\n\nThe last cell fails where a number differs from the one that was handed over."
    )
    yield Cell(
        True,
        f'again = estimates_of(sections)\ndifference = first_difference(again, read_csv(Path("{ESTIMATES}")), tolerance=1e-6)\n'
        'assert not difference, difference\nprint(len(again), "numbers are the same")',
    )


def _notebook(cells: list[Cell]) -> str:
    """The notebook format 4.5 as JSON; cells have fixed ids, so that the same analysis gives the same bytes."""
    written = [
        {"cell_type": "code" if cell.is_code else "markdown", "id": f"cell-{at}", "metadata": {}, "source": cell.text.splitlines(keepends=True)}
        | ({"execution_count": None, "outputs": []} if cell.is_code else {})
        for at, cell in enumerate(cells)
    ]  # fmt: skip
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return (
        json.dumps(
            {"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False
        )
        + "\n"
    )


def _quarto(plan: AnalysisPlan, cells: list[Cell]) -> str:
    """A Quarto document; `quarto render analysis.qmd --to docx` makes a Word file of it, `--to pdf` a PDF."""
    formats = "format:\n  html:\n    toc: true\n    code-fold: true\n  docx: default\n  pdf: default\njupyter: python3"
    head = f"---\ntitle: {json.dumps(plan.question, ensure_ascii=False)}\n{formats}\n---\n"
    body = [
        f"```{{python}}\n{cell.text}\n```" if cell.is_code else cell.text.removeprefix(f"# {plan.question}\n\n")
        for cell in cells
    ]
    return head + "\n" + "\n\n".join(body) + "\n"


def methods_text(plan: AnalysisPlan, number: int, sections: Mapping[str, Section]) -> str:
    """A paragraph for a paper's methods, with the numbers of this analysis, in Markdown.

    Args:
        plan: That was frozen.
        number: Which plan on these data it is.
        sections: Finished sections by name.
    """
    flow = sections["flow"].estimates if "flow" in sections else None
    counts = flow[flow["unit"] == "visits"] if flow is not None else None
    who = ""
    if counts is not None and len(counts):
        first = counts.iloc[0]
        used = (
            counts[counts["term"] == "with a score"].iloc[0]
            if (counts["term"] == "with a score").any()
            else counts.iloc[-1]
        )
        of, left = (f"{row['n_visits']:,} visits of {row['n_patients']:,} patients" for row in (first, used))
        who = f"Of {of}, {left} may be used and have a score. "
    measures = plan.measures
    against = f" and compared with {plan.title(measures.human)} on the same patients" if measures.human else ""
    outcomes = ", ".join(outcome.words for outcome in plan.outcomes if not outcome.negative_control)
    ladder = "; ".join(
        f"{rung.name} ({', '.join(map(plan.title, rung.columns)) or 'nothing'})" for rung in plan.adjustment
    )
    again = (
        ""
        if number == 1
        else f" It is the {ordinal(number)} plan on these data, whose outcomes had been opened before."
    )
    in_sample = "Rows of patients that the network had learned from were left out. " if plan.columns.usable else ""
    return (
        f"# Methods\n\nThe plan (SHA-256 {plan.sha256[:16]}) was frozen before outcomes were set against a measure.{again} {who}"
        f"{plan.title(measures.score)} was set against {outcomes}{against}. Time zero was {plan.time_zero}; a row is {plan.unit}. "
        f"{in_sample}Adjustment went up a ladder on one population: {ladder}. {_handled(plan, sections)}. "
        f"Intervals are 95 %; those from resampling draw patients with all their visits, {plan.resamples:,} times, and "
        f"{plan.primary.resamples:,} times for the primary contrast (outcome {plan.primary_outcome.words}, adjustment {plan.primary_rung.name}, "
        f"margin {plan.primary.margin:g}). Groups of fewer than {plan.fewest_in_group} patients were not estimated. "
        f"Computed with outcomenet {__version__}.\n"
    )


def _handled(plan: AnalysisPlan, sections: Mapping[str, Section]) -> str:
    """What was done with gaps: the models of association alone are fitted to imputed tables, and only where a covariate has gaps."""
    left_out = "left out rows with a gap in what they use; outcomes and scores were never imputed"
    notes = sections["association"].estimates["note"] if "association" in sections else pd.Series(dtype=str)
    if not notes.str.contains("imputed: ").any():
        return f"Every section {left_out}"
    return (
        f"For the models of association missing covariates were imputed {max(plan.imputations, 2)} times by chained equations and "
        f"estimates pooled by Rubin's rules; all other sections, the primary contrast among them, {left_out}"
    )
