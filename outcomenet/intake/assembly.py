"""Assembly of a data set in an empty folder: visit table, examples, tables of films and account of one cohort."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.datasets.visit_example import VisitKey
from outcomenet.intake.documents import write_documents
from outcomenet.intake.entered_limbs import EnteredLimbs
from outcomenet.intake.film_tasks import film_tasks, source_of
from outcomenet.intake.found_landmarks import find_landmarks
from outcomenet.intake.kept import Kept
from outcomenet.intake.unlike_joints import UnlikeJoints
from outcomenet.intake.visit_crops import VisitCrops
from outcomenet.intake.visit_examples import VisitExamples
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress


@dataclass(frozen=True)
class BuildOptions:
    """How a data set is made of a cohort.

    `reading_mode` says which human readings are taken (see `visit_table.scores_of_mode`), `split_by` what stays whole
    in a split (patient, site), `secret` the key under which examinations and pictures are hashed. With `update` a data
    set that is there already is replaced, once the new one is whole. `note` says of what it was made, see `artifacts.note_of`.
    """

    workers: int = 2
    reading_mode: str | None = None
    split_by: str = "patient"
    secret: bytes = b""
    update: bool = False
    note: str = ""


class Assembly:
    """One assembly: holds what its steps share."""

    def __init__(
        self,
        cohort: Cohort,
        folder: Path,
        geometry: CropGeometry,
        progress: Progress,
        options: BuildOptions,
        kept: Kept,
    ):
        self.cohort, self.folder, self.kept = cohort, folder, kept
        self.progress, self.options = progress, options
        # what films add to the ledger is told apart from what tables do, for the flow of exclusions
        self.ledger_of_tables = cohort.ledger.to_frame()
        self.examples = VisitExamples(cohort, geometry, options.reading_mode, options.split_by)
        # before the tasks, which need the landmarks, and with JAX, which the cutting processes do without
        self.located = find_landmarks(cohort, options.workers, progress, kept)
        self.tasks = film_tasks(cohort, self.located, geometry, options.secret)
        self.limbs = EnteredLimbs(cohort, self.located)
        unlike = UnlikeJoints(self.tasks, self._hospitals(), geometry, cohort.ledger)
        self.crops = VisitCrops(self.tasks, self.limbs, unlike, geometry.size_px, kept, progress)

    def run(self) -> list[Path]:
        """Writes everything but what speaks of the whole (see `documents.finish`); returns the tables and examples."""
        table = self.examples.table
        keys = list(zip(table["patient_id"], table["visit_id"], strict=True))
        table["source"] = [source_of(self.tasks.get(key, ())) for key in keys]
        table["device"] = self._devices()
        files = self._write_examples() if self.tasks else []
        table["has_films"] = [key in self.crops.with_joints for key in keys]
        files.append(self.examples.write_table(self.folder))
        self.examples.write_readings(self.folder)
        films, alike, file = self.limbs.films.write(self.folder)
        files.append(file)
        self.limbs.flags.write(self.folder)
        self.located.write(self.folder)
        self.crops.sheets.write(self.folder)
        self.crops.unlike.write(self.folder)
        write_documents(self.folder, self.cohort, table, films, alike, self.ledger_of_tables)
        self.kept.forget_unused()
        return files

    def _devices(self) -> pd.Series:
        """The device of each visit's first film, missing where films.csv does not say: for audits."""
        films = self.cohort.films.dropna(subset=["device"])
        first = films.groupby(["patient_id", "visit_id"], as_index=False)["device"].first()
        return self.examples.table[["patient_id", "visit_id"]].merge(first, how="left")["device"]

    def _hospitals(self) -> dict[VisitKey, str]:
        table = self.examples.table
        return dict(
            zip(zip(table["patient_id"], table["visit_id"], strict=True), table["site"].astype(str), strict=True)
        )

    def _write_examples(self) -> list[Path]:
        title = "read films, cut and judge joints" if self.crops.unlike.judges else "read films and cut joints"
        self.progress.start("films", sum(map(len, self.tasks.values())), title)
        with self.crops.cutting(self.options.workers) as cut:
            try:
                files = self.examples.write(self.folder, self.tasks, cut, self.cohort.meta.name)
            except AssertionError as error:  # TFDS: a split of which no example came
                raise self.limbs.nothing_to_see() from error
        taken = self.crops.store.taken
        self.progress.finish(f"; {taken} of them were cut before" if taken else "")
        self.limbs.refuse_faults()
        return files
