"""Each change of a crop's look: nothing at no strength, and a property worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.errors import UsageError
from outcomenet.pretraining.crop_looks import (
    LookRanges,
    blurred,
    grey_levels,
    inverted,
    jpeg_coded,
    new_look,
    noisy,
    stretched,
    warped,
    with_contrast,
    with_gamma,
    with_halo,
)

RAMP = np.tile(np.linspace(0, 1, 33, dtype=np.float32), (1, 33, 1))
STEP = np.where(np.arange(32) < 16, 0.25, 0.75).astype(np.float32) * np.ones((1, 32, 1), np.float32)
STILL = {
    "gamma": (1.0, 1.0), "contrast": (1.0, 1.0), "inversion": 0, "blur": (0.0, 0.0), "halo": (0.0, 0.0),
    "noise": (0.0, 0.0), "coded": 0, "turn": 0, "zoom": 0, "shear": 0, "shift": 0, "elastic": 0, "dropped": 0,
    "obstruction": 0, "darkest": (0.0, 0.0), "brightest": (100.0, 100.0),
}  # fmt: skip


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.mark.parametrize(
    "changed",
    [
        with_gamma(RAMP, 1.0),
        with_contrast(RAMP, 1.0),
        inverted(inverted(RAMP)),
        blurred(RAMP, 0.0),
        with_halo(RAMP, 0.0, 0.1),
        noisy(RAMP, 0.0, rng()),
        stretched(RAMP, 0, 100),
        warped(RAMP[0], np.eye(2), np.zeros((33, 33, 2)))[None],
        new_look(RAMP, np.array([True]), rng(), LookRanges(**STILL)),
    ],
)
def test_no_strength_changes_nothing(changed):
    assert changed.dtype == np.float32
    assert changed == pytest.approx(RAMP, abs=1e-6)


def test_gamma_two_squares_a_ramp():
    assert with_gamma(RAMP, 2.0) == pytest.approx(RAMP**2)


def test_contrast_is_about_the_mean():
    # mean 0.5: 0.25 and 0.75 move to 0.375 and 0.625
    assert np.unique(with_contrast(STEP, 0.5)) == pytest.approx([0.375, 0.625])


def test_inversion_turns_a_ramp_round():
    assert inverted(RAMP) == pytest.approx(RAMP[..., ::-1])


def test_blur_keeps_the_mean_and_makes_an_edge_a_gaussian_step():
    soft = blurred(STEP, 2 / 32)  # SD 2 pixels
    assert soft.mean() == pytest.approx(0.5, abs=1e-3)
    # 2.5 pixels beyond the edge: 0.25 + 0.5 Phi(1.25) = 0.25 + 0.5 * 0.8944
    assert soft[0, 16, 18] == pytest.approx(0.6972, abs=3e-3)


def test_a_halo_is_darker_outside_of_an_edge_and_brighter_inside():
    edge = with_halo(STEP, 1.0, 2 / 32)
    assert edge[0, 16, 15] < 0.25 - 0.1
    assert edge[0, 16, 16] > 0.75 + 0.1
    assert edge[0, 16, 2] == pytest.approx(0.25, abs=1e-3)


def test_grain_has_its_spread():
    flat = np.full((2, 100, 100), 0.5, np.float32)
    assert noisy(flat, 0.05, rng()).std() == pytest.approx(0.05, rel=0.02)


def test_the_best_jpeg_is_near_and_the_worst_is_not():
    texture = np.clip(RAMP + 0.2 * rng().standard_normal(RAMP.shape, dtype=np.float32), 0, 1)
    near, far = (np.abs(jpeg_coded(texture, quality) - texture).mean() for quality in (100, 5))
    assert near < 0.005
    assert far > 0.05


def test_stretching_takes_two_percentiles_to_black_and_white():
    # 10th and 90th percentile of 0..100: 10 and 90
    levels = np.arange(101, dtype=np.float32).reshape(1, 1, 101) / 101
    stretch = stretched(levels, 10, 90)[0, 0]
    assert stretch[[10, 50, 90]] == pytest.approx([0, 0.5, 1], abs=1e-6)
    assert stretch[0] == 0
    assert stretch[100] == 1


def test_a_crop_of_one_grey_level_is_black_not_a_division_by_zero():
    assert not stretched(np.full((1, 8, 8), 0.3, np.float32), 1, 99).any()


def test_a_quarter_turn_and_a_push_move_a_point_as_said():
    crop = np.zeros((9, 9), np.float32)
    crop[2, 4] = 1  # two rows above the middle
    quarter = warped(crop, np.array([[0.0, -1.0], [1.0, 0.0]]), np.zeros((9, 9, 2)))
    # the new pixel (x, y) shows the old one at (-y, x) about the middle: old (0, -2) is seen at (-2, 0)
    assert np.argwhere(quarter > 0.5).tolist() == [[4, 2]]
    pushed = warped(crop, np.eye(2), np.broadcast_to([1.0, 0.0], (9, 9, 2)))
    assert np.argwhere(pushed > 0.5).tolist() == [[2, 3]]


def test_a_dropped_patch_is_one_grey_level_and_the_rest_stays():
    ranges = LookRanges(**{**STILL, "dropped": 1.0, "patch": (0.3, 0.3)})
    looked = new_look(RAMP, np.array([True]), rng(), ranges)
    changed = np.abs(looked - RAMP) > 1e-6
    assert 0.01 < changed.mean() < 0.15
    assert len(np.unique(looked[changed])) == 1


def test_letters_and_rings_lie_on_some_crops():
    many = np.repeat(RAMP, 40, axis=0)
    looked = new_look(many, np.ones(40, bool), rng(), LookRanges(**{**STILL, "obstruction": 1.0}))
    struck = (np.abs(looked - many) > 0.05).any((1, 2)).mean()
    assert 0.2 < struck < 0.7  # chances 0.25, 0.12, 0.06 and 0.10


def test_an_inverted_film_is_inverted_in_all_its_crops():
    looked = new_look(np.repeat(RAMP, 3, 0), np.ones(3, bool), rng(), LookRanges(**{**STILL, "inversion": 1.0}))
    assert looked == pytest.approx(1 - np.repeat(RAMP, 3, 0), abs=1e-6)


def test_joints_that_are_not_there_stay_as_they_are():
    crops = np.concatenate([RAMP, np.zeros_like(RAMP)])
    looked = new_look(crops, np.array([True, False]), rng(), LookRanges())
    assert not looked[1].any()
    assert looked[0] != pytest.approx(RAMP[0])
    assert new_look(crops, np.array([False, False]), rng(), LookRanges()) is crops


def test_a_look_is_new_each_time_of_its_generator_alone_and_leaves_the_crops():
    crops, present, before = np.repeat(RAMP, 4, 0), np.ones(4, bool), np.repeat(RAMP, 4, 0)
    generator = rng()
    first, second = (new_look(crops, present, generator, LookRanges()) for _ in range(2))
    assert (first == new_look(crops, present, rng(), LookRanges())).all()
    assert (first != second).any()
    assert (crops == before).all()
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1


def test_the_banks_pixels_become_shares_of_white():
    assert grey_levels(np.array([[[0, 4095]]], np.uint16)).tolist() == [[[0.0, 1.0]]]


def test_a_range_that_falls_is_refused():
    with pytest.raises(UsageError, match=r"Setting gamma .* goes from a lower to a higher number; got 1\.3 to 0\.7\."):
        LookRanges(gamma=(1.3, 0.7))


def test_a_percentile_beyond_a_hundred_is_refused():
    with pytest.raises(UsageError, match=r"Setting brightest \(of LookRanges\) is a list, each a number from 0 to 100"):
        LookRanges(brightest=(97.0, 101.0))
