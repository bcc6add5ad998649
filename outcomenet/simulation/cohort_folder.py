"""Simulated cohort folder, as a hospital would export it: films, CSV tables, and the truth that made them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import outcomenet
from outcomenet.artifacts import already_made, is_made, note_of, whole_folder
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.simulation.ceilings import CEILING_PATIENTS, world_ceilings
from outcomenet.simulation.cohort_writer import CohortWriter, write_meta
from outcomenet.simulation.film_files import FilmKind
from outcomenet.simulation.truth import effects
from outcomenet.simulation.world import World


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
        writer = CohortWriter(staging, world, seed, geometry, progress)
        # whole films first, then crops: two kinds of work with two speeds
        writer.write(films, range(whole))
        writer.write("none" if films == "none" else "crops", range(whole, patients))
        write_meta(staging, patients, world, seed)
        arguments = {"patients": patients, "films": str(films), "full_films": whole, "crops": asdict(geometry)}
        _write_truth(staging, world, seed, {**arguments, "version": outcomenet.__version__})
    return out


def _write_truth(folder: Path, world: World, seed: int, arguments: dict[str, object]) -> None:
    """effects.json, with what `simulate` was asked for besides the world and the seed, and ceilings.json."""
    content = effects(world, seed) | {"simulated_with": arguments}
    (folder / "truth" / "effects.json").write_text(json.dumps(content, indent=1) + "\n")
    ceilings = {"patients": CEILING_PATIENTS, **world_ceilings(world, seed)}
    (folder / "truth" / "ceilings.json").write_text(json.dumps(ceilings, indent=1) + "\n")
