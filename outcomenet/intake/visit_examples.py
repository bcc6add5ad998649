"""Visit table of a data set and the example of each visit with films, written split by split."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from outcomenet.arrays import UInt8, UInt16
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import READINGS, SPLITS, TABLE
from outcomenet.datasets.manifest import covariates_of
from outcomenet.datasets.visit_example import TARGETS, Example, ExampleShape, VisitKey, nothing_known
from outcomenet.datasets.visit_table import (
    KL_COLUMNS,
    reader_array,
    reading_totals,
    scores_of_mode,
    site_readings,
    visit_table,
)
from outcomenet.localization.geometry import CropGeometry
from outcomenet.scoring import SVDH

Crops = UInt16[np.ndarray, "joint height width"]
Present = UInt8[np.ndarray, "joint"]
CutVisits = Callable[[Sequence[VisitKey]], Iterator[tuple[VisitKey, Crops, Present]]]


class VisitExamples:
    """Visit table, and the examples that are made of its rows and of crops."""

    def __init__(self, cohort: Cohort, geometry: CropGeometry, reading_mode: str | None, split_by: str):
        self.reading_mode, scores = scores_of_mode(cohort, SVDH, reading_mode)
        self.readers: tuple[str, ...] = tuple(sorted(scores["reader"].unique()))
        self.table = visit_table(cohort, cohort.ledger, reading_mode, split_by)
        self.covariates = covariates_of(self.table)
        self._shape = ExampleShape(geometry.size_px, len(self.covariates), max(len(self.readers), 1))
        # a ledger of its own: the table has counted these readings already
        readings = site_readings(cohort, SVDH, Ledger(), reading_mode)
        self._totals = reading_totals(readings, SVDH, cohort.meta.unreadable_joints)
        self._svdh = reader_array(readings, self.table, list(self.readers), [site.name for site in SVDH.sites])

    def write(self, folder: Path, able: Collection[VisitKey], cut: CutVisits, name: str) -> list[Path]:
        """Writes the examples of every split that has any.

        Args:
            folder: The data set.
            able: Visits that have films.
            cut: Crops of visits; those on which no joint is seen are left out.
            name: Of the cohort.

        Returns:
            The files.

        Raises:
            AssertionError: TFDS was given no example of a split.
        """
        from outcomenet.datasets.visit_files import visit_features, write_visits

        def examples(rows: dict[VisitKey, int]) -> Iterator[tuple[str, Example]]:
            for key, crops, present in cut(list(rows)):
                yield "/".join(key), self._example(rows[key], crops, present)

        rows_of = {split: rows for split in SPLITS if (rows := self._rows(split, able))}
        streams = {split: (lambda rows=rows: examples(rows)) for split, rows in rows_of.items()}
        description = f"Visits of {name} with joint crops."
        written = write_visits(folder, streams, visit_features(self._shape), description)
        return [file for file in written.iterdir() if file.is_file()]

    def write_table(self, folder: Path) -> Path:
        """Writes visits.parquet; returns its path."""
        self.table.to_parquet(folder / TABLE, index=False)
        return folder / TABLE

    def write_readings(self, folder: Path) -> None:
        """Writes readings.csv, each reader's total of each visit, where films were graded."""
        if len(self._totals):
            write_csv(self._totals, folder / READINGS)

    def _rows(self, split: str, able: Collection[VisitKey]) -> dict[VisitKey, int]:
        """Rows of the table by visit, in their order."""
        rows = self.table[self.table["split"] == split]
        keys = zip(rows["patient_id"], rows["visit_id"], strict=True)
        return {key: row for key, row in zip(keys, rows.index, strict=True) if key in able}

    def _example(self, row: int, crops: Crops, present: Present) -> Example:
        record = self.table.loc[row]
        kl = record[list(KL_COLUMNS)].to_numpy(float)
        return {
            **nothing_known(self._shape),
            "crops": crops,
            "present": present,
            "patient_id": str(record["patient_id"]),
            "visit_id": str(record["visit_id"]),
            "covariates": record[list(self.covariates)].to_numpy(np.float32),
            **dict(zip(TARGETS, record[list(TARGETS)].to_numpy(np.float32), strict=True)),
            **({"svdh": self._svdh[row]} if self.readers else {}),
            "kellgren_lawrence": np.where(np.isnan(kl), -1, np.round(kl)).astype(np.int8),
        }
