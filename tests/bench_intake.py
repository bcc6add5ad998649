"""Speed and memory of an intake of 2,000 generated films: `python -m tests.bench_intake [FILMS]`.

The films are uncompressed DICOM of 1,750 x 1,400 pixels, 12 bits, made of 16 rendered hands with noise of their own, with
landmarks. Compared with reading alone: `read_film` in one process, times the number of cores.
"""

from __future__ import annotations

import datetime
import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pydicom

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.film_file import read_film
from outcomenet.intake.assembly import BuildOptions
from outcomenet.intake.build import build_dataset
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress, peak_memory_mb
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.presets import preset

ROWS, COLUMNS = 1_750, 1_400
SIDES = ("L", "R")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory(prefix="bench_intake") as name:
        folder = Path(name)
        hands = rendered(folder)
        print(f"{os.cpu_count()} cores; {count} films of {ROWS} x {COLUMNS}, 12 bits, uncompressed", flush=True)
        for films in (count // 4, count):
            cohort = folder / f"cohort{films}"
            write_cohort(cohort, hands, films)
            measure(cohort, folder / f"data{films}", films)


def rendered(folder: Path) -> list[tuple[np.ndarray, dict[str, tuple[float, float]]]]:
    """Sixteen hands as simulated films show them, scaled into the frame, with their landmarks."""
    cohort = simulate_cohort(
        folder / "simulated", preset("default"), patients=8, seed=1, films="png", full_films=8,
        geometry=CropGeometry(), progress=Progress(quiet=True),
    )  # fmt: skip
    films = pd.read_csv(cohort / "films.csv")
    marks = pd.read_csv(cohort / "landmarks.csv")
    hands = []
    for film in films[films["region"] == "hand"].head(16).itertuples():
        pixels = read_film(cohort / str(film.path)).pixels >> 4
        x, y = COLUMNS / pixels.shape[1], ROWS / pixels.shape[0]
        own = marks[marks["film_id"] == film.film_id]
        places = dict(zip(own["landmark"], zip(own["x_px"] * x, own["y_px"] * y, strict=True), strict=True))
        hands.append((cv2.resize(pixels, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), places))
    return hands


def write_cohort(folder: Path, hands: list, films: int) -> None:
    """`films` films of as many sides, two a visit, one visit a patient."""
    (folder / "films").mkdir(parents=True)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 16, (ROWS, COLUMNS)).astype(np.uint16)
    rows, landmarks, day = [], [], datetime.date(2020, 1, 1)
    for n in range(films):
        pixels, places = hands[n % len(hands)]
        film = np.minimum(pixels + np.roll(noise, n, axis=n % 2), 4095).astype(np.uint16)
        path = f"films/{n:05d}.dcm"
        write_dicom(folder / path, film, spacing_mm=0.143, patient_id=f"P{n // 2}", study_date=day)
        rows.append((f"F{n}", f"P{n // 2}", day, "hand", SIDES[n % 2], "PA", path))
        landmarks += [(f"F{n}", name, round(x, 2), round(y, 2)) for name, (x, y) in places.items()]
    patients = [f"P{n}" for n in range(-(-films // 2))]
    tables = {
        "patients": pd.DataFrame({"patient_id": patients, "sex": "F", "birth_year": 1950, "site": "A"}),
        "visits": pd.DataFrame({"patient_id": patients, "visit_id": "V", "date": day, "haq_di": 1}),
        "films": pd.DataFrame(rows, columns="film_id,patient_id,date,region,side,view,path".split(",")),
        "landmarks": pd.DataFrame(landmarks, columns=["film_id", "landmark", "x_px", "y_px"]),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "cohort.toml").write_text('name = "bench"\nlicence = "none"\ndeidentified = true\n')


def measure(folder: Path, out: Path, films: int) -> None:
    paths = sorted((folder / "films").iterdir())[:200]
    for path in paths:  # into the page cache, for both
        path.read_bytes()
    raw = len(paths) / seconds(lambda: [pydicom.dcmread(path).pixel_array.shape for path in paths])
    reading = len(paths) / seconds(lambda: [read_film(path).header for path in paths])
    cores = os.cpu_count() or 1
    progress = Progress(quiet=True)
    begun = time.monotonic()
    cohort = read_cohort(folder)
    checked = time.monotonic() - begun
    with WorkersMemory() as workers:
        build_dataset(cohort, out, CropGeometry(), progress=progress)
    stage = next(stage for stage in progress.stages if stage["unit"] == "films")
    print(
        f"{films} films: pydicom alone {raw:.0f}/s a core, read_film {reading:.0f}/s a core; intake {stage['rate']:.1f}/s on "
        f"{cores} cores = {stage['rate'] / (reading * cores):.2f} of read_film x cores; tables and headers {checked:.1f} s; "
        f"peak memory {peak_memory_mb():.0f} MB, of a worker {workers.peak_mb:.0f} MB; whole build "
        f"{time.monotonic() - begun:.0f} s",
        flush=True,
    )
    progress = Progress(quiet=True)
    build_dataset(read_cohort(folder), out, CropGeometry(), progress=progress, options=BuildOptions(update=True))
    stage = next(stage for stage in progress.stages if stage["unit"] == "films")
    print(f"  again, nothing new: {stage['rate']:.0f} films/s", flush=True)


class WorkersMemory:
    """Watches the largest resident memory of any child process."""

    def __enter__(self) -> WorkersMemory:
        self.peak_mb, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        while not self._stop.wait(0.5):
            for child in children.read_text().split():
                try:
                    pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
                except (OSError, IndexError):
                    continue
                self.peak_mb = max(self.peak_mb, pages * resource.getpagesize() / 2**20)


def seconds(action) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
