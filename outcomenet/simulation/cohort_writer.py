"""Files of a simulated cohort, written a chunk of patients at a time, so that memory does not grow with their number."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.localization.geometry import CropGeometry
from outcomenet.outcomes import REPORTED
from outcomenet.progress import Progress
from outcomenet.simulation.causal import solve
from outcomenet.simulation.cohort_tables import cohort_tables, planned_days, visits_that_took_place
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.film_files import FilmFiles, FilmKind
from outcomenet.simulation.truth import truth_tables
from outcomenet.simulation.world import World

CHUNK = 25  # patients at a time: bounds memory


class CohortWriter:
    """Appends chunk after chunk to the folder's files."""

    def __init__(self, folder: Path, world: World, seed: int, geometry: CropGeometry, progress: Progress):
        self.folder, self.world, self.seed, self.progress = folder, world, seed, progress
        self.files = FilmFiles(folder, world, seed, geometry)
        self.rows: Counter[str] = Counter()

    def write(self, kind: FilmKind, patients: range) -> None:
        """Simulates patients and appends their rows and films, `CHUNK` patients at a time.

        Args:
            kind: Kind of their films.
            patients: Indices of the patients, after those that were written.
        """
        if not patients:
            return
        titles = {"crops": "simulate joint crops", "none": "simulate tables"}
        self.progress.start("patients", len(patients), titles.get(kind, f"simulate {kind} films"))
        films = self.rows["films"]
        for start in range(patients.start, patients.stop, CHUNK):
            chunk = range(start, min(start + CHUNK, patients.stop))
            self._write_chunk(kind, chunk)
            self.progress.advance(len(chunk))
        self.progress.finish(f", {self.rows['films'] - films} films")

    def _write_chunk(self, kind: FilmKind, chunk: range) -> None:
        noise = draw_exogenous(self.seed, chunk, self.world.visits, len(self.world.readers))
        solved = solve(self.world, noise, chunk)
        days = planned_days(self.world, noise)
        places = visits_that_took_place(self.world, solved, days)
        tables = cohort_tables(self.world, noise, solved, days, places) | truth_tables(self.world, solved, places)
        films, landmarks = self.files.write(solved.joints, solved.male, chunk.start, places, kind)
        if films:
            tables["films"] = pd.DataFrame(films)
        if landmarks:
            tables["landmarks"] = pd.DataFrame(landmarks)
        for name, table in tables.items():
            self._append(name, table)

    def _append(self, name: str, table: pd.DataFrame) -> None:
        path = self.folder / f"{name}.csv"
        write_csv(table, path, append=True)
        self.rows[name] += len(table)


def write_meta(folder: Path, patients: int, world: World, seed: int) -> None:
    """Writes cohort.toml.

    Args:
        folder: The cohort folder.
        patients: How many.
        world: Names of the sites.
        seed: Seed of the cohort.
    """
    lines = {
        # not the folder's name: the same patients must give the same data set wherever they lie
        "name": f"{patients} simulated patients, seed {seed}",
        "licence": "CC0-1.0",
        "simulated": True,
        "sites": list(world.sites),
        "haq_version": "HAQ-DI",
        **{f"{spec.name}_scale": "VAS 0-100 mm" for spec in REPORTED},
        "unreadable_joints": "carry_last",
        "description": f"Simulated by outcomenet with seed {seed}; every coefficient is in truth/effects.json.",
    }
    # JSON's texts, numbers, booleans and lists of texts are TOML's too
    (folder / "cohort.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
