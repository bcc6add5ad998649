"""A data set on disk: what it is made of, and how it is opened and trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from outcomenet.artifacts import sha256_of, sha256_of_json, write_whole
from outcomenet.datasets.format import EXAMPLES_VERSION, FORMAT
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.geometry import CropGeometry

MANIFEST = "dataset.json"
TABLE = "visits.parquet"
FILMS = "films.parquet"
LEDGER = "ledger.csv"
TRUTH = "truth"
PREVIEWS = "previews"
SPLITS = ("train", "validation", "test")
STORED_SPLIT = "stored_split"  # column of a data set that is divided otherwise than on disk, see `resplit`


@dataclass(frozen=True)
class DatasetManifest:
    """`dataset.json`: what a run records about its data."""

    format: int
    name: str
    licence: str
    simulated: bool
    crop_size_px: int
    mm_per_px: float
    covariates: tuple[str, ...]
    readers: tuple[str, ...]
    split_by: str  # patient or site: what is kept whole
    reading_mode: str  # of the human score: single, paired, chronological; empty where there is none
    patients: int
    visits: int
    visits_with_films: int
    patients_by_source: dict[str, int]
    patients_by_split: dict[str, int]
    fingerprint: str  # SHA-256 over the table and every file of examples
    files: dict[str, str]  # SHA-256 by path relative to the data set

    @property
    def geometry(self) -> CropGeometry:
        return CropGeometry(self.crop_size_px, self.mm_per_px)


@dataclass(frozen=True)
class Dataset:
    """An opened data set. `visits` has one row per visit; `examples` gives those with films."""

    folder: Path
    manifest: DatasetManifest
    visits: pd.DataFrame

    def examples(self, split: str) -> Sequence[dict[str, Any]]:
        """Examples of one split, decoded when indexed; empty when no visit of the split has films."""
        if not self.has_films(split):
            return []
        if STORED_SPLIT not in self.visits:
            return self._stored[split]
        rows = self.visits[(self.visits["split"] == split) & self.visits["has_films"]]
        keys = zip(rows["patient_id"], rows["visit_id"], strict=True)
        return ChosenVisits(self, sorted(keys, key=self.places.__getitem__))

    def example_of(self, key: tuple[str, str]) -> dict[str, Any]:
        """The example of one visit, by (patient_id, visit_id); KeyError where it has no films."""
        split, at = self.places[key]
        return self._stored[split][at]

    @cached_property
    def places(self) -> dict[tuple[str, str], tuple[str, int]]:
        """Where each visit's example is stored: (split on disk, its place there). Reads every example once."""
        return {
            visit_key(example): (split, at)
            for split, source in self._stored.items()
            for at, example in enumerate(source)
        }

    @cached_property
    def _stored(self) -> dict[str, Sequence[dict[str, Any]]]:
        """Examples by their split on disk."""
        from outcomenet.datasets.visits import read_visits

        column = STORED_SPLIT if STORED_SPLIT in self.visits else "split"
        with_films = set(self.visits.loc[self.visits["has_films"], column])
        return {s: read_visits(self.folder / "visits" / EXAMPLES_VERSION, s) for s in SPLITS if s in with_films}

    def has_films(self, split: str) -> bool:
        return bool(self.visits.loc[self.visits["split"] == split, "has_films"].any())


class ChosenVisits(Sequence[dict[str, Any]]):
    """Examples of some visits, by (patient_id, visit_id), in that order; decoded when indexed."""

    def __init__(self, dataset: Dataset, keys: Sequence[tuple[str, str]]):
        self.dataset, self.keys = dataset, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.dataset.example_of(self.keys[index])


def visit_key(example: Mapping[str, Any]) -> tuple[str, str]:
    """(patient_id, visit_id) of an example; empty for a film that belongs to no visit."""
    return example.get("patient_id", b"").decode(), example.get("visit_id", b"").decode()


def open_dataset(folder: Path) -> Dataset:
    """Opens a data set that `outcomenet build` wrote; every file's SHA-256 must be that of its manifest."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(
            f"{folder} is not a data set (it has no {MANIFEST}); make one with `outcomenet intake COHORT --out {folder}`."
        )
    record = json.loads(path.read_text())
    if record.get("format") != FORMAT:
        raise DataRefused(
            f"{folder} was built by another version of outcomenet (format {record.get('format', 1)}, this one reads "
            f"{FORMAT}); build the data set again from its cohort."
        )
    record["covariates"], record["readers"] = tuple(record["covariates"]), tuple(record["readers"])
    manifest = DatasetManifest(**record)
    for name, digest in manifest.files.items():
        if not (folder / name).is_file() or sha256_of(folder / name) != digest:
            raise DataRefused(
                f"{folder / name} is not the file that {MANIFEST} describes (its SHA-256 differs or it is gone); "
                "build the data set again."
            )
    return Dataset(folder, manifest, pd.read_parquet(folder / TABLE))


def write_manifest(folder: Path, files: list[Path], **entries: Any) -> DatasetManifest:
    """Hashes `files`, writes dataset.json and returns it."""
    digests = {str(file.relative_to(folder)): sha256_of(file) for file in sorted(files)}
    fingerprint = sha256_of_json(digests)
    manifest = DatasetManifest(format=FORMAT, fingerprint=fingerprint, files=digests, **entries)
    write_whole(folder / MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest
