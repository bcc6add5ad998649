"""Real films with placed landmarks, and the upright frame of each of their joints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Region, joints_of
from outcomenet.films.film import Film, FilmHeader
from outcomenet.films.film_file import read_film
from outcomenet.localization.crops import Spacing, film_scale, joints_on_film
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.limb_crops import cut_limb
from tests.planting import UprightJoint


@dataclass(frozen=True)
class LandmarkedFilm:
    """A film, its limb as a person marked it, and where its joints are."""

    name: str
    pixels: np.ndarray
    header: FilmHeader
    limb: LandmarkedLimb
    joints: Mapping[str, UprightJoint]


def landmarked_films(folder: Path, landmarks: Path, names: tuple[str, ...] = ()) -> Iterator[LandmarkedFilm]:
    """The films of a folder that a table of landmarks names.

    Args:
        folder: Of the films.
        landmarks: Table with film_id, side, region, landmark, x_px, y_px.
        names: Those that are wanted; none: all.
    """
    table = pd.read_csv(landmarks)
    for name, rows in table.groupby("film_id", sort=True):
        if names and name not in names:
            continue
        film = read_film(folder / str(name))
        region = Region(str(rows["region"].iloc[0]))
        points = {row.landmark: (float(row.x_px), float(row.y_px)) for row in rows.itertuples()}
        scale = film_scale(Spacing.of(film.header), points, region)
        frames = joints_on_film(points, region, film.pixels.shape)
        joints = {
            site: UprightJoint(frames.centre[n], frames.right[n], frames.up[n], scale.mm_per_px)
            for n, site in enumerate(joints_of(region))
            if frames.present[n]
        }
        limb = LandmarkedLimb(region, points, placed=True, declared=str(rows["side"].iloc[0]))
        yield LandmarkedFilm(str(name), np.asarray(film.pixels), film.header, limb, joints)


def crops_of(
    film: LandmarkedFilm, geometry: CropGeometry, pixels: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All 58 joints' crops of one film, 16-bit, and which are there.

    Args:
        film: With its landmarks.
        geometry: Of the crops.
        pixels: An altered form of the film, of the same size; None: the film's own.
    """
    cut = cut_limb(Film(film.pixels if pixels is None else pixels, film.header), film.limb, geometry).cut
    assert cut is not None, film.name
    crops = np.zeros((JOINT_COUNT, *cut.crops.shape[1:]), np.uint16)
    present = np.zeros(JOINT_COUNT, bool)
    at = [JOINT_INDEX[Joint(film.limb.side, site).name] for site in joints_of(film.limb.region)]
    crops[at], present[at] = cut.crops, cut.present
    return crops, present
