"""One regression for many targets: it predicts other patients, and chance is chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from outcomenet.audits.cross_fitting import CrossFit, Form, permuted_patients
from outcomenet.errors import UndefinedMetric

RNG = np.random.default_rng(1)
PATIENTS = pd.Series([f"p{i // 2}" for i in range(120)])


def test_it_is_ridge_regression_of_other_patients():
    features, target = RNG.normal(size=(120, 3)), RNG.normal(size=120)
    said = CrossFit(features, PATIENTS).predict(target[:, None])[:, 0]
    expected = np.empty(120)
    for train, test in GroupKFold(5).split(features, groups=PATIENTS):
        mean, spread = features[train].mean(0), features[train].std(0)
        model = Ridge(alpha=10.0).fit((features[train] - mean) / spread, target[train])
        expected[test] = model.predict((features[test] - mean) / spread)
    assert said == pytest.approx(expected, abs=1e-9)


def test_the_curved_form_is_kernel_ridge_regression_of_other_patients():
    features, target = RNG.normal(size=(120, 3)), RNG.normal(size=120)
    predicted = CrossFit(features, PATIENTS, form=Form.CURVED).predict(target[:, None])[:, 0]
    expected = np.empty(120)
    for train, test in GroupKFold(5).split(features, groups=PATIENTS):
        scaled = StandardScaler().fit(features[train]).transform(features)
        gamma = 1 / euclidean_distances(scaled[train], squared=True).mean()
        mean = target[train].mean()
        model = KernelRidge(alpha=1.0, kernel="rbf", gamma=gamma).fit(scaled[train], target[train] - mean)
        expected[test] = mean + model.predict(scaled[test])
    assert predicted == pytest.approx(expected, abs=1e-9)


def test_a_target_that_other_columns_explain_is_found_beside_them_only():
    shown = pd.DataFrame({"age": RNG.normal(size=120)})
    target = 2 * shown["age"].to_numpy()
    noise = RNG.normal(size=(120, 2))
    beside = CrossFit(noise, PATIENTS, beside=shown).predict(target[:, None])[:, 0]
    given = CrossFit(shown.to_numpy() + 0.01 * noise, PATIENTS, given=shown).predict(target[:, None])[:, 0]
    assert np.corrcoef(beside, target)[0, 1] > 0.95
    assert abs(np.corrcoef(given, target)[0, 1]) < 0.6


def test_a_missing_feature_counts_as_the_mean():
    features = RNG.normal(size=(120, 2))
    features[::7, 0] = np.nan
    assert np.isfinite(CrossFit(features, PATIENTS).predict(RNG.normal(size=(120, 1)))).all()


def test_permuting_moves_whole_patients_and_keeps_the_order_of_their_visits():
    patients = pd.Series(["a", "b", "b", "c", "c"])
    for rows in permuted_patients(patients, 20, seed=0):
        taken = patients.to_numpy()[rows]
        assert taken[1] == taken[2]
        assert taken[3] == taken[4]
        assert rows[0] in (0, 1, 3)  # a first visit takes a first visit
        assert sorted({taken[0], taken[1], taken[3]}) == ["a", "b", "c"]


def test_too_few_patients_are_refused():
    with pytest.raises(UndefinedMetric, match="at least 5 patients, there are 2"):
        CrossFit(np.ones((3, 1)), pd.Series(["a", "b", "b"]))
