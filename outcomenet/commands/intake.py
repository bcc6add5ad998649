"""`outcomenet intake`: a cohort folder is checked and becomes a data set, or is refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.commands.build import build_and_say


@dataclass(frozen=True)
class Intake:
    """Checks a cohort folder and makes a data set of it. Exit code 3, and nothing written, if anything is wrong."""

    cohort: Annotated[Path, tyro.conf.Positional]
    """Cohort folder (cohort.toml, patients.csv, visits.csv, ...), or the file that --format names."""
    out: Path | None = None
    """Data set to write; without it the cohort is only checked."""
    format: Literal["cohort", "rapport"] = "cohort"
    """`rapport`: the RAPPORT table in long form (no films); its cohort folder is written beside the data set."""
    crop_size: int | None = None
    """Pixels a side of a crop: 96, or those of the crops that a simulated cohort brings."""
    mm_per_pixel: float | None = None
    """Scale of a crop: 0.25, or that of the crops that a simulated cohort brings."""
    workers: int = 2
    """Processes that decode films."""
    reading_mode: Literal["single", "paired", "chronological"] | None = None
    """Which readings of the human score are taken; without it the best mode that there is for seeing change."""


def main(arguments: list[str]) -> None:
    options = parse(Intake, arguments, "intake")
    cohort = options.cohort
    if options.format == "rapport":
        from outcomenet.cohorts.importers.rapport import import_rapport
        from outcomenet.errors import UsageError

        if options.out is None:
            raise UsageError(
                "Importing the RAPPORT table writes a cohort folder beside the data set; name it with --out."
            )
        cohort = options.out.with_name(options.out.name + "-cohort")
        import_rapport(options.cohort, cohort)
        print(f"The table was written as a cohort folder to {cohort}.")
    build_and_say(
        cohort,
        options.out,
        crop_size=options.crop_size,
        mm_per_pixel=options.mm_per_pixel,
        workers=options.workers,
        reading_mode=options.reading_mode,
    )
