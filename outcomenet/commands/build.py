"""`outcomenet build`: the data set of a cohort with a crop geometry of your own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.commands.making import Making, say


@dataclass(frozen=True)
class Build:
    """Makes a data set of a cohort folder with crops of the size and scale given here."""

    cohort: Annotated[Path, tyro.conf.Positional]
    """Cohort folder."""
    out: Path
    """Data set to write."""
    making: Annotated[Making, tyro.conf.arg(name="")] = field(default_factory=Making)


def main(arguments: list[str]) -> None:
    options = parse(Build, arguments, "build")
    from outcomenet.intake.take_in import intake

    say(intake(options.cohort, options.out, **vars(options.making)))
