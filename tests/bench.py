"""Benchmarks: ratios measured in one run on this machine, with what limits each. `make bench`, about five minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.films.film_file import read_film
from outcomenet.intake.build import build_dataset
from outcomenet.localization.crops import Spacing, cut_crops, film_scale
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.presets import preset
from tests.bench_localizer import bench_localizer
from tests.bench_metrics import bench_statistics
from tests.bench_simulation import bench_cohort, bench_rendering
from tests.bench_torch import bench_torch
from tests.bench_training import GEOMETRY, bench_training, seconds

QUIET = Progress(quiet=True)


def make_data(folder: Path) -> tuple[Path, Path]:
    """60 patients as crops for training, 4 patients as DICOM films for decoding."""
    common = {"seed": 1, "geometry": GEOMETRY, "progress": QUIET}
    crops = simulate_cohort(folder / "crops", preset("default"), patients=60, films="crops", full_films=0, **common)
    films = simulate_cohort(folder / "films", preset("default"), patients=4, films="dicom", full_films=4, **common)
    build_dataset(read_cohort(crops), folder / "data", GEOMETRY, progress=QUIET)
    return folder / "data", films


def bench_films(folder: Path) -> None:
    """Decoding a DICOM film, and cutting its crops."""
    cohort = read_cohort(folder)
    films = [row for row in cohort.films.itertuples() if row.region == "hand"]
    points = {
        film: {r.landmark: (r.x_px, r.y_px) for r in rows.itertuples()}
        for film, rows in cohort.landmarks.groupby("film_id")
    }
    paths = [folder / row.path for row in films]
    decode = seconds(lambda: [read_film(path) for path in paths]) / len(films)
    pixels = [read_film(path).pixels for path in paths]

    def cut() -> None:
        for row, film in zip(films, pixels, strict=True):
            scale = film_scale(Spacing(row.spacing_mm, row.spacing_source), points[row.film_id], row.region)
            cut_crops(film, points[row.film_id], row.region, scale, GEOMETRY)

    cutting = seconds(cut) / len(films)
    library = seconds(lambda: [pydicom.dcmread(path).pixel_array for path in paths]) / len(films)
    size = np.mean([film.size for film in pixels]) / 1e6
    print(f"film decode: {1 / decode:.0f} films/s of {size:.1f} Mpx, one process")
    print(f"  limited by: pydicom's own reading is {library / decode:.0%} of it, scaling to 16 bits most of the rest")
    print(f"crops: {1 / cutting:.0f} films/s, {23 / cutting:.0f} crops/s, {decode / cutting:.1f} x the decode rate")
    print("  limited by: decoding, which comes before it")


def main() -> None:
    bench_localizer()  # first: its peak memory is the process's
    bench_rendering()
    bench_cohort()
    bench_statistics()
    bench_torch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, films = make_data(folder)
        bench_training(data, folder)
        bench_films(films)


if __name__ == "__main__":
    main()
