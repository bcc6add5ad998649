"""Limbs from the finder's output against hand calculations: place, turn, length, mirrored films, agreement of several views."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from outcomenet.anatomy import Region, View
from outcomenet.localization.finding import MOST_LIMBS, LimbGuess, agreed, decode_limbs, finder_view
from outcomenet.localization.networks import FINDER_FIELDS

CELLS = 16


def output(*limbs: tuple[int, int, Region, float]) -> dict[str, np.ndarray]:
    """What a finder says that sees limbs (row, column, region, certainty) of 80 finder pixels, upright, thumb on the right."""
    cells = {name: np.zeros((CELLS, CELLS, width), np.float32) for name, width in FINDER_FIELDS.items()}
    cells["region"][:] = -9.0
    cells["direction"][..., 1] = -1.0
    cells["log_length"][:] = np.log(80 / 64)
    cells["thumb_right"][:] = 2.0
    for row, column, region, certainty in limbs:
        cells["region"][row, column, list(Region).index(region)] = logit(certainty)
    return cells


def guess(certainty: float, x: float = 100.0, region: Region = Region.HAND, thumb_right: float = 0.9) -> LimbGuess:
    views = {View.PA: 0.8, View.OBLIQUE: 0.2, View.LATERAL: 0.0}
    return LimbGuess(region, certainty, np.array([x, 100.0]), 0.0, 80.0, thumb_right, views)


def test_a_cell_gives_place_turn_length_and_side():
    cells = output((3, 5, Region.FOOT, 0.9))
    cells["place"][3, 5] = 0.2, -0.1
    cells["view"][3, 5] = np.log([1, 2, 1])
    (limb,) = decode_limbs(cells, scale=0.5)
    assert limb.region is Region.FOOT
    assert limb.certainty == pytest.approx(0.9)
    # cells of 8 finder pixels, two film pixels each
    assert limb.centre == pytest.approx([(5.5 + 0.2) * 8 / 0.5, (3.5 - 0.1) * 8 / 0.5])
    assert limb.length_px == pytest.approx(80 / 0.5)
    assert limb.turned == pytest.approx(0.0)
    assert limb.thumb_right == pytest.approx(expit(2.0))
    assert limb.views == pytest.approx({View.PA: 0.25, View.OBLIQUE: 0.5, View.LATERAL: 0.25})


def test_what_was_shown_mirrored_is_turned_back():
    cells = output((3, 5, Region.HAND, 0.9))
    cells["direction"][3, 5] = 1.0, 0.0  # a quarter turn clockwise
    (limb,) = decode_limbs(cells, scale=1.0, mirrored_width=100)
    assert limb.centre == pytest.approx([100 - 5.5 * 8, 3.5 * 8])
    assert limb.turned == pytest.approx(-np.pi / 2)
    assert limb.thumb_right == pytest.approx(1 - expit(2.0))


def test_unsure_cells_are_no_limbs_and_none_lies_in_anothers_room():
    assert decode_limbs(output((3, 5, Region.HAND, 0.19)), 1.0) == []
    # half a length, 40 pixels, is 5 cells
    near = decode_limbs(output((8, 3, Region.HAND, 0.9), (8, 7, Region.HAND, 0.8)), 1.0)
    assert [limb.certainty for limb in near] == pytest.approx([0.9])
    apart = decode_limbs(output((8, 3, Region.HAND, 0.8), (8, 8, Region.HAND, 0.9)), 1.0)
    assert [limb.certainty for limb in apart] == pytest.approx([0.9, 0.8])  # surest first


def test_a_film_has_at_most_so_many_limbs():
    cells = output(*((row, column, Region.HAND, 0.9) for row in (1, 7, 13) for column in (1, 7, 13)))
    assert len(decode_limbs(cells, 1.0)) == MOST_LIMBS


def test_an_output_without_bounds_gives_finite_lengths():
    cells = output((3, 5, Region.HAND, 0.9))
    cells["log_length"][:] = 1e4
    (limb,) = decode_limbs(cells, 1.0)
    assert limb.length_px == pytest.approx(64 * np.exp(2.0))


def test_limbs_are_those_that_the_views_agree_on():
    views = [[guess(0.9), guess(0.3, x=400.0)], [guess(0.6, x=110.0, thumb_right=0.3)], [guess(0.6, x=95.0)]]
    (limb,) = agreed(views)  # that at 400 was seen once, with 0.3 / 3 < 0.15
    assert limb.certainty == pytest.approx(0.7)
    assert limb.thumb_right == pytest.approx(0.7)
    assert limb.centre[0] == 100.0  # of the surest


def test_a_place_that_is_hand_and_foot_is_kept_as_both():
    limbs = agreed([[guess(0.9)], [guess(0.8, region=Region.FOOT)], [guess(0.7)]])
    assert [(limb.region, round(limb.certainty, 3)) for limb in limbs] == [(Region.HAND, 0.533), (Region.FOOT, 0.267)]


@pytest.mark.parametrize(("shape", "scale"), [((200, 100), 0.64), ((40, 64), 2.0)])
def test_a_film_fills_the_finders_square_from_the_upper_left(shape, scale):
    pixels = np.random.default_rng(0).random(shape).astype(np.float32)
    view = finder_view(pixels, 128)
    assert view.scale == scale
    assert view.image.shape == (128, 128, 2)
    rows, columns = (round(side * scale) for side in shape)
    assert view.image[:rows, :columns].any(axis=-1).mean() > 0.9
    assert not view.image[rows:].any()
    assert not view.image[:, columns:].any()
