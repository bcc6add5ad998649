"""Predictions of patients on whom a model was not fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from outcomenet.biomarkers.cross_fitting import held_out, logistic, patient_folds, repeated_predictions
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import visits

TABLE = visits()


def test_rows_of_a_patient_share_a_fold_and_the_order_of_rows_does_not_matter():
    folds = pd.Series(patient_folds(TABLE["patient_id"], 5, seed=1))
    turned = patient_folds(TABLE["patient_id"][::-1], 5, seed=1)[::-1]

    assert (folds.groupby(TABLE["patient_id"]).nunique() == 1).all()
    assert folds.groupby(folds).size().gt(0).sum() == 5
    assert folds.tolist() == turned.tolist()


def test_each_row_is_predicted_by_the_other_folds():
    # without fold 0 the line is y = x, without fold 1 it is y = 2 x
    folds, x = np.array([0, 0, 1, 1]), pd.DataFrame({"x": [0.0, 1.0, 0.0, 1.0]})
    predicted = held_out(np.array([0.0, 2.0, 0.0, 1.0]), x, folds, binary=False)

    assert predicted == pytest.approx([0.0, 1.0, 0.0, 2.0], abs=1e-12)


def test_logistic_coefficients_are_those_of_r():
    first = TABLE.drop_duplicates("patient_id")
    columns = np.column_stack([np.ones(60), first[["age", "svdh", "score"]].to_numpy(float)])

    # added_value.R: glm(event ~ age + svdh + score, binomial), one visit each
    assert logistic((first["haq"] > 1).to_numpy(float), columns) == pytest.approx(
        [-0.791455299553, -0.001191192251, 0.070724463619, 2.011801160935], abs=1e-5
    )


def test_separated_classes_keep_finite_risks():
    x = pd.DataFrame({"x": np.arange(40.0)})
    risk = held_out((x["x"] > 19).to_numpy(float), x, np.arange(40) % 4, binary=True)

    assert np.isfinite(risk).all()
    assert risk[-1] > 0.99


def test_too_few_patients_for_the_folds():
    with pytest.raises(UndefinedMetric, match="10 folds need as many patients; there are 3"):
        patient_folds(pd.Series(["a", "b", "c"]), 10, seed=0)
    with pytest.raises(UndefinedMetric, match="with and without the event"):
        logistic(np.ones(5), np.ones((5, 1)))


def test_folds_are_alike_in_the_outcome():
    # 23 of 100 patients with the event: folds of ten have two or three, where chance alone would give none to six
    event = (np.arange(100) < 23).astype(float)
    patients = pd.Series([f"P{at:03d}" for at in range(100)])

    folds = patient_folds(patients, 10, seed=4, outcome=event)

    assert set(np.bincount(folds, event)) == {2.0, 3.0}
    assert np.bincount(folds).tolist() == [10] * 10


def test_a_score_that_tells_nothing_is_not_ranked_below_chance():
    # pooled over folds of chance, a score of own AUROC 0.5 had 0.27: few events in a fold go with high risks there
    rng = np.random.default_rng(0)
    event, patients = (rng.random(190) < 0.12).astype(float), pd.Series(np.arange(190))
    ranked = []
    for _ in range(12):
        design = pd.DataFrame({"nothing": rng.normal(size=190)})
        risk = np.mean(repeated_predictions(event, design, patients, binary=True, folds=10, repeats=3, seed=0), axis=0)
        ranked.append(roc_auc_score(event, risk))

    assert abs(np.mean(ranked) - 0.5) < 0.07
