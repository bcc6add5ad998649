"""`outcomenet pool`: runs of different folds, or without different hospitals, as one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Pool:
    """Joins evaluated runs of one experiment that held out different patients, so that every patient is predicted by
    networks and regressions that never saw them.

    Cross-fitting: train and evaluate with --split.folds 5 --split.fold 0 (1, 2, 3, 4), then pool the five runs.
    Leave-one-hospital-out: train and evaluate with --split.leave-site-out A (B, ...), then pool.
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Evaluated run folders, one for each fold or hospital."""
    out: Path
    """Run folder to write; it must not exist, unless this command made it."""


def main(arguments: list[str]) -> None:
    options = parse(Pool, arguments, "pool")
    from outcomenet.api import pool
    from outcomenet.reports.summary import ladder_text

    run = pool(options.runs, options.out)
    print(ladder_text(run.folder))
    print(f"Next: `outcomenet report {options.out}`.")
