"""Printed text is found on real films, whichever way it runs; markers and bones are not taken for text."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from outcomenet.anatomy import Region
from outcomenet.films.burnt_in_text import _characters, text_boxes
from outcomenet.films.film_file import read_film
from outcomenet.simulation.landmark_films import FilmVariety, landmark_film

DATA = Path(__file__).parents[1] / "data"
# What is printed, read by eye; centres of the rows in film pixels.
WITH_TEXT = {
    # that no referrer was entered, window, exposure index
    "hard_films/normal-foot-lateral-2000px.jpg": [(78, 914), (80, 930), (27, 946)],
    "hard_films/openstax-hand-pa-annotated.jpg": [(90, 160), (20, 180), (878, 188), (862, 413), (60, 513), (868, 536)],
    "hard_films/normal-hand-lateral.jpg": [(242, 791)],  # "SIDA"
    "hard_films/IMG0002353_640px.jpg": [(323, 229), (496, 230)],  # "Wrist", the name of a clinic
}
WITHOUT = [
    "normal-hand-pa-small.jpg",  # "Sin" in mirror writing
    "normal-foot-ap-small.jpg",  # "Dx" askew
    "openstax-hand-pa.jpg",
    "hard_films/normal-hand-oblique.jpg",
    "hard_films/normal-wrist-lateral.jpg",  # "Sin" on its side
    "hard_films/normal-wrist-pediatric-pa.jpg",  # a lead plate with R, M and a ring
    "hard_films/IMG0003310.jpg",
    "hard_films/IMG0003381.jpg",
]


@pytest.mark.parametrize("name", list(WITH_TEXT))
def test_text_of_a_real_film_lies_in_the_boxes(name):
    pixels = read_film(DATA / name).pixels
    boxes = text_boxes(pixels)
    for x, y in WITH_TEXT[name]:
        assert any(box.left <= x < box.right and box.top <= y < box.bottom for box in boxes)
    covered = sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)
    assert covered < 0.08 * pixels.size


@pytest.mark.parametrize("name", WITHOUT)
def test_markers_and_bones_of_real_films_are_no_text(name):
    assert text_boxes(read_film(DATA / name).pixels) == []


@pytest.mark.parametrize("seed", range(12))
def test_bones_of_a_simulated_hand_are_no_text(seed):
    assert text_boxes(landmark_film(Region.HAND, 61, seed, 0.3, FilmVariety()).pixels) == []


def written(text: str, level: int, ground: int) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A real film with a line of text on a ground of one grey, and that line's box."""
    pixels = read_film(DATA / "openstax-hand-pa.jpg").pixels.copy()
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 2)
    strokes = np.zeros((height + 40, width + 40), np.uint8)
    cv2.putText(strokes, text, (20, 20 + height), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2, cv2.LINE_AA)
    pixels[: height + 40, : width + 40] = ground + (level - ground) * (strokes / 255.0)
    return pixels, (20, 20, 20 + width, 20 + height)


@pytest.mark.parametrize(("level", "ground"), [(65535, 2000), (40000, 2000), (0, 60000)])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("text", ["MUSTER ERIKA 1958", "NAME00"])  # letters apart, and bold ones that touch
def test_bright_and_dark_text_is_found_whichever_way_the_film_is_stored(text, level, ground, turns):
    pixels, (left, top, right, bottom) = written(text, level, ground)
    mask = np.zeros(pixels.shape, bool)
    mask[top:bottom, left:right] = True
    mask = np.rot90(mask, turns)
    boxes = text_boxes(np.ascontiguousarray(np.rot90(pixels, turns)))
    found = np.zeros(mask.shape, bool)
    for box in boxes:
        found[box.top : box.bottom, box.left : box.right] = True
    assert found[mask].mean() > 0.95


@pytest.mark.parametrize("marker", ["L", "R", "Sin", "Dx"])
def test_a_marker_is_no_text(marker):
    assert text_boxes(written(marker, 65535, 2000)[0]) == []


@pytest.mark.parametrize("shape", [(8, 8), (300, 200), (1, 3000), (3000, 1)])
def test_a_film_of_one_grey_has_no_text_nor_one_of_few_rows(shape):
    assert text_boxes(np.full(shape, 65535, np.uint16)) == []
    noise = np.random.default_rng(0).integers(0, 65536, shape).astype(np.uint16)
    assert text_boxes(noise) == []


def test_patches_have_their_own_boxes_and_those_that_are_no_character_none():
    level = np.zeros((80, 120), np.uint8)
    level[20:30, 15:19] = 200  # 4 wide, 10 high
    level[40:52, 50:56] = 250
    level[60:62, 90:92] = 250  # a speck
    found = _characters(level, dark=False)
    assert found.box.tolist() == [[15, 20, 19, 30], [50, 40, 56, 52]]
    assert found.level.tolist() == [200, 250]
    assert np.array_equal(_characters(255 - level, dark=True).box, found.box)
