"""Opened data set: its visit table, its examples by split, and the checks that it must pass first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from outcomenet.datasets.manifest import EXAMPLES, DatasetManifest, read_manifest, refuse_contradictions
from outcomenet.datasets.visit_example import Example
from outcomenet.errors import DataRefused
from outcomenet.outcomes import outcome

TABLE = "visits.parquet"
FILMS = "films.parquet"
READINGS = "readings.csv"  # SvdH total of every reading, where films were graded
LEDGER = "ledger.csv"
UNREAD = "faults.csv"  # films that could not be read, where there are any
SAME_FILMS = "same_films.csv"  # pairs of films that are or look the same
PREVIEWS = "previews"
SPLITS = ("train", "validation", "test")
STORED_SPLIT = "stored_split"  # column of a data set that is divided otherwise than on disk, see `resplit`


@dataclass(frozen=True)
class Dataset:
    """An opened data set. `visits` has one row per visit; `examples` gives those with films."""

    folder: Path
    manifest: DatasetManifest
    visits: pd.DataFrame

    def examples(self, split: str) -> Sequence[Example]:
        """Examples of one split, decoded when indexed; empty when no visit of the split has films."""
        if not self.has_films(split):
            return []
        if STORED_SPLIT not in self.visits:
            return self._stored[split]
        rows = self.visits[(self.visits["split"] == split) & self.visits["has_films"]]
        keys = zip(rows["patient_id"], rows["visit_id"], strict=True)
        # in the order in which they are stored, whatever order the visit table has
        return ChosenVisits(self, sorted(keys, key=self.places.__getitem__))

    def require(self, outcomes: Iterable[str]) -> None:
        """Checks that the data set has what outcomes are learned and judged by.

        Args:
            outcomes: Names of outcomes.

        Raises:
            DataRefused: It was built before one of them was declared, or meant something else by it.
        """
        for spec in map(outcome, outcomes):
            columns = dict.fromkeys((spec.kind.column(spec.name), *spec.fields))
            absent = [name for name in columns if name not in self.visits]
            absent += [name for name in spec.fields if name not in absent and not self.manifest.has_field(name)]
            if absent:
                raise DataRefused(
                    f"Data set {self.manifest.name} has no {spec.name} as this version of outcomenet knows it (missing: "
                    f"{', '.join(absent)}): it was built by another version. Build it again from its cohort, or take "
                    f"{spec.name} out of the experiment's outcomes (--outcomes ...)."
                )

    def example_of(self, key: tuple[str, str]) -> Example:
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
    def _stored(self) -> dict[str, Sequence[Example]]:
        """Examples by their split on disk."""
        from outcomenet.datasets.visit_files import read_visits

        column = STORED_SPLIT if STORED_SPLIT in self.visits else "split"
        with_films = set(self.visits.loc[self.visits["has_films"], column])
        return {s: read_visits(self.folder / EXAMPLES, s) for s in SPLITS if s in with_films}

    def has_films(self, split: str) -> bool:
        """Whether any visit of a split has films, and so an example."""
        return bool(self.visits.loc[self.visits["split"] == split, "has_films"].any())


class ChosenVisits(Sequence[Example]):
    """Examples of some visits, by (patient_id, visit_id), in that order; decoded when indexed."""

    def __init__(self, dataset: Dataset, keys: Sequence[tuple[str, str]]):
        self.dataset, self.keys = dataset, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Example:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.dataset.example_of(self.keys[index])


def visit_key(example: Mapping[str, object]) -> tuple[str, str]:
    """(patient_id, visit_id) of an example; empty for a film that belongs to no visit."""
    names = (example.get(name, b"") for name in ("patient_id", "visit_id"))
    patient, visit = (name.decode() if isinstance(name, bytes) else str(name) for name in names)
    return patient, visit


def open_dataset(folder: Path | str, *, truth: bool = True) -> Dataset:
    """Opens a data set that `outcomenet intake` wrote, if it is the one that was written (see `manifest`).

    Args:
        folder: The data set.
        truth: Whether the files of truth/ are opened and compared too; training never opens them.

    Returns:
        The data set: `visits` has one row per visit, `manifest` its counts and terms; examples are decoded when indexed.

    Raises:
        UsageError: There is no data set.
        DataRefused: A file or an entry was changed, or they contradict each other.

    Example:
        >>> import outcomenet as on
        >>> on.open_dataset("dataset").visits  # doctest: +SKIP
    """
    folder = Path(folder)
    manifest = read_manifest(folder, truth=truth)
    visits = pd.read_parquet(folder / TABLE)
    refuse_contradictions(folder, manifest, visits)
    return Dataset(folder, manifest, visits)
