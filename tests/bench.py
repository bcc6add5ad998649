"""Benchmarks: ratios measured in one run on this machine, with what limits each. `make bench`, about five minutes."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pydicom

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.datasets.dataset import open_dataset
from outcomenet.experiment import load_experiment
from outcomenet.films.film_file import read_film
from outcomenet.input_pipeline.batches import training_batches
from outcomenet.intake.build import build_dataset
from outcomenet.localization.crops import Spacing, cut_crops, film_scale
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.presets import preset
from outcomenet.training.loop import train
from outcomenet.training.sharding import compile_step, device_mesh, put_batch, put_state
from outcomenet.training.step import TrainStep
from outcomenet.workflow import wire
from tests.bench_localizer import bench_localizer
from tests.bench_metrics import bench_statistics
from tests.bench_simulation import bench_cohort, bench_rendering
from tests.bench_torch import bench_torch

GEOMETRY = CropGeometry(48, 0.5)
EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.py"
STEPS = 60
QUIET = Progress(quiet=True)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def make_data(folder: Path) -> tuple[Path, Path]:
    """60 patients as crops for training, 4 patients as DICOM films for decoding."""
    common = {"seed": 1, "geometry": GEOMETRY, "progress": QUIET}
    crops = simulate_cohort(folder / "crops", preset("default"), patients=60, films="crops", full_films=0, **common)
    films = simulate_cohort(folder / "films", preset("default"), patients=4, films="dicom", full_films=4, **common)
    build_dataset(read_cohort(crops), folder / "data", GEOMETRY, progress=QUIET)
    return folder / "data", films


def bench_training(data: Path, run: Path) -> None:
    """The trainer (log, checkpoints, pipeline) against a bare loop over the same compiled step on ready batches."""
    experiment = load_experiment(EXPERIMENT).with_steps(STEPS)
    dataset, mesh = open_dataset(data), device_mesh(1)
    wiring = wire(experiment, dataset)
    step = TrainStep(wiring.networks, experiment.optimiser.build(STEPS), {})

    def batches(threads: int = 2):
        return training_batches(
            dataset.examples("train"), wiring.covariates, batch_size=8, seed=0, augmentation=experiment.augmentation,
            threads=threads,
        )  # fmt: skip

    compiled, source = compile_step(step, mesh), batches()
    ready = [put_batch(next(source), mesh) for _ in range(8)]
    state = put_state(wire(experiment, dataset).initial_state(), mesh)
    state, _ = compiled(state, ready[0])  # compile
    jax.block_until_ready(state)

    def bare() -> None:
        nonlocal state
        for number in range(STEPS):
            state, _ = compiled(state, ready[number % len(ready)])
        jax.block_until_ready(state)

    # the bare loop before and after, since other work on the machine comes and goes; both without compiling: the
    # trainer is timed between its own log lines of steps 20 and 120, five checkpoints included
    before = seconds(bare)
    config = replace(experiment.training, steps=120, log_every=20, save_every=20)
    train(step, wire(experiment, dataset).initial_state(), batches(), config, run, mesh, run_id="bench", progress=QUIET)
    logged = {row["step"]: row["seconds"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())}
    ours = (logged[120] - logged[20]) / 100
    bare_step = (before + seconds(bare)) / (2 * STEPS)
    alone = batches()
    next(alone)
    pipeline_seconds = seconds(lambda: [next(alone) for _ in range(STEPS)])
    print(
        f"trainer / bare loop, speed: {bare_step / ours:.2f} (aim 0.97); {1 / ours:.2f} and {1 / bare_step:.2f} steps/s"
    )
    print("  limited by: augmentation and the step share the CPU cores, and one checkpoint in 20 steps is waited for")
    ratio = bare_step * STEPS / pipeline_seconds
    print(f"input pipeline / step, speed: {ratio:.2f} (aim 1.3); {8 * STEPS / pipeline_seconds:.0f} visits/s")
    print("  limited by: warping and noising 58 crops a visit in numpy and OpenCV")


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
        bench_training(data, folder / "run")
        bench_films(films)


if __name__ == "__main__":
    main()
