"""Intake of a cohort: an import where the files are a known data set's, checks, pseudonyms, and the data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from outcomenet.cohorts.cohort import Cohort, read_cohort
from outcomenet.cohorts.faults import CohortRefused, write_faults
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.cohorts.pseudonyms import Pseudonyms, default_key_path, key_of, pseudonymous, write_linking_table
from outcomenet.datasets.dataset import Dataset, open_dataset
from outcomenet.datasets.manifest import DatasetManifest
from outcomenet.errors import UsageError
from outcomenet.intake import build
from outcomenet.progress import Progress
from outcomenet.ranges import CropScale, CropSize, Workers, check_arguments


@dataclass(frozen=True)
class Taken:
    """What an intake gave: the cohort after all checks and, where one was asked for, the data set made of it."""

    cohort: Cohort
    folder: Path | None = None
    """Where the data set is; None where the cohort was only checked."""
    manifest: DatasetManifest | None = None
    faults: Path | None = None
    """The list of films that were left out because they cannot be read; None where all could."""

    @property
    def ledger(self) -> pd.DataFrame:
        """What was left out or marked: step, unit, reason, count."""
        return pd.DataFrame(self.cohort.ledger.to_frame())

    @property
    def dataset(self) -> Dataset:
        """The data set, opened."""
        if self.folder is None:
            raise UsageError("This cohort was only checked; name a folder for its data set, `intake(cohort, out)`.")
        return open_dataset(self.folder)


def intake(
    cohort: Path | str,
    out: Path | str | None = None,
    *,
    format: Literal[
        "cohort", "rapport", "ra2_dream", "ram_h1200", "nhanes3", "oai", "rsna_bone_age", "redcap"
    ] = "cohort",
    crop_size: CropSize | None = None,
    mm_per_pixel: CropScale | None = None,
    workers: Workers = 2,
    reading_mode: Literal["single", "paired", "chronological"] | None = None,
    split_by: Literal["patient", "site"] = "patient",
    update: bool = False,
    key: Path | str | None = None,
    linking_table: Path | str | None = None,
    faults: Path | str | None = None,
    progress: Progress | None = None,
) -> Taken:
    """Checks a cohort folder and makes a data set of it; one that the same call has made already is left as it is.

    Ids become keyed pseudonyms, dates are shifted per patient, and everything beside the hand or foot is wiped from films.

    Args:
        cohort: Cohort folder (cohort.toml, patients.csv, visits.csv, ...), or the folder or file that `format` names.
        out: Data set to write; without it the cohort is only checked.
        format: A known data set in its own files; its cohort folder is written beside `out`.
        crop_size: Pixels a side of a crop; None: 96, or those of the crops that a simulated cohort brings.
        mm_per_pixel: Scale of a crop; None: 0.25, or that of the crops that a simulated cohort brings.
        workers: Processes that decode films.
        reading_mode: Which readings of the human score are taken; None: the best that there is for seeing change.
        split_by: What stays whole in training, validation or test: a patient, or a hospital with all of its patients.
        update: Replace a data set that is there already; only films that are new or changed are decoded.
        key: File with the secret key of pseudonyms, made where there is none; None: ~/.config/outcomenet/intake.key.
        linking_table: Where to write which patient got which pseudonym; outside of the data set.
        faults: Where all faults of a refused cohort are listed; None: the data set's name with .faults.csv behind it.
        progress: Where progress is shown.

    Returns:
        The checked cohort with its ledger, and the data set.

    Raises:
        CohortRefused: The cohort breaks a rule; every fault is named, and no data set is written.
        UsageError: `out` is there already and of something else, or two arguments contradict each other.

    Example:
        >>> import outcomenet as on
        >>> taken = on.intake("cohort", "dataset")  # doctest: +SKIP
        >>> taken.ledger  # doctest: +SKIP
        >>> taken.dataset.visits  # doctest: +SKIP
    """
    check_arguments(intake, locals())
    progress = progress or Progress()
    out = None if out is None else Path(out)
    folder = Path(cohort) if format == "cohort" else _imported(format, Path(cohort), out, progress)
    if out is not None:
        # one that may be the result of this very call is compared once the cohort and the key are read
        build.refuse_foreign(out, update)
    name = out or Path(folder.resolve().name)
    listed = Path(faults or name.with_name(f"{name.name}.faults.csv"))
    try:
        checked = read_cohort(folder)
        if out is None:
            return Taken(checked, faults=_list_unread(checked, listed))
        geometry = build.geometry_for(checked, crop_size, mm_per_pixel)
        named, secret = _under_pseudonyms(checked, out, key, linking_table, progress)
        manifest = build.build_unless_made(
            named, out, geometry, progress=progress, workers=workers, reading_mode=reading_mode, split_by=split_by,
            secret=secret, update=update,
        )  # fmt: skip
    except CohortRefused as refused:
        write_faults(refused.faults, listed)
        raise refused.listed_in(listed) from None
    return Taken(checked, out, manifest, _list_unread(checked, listed))


def _imported(format: str, source: Path, out: Path | None, progress: Progress) -> Path:
    """The cohort folder that an importer writes beside the data set."""
    importer = IMPORTERS[format]
    if out is None:
        raise UsageError(
            f"Importing {importer.card.title} writes a cohort folder beside the data set; name that with --out (the argument `out`)."
        )
    folder = importer.run(source, out.with_name(f"{out.name}-cohort"))
    progress.say(f"{importer.card.title} is a cohort folder now: {folder}.")
    return folder


def _under_pseudonyms(
    cohort: Cohort, out: Path, key: Path | str | None, table: Path | str | None, progress: Progress
) -> tuple[Cohort, bytes]:
    """The cohort under pseudonyms, where its ids are people's, and the key under which its examinations are hashed."""
    people = cohort.meta.names_people
    if table and not people:
        raise UsageError(
            "This cohort's ids are pseudonyms already (simulated or deidentified in cohort.toml), so that "
            "linking_table (--linking-table) has nothing to do; leave it out."
        )
    # films of people have accession numbers, also where their ids are pseudonyms already
    if not people and (cohort.meta.simulated or cohort.films.empty):
        if key:
            raise UsageError("This cohort has nothing that is hashed under a key; leave key (--key) out.")
        return cohort, b""
    path = Path(key or default_key_path())
    made = "The key" if path.exists() else "A secret key was made"
    secret = key_of(path, outside=(cohort.folder, out))
    what = "Examination numbers of films are hashed under a secret key."
    if people:
        names = Pseudonyms(secret)
        if table:
            if Path(table).resolve().is_relative_to(out.resolve()):
                raise UsageError("The linking table tells who the patients are; write it outside of the data set.")
            # while the cohort still has its own names
            write_linking_table(cohort, names, Path(table))
        cohort = pseudonymous(cohort, names)
        what = "Patients, visits, films and readers get pseudonyms and dates are shifted."
    progress.say(
        f"{what} {made}: {path}. Keep a copy of it in a safe place: with it the same patients get the same names again, "
        "and can be found."
    )
    return cohort, secret


def _list_unread(cohort: Cohort, listed: Path) -> Path | None:
    """The list of films that cannot be read, written; None, and an older list removed, where all can."""
    if not cohort.unread.faults:
        listed.unlink(missing_ok=True)
        return None
    write_faults(cohort.unread.faults, listed)
    return listed
