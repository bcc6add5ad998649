"""What `intake` and `build` share: the options of making a data set, and saying what was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from outcomenet.ranges import CropScale, CropSize, Workers, check_ranges

if TYPE_CHECKING:
    from outcomenet.cohorts.cohort import Cohort
    from outcomenet.datasets.manifest import DatasetManifest
    from outcomenet.progress import Progress


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


def make_and_say(folder: Path, out: Path | None, making: Making, progress: Progress | None = None) -> None:
    """Reads, checks and builds; prints the ledger and what was made. Without `out` the cohort is only checked."""
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.cohorts.faults import CohortRefused, write_faults
    from outcomenet.progress import Progress

    if out is not None:
        from outcomenet.artifacts import MADE
        from outcomenet.intake.build import refuse_existing

        # one that may be the result of this very command is compared once the cohort and the key are read
        refuse_existing(out, making.update or (out / MADE).is_file())
    listed = making.faults or (out or Path(folder.resolve().name)).with_name(
        f"{(out or folder.resolve()).name}.faults.csv"
    )
    try:
        cohort = read_cohort(folder)
        if out is None:
            _say_checked(cohort)
            _list_unread(cohort, listed)
            return
        manifest = _make(cohort, out, making, progress or Progress())
    except CohortRefused as refused:
        write_faults(refused.faults, listed)
        raise refused.listed_in(listed) from None
    _say_made(cohort, out, manifest)
    _list_unread(cohort, listed)


def _make(cohort: Cohort, out: Path, making: Making, progress: Progress) -> DatasetManifest:
    from outcomenet.artifacts import already_made, is_made, note_of
    from outcomenet.cohorts.pseudonyms import Pseudonyms, default_key_path, key_of, pseudonymous, write_linking_table
    from outcomenet.datasets.dataset import open_dataset
    from outcomenet.errors import UsageError
    from outcomenet.intake.build import BuildOptions, build_dataset, own_geometry
    from outcomenet.localization.geometry import CropGeometry

    secret = b""
    if making.linking_table and not cohort.meta.names_people:
        raise UsageError(
            "This cohort's ids are pseudonyms already (simulated or deidentified in cohort.toml), so that --linking-table "
            "has nothing to do; leave it out."
        )
    # films of people have accession numbers, also where their ids are pseudonyms already
    if cohort.meta.names_people or (not cohort.meta.simulated and len(cohort.films)):
        path = making.key or default_key_path()
        made = "The key" if path.exists() else "A secret key was made"
        secret = key_of(path, outside=(cohort.folder, out))
        what = "Examination numbers of films are hashed under a secret key."
        if cohort.meta.names_people:
            names = Pseudonyms(secret)
            if making.linking_table:
                if making.linking_table.resolve().is_relative_to(out.resolve()):
                    raise UsageError("The linking table tells who the patients are; write it outside of the data set.")
                write_linking_table(cohort, names, making.linking_table)
            cohort = pseudonymous(cohort, names)
            what = "Patients, visits, films and readers get pseudonyms and dates are shifted."
        progress.say(
            f"{what} {made}: {path}. Keep a copy of it in a safe place: with it the same patients get the same names again, "
            "and can be found."
        )
    elif making.key:
        raise UsageError("This cohort has nothing that is hashed under a key; leave --key out.")
    own = own_geometry(cohort)
    geometry = CropGeometry(making.crop_size or own.size_px, making.mm_per_pixel or own.mm_per_px)
    chosen = (geometry, making.reading_mode, making.split_by, secret)
    note = note_of("intake", [cohort.folder], chosen=chosen)
    if is_made(out, note) and not making.update:
        progress.say(already_made(out))
        return open_dataset(out).manifest
    options = BuildOptions(making.workers, making.reading_mode, making.split_by, secret, making.update, note)
    return build_dataset(cohort, out, geometry, progress=progress, options=options)


def _list_unread(cohort: Cohort, listed: Path) -> None:
    """Writes faults.csv of films that were left out because they cannot be read, or removes an older one."""
    from outcomenet.cohorts.faults import write_faults

    faults = cohort.unread.faults
    if not faults:
        listed.unlink(missing_ok=True)
        return
    write_faults(faults, listed)
    films = "film that could not be read is" if len(faults) == 1 else "films that could not be read are"
    print(f"{len(faults)} {films} left out; {listed} lists row and reason.")


def _say_checked(cohort: Cohort) -> None:
    print(
        f"{cohort.meta.name}: {len(cohort.patients)} patients, {len(cohort.visits)} visits, {len(cohort.films)} films."
    )
    print(ledger_text(cohort.ledger.to_frame()))
    print("The cohort is in order; name a data set with --out to build it.")


def _say_made(cohort: Cohort, out: Path, manifest: DatasetManifest) -> None:
    print(ledger_text(cohort.ledger.to_frame()))
    print(
        f"Data set {out}: {manifest.patients} patients, {manifest.visits} visits, {manifest.visits_with_films} with "
        f"films; patients by split {manifest.patients_by_split}; fingerprint {manifest.fingerprint[:16]}."
    )
    print(
        f"Look at {out / 'intake.html'} in a browser: flow, Table 1, agreement of readers, flags, every joint's crops."
    )


def ledger_text(ledger: object) -> str:
    """The ledger as a table for people; (kept) marks what stayed."""
    import pandas as pd

    frame = pd.DataFrame(ledger)
    return "Ledger: nothing was left out." if frame.empty else "Ledger:\n" + frame.to_string(index=False)
