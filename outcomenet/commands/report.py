"""`outcomenet report`: the report of an evaluated run, one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Report:
    """Writes report.html and figures/ into an evaluated run; the file needs no network and can be sent as it is."""

    run: Annotated[Path, tyro.conf.Positional]
    """Run folder that `outcomenet evaluate` filled."""


def main(arguments: list[str]) -> None:
    options = parse(Report, arguments, "report")
    from outcomenet.api import report

    print(f"The report is in {report(options.run)}.")
