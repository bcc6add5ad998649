"""Manifest of a data set (`dataset.json`): its entries, the fingerprint that seals them, and their check at each opening.

The fingerprint covers the manifest's own entries and the SHA-256 of every file, and nothing that depends on where the folder
lies or what it is called. It is never believed: it is computed anew, as is every hash.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TypedDict, get_args, get_origin, get_type_hints

import pandas as pd

from outcomenet.artifacts import (
    JsonObject,
    files_of,
    first_difference,
    read_json_object,
    sha256_of,
    sha256_of_json,
    write_whole,
)
from outcomenet.cohorts.splits import SPLIT_SALT, split_of
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.visit_example import EXAMPLES_VERSION, FIELDS, FORMAT
from outcomenet.datasets.visit_table import SPLIT_UNITS
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.geometry import CropGeometry, LimbLengths

MANIFEST, TRUTH = "dataset.json", "truth"
TRUTH_FILES = ("ceilings.json", "effects.json", "joints.csv", "patients.csv", "visits.csv")  # as a simulation writes it
EXAMPLES = f"visits/{EXAMPLES_VERSION}"  # folder of the examples
BUILD_AGAIN = "build the data set again from its cohort"


@dataclass(frozen=True, kw_only=True)
class DatasetManifest:
    """Entries of `dataset.json`, which a run's record repeats of its data."""

    format: int = FORMAT
    name: str
    licence: str
    simulated: bool
    crop_size_px: int
    mm_per_px: float
    hand_length_mm: float  # with which films without a pixel spacing were scaled, see `LimbLengths`
    foot_length_mm: float
    covariates: tuple[str, ...]
    readers: tuple[str, ...]
    split_by: str  # patient or site: what is kept whole
    reading_mode: str  # of the human score: single, paired, chronological; empty where there is none
    patients: int
    visits: int
    visits_with_films: int
    patients_by_source: dict[str, int]
    patients_by_split: dict[str, int]
    fingerprint: str = ""  # SHA-256 over all other entries; "" before `seal`
    # version of every field of the examples (`visit_example.FIELDS`); empty in data sets of before it was kept: 1 of each
    fields: dict[str, int] = field(default_factory=lambda: {name: known.version for name, known in FIELDS.items()})
    # SHA-256 by path relative to the data set: of every file, before `seal` of the tables and examples alone
    files: dict[str, str] = field(default_factory=dict)

    def has_field(self, name: str) -> bool:
        """Whether the data set holds a field as this program means it."""
        return self.fields.get(name, 0 if self.fields else 1) == FIELDS[name].version

    @property
    def geometry(self) -> CropGeometry:
        """Size and scale of the crops."""
        return CropGeometry(self.crop_size_px, self.mm_per_px)

    @property
    def lengths(self) -> LimbLengths:
        return LimbLengths(self.hand_length_mm, self.foot_length_mm)


class Counts(TypedDict):
    """Entries of the manifest that count rows of the visit table."""

    patients: int
    visits: int
    visits_with_films: int
    patients_by_source: dict[str, int]
    patients_by_split: dict[str, int]


def counts_of(visits: pd.DataFrame) -> Counts:
    """The manifest's entries that count the visit table's rows."""
    per_patient = visits.sort_values("source").groupby("patient_id")
    return {
        "patients": int(visits["patient_id"].nunique()),
        "visits": len(visits),
        "visits_with_films": int(visits["has_films"].sum()),
        "patients_by_source": _counted(per_patient["source"].first()),
        "patients_by_split": _counted(per_patient["split"].first()),
    }


def _counted(names: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in names.value_counts().items()}


def covariates_of(visits: pd.DataFrame) -> tuple[str, ...]:
    """The covariates that a visit table has, in the order in which the examples hold them."""
    return tuple(name for name in CONFOUNDERS if name in visits)


def hashed(folder: Path, files: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of some files of a data set that is being built.

    Args:
        folder: The data set.
        files: Files below it.

    Returns:
        SHA-256 in hexadecimal by path relative to `folder`, in order of path.
    """
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in sorted(files)}


def seal(folder: Path, manifest: DatasetManifest) -> DatasetManifest:
    """Writes dataset.json over everything that lies in the folder. Nothing may be written there afterwards.

    Args:
        folder: The finished data set.
        manifest: Its entries. Digests in `files` are taken as they are; all other files are hashed now.

    Returns:
        The manifest as written, with the digests of all files and the fingerprint.
    """
    # the manifest cannot hold its own digest
    names = files_of(folder, without=(MANIFEST,))
    files = {name: manifest.files.get(name) or sha256_of(folder / name) for name in names}
    manifest = replace(manifest, files=files)
    manifest = replace(manifest, fingerprint=_fingerprint_of(manifest))
    write_whole(folder / MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest


def read_manifest(folder: Path, *, truth: bool = True) -> DatasetManifest:
    """The manifest of a data set; every file must be there and as it was, and none too many.

    Args:
        folder: The data set.
        truth: Whether the files of truth/ are opened and compared too; training never opens them.

    Returns:
        The manifest as it was sealed.

    Raises:
        UsageError: The folder is no data set.
        DataRefused: Its manifest is damaged, of another version or changed, or a file is.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(
            f"{folder} is not a data set (it has no {MANIFEST}); make one with `outcomenet intake COHORT --out {folder}`."
        )
    record = read_json_object(path, BUILD_AGAIN)
    if record.get("format") != FORMAT:
        raise DataRefused(
            f"{folder} was built by another version of outcomenet (format {record.get('format', 1)}, this one reads "
            f"{FORMAT}); {BUILD_AGAIN}."
        )
    manifest = _typed(path, record)
    if others := [name for name, known in FIELDS.items() if not known.outcome and not manifest.has_field(name)]:
        raise DataRefused(
            f"{folder} was built by another version of outcomenet, which meant something else by {', '.join(others)}; "
            f"{BUILD_AGAIN}."
        )
    if _fingerprint_of(manifest) != manifest.fingerprint:
        raise DataRefused(f"{path} was changed after it was written (its fingerprint is another one); {BUILD_AGAIN}.")
    opened = {name: digest for name, digest in manifest.files.items() if truth or not name.startswith(f"{TRUTH}/")}
    if difference := first_difference(folder, opened, links=True):
        name, wrong = difference
        raise DataRefused(f"{folder / name} {wrong}; {BUILD_AGAIN}.")
    for name in files_of(folder, without=(MANIFEST,)):
        if name not in manifest.files:
            raise DataRefused(f"{folder / name} does not belong to the data set; move it elsewhere.")
    return manifest


def refuse_contradictions(folder: Path, manifest: DatasetManifest, visits: pd.DataFrame) -> None:
    """Refuses a data set whose manifest, visit table and examples contradict each other.

    Args:
        folder: The data set.
        manifest: Its manifest.
        visits: Its visit table.

    Raises:
        DataRefused: A column is missing, a visit is there twice, a patient (or, divided by site, a site) is in two splits
            or in another one than the hash of its name says, or a count or the covariates differ.
    """

    def refuse(what: str) -> None:
        raise DataRefused(f"{folder}: {what}; {BUILD_AGAIN}.")

    unit = SPLIT_UNITS.get(manifest.split_by, "")
    if missing := {"patient_id", "visit_id", "split", "has_films", "source", unit} - {*visits}:
        refuse(f"the visit table has no column {' and no '.join(map(repr, sorted(missing)))}")
    if visits.duplicated(["patient_id", "visit_id"]).any():
        refuse("the visit table has a visit twice")
    for column in {"patient_id", unit}:
        if torn := int((visits.groupby(column)["split"].nunique() > 1).sum()):
            refuse(f"{torn} of the {column.removesuffix('_id')}s are in more than one split")
    if visits["split"].tolist() != [split_of(name, SPLIT_SALT) for name in visits[unit]]:
        refuse(f"the visit table divides the {manifest.split_by}s otherwise than the hash of their names does")
    if manifest.covariates != (expected := covariates_of(visits)):
        refuse(f"{MANIFEST} lists the covariates {list(manifest.covariates)}, the visit table has {list(expected)}")
    for name, counted in counts_of(visits).items():
        if getattr(manifest, name) != counted:
            refuse(f"{MANIFEST} says {name} {getattr(manifest, name)}, the visit table has {counted}")
    with_films = _counted(visits.loc[visits["has_films"], "split"])
    if (stored := _stored_examples(folder, manifest)) != with_films:
        refuse(f"the visit table has visits with films {with_films}, the examples are {stored}")


def _fingerprint_of(manifest: DatasetManifest) -> str:
    entries = asdict(manifest) | {"fingerprint": ""}
    if not manifest.fields:  # of before the entry was there
        del entries["fields"]
    return sha256_of_json(entries)


def _stored_examples(folder: Path, manifest: DatasetManifest) -> dict[str, int]:
    """Number of examples by split, as the files of examples say."""
    if not manifest.visits_with_films:
        return {}
    info = read_json_object(folder / EXAMPLES / "dataset_info.json", BUILD_AGAIN)
    return {split["name"]: sum(map(int, split["shardLengths"])) for split in info["splits"]}


def _typed(path: Path, record: JsonObject) -> DatasetManifest:
    """The manifest from its JSON form; DataRefused names an entry that is missing, unknown or of another type."""
    hints = get_type_hints(DatasetManifest)
    names = [entry.name for entry in fields(DatasetManifest)]
    record = {"fields": {}} | record  # data sets of before it was kept have none
    for name in names:
        if name not in record:
            raise DataRefused(f"{path} has no entry {name!r}; {BUILD_AGAIN}.")
        if not _fits(record[name], hints[name]):
            raise DataRefused(f"{path}: {name} cannot be {record[name]!r:.60}; {BUILD_AGAIN}.")
    if unknown := sorted(record.keys() - {*names}):
        raise DataRefused(f"{path} has an unknown entry {unknown[0]!r}; {BUILD_AGAIN}.")
    try:
        CropGeometry(record["crop_size_px"], record["mm_per_px"])
        LimbLengths(record["hand_length_mm"], record["foot_length_mm"])
    except UsageError as error:
        raise DataRefused(f"{path}: {error} {BUILD_AGAIN.capitalize()}.") from None
    # JSON has lists where the record has tuples
    entries: JsonObject = {n: tuple(v) if get_origin(hints[n]) is tuple else v for n, v in record.items()}
    return DatasetManifest(**entries)


def _fits(value: object, hint: object) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_fits(item, get_args(hint)[0]) for item in value)
    if get_origin(hint) is dict:
        return isinstance(value, dict) and all(_fits(item, get_args(hint)[1]) for item in value.values())
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return type(value) is hint
