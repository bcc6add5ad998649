"""The shape model against the textbook formula for a conditional Gaussian, and against the template it was drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.localization.frames import LENGTHS_MM
from outcomenet.localization.shape_model import OWN_MM, ShapeModel, fit_shape
from outcomenet.simulation.rendering.template import TEMPLATES


def model(count: int = 4) -> ShapeModel:
    rng = np.random.default_rng(1)
    root = rng.standard_normal((2 * count, 2 * count)) * 3
    return ShapeModel(rng.standard_normal((count, 2)) * 20, root @ root.T)


def test_the_place_of_a_landmark_is_the_conditional_mean_given_the_others():
    shape = model()
    points = shape.mean + np.random.default_rng(2).standard_normal((4, 2)) * 4
    error = np.array([0.5, 1.0, 0.2, 2.0])
    known = np.array([True, True, False, True])
    place, spread = shape.expected(points, error, known)
    # of landmark 1, given 0 and 3 (2 is not known, its own place is not used)
    seen, own = [0, 1, 6, 7], [2, 3]
    total = shape.covariance + OWN_MM**2 * np.eye(8)
    inner = total[np.ix_(seen, seen)] + np.diag(np.repeat([0.5, 2.0], 2) ** 2)
    cross = total[np.ix_(own, seen)]
    mean = shape.mean[1] + cross @ np.linalg.inv(inner) @ (points - shape.mean).ravel()[seen]
    left = total[np.ix_(own, own)] - cross @ np.linalg.inv(inner) @ cross.T
    assert np.allclose(place[1], mean)
    assert spread[1] == pytest.approx(np.sqrt(np.trace(left) / 2))


def test_without_any_other_landmark_the_mean_is_all_there_is():
    shape = model()
    place, spread = shape.expected(shape.mean + 5.0, np.ones(4), np.array([True, False, False, False]))
    assert np.allclose(place[0], shape.mean[0])
    assert spread[0] > spread[1] * 0.1


@pytest.mark.parametrize("region", list(Region))
def test_the_mean_of_turned_and_scaled_limbs_is_the_limb_at_its_named_length(region):
    rng = np.random.default_rng(3)
    limb = np.array([TEMPLATES[region].points[name] for name in landmarks_of(region)])
    films = []
    for _ in range(40):
        turn, scale = rng.normal(0, 0.1), rng.uniform(2, 5)
        cos, sin = np.cos(turn), np.sin(turn)
        films.append(scale * (limb + rng.normal(0, 0.3, limb.shape)) @ np.array([[cos, sin], [sin, -cos]]) + 400)
    shape = fit_shape(np.array(films), region)
    names = landmarks_of(region)
    ends = ("TIP3", "RC") if region is Region.HAND else ("TIP1", "BASE1")
    a, b = (shape.mean[names.index(end)] for end in ends)
    assert np.hypot(*(a - b)) == pytest.approx(LENGTHS_MM[region])
    # the same limb but for a turn: distances between landmarks agree
    assert np.allclose(np.hypot(*(shape.mean[0] - shape.mean[-1])), np.hypot(*(limb[0] - limb[-1])), rtol=0.01)
    assert np.sqrt(np.diag(shape.covariance)).max() < 1.0


def test_an_impossible_finger_is_far_from_where_the_others_say():
    rng = np.random.default_rng(4)
    limb = np.array([TEMPLATES[Region.HAND].points[name] for name in landmarks_of(Region.HAND)])
    films = np.array([3 * limb * (1, -1) + rng.normal(0, 2, limb.shape) for _ in range(60)])
    shape = fit_shape(films, Region.HAND)
    swapped = shape.mean.copy()
    names = landmarks_of(Region.HAND)
    swapped[names.index("DIP2")], swapped[names.index("DIP4")] = (
        swapped[names.index("DIP4")],
        swapped[names.index("DIP2")].copy(),
    )
    place, spread = shape.expected(swapped, np.full(len(names), 0.5), np.ones(len(names), bool))
    away = np.hypot(*(swapped - place).T) / spread
    assert {names[n] for n in np.argsort(-away)[:2]} == {"DIP2", "DIP4"}
    assert away.max() > 10
