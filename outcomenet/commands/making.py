"""Options of making a data set, which `intake` and `build` share, and the words on what was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from outcomenet.ranges import CropScale, CropSize, Workers, check_ranges

if TYPE_CHECKING:
    from outcomenet.intake.take_in import Taken


@dataclass(frozen=True)
class Making:
    """How a data set is made of a cohort folder."""

    crop_size: CropSize | None = None
    """Pixels a side of a crop: 96, or those of the crops that a simulated cohort brings."""
    mm_per_pixel: CropScale | None = None
    """Scale of a crop: 0.25, or that of the crops that a simulated cohort brings."""
    workers: Workers = 2
    """Processes that decode films."""
    reading_mode: Literal["single", "paired", "chronological"] | None = None
    """Which readings of the human score are taken; without it the best mode that there is for seeing change."""
    split_by: Literal["patient", "site"] = "patient"
    """What stays whole in training, validation or test: a patient, or a hospital with all of its patients."""
    update: bool = False
    """Replace a data set that is there already; only films that are new or changed are decoded."""
    key: Path | None = None
    """File with the secret key of pseudonyms, made where there is none; by default ~/.config/outcomenet/intake.key."""
    linking_table: Path | None = None
    """Write here which patient got which pseudonym. For whoever holds the key; never part of the data set."""
    faults: Path | None = None
    """Where all faults of a refused cohort are listed; by default the data set's name with .faults.csv behind it."""

    def __post_init__(self) -> None:
        check_ranges(self)


def say(taken: Taken) -> None:
    """Prints the ledger, what was made, and where films that could not be read are listed."""
    cohort, manifest = taken.cohort, taken.manifest
    ledger = taken.ledger
    listed = "Ledger: nothing was left out." if ledger.empty else "Ledger:\n" + ledger.to_string(index=False)
    if manifest is None:
        print(
            f"{cohort.meta.name}: {len(cohort.patients)} patients, {len(cohort.visits)} visits, {len(cohort.films)} films."
        )
        print(f"{listed}\nThe cohort is in order; name a data set with --out to build it.")
    else:
        print(
            f"{listed}\nData set {taken.folder}: {manifest.patients} patients, {manifest.visits} visits, "
            f"{manifest.visits_with_films} with films; patients by split {manifest.patients_by_split}; "
            f"fingerprint {manifest.fingerprint[:16]}."
        )
        print(
            f"Look at {taken.folder}/intake.html in a browser: flow, Table 1, agreement of readers, flags, every joint's crops."
        )
    if taken.faults:
        count = len(cohort.unread.faults)
        films = "film that could not be read is" if count == 1 else "films that could not be read are"
        print(f"{count} {films} left out; {taken.faults} lists row and reason.")
