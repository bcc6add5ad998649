"""`outcomenet build`: the data set of a cohort with a crop geometry of your own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse

if TYPE_CHECKING:
    from outcomenet.progress import Progress


@dataclass(frozen=True)
class Build:
    """Makes a data set of a cohort folder with crops of the size and scale given here."""

    cohort: Annotated[Path, tyro.conf.Positional]
    """Cohort folder."""
    out: Path
    """Data set to write; it must not exist."""
    crop_size: int | None = None
    """Pixels a side: 96, or those of the crops that a simulated cohort brings."""
    mm_per_pixel: float | None = None
    """Scale: 0.25, or that of the crops that a simulated cohort brings."""
    workers: int = 2
    """Processes that decode films."""
    reading_mode: Literal["single", "paired", "chronological"] | None = None
    """Which readings of the human score are taken; without it the best mode that there is for seeing change."""


def main(arguments: list[str]) -> None:
    options = parse(Build, arguments, "build")
    build_and_say(
        options.cohort,
        options.out,
        crop_size=options.crop_size,
        mm_per_pixel=options.mm_per_pixel,
        workers=options.workers,
        reading_mode=options.reading_mode,
    )


def build_and_say(
    folder: Path,
    out: Path | None,
    *,
    crop_size: int | None = None,
    mm_per_pixel: float | None = None,
    workers: int,
    reading_mode: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Reads, checks and builds; prints the ledger and what was made. Sizes that are not given are the cohort's own."""
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
    from outcomenet.datasets.build import build_dataset, own_geometry
    from outcomenet.localization.geometry import CropGeometry

    own = own_geometry(cohort)
    geometry = CropGeometry(crop_size or own.size_px, mm_per_pixel or own.mm_per_px)
    manifest = build_dataset(
        cohort, out, geometry, progress=progress or Progress(), workers=workers, reading_mode=reading_mode
    )
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
