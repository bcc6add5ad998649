"""`outcomenet intake`: a cohort folder is checked and becomes a data set, or is refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.commands.making import Making, say


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
    from outcomenet.intake.take_in import intake

    say(intake(options.cohort, options.out, format=options.format, **vars(options.making)))
