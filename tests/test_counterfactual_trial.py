"""The treatment's effect from both arms of the same patients: by hand, and near that of a trial with lots."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.inference.joint_states import JointStateNetwork
from tests.counterfactual_trial import HUMAN, counterfactual_changes, effects


def test_the_effect_is_the_difference_of_means_in_sds_within_arms():
    rng = np.random.default_rng(0)
    people = rng.normal(1.0, 2.0, 4000)
    human = np.stack([people, people - 0.5])
    other = np.stack([people, people - 1.0])
    table = effects({HUMAN: human, "other": other}, 1).set_index("measure")
    assert table.loc[HUMAN, "d"] == pytest.approx(0.5 / people.std())
    # twice the effect with the same scatter: a quarter of the patients
    assert table.loc["other", "n_ratio"] == pytest.approx(0.25)
    assert table.loc[HUMAN, "n_per_arm_80"] == pytest.approx(2 * (1.96 + 0.8416) ** 2 * 16, rel=0.02)


def test_both_arms_share_the_first_film_and_treatment_spares_joints():
    changes = counterfactual_changes(JointStateNetwork(batch=8), 16, 7)
    truth = changes["truth: root of bone and cartilage lost"]
    assert truth.shape[0] == 2
    assert (truth[0] >= truth[1] - 1e-9).all()  # untreated patients lose more
    assert truth[0].mean() > 1.2 * truth[1].mean()
    assert np.isfinite(changes["readings: root of bone and cartilage lost"]).all()
