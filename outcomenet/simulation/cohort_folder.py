"""Simulated cohort folder, as a hospital would export it: films, CSV tables, and the truth that made them.

Patients are made and written a chunk at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd

import outcomenet
from outcomenet.artifacts import already_made, is_made, note_of, whole_folder
from outcomenet.csv_files import write_csv
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.outcomes import REPORTED
from outcomenet.progress import Progress
from outcomenet.simulation.calibration import draw_sample
from outcomenet.simulation.causal import solve
from outcomenet.simulation.ceilings import noise_ceilings
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.film_files import FilmFiles, FilmKind
from outcomenet.simulation.tables import cohort_tables, planned_days, visits_that_took_place
from outcomenet.simulation.truth import effects, truth_tables
from outcomenet.simulation.world import World

CHUNK = 25  # patients at a time: bounds memory
CEILING_PATIENTS = 2000  # the ceilings are the world's, not the cohort's, and few patients would not show them


def simulate_cohort(
    out: Path,
    world: World,
    *,
    patients: int,
    seed: int,
    films: FilmKind,
    full_films: int,
    geometry: CropGeometry,
    progress: Progress,
) -> Path:
    """Writes a cohort folder; nothing is left behind when it fails. Patient i is the same whatever the number of patients.

    Args:
        out: The folder. Where the same command made it already, nothing is done.
        world: Coefficients and interventions.
        patients: How many.
        seed: Seed of all noise, 0 or more.
        films: Kind of the films; with dicom or png the first `full_films` patients get whole films, the others joint crops.
        full_films: Patients with whole films, which take far longer to draw than crops.
        geometry: Size and scale of the crops.
        progress: Shows how far the work is.

    Returns:
        `out`.

    Raises:
        UsageError: There would be no patient, the seed is negative, or something else lies at `out`.
    """
    if patients < 1 or seed < 0:
        raise UsageError(f"A cohort has at least 1 patient and a seed of 0 or more; got {patients} and seed {seed}.")
    note = note_of(
        "simulate", (), world=world, patients=patients, seed=seed, films=films, full=full_films, crops=geometry
    )
    if is_made(out, note):
        progress.say(already_made(out))
        return out
    with whole_folder(out, note=note) as staging:
        (staging / "truth").mkdir()
        whole = min(full_films, patients) if films in ("dicom", "png") else 0
        writer = _Writer(staging, world, seed, geometry, progress)
        # whole films first, then crops: two kinds of work with two speeds
        writer.write(films, range(whole))
        writer.write("none" if films == "none" else "crops", range(whole, patients))
        _write_meta(staging, patients, world, seed)
        arguments = {"patients": patients, "films": str(films), "full_films": whole, "crops": asdict(geometry)}
        _write_truth(staging, world, seed, {**arguments, "version": outcomenet.__version__})
    return out


class _Writer:
    """Appends chunk after chunk to the folder's files."""

    def __init__(self, folder: Path, world: World, seed: int, geometry: CropGeometry, progress: Progress):
        self.folder, self.world, self.seed, self.progress = folder, world, seed, progress
        self.files = FilmFiles(folder, world, seed, geometry)
        self.rows: Counter[str] = Counter()

    def write(self, kind: FilmKind, patients: range) -> None:
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


def _write_meta(folder: Path, patients: int, world: World, seed: int) -> None:
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


def _write_truth(folder: Path, world: World, seed: int, arguments: dict[str, object]) -> None:
    """effects.json, with what `simulate` was asked for besides the world and the seed, and ceilings.json."""
    content = effects(world, seed) | {"simulated_with": arguments}
    (folder / "truth" / "effects.json").write_text(json.dumps(content, indent=1) + "\n")
    sample = draw_sample(world, CEILING_PATIENTS, seed)
    ceilings = {"patients": CEILING_PATIENTS, **noise_ceilings(world, sample.solved)}
    (folder / "truth" / "ceilings.json").write_text(json.dumps(ceilings, indent=1) + "\n")
