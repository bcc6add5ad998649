"""The limb's own coordinates: fitted frames, windows and the film's pyramid, against hand calculations."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.localization.frames import (
    ANCHORS,
    LIMB_WINDOWS,
    Pyramid,
    Window,
    fitted_frame,
    frame_of,
    window_matrix,
)
from outcomenet.localization.geometry import is_left_as_displayed
from outcomenet.simulation.rendering.template import TEMPLATES


def template(region: Region) -> np.ndarray:
    return np.array([TEMPLATES[region].points[name] for name in landmarks_of(region)])


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("thumb_right", [True, False])
@pytest.mark.parametrize("turned", [0.0, 0.4, np.pi, -2.0])
def test_a_frame_is_found_again_from_its_landmarks(region, thumb_right, turned):
    limb = template(region)
    frame = frame_of(np.array([700.0, 900.0]), turned, 3.5, thumb_right, ANCHORS[region])
    film = frame.to_film(limb)
    found = fitted_frame(limb, film, np.ones(len(limb)), thumb_right)
    assert np.allclose(found.matrix, frame.matrix)
    assert np.allclose(found.offset, frame.offset)
    assert np.allclose(frame.to_limb(film), limb)
    assert found.px_per_mm == pytest.approx(3.5)
    assert found.thumb_right is thumb_right
    assert np.deg2rad(found.turned_degrees) == pytest.approx((turned + np.pi) % (2 * np.pi) - np.pi, abs=1e-6) or abs(
        turned
    ) == pytest.approx(np.pi)
    points = dict(zip(landmarks_of(region), map(tuple, film), strict=True))
    assert is_left_as_displayed(points, region) is thumb_right


def test_a_landmark_without_weight_does_not_move_the_frame():
    limb = template(Region.HAND)
    film = frame_of(np.array([300.0, 400.0]), 0.2, 2.0, True, ANCHORS[Region.HAND]).to_film(limb)
    film[3] += 500.0
    weight = np.ones(len(limb))
    weight[3] = 0.0
    assert fitted_frame(limb, film, weight, True).px_per_mm == pytest.approx(2.0)


def test_upright_left_hands_have_their_thumb_on_the_right_and_fingers_up():
    frame = frame_of(np.array([0.0, 0.0]), 0.0, 2.0, True, np.zeros(2))
    assert np.allclose(frame.to_film(np.array([[10.0, 0.0], [0.0, 10.0]])), [[20.0, 0.0], [0.0, -20.0]])
    quarter = frame_of(np.array([0.0, 0.0]), np.pi / 2, 2.0, True, np.zeros(2))
    # a quarter turn clockwise: fingers point right, the thumb down
    assert np.allclose(quarter.to_film(np.array([[10.0, 0.0], [0.0, 10.0]])), [[0.0, 20.0], [20.0, 0.0]])
    assert quarter.turned_degrees == pytest.approx(90.0)


@pytest.mark.parametrize("window", list(LIMB_WINDOWS.values()), ids=str)
def test_window_pixels_and_millimetres_are_each_others_reverse(window):
    pixels = np.array([[0.0, 0.0], [10.5, 3.25], [window.columns, window.rows]])
    assert np.allclose(window.to_pixels(window.to_limb(pixels)), pixels)
    middle = np.array([window.columns / 2, window.rows / 2])
    assert np.allclose(window.to_limb(middle), window.centre)


@pytest.mark.parametrize("px_per_mm", [0.9, 2.0, 9.0])
def test_what_is_cut_is_what_lies_there(px_per_mm):
    # a film whose grey level is a plane: cutting and shrinking keep it, wherever pixel centres fall
    height, width = 1200, 900
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    film = (3.0 * column + 7.0 * row).astype(np.float32)
    frame = frame_of(np.array([450.0, 620.0]), 0.3, px_per_mm, False, np.zeros(2))
    window = Window((0.0, 0.0), 1.0, 40, 30)
    cut, on_film = Pyramid(film).cut(window_matrix(frame, window), 40, 30)
    column, row = np.meshgrid(np.arange(30) + 0.5, np.arange(40) + 0.5)
    at = frame.to_film(window.to_limb(np.stack([column, row], -1)))
    assert on_film.all()
    assert np.abs(cut - at @ (3.0, 7.0)).max() < 0.5 * px_per_mm


def test_pixels_outside_the_film_are_known():
    frame = frame_of(np.array([0.0, 50.0]), 0.0, 1.0, True, np.zeros(2))
    _, on_film = Pyramid(np.ones((100, 100), np.float32)).cut(
        window_matrix(frame, Window((0.0, 0.0), 1.0, 10, 10)), 10, 10
    )
    assert not on_film[:, :5].any()
    assert on_film[:, 5:].all()
