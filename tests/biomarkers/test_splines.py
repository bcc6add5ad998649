"""Restricted cubic splines, against `rms` in R."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.biomarkers.splines import KNOT_QUANTILES, knots_of, restricted_cubic
from outcomenet.errors import UndefinedMetric
from tests.biomarkers.association_table import visits

SCORE = visits()["score"].to_numpy(float)


def test_knots_and_basis_are_those_of_rms():
    knots = knots_of(SCORE, 4)

    # association.R, Hmisc 4.8.0 (with rms 6.5.0): rcspline.eval(score, nk = 4)
    assert knots == pytest.approx([-1.86825, -0.37825, 0.55190, 1.85665], abs=1e-9)
    assert restricted_cubic(SCORE, knots)[:3] == pytest.approx(
        np.array([[1.275, 2.1604492906, 0.279000128787], [1.166, 1.9657244397, 0.236823548682], [0.088, 0.5395650722, 0.007305119058]]),
        abs=1e-9,
    )  # fmt: skip


@pytest.mark.parametrize("count", KNOT_QUANTILES)
def test_the_curve_is_straight_beyond_the_outer_knots(count):
    knots = np.arange(float(count))
    outside = np.array([-3.0, -2.0, -1.0, count + 1.0, count + 2.0, count + 3.0])
    basis = restricted_cubic(outside, knots)

    assert basis.shape == (6, count - 1)
    assert np.diff(basis[:3], 2, axis=0) == pytest.approx(0.0, abs=1e-9)
    assert np.diff(basis[3:], 2, axis=0) == pytest.approx(0.0, abs=1e-9)


def test_tied_values_have_no_knots():
    with pytest.raises(UndefinedMetric, match="too many values are alike"):
        knots_of(np.array([0.0] * 80 + [1.0] * 20), 4)
