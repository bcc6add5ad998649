"""Bones darker than their surroundings are known from placed landmarks alone, and cut as if they were bright."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region, Side
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.film_file import read_film
from outcomenet.intake.cutting import cut_film
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.localization.crops import Spacing, film_scale
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.polarity import bones_are_dark, shaft_steps

DATA = Path(__file__).parents[1] / "data"
PLACED = pd.read_csv(DATA / "landmarks.csv")
FILMS = {
    "openstax-hand-pa.jpg": Region.HAND,
    "normal-hand-pa-small.jpg": Region.HAND,
    "normal-foot-ap-small.jpg": Region.FOOT,
}


def placed(name: str) -> dict[str, tuple[float, float]]:
    rows = PLACED[PLACED["film_id"] == name]
    return {row.landmark: (row.x_px, row.y_px) for row in rows.itertuples()}


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("change", ["as it is", "turned", "washed out"])
def test_real_films_of_either_polarity(name, change):
    pixels, points, region = read_film(DATA / name).pixels, placed(name), FILMS[name]
    scale = film_scale(Spacing(None, "none"), points, region).mm_per_px
    if change == "turned":
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        points = {mark: (pixels.shape[1] - x, y) for mark, (x, y) in points.items()}
    elif change == "washed out":
        pixels = (30_000 + pixels // 20).astype(np.uint16)
    assert not bones_are_dark(pixels, points, region, scale)
    assert bones_are_dark(np.uint16(65_535) - pixels, points, region, scale)


def test_nothing_is_said_without_three_shafts_on_the_film():
    name = "openstax-hand-pa.jpg"
    dark = np.uint16(65_535) - read_film(DATA / name).pixels
    few = {mark: place for mark, place in placed(name).items() if mark in ("MCP2", "PIP2", "RC", "TIP3")}
    assert len(shaft_steps(dark, few, Region.HAND, 0.2)) == 2
    assert not bones_are_dark(dark, few, Region.HAND, 0.2)
    outside = {mark: (x + 10_000, y) for mark, (x, y) in placed(name).items()}
    assert shaft_steps(dark, outside, Region.HAND, 0.2) == []


def test_a_placed_film_of_reversed_grey_levels_is_cut_bright_and_flagged(tmp_path):
    name = "normal-hand-pa-small.jpg"
    pixels = (read_film(DATA / name).pixels >> 4).astype(np.uint16)
    cut = {}
    for polarity, words in (("bright", pixels), ("dark", 4095 - pixels)):
        path = tmp_path / f"{polarity}.dcm"
        write_dicom(path, words, spacing_mm=0.26, patient_id="P", study_date=datetime.date(2020, 1, 1))
        limb = LandmarkedLimb(Region.HAND, placed(name), placed=True, declared="L")
        task = FilmTask(polarity, 2, path, Side.LEFT_HAND, limb, CropGeometry(32, 0.75), Spacing(0.26, "PixelSpacing"))
        cut[polarity] = cut_film(task)
    assert cut["bright"].flags == ()
    assert cut["dark"].flags == ("dark_bones",)
    assert np.abs(cut["bright"].crops.astype(int) - cut["dark"].crops).max() <= 1
