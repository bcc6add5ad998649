"""Speed of the localiser on a large film, and the memory that it takes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.localization.localizer import Localizer
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.progress import Progress, peak_memory_mb
from outcomenet.simulation.landmark_films import FilmVariety

REPEATS = 9


def bench_localizer() -> None:
    """A hand film of 2,000 x 2,500 pixels, warm."""
    with tempfile.TemporaryDirectory() as folder:
        bank = FilmBank(Path(folder), Region.HAND, 5, 1, FilmVariety(lesion=0.0))
        bank.draw(Progress(quiet=True))
        film = np.array(np.load(Path(folder) / "hand_pixels.npy")[0])
    large = cv2.resize(film, (2000, 2500), interpolation=cv2.INTER_CUBIC).astype(np.uint16) * 200
    localizer = Localizer()
    localizer.locate(large)
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        localizer.locate(large)
        times.append(time.perf_counter() - begun)
    print(
        f"joints of a film of 2,000 x 2,500 pixels: {np.median(times):.2f} s (aim 0.5), {peak_memory_mb():.0f} MB (aim 1,500)"
    )
    print("  limited by: cutting and evening out 174 patches in OpenCV, and the refiner on them")
