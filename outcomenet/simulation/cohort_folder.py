"""Writes a simulated cohort as a hospital would export it: films, CSV tables, and the truth that made them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.simulation.causal import CATEGORY_DIFFICULTY, FUNCTION_WEIGHT, ITEM_CUTS, solve
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.film_files import FilmFiles, FilmKind
from outcomenet.simulation.tables import Tables, write_rows
from outcomenet.simulation.world import World

CHUNK = 25  # patients at a time: bounds memory
COLUMNS_WHEN_EMPTY = {"events": ["patient_id", "date", "event"]}


def simulate_cohort(
    out: Path,
    world: World,
    *,
    patients: int,
    visits: int,
    seed: int,
    films: FilmKind,
    full_films: int,
    geometry: CropGeometry,
    progress: Progress,
) -> Path:
    """Writes the cohort folder `out`; nothing is left behind when it fails.

    With `films` dicom or png the first `full_films` patients get whole films and the others joint crops. Patient i is
    the same whatever the number of patients.
    """
    if patients < 1 or visits < 1:
        raise UsageError(f"A cohort has at least 1 patient and 1 visit; got {patients} patients, {visits} visits.")
    if out.exists():
        raise UsageError(f"{out} exists already; choose another folder or remove it first.")
    staging = out.with_name(f".{out.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        _write(staging, out.name, world, patients, visits, seed, films, full_films, geometry, progress)
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


def _write(
    folder: Path,
    name: str,
    world: World,
    patients: int,
    visits: int,
    seed: int,
    films: FilmKind,
    full_films: int,
    geometry: CropGeometry,
    progress: Progress,
) -> None:
    files = FilmFiles(folder, world.sites, seed, geometry)
    tables = Tables()
    whole = min(full_films, patients) if films in ("dicom", "png") else 0
    written: Counter[str] = Counter()
    # whole films first, then crops: two kinds of work with two speeds
    for kind, begin, end in ((films, 0, whole), ("crops" if films != "none" else "none", whole, patients)):
        if begin == end:
            continue
        titles = {"crops": "simulate joint crops", "none": "simulate tables"}
        progress.start("patients", end - begin, titles.get(kind, f"simulate {kind} films"))
        for start in range(begin, end, CHUNK):
            chunk = range(start, min(start + CHUNK, end))
            noise = draw_exogenous(seed, chunk, visits, len(world.readers))
            solved = solve(world, noise)
            places = write_rows(world, noise, solved, start, tables)
            rows, landmarks = files.write(solved.joints, solved.male, start, places, kind)  # pyright: ignore[reportArgumentType]
            tables.rows["films"] += rows
            tables.rows["landmarks"] += landmarks
            written[kind] += len(rows)
            progress.advance(len(chunk))
        progress.finish(f", {written[kind]} films")
    _write_tables(folder, tables)
    _write_meta(folder, name, world, seed)


def _write_tables(folder: Path, tables: Tables) -> None:
    (folder / "truth").mkdir()
    for name in ("patients", "visits", "films", "landmarks", "scores", "events", "truth/visits", "truth/joints"):
        rows = tables.rows[name]
        if rows or name in COLUMNS_WHEN_EMPTY:
            frame = pd.DataFrame(rows, columns=None if rows else COLUMNS_WHEN_EMPTY[name])
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def _write_meta(folder: Path, name: str, world: World, seed: int) -> None:
    lines = {
        "name": f"{name} (simulated)",
        "licence": "CC0-1.0",
        "simulated": True,
        "sites": list(world.sites),
        "haq_version": "HAQ-DI",
        "pain_scale": "VAS 0-100 mm",
        "description": f"Simulated by outcomenet with seed {seed}; every coefficient is in truth/effects.json.",
    }
    # JSON's texts, numbers, booleans and lists of texts are TOML's too
    (folder / "cohort.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
    effects = asdict(world) | {
        "seed": seed,
        "category_difficulty": CATEGORY_DIFFICULTY,
        "item_cuts": ITEM_CUTS,
        "function_weight_by_joint": FUNCTION_WEIGHT.tolist(),
    }
    (folder / "truth" / "effects.json").write_text(json.dumps(effects, indent=1) + "\n")
