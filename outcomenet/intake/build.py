"""Build of a data set from a checked cohort: films are decoded once, here, and never again.

Everything is written into a folder beside the target and renamed at the end: a build that fails leaves nothing but
what was found and cut on its films (`kept`), from which the next one goes on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcomenet import artifacts
from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, joints_of
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.faults import CohortRefused, Fault, write_faults
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import FILMS, LEDGER, SPLITS, TABLE, UNREAD
from outcomenet.datasets.format import FORMAT
from outcomenet.datasets.manifest import TRUTH, TRUTH_FILES, DatasetManifest, counts_of, covariates_of, hashed, seal
from outcomenet.datasets.visit_example import FIELDS, TARGETS, ExampleShape, nothing_known
from outcomenet.datasets.visit_table import KL_COLUMNS, reader_array, scores_of_mode, site_readings, visit_table
from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.crop_file import SUFFIX, read_crops_header
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film import FROM_CROPS, FROM_FILMS, NO_FILMS
from outcomenet.intake.account.account import write_account
from outcomenet.intake.account.intake_page import write_page
from outcomenet.intake.account.joint_sheets import JointSheets
from outcomenet.intake.alike_films import same_films, with_groups
from outcomenet.intake.cards.card import write_card
from outcomenet.intake.cut_store import CutStore
from outcomenet.intake.cutting import NOT_LOOKED_FOR, CutFilm, FilmTask
from outcomenet.intake.film_flags import FilmFlagTable
from outcomenet.intake.film_table import FilmTable
from outcomenet.intake.film_tasks import film_tasks, lengths_of
from outcomenet.intake.found_landmarks import find_landmarks
from outcomenet.intake.kept import Kept
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.scoring import SVDH


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


def build_dataset(
    cohort: Cohort, out: Path, geometry: CropGeometry, *, progress: Progress, options: BuildOptions | None = None
) -> DatasetManifest:
    """Builds the data set `out` from a cohort; raises CohortRefused, and leaves nothing, where too many films
    cannot be read (`cohorts.film_headers`); a single one is left out, counted and listed."""
    options = options or BuildOptions()
    refuse_existing(out, options.update)
    with artifacts.whole_folder(out, replace=options.update, note=options.note) as staging:
        return _Build(cohort, staging, geometry, progress, options, Kept(kept_of(out), cohort.folder)).run()


def refuse_existing(out: Path, update: bool) -> None:
    """Raises UsageError where something is there already and is not to be updated."""
    if not update:
        artifacts.refuse_existing(
            out,
            "add --update True to bring it up to date (only new films are decoded), choose another --out, or remove it first",
        )


def kept_of(out: Path) -> Path:
    """Where what was found and cut on the films of a data set is kept for the next intake."""
    return out.with_name(f"{out.name}.films")


def own_geometry(cohort: Cohort) -> CropGeometry:
    """The geometry of the crops that a simulated cohort brings, else the default one."""
    for path in cohort.films["path"]:
        if Path(path).suffix == SUFFIX:
            header = read_crops_header(cohort.folder / path)
            return CropGeometry(header.columns, float(header.spacing_mm or CropGeometry.mm_per_px))
    return CropGeometry()


class _Build:
    """One build: holds what its steps share."""

    def __init__(
        self,
        cohort: Cohort,
        folder: Path,
        geometry: CropGeometry,
        progress: Progress,
        options: BuildOptions,
        kept: Kept,
    ):
        self.cohort, self.folder, self.geometry = cohort, folder, geometry
        self.progress, self.options, self.kept = progress, options, kept
        self.ledger: Ledger = cohort.ledger
        self.ledger_of_tables = self.ledger.to_frame()
        self.faults: list[Fault] = []
        self.reading_mode, self._scores = scores_of_mode(cohort, SVDH, options.reading_mode)
        self.readers = tuple(sorted(self._scores["reader"].unique()))
        self.table = visit_table(cohort, self.ledger, options.reading_mode, options.split_by)
        self.covariates = covariates_of(self.table)
        self.located = find_landmarks(cohort, options.workers, progress, kept)
        self.flags = FilmFlagTable(cohort, self.ledger)
        self.store = CutStore(kept)
        self.tasks = film_tasks(cohort, self.located, geometry, options.secret, self.ledger)
        self.films = FilmTable()
        self.sheets = JointSheets(len(self.tasks))
        self.found: set[tuple[str, str]] = set()

    def run(self) -> DatasetManifest:
        keys = list(zip(self.table["patient_id"], self.table["visit_id"], strict=True))
        sources = {key: _source(tasks) for key, tasks in self.tasks.items()}
        self.table["source"] = [sources.get(key, NO_FILMS) for key in keys]
        self.table["device"] = self._devices()
        files = self._write_examples() if self.tasks else []
        self.table["has_films"] = [key in self.found for key in keys]
        self.table.to_parquet(self.folder / TABLE, index=False)
        films = self.films.to_frame()
        alike = same_films(films)
        films = with_groups(films, alike)
        films.to_parquet(self.folder / FILMS, index=False)
        self.films.write_previews(self.folder)
        self.flags.write(self.folder)
        self.located.write(self.folder)
        self.sheets.write(self.folder)
        write_account(self.folder, self.cohort, self.table, films, alike, self.ledger_of_tables)
        write_csv(self.ledger.to_frame(), self.folder / LEDGER)
        if self.cohort.unread.faults:
            write_faults(self.cohort.unread.faults, self.folder / UNREAD)
        self.kept.forget_unused()
        if self.cohort.meta.simulated:  # for the oracle and for audits; training never opens it
            _copy_truth(self.cohort.folder / TRUTH, self.folder / TRUTH)
        manifest = self._manifest([*files, self.folder / TABLE, self.folder / FILMS])
        write_card(self.folder, manifest, self.cohort.meta)
        write_page(self.folder, manifest)
        return seal(self.folder, manifest)

    def _devices(self) -> pd.Series:
        """The device of each visit's first film, missing where films.csv does not say: for audits."""
        films = self.cohort.films.dropna(subset=["device"])
        first = films.groupby(["patient_id", "visit_id"], as_index=False)["device"].first()
        return self.table[["patient_id", "visit_id"]].merge(first, how="left")["device"]

    def _write_examples(self) -> list[Path]:
        from outcomenet.datasets.visits import visit_features, write_visits

        features = visit_features(self._shape)
        self._svdh = reader_array(
            site_readings(self.cohort, SVDH, Ledger(), self.options.reading_mode),
            self.table,
            list(self.readers),
            [s.name for s in SVDH.sites],
        )
        splits = [s for s in SPLITS if self._keys(s)]
        with FilmDecoder(workers=self.options.workers) as decoder:
            streams = {split: (lambda split=split: self._examples(split, decoder)) for split in splits}
            self.progress.start("films", sum(len(t) for t in self.tasks.values()), "read films and cut joints")
            description = f"Visits of {self.cohort.meta.name} with joint crops."
            try:
                folder = write_visits(self.folder, streams, features, description)
            except AssertionError as error:  # TFDS: a split of which no example came
                raise self._nothing_to_see() from error
            kept = f"; {self.store.taken} of them were cut before" if self.store.taken else ""
            self.progress.finish(kept)
        if faults := self._refusing_faults():
            raise CohortRefused(faults)
        return [file for file in folder.iterdir() if file.is_file()]

    def _refusing_faults(self) -> list[Fault]:
        """Of simulated crops, and of films where too many cannot be read."""
        unread = self.cohort.unread
        return self.faults + unread.faults * unread.too_many

    def _nothing_to_see(self) -> DataRefused:
        """Why a split had visits with films, and none with a joint on them."""
        if faults := self._refusing_faults():
            return CohortRefused(faults)
        reasons = self.ledger.to_frame()
        listed = "; ".join(f"{row.reason} ({row.count})" for row in reasons.itertuples())
        return DataRefused(f"No visit of a split has a joint that could be cut. The ledger says: {listed}.")

    def _keys(self, split: str) -> list[tuple[int, tuple[str, str]]]:
        rows = self.table[self.table["split"] == split]
        pairs = zip(rows.index, zip(rows["patient_id"], rows["visit_id"], strict=True), strict=True)
        return [(row, key) for row, key in pairs if key in self.tasks]

    def _examples(self, split: str, decoder: FilmDecoder) -> Iterator[tuple[str, dict[str, Any]]]:
        keys = self._keys(split)
        tasks = [task for _, key in keys for task in self.tasks[key]]
        results = self.store.cut(decoder, tasks)
        for row, (patient, visit) in keys:
            cut = [self._accept(task, next(results), patient, visit) for task in self.tasks[patient, visit]]
            crops = np.zeros((JOINT_COUNT, self.geometry.size_px, self.geometry.size_px), np.uint16)
            present = np.zeros(JOINT_COUNT, np.uint8)
            for film in cut:
                if film is not None and film.crops is not None and film.present is not None:
                    at = [JOINT_INDEX[Joint(film.side, site).name] for site in joints_of(film.side.region)]
                    crops[at], present[at] = film.crops, film.present
            if not present.any():
                self.ledger.add(
                    "visits", "visit", "films, but no joint on any of them: its row stays without an example", 1
                )
                continue
            self.found.add((patient, visit))
            self.sheets.offer(patient, visit, crops, present.astype(bool))
            yield f"{patient}/{visit}", self._example(row, crops, present)

    def _accept(self, task: FilmTask, result: CutFilm | FilmRefused, patient: str, visit: str) -> CutFilm | None:
        self.progress.advance()
        if isinstance(result, FilmRefused):
            if task.path.suffix == SUFFIX:  # simulated crops are all of one making
                self.faults.append(
                    Fault("films.csv", task.row, "path", str(result), "crops that can be read", "Simulate them again.")
                )
            else:
                self.cohort.unread.add(task.row, result.code, str(result), self.ledger)
            return None
        reason = self._settled(task, result)
        if reason:
            self.ledger.add("films", "film", reason, 1)
            return None
        self.ledger.flag("films", "film", f"scale from {result.scale_source}", 1)
        hidden = self.located.hidden.get((task.film_id, task.side), 0)
        if hidden:
            self.ledger.add("localisation", "landmark", "not found surely enough, cut off or missing", hidden)
        absent = int((~np.asarray(result.present)).sum())
        if absent:
            self.ledger.add("films", "joint", "not on the film or without a landmark", absent)
        self.films.add(patient, visit, result)
        return result

    def _settled(self, task: FilmTask, result: CutFilm) -> str:
        """The ledger's reason why a limb is left out, else ""; simulated crops have no flags."""
        if task.path.suffix == SUFFIX or result.refused == NOT_LOOKED_FOR:
            return result.refused
        return self.flags.settle(task.film_id, task.side, result.flags, result.text, uncuttable=result.refused)

    @property
    def _shape(self) -> ExampleShape:
        return ExampleShape(self.geometry.size_px, len(self.covariates), max(len(self.readers), 1))

    def _example(self, row: int, crops: np.ndarray, present: np.ndarray) -> dict[str, Any]:
        record = self.table.loc[row]
        kl = record[list(KL_COLUMNS)].to_numpy(float)
        grades = {"svdh": self._svdh[row]} if self.readers else {}
        return {
            **nothing_known(self._shape),
            "crops": crops,
            "present": present,
            "patient_id": str(record["patient_id"]),
            "visit_id": str(record["visit_id"]),
            "covariates": record[list(self.covariates)].to_numpy(np.float32),
            **{name: np.float32(record[name]) for name in TARGETS},
            **grades,
            "kellgren_lawrence": np.where(np.isnan(kl), -1, np.round(kl)).astype(np.int8),
        }

    def _manifest(self, files: list[Path]) -> DatasetManifest:
        """What the card and the page speak of; `seal` completes it."""
        meta, lengths = self.cohort.meta, lengths_of(self.cohort.meta)
        return DatasetManifest(
            format=FORMAT,
            fields={name: field.version for name, field in FIELDS.items()},
            name=meta.name,
            licence=meta.licence,
            simulated=meta.simulated,
            crop_size_px=self.geometry.size_px,
            mm_per_px=self.geometry.mm_per_px,
            hand_length_mm=lengths.hand_mm,
            foot_length_mm=lengths.foot_mm,
            covariates=self.covariates,
            readers=self.readers,
            split_by=self.options.split_by,
            reading_mode=self.reading_mode,
            **counts_of(self.table),
            files=hashed(self.folder, files),
        )


def _copy_truth(source: Path, target: Path) -> None:
    """Copies what a simulation writes into truth/, where it is there; nothing else, and nothing through a link."""
    named = [path for name in TRUTH_FILES if os.path.lexists(path := source / name)]
    for path in (source, *named) if named else ():
        if what := not_plain(path, folder=path == source):
            raise DataRefused(
                f"{TRUTH}/{'' if path == source else path.name} of the cohort folder is {what}; nothing is copied through "
                "it. Put the simulation's own files there, or simulate the cohort again."
            )
    if named:
        target.mkdir()
    for path in named:
        shutil.copyfile(path, target / path.name, follow_symlinks=False)


def _source(tasks: list[FilmTask]) -> str:
    """`films` when a visit came as films, `simulated crops` when a simulated cohort brought crops."""
    return FROM_CROPS if all(task.path.suffix == SUFFIX for task in tasks) else FROM_FILMS
