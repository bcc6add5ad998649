"""Landmarks that do not tell how a limb lies, or at which scale, are refused with those that would."""

from __future__ import annotations

import pytest

from outcomenet.anatomy import Region
from outcomenet.errors import DataRefused
from outcomenet.localization.crops import NoScale, Spacing, film_scale
from outcomenet.localization.geometry import LimbLengths, crop_frames, is_left_as_displayed, limb_length_px

HAND = {"RC": (100.0, 400.0), "MCP2": (140.0, 250.0), "MCP5": (60.0, 250.0), "TIP3": (100.0, 30.0)}
FOOT = {"BASE1": (100.0, 300.0), "MTP1": (100.0, 150.0), "MTP5": (20.0, 180.0), "TIP1": (100.0, 20.0)}


def without(landmarks: dict, *names: str) -> dict:
    return {name: place for name, place in landmarks.items() if name not in names}


@pytest.mark.parametrize(
    ("landmarks", "region", "words"),
    [
        (without(HAND, "RC"), "hand", "A hand needs RC with one of MCP2-5, or MCP and PIP of one finger"),
        (without(HAND, "MCP2", "MCP5"), "hand", "A hand needs RC with one of MCP2-5"),
        (without(FOOT, "MTP1"), "foot", "A foot needs MTP1 with BASE1 or IP1"),
        (without(FOOT, "MTP5"), "foot", "one landmark of MTP1, IP1, MTP2 and one of MTP5, MTP4, MTP3"),
        (without(HAND, "MCP2"), "hand", "needs one landmark of MCP1, IP1, CMC1, MCP2"),
        (HAND | {"MCP5": HAND["MCP2"]}, "hand", "Which way the limb is mirrored needs one landmark"),
    ],
)
@pytest.mark.parametrize("asked", [crop_frames, is_left_as_displayed])
def test_a_limb_whose_direction_is_not_told_is_refused(asked, landmarks, region, words):
    with pytest.raises(DataRefused, match=words):
        asked(landmarks, region)


@pytest.mark.parametrize(
    ("landmarks", "region", "ends"),
    [(without(HAND, "TIP3"), Region.HAND, "TIP3 and RC"), (without(FOOT, "BASE1"), Region.FOOT, "TIP1 and BASE1")],
)
def test_without_spacing_and_length_there_is_no_scale(landmarks, region, ends):
    assert limb_length_px(landmarks, region) is None
    with pytest.raises(NoScale, match=f"without landmarks {ends} its scale cannot be told"):
        film_scale(Spacing(None, "none"), landmarks, region)


def test_a_scale_is_the_spacing_else_the_expected_length_over_that_on_the_film():
    assert film_scale(Spacing(0.14, "PixelSpacing"), HAND, Region.HAND) == (0.14, "PixelSpacing")
    assert film_scale(Spacing(None, "none"), HAND, Region.HAND) == (185.0 / 370.0, "hand length")  # 400 - 30 pixels
    child = LimbLengths(hand_mm=111.0)
    assert film_scale(Spacing(None, "none"), HAND, "hand", child).mm_per_px == pytest.approx(0.3)
    assert film_scale(Spacing(None, "none"), FOOT, Region.FOOT) == (110.0 / 280.0, "foot length")
