"""`outcomenet evaluate`: the ladder of predictors on a run's held-out patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Evaluate:
    """Writes predictions.parquet, metrics.csv, comparisons.csv, biomarkers.parquet and audits into a trained run."""

    run: Annotated[Path, tyro.conf.Positional]
    """Run folder that `outcomenet train` made."""
    data: Path | None = None
    """Data set; the one that the run was trained on unless it has moved."""


def main(arguments: list[str]) -> None:
    options = parse(Evaluate, arguments, "evaluate")
    from outcomenet.api import evaluate
    from outcomenet.reports.summary import ladder_text

    run = evaluate(options.run, options.data)
    print(ladder_text(run.folder))
    for note in run.notes:
        print(f"Note: {note}")
    print(f"Next: `outcomenet report {options.run}`.")
