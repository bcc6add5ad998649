"""Kappa against published tables and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import Disagreement, grade_counts, icc_1, kappa, kappa_of_counts

# Kundel & Polansky, Radiology 2003: two readers' grades of 110 mammograms
MAMMOGRAMS = np.array([[34, 10, 2, 0], [6, 8, 8, 2], [2, 5, 4, 12], [0, 1, 2, 14]])
FIRST, SECOND = (np.repeat(grades, MAMMOGRAMS.ravel()).astype(float) for grades in np.indices((4, 4)).reshape(2, -1))


@pytest.mark.parametrize(
    ("disagreement", "published"),
    # plain and linear as R's vcdExtra prints them too
    [(Disagreement.PLAIN, 0.371285), (Disagreement.LINEAR, 0.596369), (Disagreement.QUADRATIC, 0.764120)],
)
def test_kappa_of_mammograms_is_the_published_one(disagreement, published):
    assert kappa(FIRST, SECOND, disagreement) == pytest.approx(published, abs=5e-7)


def test_kappa_is_one_for_equal_readers_and_below_zero_for_opposite_ones():
    assert kappa(FIRST, FIRST, Disagreement.QUADRATIC) == 1
    assert kappa(FIRST, 3 - FIRST, Disagreement.QUADRATIC) < 0


def test_kappa_of_a_resample_is_that_of_rows_repeated():
    weights = np.random.default_rng(0).integers(0, 3, (2, 110)).astype(float)
    grades, counts = grade_counts(FIRST, SECOND, np.arange(110), 110)
    for row, value in zip(weights, kappa_of_counts(weights @ counts, grades, Disagreement.QUADRATIC), strict=True):
        at = np.repeat(np.arange(110), row.astype(int))
        assert value == pytest.approx(cohen_kappa_score(FIRST[at], SECOND[at], weights="quadratic"))


def test_kappa_of_a_single_grade_is_undefined():
    with pytest.raises(UndefinedMetric, match="all 4 rows have the same grade"):
        kappa(np.ones(4), np.ones(4), Disagreement.QUADRATIC)
    grades, counts = grade_counts(np.ones(4), np.ones(4), np.array([0, 0, 1, 1]), 2)
    assert np.isnan(kappa_of_counts(counts, grades, Disagreement.QUADRATIC)).all()


def test_an_icc_of_targets_that_are_all_alike_is_undefined():
    with pytest.raises(UndefinedMetric, match="undefined when the targets or the errors do not vary"):
        icc_1(np.full((5, 2), 3.0))
    with pytest.raises(UndefinedMetric, match="at least 2 targets read by at least 2 raters without gaps; got 5 x 1"):
        icc_1(np.arange(5.0)[:, None])
