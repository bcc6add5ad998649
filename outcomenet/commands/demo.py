"""`outcomenet demo`: the whole way on a small simulated cohort, from DICOM files to a report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from outcomenet.commands.arguments import parse
from outcomenet.ranges import Count, CountOrNone, Patients, Seed, check_ranges


@dataclass(frozen=True)
class Demo:
    """Simulates a small cohort as a hospital would export it, takes it in, trains, evaluates and writes a report."""

    out: Path = Path("runs/demo")
    """Run folder. The cohort and the data set lie beside it; run the same command again to go on after a stop."""
    patients: Patients = 700
    """Patients in all; the others are simulated straight to joint crops."""
    dicom_patients: CountOrNone = 48
    """Patients that go the whole way from DICOM films."""
    seed: Seed = 0
    """Seed of the simulated world."""
    steps: Count = 1500
    """Training steps of 16 visits."""

    def __post_init__(self) -> None:
        check_ranges(self)


def main(arguments: list[str]) -> None:
    options = parse(Demo, arguments, "demo")
    from outcomenet.demonstration import demo
    from outcomenet.reports.summary import ladder_text

    begun = time.monotonic()
    run = demo(**vars(options))
    print()
    print(ladder_text(run.folder))
    for note in run.notes:
        print(f"Note: {note}")
    print(
        f"\nThe demo took {(time.monotonic() - begun) / 60:.1f} minutes. The report is in {run.folder / 'report.html'}; "
        "open it in a browser."
    )
