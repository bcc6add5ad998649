"""Change of films read together: sums on every scale by hand, and the scale that is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.evaluation.change_measures import ReadTogether
from outcomenet.evaluation.damage_change import best_scale, weighted
from outcomenet.inference.film_changes import FilmChanges
from outcomenet.models.joint_states import GRADED_DAMAGE, JOINT_STATES

STATES = len(JOINT_STATES)


def films(change: np.ndarray, middle: float = 0.3) -> FilmChanges:
    """Pairs whose first joint's erosion has changed (its root) by so much, around a middle."""
    pairs = len(change)
    roots = np.zeros((pairs, JOINT_COUNT, STATES))
    roots[:, 0, JOINT_STATES.index("erosion")] = change
    middles = np.full_like(roots, middle)
    parts = np.zeros((pairs, JOINT_COUNT, 3, 2))
    parts[:, 0, 0, 1] = 2.0 * change
    parts[:, 0, 1, 1] = 9.0  # activity, which is no part of damage
    logarithms = np.zeros((pairs, JOINT_COUNT, len(GRADED_DAMAGE)))
    logarithms[:, 0, GRADED_DAMAGE.index("erosion")] = 3.0 * change
    return FilmChanges(
        [(f"p{n}", "v0") for n in range(pairs)], np.ones((pairs, JOINT_COUNT), bool), roots, middles, np.ones_like(roots),
        np.zeros((pairs, JOINT_COUNT)), np.ones((pairs, JOINT_COUNT)), logarithms, parts,
    )  # fmt: skip


def test_a_change_is_that_of_each_scale():
    of = films(np.array([0.2]))
    assert of.damage("root")[0, 0].tolist() == pytest.approx([0.2, 0.0])
    assert of.damage("share")[0, 0].tolist() == pytest.approx([0.4**2 - 0.2**2, 0.0])
    assert of.damage("logarithm")[0, 0].tolist() == pytest.approx([0.6, 0.0])
    assert not of.damage("share")[0, 1:].any()


def test_a_share_is_never_below_0_or_above_1():
    assert films(np.array([1.0]), middle=0.9).damage("share")[0, 0, 0] == pytest.approx(1.0 - 0.4**2)
    assert films(np.array([-0.8]), middle=0.1).damage("share")[0, 0, 0] == pytest.approx(0.0 - 0.5**2)


def test_the_weighted_change_is_of_damage_alone_and_of_the_outcome_asked_for():
    of = films(np.array([0.1, -0.2]))
    np.testing.assert_allclose(weighted(of, 1), [0.2, -0.4])
    np.testing.assert_allclose(weighted(of, 0), [0.0, 0.0])


def test_the_scale_is_that_of_the_strongest_response_in_training():
    rng = np.random.default_rng(0)
    steady = films(rng.normal(0.05, 0.02, 50))
    # the same change of the root at very different damage: on the share it scatters
    spread = steady._replace(
        middle=np.clip(rng.random(steady.middle.shape), 0.1, 0.9),
        logarithms=steady.logarithms * rng.random((50, 1, 1)),
    )
    assert best_scale(spread) == "root"
    assert best_scale(None) == best_scale(films(np.array([0.1]))) == "root"


def test_a_pair_that_was_not_read_has_no_change():
    index = pd.MultiIndex.from_tuples([("p0", "v0"), ("p1", "v0")], names=["patient_id", "visit_id"])
    measure = ReadTogether(
        pd.Series([1.0, 2.0], index=index), pd.DataFrame({0: [1.1, 2.1], 1: [0.9, 1.9]}, index=index), ""
    )
    pairs = pd.DataFrame({"patient_id": ["p1", "p2"], "visit_id": ["v0", "v0"]})
    np.testing.assert_array_equal(measure.change(pairs), [2.0, np.nan])
    np.testing.assert_array_equal(measure.changes_read(pairs), [[2.1, 1.9], [np.nan, np.nan]])
    assert measure.readings.shape == (0, 2)
