"""Deletion curves of measures whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.network.hidden_joints import audit_deletion, deletion_changes, importance
from outcomenet.errors import UndefinedMetric

RNG = np.random.default_rng(0)
PATIENTS = pd.Series([f"p{i}" for i in range(60)])
# few joints carry most of it
WORTH = RNG.normal(size=(60, 58)) * np.where(np.arange(58) % 10 == 0, 1.0, 0.1)


def without(worth: np.ndarray):
    return lambda hidden: np.where(hidden, 0.0, worth).sum(1)


def test_importance_is_the_distance_from_the_joints_mean():
    assert importance(np.array([[5.0, 1.0], [5.0, 3.0]])).tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_changes_by_hand():
    worth = np.array([[1.0, 2.0, -4.0]])
    changes = deletion_changes(without(worth), np.array([[2, 1, 0]]), hidden=(1, 2, 3))
    assert changes.ravel().tolist() == [4.0, 2.0, 1.0]  # the score -1 becomes 3, 1, 0


def test_true_contributions_pass():
    table, found = audit_deletion(without(WORTH), WORTH, PATIENTS, resamples=200, seed=0)
    assert found.judgement is Judgement.PASS
    change = table.set_index(["order", "hidden"])["change_in_sd"]
    assert change["contribution", 4] > 2 * change["random", 4]


def test_contributions_that_have_nothing_to_do_with_the_score_are_an_alarm():
    other = RNG.permuted(WORTH, axis=1)
    _, found = audit_deletion(without(WORTH), other, PATIENTS, resamples=200, seed=0)
    assert found.judgement is Judgement.ALARM
    assert found.finding.startswith("They do not: ")


def test_a_constant_score_is_refused():
    with pytest.raises(UndefinedMetric, match="the same at every visit"):
        audit_deletion(without(WORTH), np.ones((60, 58)), PATIENTS, resamples=10, seed=0)
