"""Lesions of stated size in drawn films, measured in other ways."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_INDEX
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.measured_joints import joint_spaces
from tests.drawn_films import PLANTED, drawn_films, first_visits, half_widths


@pytest.fixture(scope="module")
def drawn():
    return drawn_films(3, 5, CropGeometry(32, 0.75))


def test_healthy_people_have_no_lesion_and_all_joints(drawn):
    assert drawn.present.all()
    assert all(np.all(values == 0) for values in drawn.healthy)


def test_joint_spaces_lose_as_much_as_is_planted_into_real_films(drawn):
    anatomy, pose = (first_visits(records) for records in list(zip(*drawn.scenes, strict=True))[1:3])
    before = joint_spaces(drawn.healthy, anatomy, pose.magnification)
    lost = before - joint_spaces(drawn.narrowed, anatomy, pose.magnification)
    assert lost[:, PLANTED] == pytest.approx(np.minimum(1.2, before[:, PLANTED]))
    others = np.setdiff1d(np.arange(before.shape[1]), PLANTED)
    assert np.nan_to_num(lost[:, others]) == pytest.approx(0)


def test_erosions_change_the_crops_that_they_are_in_and_no_other(drawn):
    degrees = drawn.eroded.erosion
    assert np.isfinite(degrees[:, PLANTED]).mean() > 0.7
    plain, eroded = (drawn.crops(s._replace(erosion=np.nan_to_num(s.erosion))) for s in (drawn.healthy, drawn.eroded))
    darker = plain.astype(float) - eroded
    there = np.isfinite(degrees) & (degrees > 0)
    # a bite 2.5 to 4 mm across is 9 to 22 pixels of 0.75 mm, in part beyond the bone
    dark = (darker > 16 * 150).sum((-1, -2))
    assert np.median(dark[there]) > 4
    # a crop of a finger's end reaches half way to the next joint
    ends = [JOINT_INDEX[f"LH_DIP{n}"] for n in (2, 3)]
    middle = np.s_[:, ends, 8:24, 8:24]
    np.testing.assert_array_equal(plain[middle], eroded[middle])


def test_half_widths_are_those_of_bones(drawn):
    widths = half_widths(first_visits([scene.anatomy for scene in drawn.scenes]))[:, PLANTED]
    assert np.isfinite(widths).all()
    assert 2 < widths.min() < widths.max() <= 8
