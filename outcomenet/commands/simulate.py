"""`outcomenet simulate`: a cohort with known causal truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Simulate:
    """Writes a simulated cohort as a hospital would export it: films and CSV tables, and the truth that made them."""

    out: Annotated[Path, tyro.conf.Positional]
    """Folder to write; it must not exist."""
    preset: str = "default"
    """World to simulate."""
    patients: int = 100
    """Number of patients; more of them leave the first ones unchanged."""
    visits: int = 2
    """Visits per patient, a year apart, before drop-out."""
    seed: int = 0
    films: Literal["dicom", "png", "crops", "none"] = "dicom"
    """Whole films as DICOM or 16-bit PNG, joint crops without films (much faster), or tables only."""
    full_films: int = -1
    """With dicom or png: only the first N patients get whole films, the others crops; -1 means all."""
    crop_size: int = 96
    """Pixels a side, where crops are written."""
    mm_per_pixel: float = 0.25
    """Scale, where crops are written."""
    set: tuple[str, ...] = ()
    """Coefficients of the world to replace, for instance `--set hidden_signal=0 fibromyalgia_share=0.3`."""


def main(arguments: list[str]) -> None:
    options = parse(Simulate, arguments, "simulate")
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.progress import Progress
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.world import preset

    simulate_cohort(
        options.out,
        preset(options.preset).with_texts(options.set),
        patients=options.patients,
        visits=options.visits,
        seed=options.seed,
        films=options.films,
        full_films=options.patients if options.full_films < 0 else options.full_films,
        geometry=CropGeometry(options.crop_size, options.mm_per_pixel),
        progress=Progress(),
    )
    print(f"The simulated cohort is in {options.out}; take it in with `outcomenet intake {options.out} --out DATASET`.")
