"""How well joints are found: simulated films that no network saw, real films, films that must not be scored.

Run `python docs/localization/measure.py FOLDER`; FOLDER holds real films and their landmarks.csv (columns film, landmark,
x_px, y_px). Prints the tables of README.md and writes the overlays beside this file. About 15 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from outcomenet.anatomy import Region, Side, landmarks_of
from outcomenet.films.film_file import read_film
from outcomenet.films.quality_flags import UNSCORABLE
from outcomenet.localization.found import State
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.landmarked_limbs import see_limb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.network_flags import found_limbs
from outcomenet.localization.overlay import draw_overlay
from outcomenet.localizer_training.comparison import compared, summary
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.held_out_films import held_out_film
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.landmark_films import FilmVariety
from outcomenet.simulation.presets import preset

HERE = Path(__file__).parent
QUIET = Progress(quiet=True)
# Skeletons, lesions and scanners drawn over other ranges than those of the training films.
OTHER = FilmVariety(
    length=0.04, width=0.06, angle=0.04, spread=0.04, thumb=0.25, bend=1.0, lesion=0.7,
    blur_mm=(0.1, 0.3), noise=(0.006, 0.02), gamma=(1.1, 1.9), contrast=(0.7, 1.0), fog=(0.02, 0.2),
)  # fmt: skip
OVERLAYS = (
    "normal-hand-pa",
    "openstax-hand-pa",
    "normal-foot-ap",
    "IMG0003310",
    "normal-hand-lateral",
    "IMG0002353_640px",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=int, default=150, help="simulated films of each kind")
    options = parser.parse_args()
    localizer = Localizer()
    with tempfile.TemporaryDirectory() as folder:
        for region in Region:
            bank = FilmBank(Path(folder), region, 4242, options.films, OTHER)
            bank.draw(QUIET)
            films = [held_out_film(bank, localizer.weights.shapes[region].mean, 9, n) for n in range(options.films)]
            table = compared(localizer, films)
            print(f"\n## {options.films} held-out {region} films, laid and stored anew")
            show(summary(table))
            show(calibration(table))
        cohort_films(localizer, Path(folder) / "cohort")
    real_films(localizer, options.folder)


def cohort_films(localizer: Localizer, folder: Path) -> None:
    """Films of the default cohort as its three archives store them: upright, framed with text, upside down."""
    simulate_cohort(
        folder,
        preset("default"),
        patients=12,
        seed=77,
        films="png",
        full_films=12,
        geometry=CropGeometry(),
        progress=QUIET,
    )
    films = pd.read_csv(folder / "films.csv").iloc[:200]
    placed = pd.read_csv(folder / "landmarks.csv").groupby("film_id")
    rows = []
    for film in films.itertuples():
        found = localizer.locate(read_film(folder / film.path).pixels)
        side = Side.of(film.side, film.region)
        limb = next((limb for limb in found.limbs if limb.side is side), None)
        truth = placed.get_group(film.film_id).set_index("landmark")
        for name in landmarks_of(film.region):
            row = {"film": film.film_id, "region": film.region, "landmark": name, "visible": name in truth.index}
            if limb is None:
                rows.append(row | {"state": "no limb"})
                continue
            point = limb.landmarks[name]
            at = truth.loc[name] if name in truth.index else None
            error = (
                np.nan if at is None else 100 * np.hypot(point.x_px - at.x_px, point.y_px - at.y_px) / limb.length_px
            )
            rows.append(
                row
                | {"state": str(point.state), "certainty": point.certainty, "error": error}
                | {"standard_error": 100 * point.error_px / limb.length_px}
            )
    table = pd.DataFrame(rows)
    for region, part in table.groupby("region"):
        print(f"\n## Films of a simulated cohort: {region}")
        show(summary(part))
        show(calibration(part))


def calibration(table: pd.DataFrame) -> dict[str, float]:
    """Shares of given landmarks' errors within radii that should hold 50, 90 and 95 % of a two-dimensional normal."""
    given = table[table["visible"] & (table["state"] == State.VISIBLE)]
    z = given["error"] / given["standard_error"]
    return {
        f"within the {share} % radius": float((z <= radius).mean())
        for share, radius in ((50, 1.177), (90, 2.146), (95, 2.447))
    }


def show(numbers: dict[str, float]) -> None:
    for name, value in numbers.items():
        print(f"{name:32} {value:.3f}")


def films_of(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".dcm"))


def real_films(localizer: Localizer, folder: Path) -> None:
    """Errors in percent of TIP3-RC or TIP1-BASE1 where landmarks were placed; flags of every film."""
    placed = pd.read_csv(folder / "landmarks.csv").groupby("film")
    print("\n## Real films\n\nfilm | limb | found | scored | flags\n--- | --- | --- | --- | ---")
    errors = []
    for path in films_of(folder):
        film = read_film(path)
        found = localizer.locate(film.pixels)
        flags = [see_limb(film, limb).flags for limb in found_limbs(film, found)]
        for limb, own in zip(found.limbs, flags, strict=True):
            scored = "no" if UNSCORABLE & set(own) else "yes"
            print(
                f"{path.name} | {limb.side} | {len(limb.visible)} of {len(limb.landmarks)} | {scored} | {', '.join(own)}"
            )
        if not found.limbs:
            print(f"{path.name} | none | 0 | no | no_limb")
        if path.stem in OVERLAYS:
            picture = draw_overlay(film.pixels, found.limbs, flags)
            factor = min(1.0, 900 / picture.shape[0])
            picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(HERE / f"{path.stem}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if path.name in placed.groups and found.limbs:
            truth = placed.get_group(path.name).set_index("landmark")
            limb = found.limbs[0]
            ends = ("TIP3", "RC") if limb.region is Region.HAND else ("TIP1", "BASE1")
            length = np.hypot(
                *(truth.loc[ends[0], ["x_px", "y_px"]] - truth.loc[ends[1], ["x_px", "y_px"]]).astype(float)
            )
            for name, row in truth.iterrows():
                point = limb.landmarks[str(name)]
                error = 100 * np.hypot(point.x_px - row.x_px, point.y_px - row.y_px) / length
                errors.append(
                    {
                        "film": path.stem,
                        "landmark": name,
                        "error": error,
                        "standard_error": 100 * point.error_px / length,
                    }
                    | {"state": str(point.state)}
                )
    table = pd.DataFrame(errors)
    print("\nlandmark | " + " | ".join(table["film"].unique()) + "\n--- |" + " --- |" * table["film"].nunique())
    for name, rows in table.groupby("landmark", sort=False):
        cells = {
            r.film: f"{r.error:.2f} ({r.standard_error:.2f})" + ("" if r.state == "visible" else f" {r.state}")
            for r in rows.itertuples()
        }
        print(f"{name} | " + " | ".join(cells.get(film, "") for film in table["film"].unique()))
    for film, rows in table.groupby("film", sort=False):
        given = rows[rows["state"] == "visible"]
        print(f"{film}: median {rows['error'].median():.2f}, largest {rows['error'].max():.2f}; of those given {given['error'].median():.2f}, "
              f"{given['error'].max():.2f}; within 2.447 SE {(given['error'] <= 2.447 * given['standard_error']).mean():.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
