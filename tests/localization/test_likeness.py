"""Copies of one film agree in their joints whatever was done to them, two people's films do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.films.film_file import read_film
from outcomenet.intake.alike_films import ALIKE_FROM
from outcomenet.localization.likeness import BONES_MM, JointPatterns, are_patterns, likeness, nearest
from outcomenet.localization.localizer import Localizer
from tests.copied_films import COPIES

DATA = Path(__file__).parents[1] / "data"
PLACED = pd.read_csv(DATA / "landmarks.csv")
HANDS = ("normal-hand-pa-small.jpg", "openstax-hand-pa.jpg")


def film_of(name: str) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    rows = PLACED[PLACED["film_id"] == name]
    places = zip(rows["x_px"], rows["y_px"], strict=True)
    return read_film(DATA / name).pixels, dict(zip(rows["landmark"], places, strict=True))


def patterns_of(pixels: np.ndarray, landmarks: dict[str, tuple[float, float]]) -> JointPatterns:
    return JointPatterns(likeness(pixels, landmarks, "hand"))


@pytest.mark.parametrize("copy", list(COPIES))
def test_a_copy_agrees_with_its_film(copy):
    for name in HANDS:
        pixels, landmarks = film_of(name)
        assert (
            patterns_of(pixels, landmarks).agreement(patterns_of(*COPIES[copy](pixels, landmarks))) > ALIKE_FROM + 0.1
        )


@pytest.mark.parametrize("copy", ["mirrored", "upside down", "cut by 8 %", "half as large, JPEG"])
def test_a_copy_whose_joints_were_found_agrees_with_its_film(copy):
    """Landmarks of the copy come from the localiser, those of the film were placed by hand."""
    pixels, landmarks = film_of(HANDS[0])
    other, _ = COPIES[copy](pixels, landmarks)
    limb = Localizer().locate(other).limbs[0]
    found = {mark: (float(x), float(y)) for mark, (x, y) in limb.visible.items()}
    assert patterns_of(pixels, landmarks).agreement(patterns_of(other, found)) > ALIKE_FROM


def test_two_people_do_not_agree():
    one, other = (patterns_of(*film_of(name)) for name in HANDS)
    assert one.agreement(other) < ALIKE_FROM - 0.1
    assert one.agreement(other) == pytest.approx(other.agreement(one), abs=0.1)


def test_the_nearest_of_another_owner_are_compared():
    pixels, landmarks = film_of(HANDS[0])
    limbs = [
        patterns_of(pixels, landmarks),
        patterns_of(*film_of(HANDS[1])),
        patterns_of(*COPIES["mirrored"](pixels, landmarks)),
        patterns_of(pixels, landmarks),
    ]
    ranked = nearest(limbs, ["A", "B", "C", "A"], 3)
    assert [others[0] for others in (ranked[0], ranked[2], ranked[3])] == [2, 0, 2]
    assert [sorted(others) for others in ranked] == [[1, 2], [0, 2, 3], [0, 1, 3], [1, 2]]  # never one's own
    assert nearest(limbs[:1], ["A"], 2) == [[]]


def test_too_few_landmarks_give_no_pattern_and_missing_joints_do_not_count():
    pixels, landmarks = film_of(HANDS[0])
    assert (
        likeness(pixels, {"MCP2": (10.0, 20.0), "RC": (10.0, 20.0), "MCP5": (30.0, 20.0), "MCP3": (0.0, 0.0)}, "foot")
        == ""
    )
    some = {name: place for name, place in landmarks.items() if "2" in name or "5" in name or name == "RC"}
    part = patterns_of(pixels, some)
    assert 0 < part.present.sum() < patterns_of(pixels, landmarks).present.sum()
    assert part.agreement(patterns_of(pixels, landmarks)) > ALIKE_FROM
    assert part.region is Region.HAND


def test_only_patterns_of_such_a_limb_are_believed():
    text = likeness(*film_of(HANDS[0]), "hand")
    assert are_patterns(text, "hand")
    assert are_patterns("", "foot")
    for wrong in (text[:-4], text + "AAAA", "=" * len(text), "<b>" + text[3:]):
        assert not are_patterns(wrong, "hand")
    assert not are_patterns(text, "foot")


def test_average_lengths_are_those_of_the_shipped_shape_model():
    for region, shape in Localizer().weights.shapes.items():
        place = dict(zip(landmarks_of(region), shape.mean, strict=True))
        for (one, other), mm in BONES_MM[region].items():
            assert np.hypot(*(place[one] - place[other])) == pytest.approx(mm, abs=0.15)


def test_an_empty_film_has_patterns_that_agree_with_nothing():
    _, landmarks = film_of(HANDS[0])
    empty = patterns_of(np.zeros((1100, 900), np.uint16), landmarks)
    assert empty.agreement(patterns_of(*film_of(HANDS[0]))) < ALIKE_FROM
    assert empty.agreement(empty) < ALIKE_FROM
