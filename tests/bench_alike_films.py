"""How far copies of a film agree with it, and films of other patients and of other visits: `python -m tests.bench_alike_films COHORT`.

Of other patients random pairs are compared, and the nearest: those that each limb's first selection puts foremost, as a data set's does.

COHORT is a cohort folder with films and placed landmarks, for instance that of the demo. Landmarks are moved at random by 0.7 mm of
an average limb, on the film and anew on each copy, as if they had been found (docs/localization).
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.films.film_file import read_film
from outcomenet.intake.alike_films import ALIKE_FROM, MISSES
from outcomenet.localization.likeness import BONES_MM, JointPatterns, likeness, nearest
from tests.copied_films import COPIES, Landmarks

OFF_MM, EVERY, PAIRS = 0.7, 6, 4_000


def main(folder: Path) -> None:
    cohort, rng = read_cohort(folder), np.random.default_rng(0)
    placed = {film: rows for film, rows in cohort.landmarks.groupby("film_id")}
    films = cohort.films[cohort.films["path"].str.endswith(".dcm") & cohort.films["film_id"].isin(placed)]
    for region, rows in films.groupby("region"):
        limbs, copies = [], {name: [] for name in COPIES}
        for number, film in enumerate(rows.itertuples()):
            pixels, marks = read_film(cohort.folder / str(film.path)).pixels, placed[film.film_id]
            landmarks = dict(zip(marks["landmark"], zip(marks["x_px"], marks["y_px"], strict=True), strict=True))
            limbs.append(JointPatterns(likeness(pixels, _moved(landmarks, region, rng), region)))
            for name, copy in COPIES.items() if number % EVERY == 0 else ():
                other, places = copy(pixels, landmarks)
                copies[name].append(
                    limbs[-1].agreement(JointPatterns(likeness(other, _moved(places, region, rng), region)))
                )
        of, side = rows["patient_id"].to_numpy(), rows["side"].to_numpy()
        pairs = list(itertools.combinations(range(len(rows)), 2))
        others = [pair for pair in pairs if of[pair[0]] != of[pair[1]]]
        others = [others[k] for k in rng.permutation(len(others))[:PAIRS]]
        foremost = enumerate(nearest(limbs, list(of), MISSES))
        first = sorted({(min(a, b), max(a, b)) for a, others_of_a in foremost for b in others_of_a})
        visits = [(a, b) for a, b in pairs if of[a] == of[b] and side[a] == side[b]]
        for name, chosen in (
            ("other patients", others), ("nearest of other patients", first), ("other visits of the patient", visits)
        ):  # fmt: skip
            _say(f"{region}, {name}", [limbs[a].agreement(limbs[b]) for a, b in chosen])
        for name, agreements in copies.items():
            _say(f"{region}, copies {name}", agreements)


def _moved(landmarks: Landmarks, region: str, rng: np.random.Generator) -> Landmarks:
    bones = [(mm, *pair) for pair, mm in BONES_MM[region].items() if {*pair} <= {*landmarks}]
    px = OFF_MM / np.median([mm / np.hypot(*np.subtract(landmarks[a], landmarks[b])) for mm, a, b in bones])
    return {name: (x + rng.normal(0, px), y + rng.normal(0, px)) for name, (x, y) in landmarks.items()}


def _say(what: str, agreements: list[float]) -> None:
    least, middle, most = np.quantile(agreements, [0, 0.5, 1])
    above = np.mean(np.array(agreements) >= ALIKE_FROM)
    print(
        f"{what}: {len(agreements)} pairs, {least:.3f} to {most:.3f}, median {middle:.3f}; from {ALIKE_FROM} on {above:.2%}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
