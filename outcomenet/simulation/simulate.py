"""Simulation of a cohort by the name of its world, with coefficients and interventions of your own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.ranges import Count, CropScale, CropSize, Patients, Seed, Within, check_arguments
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.film_files import FilmKind
from outcomenet.simulation.presets import preset as world_of
from outcomenet.simulation.world import World


def simulate(
    out: Path | str,
    *,
    preset: str = "default",
    patients: Patients = 100,
    visits: Count | None = None,
    seed: Seed = 0,
    films: FilmKind = "dicom",
    full_films: Annotated[int, Within(-1, 10**7)] = -1,
    crop_size: CropSize = 96,
    mm_per_pixel: CropScale = 0.25,
    set: Mapping[str, object] | None = None,
    do: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Writes a simulated cohort as a hospital would export it: films and CSV tables, and the truth that made them.

    Args:
        out: Folder to write; it must not exist, unless the same call made it.
        preset: World to simulate (docs/simulation.md).
        patients: Number of patients; more of them leave the first ones unchanged.
        visits: Planned visits per patient, a year apart, before drop-out; None: the preset's own number.
        seed: Seed of the world's chance.
        films: Whole films as DICOM or 16-bit PNG, joint crops without films (much faster), or tables only.
        full_films: With dicom or png: only the first so many patients get whole films, the others crops; -1: all.
        crop_size: Pixels a side, where crops are written.
        mm_per_pixel: Scale, where crops are written.
        set: Coefficients of the world to replace, by name.
        do: Interventions on the same patients: oa, fm, site, scanner, ra_damage, treatment.
        progress: Where progress is shown.

    Returns:
        The cohort folder.

    Raises:
        UsageError: `out` is there already, or a preset, coefficient or intervention is not known.

    Example:
        >>> import outcomenet as on
        >>> on.simulate("cohort", patients=300, films="crops", do={"oa": 0})  # doctest: +SKIP
    """
    check_arguments(simulate, locals())
    return simulate_cohort(
        Path(out),
        changed_world(preset, visits, set or {}, do or {}),
        patients=patients,
        seed=seed,
        films=films,
        full_films=patients if full_films < 0 else full_films,
        geometry=CropGeometry(crop_size, mm_per_pixel),
        progress=progress or Progress(),
    )


def changed_world(
    preset: str, visits: int | None, coefficients: Mapping[str, object], interventions: Mapping[str, object]
) -> World:
    """The world of a preset with other coefficients and interventions.

    Args:
        preset: Name of the preset.
        visits: Planned visits; None: the preset's own number.
        coefficients: Coefficients of the world to replace, by name.
        interventions: Interventions by name (see `World.do`).

    Raises:
        UsageError: A name is not known, a value is outside of its range, or visits are given twice.
    """
    world = world_of(preset).with_overrides(**coefficients)
    if visits is not None and "visits" in coefficients:
        raise UsageError("The number of visits is given twice, by visits (--visits) and by set (--set); keep one.")
    if visits is not None:
        world = world.with_overrides(visits=visits)
    return world.do(**interventions)
