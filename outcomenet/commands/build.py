"""`outcomenet build`: the data set of a cohort with a crop geometry of your own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from outcomenet.commands.arguments import parse

if TYPE_CHECKING:
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.progress import Progress


@dataclass(frozen=True)
class Build:
    """Makes a data set of a cohort folder with crops of the size and scale given here (`intake` takes 96 px, 0.25 mm)."""

    cohort: Annotated[Path, tyro.conf.Positional]
    """Cohort folder."""
    out: Path
    """Data set to write; it must not exist."""
    crop_size: int = 96
    """Pixels a side."""
    mm_per_pixel: float = 0.25
    """Scale."""
    workers: int = 2
    """Processes that decode films."""


def main(arguments: list[str]) -> None:
    options = parse(Build, arguments, "build")
    from outcomenet.localization.geometry import CropGeometry

    build_and_say(options.cohort, options.out, CropGeometry(options.crop_size, options.mm_per_pixel), options.workers)


def build_and_say(
    folder: Path, out: Path | None, geometry: CropGeometry, workers: int, progress: Progress | None = None
) -> None:
    """Reads, checks and builds; prints the ledger and what was made."""
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.progress import Progress

    cohort = read_cohort(folder)
    if out is None:
        print(
            f"{cohort.meta.name}: {len(cohort.patients)} patients, {len(cohort.visits)} visits, {len(cohort.films)} films."
        )
        print(ledger_text(cohort.ledger.to_frame()))
        print("The cohort is in order; name a data set with --out to build it.")
        return
    from outcomenet.datasets.build import build_dataset

    manifest = build_dataset(cohort, out, geometry, progress=progress or Progress(), workers=workers)
    print(ledger_text(cohort.ledger.to_frame()))
    print(
        f"Data set {out}: {manifest.patients} patients, {manifest.visits} visits, {manifest.visits_with_films} with "
        f"films; patients by split {manifest.patients_by_split}; fingerprint {manifest.fingerprint[:16]}."
    )


def ledger_text(ledger: object) -> str:
    """The ledger as a table for people; (kept) marks what stayed."""
    import pandas as pd

    frame = pd.DataFrame(ledger)
    return "Ledger: nothing was left out." if frame.empty else "Ledger:\n" + frame.to_string(index=False)
