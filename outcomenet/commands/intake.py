"""`outcomenet intake`: a cohort folder is checked and becomes a data set, or is refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.commands.making import Making, make_and_say


@dataclass(frozen=True)
class Intake:
    """Checks a cohort folder and makes a data set of it. Exit code 3, and no data set, if anything is wrong.

    Ids become keyed pseudonyms, dates are shifted per patient, and everything beside the hand or foot is wiped from the
    films. An intake that was stopped goes on where it was.
    """

    cohort: Annotated[Path, tyro.conf.Positional]
    """Cohort folder (cohort.toml, patients.csv, visits.csv, ...), or the folder or file that --format names."""
    out: Path | None = None
    """Data set to write; without it the cohort is only checked."""
    format: Literal["cohort", "rapport", "ra2_dream", "ram_h1200", "nhanes3", "oai", "rsna_bone_age", "redcap"] = (
        "cohort"
    )
    """A known data set in its own files (docs/intake/importers.md); its cohort folder is written beside the data set."""
    making: Annotated[Making, tyro.conf.arg(name="")] = field(default_factory=Making)


def main(arguments: list[str]) -> None:
    options = parse(Intake, arguments, "intake")
    cohort = options.cohort
    if options.format != "cohort":
        from outcomenet.cohorts.importers.registry import IMPORTERS
        from outcomenet.errors import UsageError

        importer = IMPORTERS[options.format]
        if options.out is None:
            raise UsageError(
                f"Importing {importer.card.title} writes a cohort folder beside the data set; name that with --out."
            )
        cohort = options.out.with_name(options.out.name + "-cohort")
        importer.run(options.cohort, cohort)
        print(f"{importer.card.title} is a cohort folder now: {cohort}.")
    make_and_say(cohort, options.out, options.making)
