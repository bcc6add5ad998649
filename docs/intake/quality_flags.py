"""Which flags real films get, and how far the measures behind the weak ones lie apart: the tables of quality_flags.md.

Run `python docs/intake/quality_flags.py FOLDER`; FOLDER holds films. About three minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import Region
from outcomenet.films.burnt_in_text import text_boxes
from outcomenet.films.film_file import read_film
from outcomenet.localization.film_quality import detail, wrist_widths_mm
from outcomenet.localization.found import DARK, FoundFilm
from outcomenet.localization.frames import Pyramid
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.landmarked_limbs import see_film_without_limb, see_limb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.network_flags import carpal_edges, carpal_error, found_limbs, network_flags
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.held_out_films import held_out_film
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.landmark_films import FilmVariety
from outcomenet.simulation.presets import preset

HANDS, PATIENTS = 200, 12
QUIET = Progress(quiet=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    localizer = Localizer()
    real_films(localizer, parser.parse_args().folder)
    with tempfile.TemporaryDirectory() as folder:
        simulated_hands(localizer, Path(folder))
        films_of_archives(Path(folder) / "cohort")


def real_films(localizer: Localizer, folder: Path) -> None:
    print("| film | flags | rows of text | edges | error % | forearm : palm, mm | detail |\n|" + " --- |" * 7)
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".dcm")):
        film = read_film(path)
        pixels = film.pixels
        found = localizer.locate(pixels)
        pyramid = Pyramid(with_bright_bones(pixels, found))
        flags = [see_limb(film, limb).flags for limb in found_limbs(film, found)] or [see_film_without_limb(film).flags]
        listed = [", ".join(codes) or "none" for codes in flags]
        measured = ["", "", "", ""]
        if found.limbs:
            limb = found.limbs[0]
            measured[3] = f"{detail(limb.frame, limb.region, pyramid):.4f}"
            if limb.region is Region.HAND:
                forearm, palm = wrist_widths_mm(limb.frame, pyramid)
                measured[:3] = [
                    f"{carpal_edges(limb, pyramid):.2f}",
                    f"{100 * carpal_error(limb):.2f}",
                    f"{forearm:.0f} : {palm:.0f}",
                ]
        print("|", " | ".join([path.stem, "; ".join(listed), str(len(text_boxes(pixels))), *measured]), "|")


def simulated_hands(localizer: Localizer, folder: Path) -> None:
    """Hands with lesions up to the worst there are, none of them a child's, wrapped or written on."""
    bank = FilmBank(folder, Region.HAND, 2718, HANDS, FilmVariety(lesion=1.0))
    bank.draw(QUIET)
    rows, flagged, texts = [], [], 0
    for number in range(HANDS):
        film = held_out_film(bank, localizer.weights.shapes[Region.HAND].mean, 5, number, styled=False)
        pixels = (film.pixels * 65_535).astype(np.uint16)
        found = localizer.locate(pixels)
        pyramid = Pyramid(with_bright_bones(pixels, found))
        for limb in found.limbs[:1]:
            flagged += network_flags(limb, found, pyramid)
            texts += bool(text_boxes(pyramid.levels[0]))
            if limb.region is not Region.HAND:
                continue
            forearm, palm = wrist_widths_mm(limb.frame, pyramid)
            rows.append((carpal_edges(limb, pyramid), carpal_error(limb), forearm, forearm / palm if palm else 0.0))
    edges, error, forearm, ratio = np.array(rows).T
    print(f"\n{len(rows)} simulated hands found among {HANDS}: child_like {flagged.count('child_like')}, cast {flagged.count('cast')}, "
          f"burnt_in_text {texts}; edges from {edges.min():.2f} (below 0.57: {(edges < 0.57).sum()}), "
          f"error up to {100 * error.max():.2f} %, forearm up to {forearm.max():.0f} mm and {ratio.max():.2f} of the palm")  # fmt: skip


def films_of_archives(folder: Path) -> None:
    """Films with a lead letter, and those of the archive that writes four lines of text."""
    simulate_cohort(
        folder,
        preset("default"),
        patients=PATIENTS,
        seed=78,
        films="png",
        full_films=PATIENTS,
        geometry=CropGeometry(),
        progress=QUIET,
    )
    told: dict[bool, list[bool]] = {True: [], False: []}
    for film in pd.read_csv(folder / "films.csv").itertuples():
        told[film.device == "CR-B"].append(bool(text_boxes(read_film(folder / str(film.path)).pixels)))
    print(f"films with a lead letter alone: text found on {sum(told[False])} of {len(told[False])}")
    print(f"films with four lines of text: found on {sum(told[True])} of {len(told[True])}")


def with_bright_bones(pixels: np.ndarray, found: FoundFilm) -> np.ndarray:
    """With grey levels reversed where bones are dark."""
    return np.uint16(65_535) - pixels if found.dark_bones > DARK else pixels


if __name__ == "__main__":
    main()
