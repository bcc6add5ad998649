"""Change of films read together: sums on every scale by hand, and the scale that is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.evaluation.change_measures import ReadTogether
from outcomenet.evaluation.damage_change import SUMS, Sum, best_sum, weighted
from outcomenet.inference.film_changes import FilmChanges
from outcomenet.models.joint_states import GRADED_DAMAGE, JOINT_STATES, LEAST_SHARE

STATES = len(JOINT_STATES)


def films(change: np.ndarray, middle: float = 0.3) -> FilmChanges:
    """Pairs whose first joint's erosion has changed (its root) by so much, around a middle."""
    pairs = len(change)
    roots = np.zeros((pairs, JOINT_COUNT, STATES))
    roots[:, 0, JOINT_STATES.index("erosion")] = change
    before, after = (np.zeros((pairs, JOINT_COUNT, len(GRADED_DAMAGE), 2)) for _ in range(2))
    for of, root in ((before, middle - 0.5 * change), (after, middle + 0.5 * change)):
        of[:, 0, GRADED_DAMAGE.index("erosion")] = np.stack([root, root**2], -1)
    parts = np.zeros((pairs, JOINT_COUNT, 3, 2))
    parts[:, 0, 0, 1] = 2.0 * change
    parts[:, 0, 1, 1] = 9.0  # activity, which is no part of damage
    return FilmChanges(
        [(f"p{n}", "v0") for n in range(pairs)], np.ones((pairs, JOINT_COUNT), bool), roots, np.full_like(roots, middle),
        np.ones_like(roots), np.zeros((pairs, JOINT_COUNT)), np.ones((pairs, JOINT_COUNT)), before, after, parts,
    )  # fmt: skip


def test_a_change_is_that_of_each_scale():
    of = films(np.array([0.2]))
    assert of.damage("root", bounded=False)[0, 0].tolist() == pytest.approx([0.2, 0.0])
    assert of.damage("share", bounded=False)[0, 0].tolist() == pytest.approx([0.4**2 - 0.2**2, 0.0])
    logarithm = np.log(0.16 + LEAST_SHARE) - np.log(0.04 + LEAST_SHARE)
    assert of.damage("logarithm", bounded=False)[0, 0].tolist() == pytest.approx([logarithm, 0.0])
    assert not of.damage("share", bounded=False)[0, 1:].any()


def test_a_bounded_change_counts_for_a_tenth_of_its_scale_at_most():
    of = films(np.array([0.2, -0.2, 0.05]))
    assert of.damage("root", bounded=True)[:, 0, 0].tolist() == pytest.approx([0.1, -0.1, 0.05])
    assert of.damage("logarithm", bounded=True)[0, 0, 0] == pytest.approx(0.1 * np.log(101))


def test_a_joint_that_a_film_does_not_show_has_not_changed():
    of = films(np.array([0.2]))
    hidden = of._replace(visible=np.zeros_like(of.visible))
    assert not hidden.damage("root", bounded=False).any()


def test_the_weighted_change_is_of_damage_alone_and_of_the_outcome_asked_for():
    of = films(np.array([0.1, -0.2]))
    np.testing.assert_allclose(weighted(of, 1), [0.2, -0.4])
    np.testing.assert_allclose(weighted(of, 0), [0.0, 0.0])


def test_the_sum_is_that_of_the_strongest_response_in_training():
    rng = np.random.default_rng(0)
    steady = films(rng.normal(0.05, 0.02, 50))
    # one patient's change drowns the others': bounded, it does not
    outlier = films(np.append(np.full(49, 0.05) + rng.normal(0, 0.01, 49), 0.55), middle=0.4)
    assert best_sum(outlier).bounded
    for of in (steady, outlier):
        response = {way: way.of(of).mean() / way.of(of).std() for way in SUMS}
        assert best_sum(of) == max(response, key=response.get)
    assert best_sum(None) == best_sum(films(np.array([0.1]))) == Sum("root", bounded=False)
    assert "no joint's change counting for more than 0.1" in str(Sum("root", bounded=True))


def test_a_pair_that_was_not_read_has_no_change():
    index = pd.MultiIndex.from_tuples([("p0", "v0"), ("p1", "v0")], names=["patient_id", "visit_id"])
    measure = ReadTogether(
        pd.Series([1.0, 2.0], index=index), pd.DataFrame({0: [1.1, 2.1], 1: [0.9, 1.9]}, index=index), ""
    )
    pairs = pd.DataFrame({"patient_id": ["p1", "p2"], "visit_id": ["v0", "v0"]})
    np.testing.assert_array_equal(measure.change(pairs), [2.0, np.nan])
    np.testing.assert_array_equal(measure.changes_read(pairs), [[2.1, 1.9], [np.nan, np.nan]])
    assert measure.readings.shape == (0, 2)
