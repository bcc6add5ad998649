"""Shuffling keeps the numbers and loses their places; what survives it was not learned."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.network.shuffled_parameters import (
    audit_shuffled,
    chance_correlation,
    correlation_within_joints,
    shuffled,
)
from outcomenet.errors import UndefinedMetric

RNG = np.random.default_rng(0)


def test_every_array_keeps_its_numbers_and_loses_their_places():
    parameters = {"a": {"w": np.arange(12.0).reshape(3, 4)}, "b": np.arange(50.0)}
    moved = shuffled(parameters, jax.random.key(0))
    assert moved["a"]["w"].shape == (3, 4)
    assert sorted(np.ravel(moved["a"]["w"])) == list(range(12))
    assert not np.array_equal(moved["b"], parameters["b"])


def test_correlation_is_that_of_each_joint_without_its_mean_or_sign():
    first = RNG.normal(size=(40, 3))
    assert correlation_within_joints(first, -2 * first + np.array([9.0, 0.0, -9.0])) == pytest.approx(1.0)
    other = RNG.normal(size=(40, 3))
    expected = np.mean([abs(np.corrcoef(first[:, j], other[:, j])[0, 1]) for j in range(3)])
    assert correlation_within_joints(first, other) == pytest.approx(expected)


def test_unrelated_numbers_correlate_as_chance_says():
    values = correlation_within_joints(RNG.normal(size=(48, 4000)), RNG.normal(size=(48, 4000)))
    assert values == pytest.approx(chance_correlation(48), rel=0.05)


def test_contributions_that_survive_are_an_alarm_and_others_pass():
    trained = RNG.normal(size=(48, 58))
    assert audit_shuffled(trained, [3 * trained])[1].judgement is Judgement.ALARM
    table, found = audit_shuffled(trained, [RNG.normal(size=(48, 58)) for _ in range(2)])
    assert found.judgement is Judgement.PASS
    assert len(table) == 2


def test_constant_contributions_are_refused():
    with pytest.raises(UndefinedMetric, match="No joint's contribution varies"):
        correlation_within_joints(np.ones((5, 2)), RNG.normal(size=(5, 2)))
