"""`outcomenet analyse`: the biomarker beside the human score, for an epidemiologist."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Analyse:
    """Analyses a biomarker beside a human score on the same patients: Table 1, association, added value, prognosis, change,
    trial size, and what they rest on. Writes a folder with every number (estimates.csv), figures, a page for a clinician
    (analysis.html), a notebook that redoes it all, and a methods paragraph.

    `outcomenet analyse --template > analysis.toml` writes a commented plan to begin with.

    A run: outcomenet analyse runs/pooled --out analysis
    Any table: outcomenet analyse own.csv --plan analysis.toml --out analysis
    """

    subject: Annotated[Path, tyro.conf.Positional]
    """An evaluated or pooled run, or a table (CSV, Parquet, Stata) with one row per patient and visit."""
    out: Path
    """Folder to write; it must not exist, unless this command made it."""
    plan: Path | None = None
    """Questions and columns (TOML); without one a plan is made from the columns, and written."""
    data: Path | None = None
    """A table of your own with further columns by patient, or by patient and visit."""
    documents: tuple[str, ...] = ()
    """Word and PDF of the analysis (docx, pdf, html) by Quarto, where it is installed."""


def main(arguments: list[str]) -> None:
    if arguments == ["--template"]:
        from outcomenet.biomarkers.analysis_plan import plan_text
        from outcomenet.biomarkers.default_plan import TEMPLATE

        sys.stdout.write(plan_text(TEMPLATE))
        return
    options = parse(Analyse, arguments, "analyse")
    from outcomenet.analysis import analyse

    made = analyse(options.subject, options.out, plan=options.plan, data=options.data, documents=options.documents)
    print(f"{len(made.estimates):,} numbers are in {made.folder / 'estimates.csv'}.")
    print(f"The page to begin with: {made.page}")
