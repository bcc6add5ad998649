"""Score in SDs and in HAQ units, by hand and beside numpy's polynomial fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.evaluation.biomarker_scale import on_scales, score_scale


def table(score: list[float], split: list[str]) -> pd.DataFrame:
    patients = [f"P{number}" for number in range(len(score))]
    return pd.DataFrame({"patient_id": patients, "split": split, "fold": 2, "score": score, "score_sem": 0.2})


def test_the_scale_by_hand():
    # training scores 1, 2, 3 with HAQ 0.5, 1.5, 1.0: mean 2, SD 1; slope 0.5 / 2 = 0.25, intercept 1 - 0.25 x 2 = 0.5, R2 0.25
    rows = table([1, 2, 3, 10, 0, 1, 2], ["train"] * 3 + ["test"] + ["validation"] * 3)
    haq = np.array([0.5, 1.5, 1.0, 3.0, 0.0, 0.1, 0.2])
    scale = score_scale(rows, haq, "f2")
    assert scale.loc[0, ["fold", "run", "visits", "patients"]].tolist() == [2, "f2", 3, 3]
    assert scale.loc[0, ["mean", "sd", "haq_slope", "haq_intercept", "haq_r2"]].tolist() == pytest.approx(
        [2, 1, 0.25, 0.5, 0.25]
    )
    assert scale.loc[0, "haq_slope_validation"] == pytest.approx(0.1)
    found = on_scales(rows, scale)
    assert found["score_z"].tolist() == [-1, 0, 1, 8, -2, -1, 0]
    assert found["score_haq"].tolist() == pytest.approx([0.75, 1.0, 1.25, 3.0, 0.5, 0.75, 1.0])
    assert found["score_haq_sem"].tolist() == pytest.approx([0.05] * 7)
    assert list(found)[3:7] == ["score", "score_z", "score_haq", "score_haq_sem"]


def test_the_line_is_that_of_numpy_and_of_those_with_both():
    rng = np.random.default_rng(3)
    score = rng.normal(size=200)
    haq = 1 + 0.4 * score + rng.normal(scale=0.5, size=200)
    haq[::7] = np.nan
    scale = score_scale(table(list(score), ["train"] * 200), haq, "one")
    known = ~np.isnan(haq)
    slope, intercept = np.polyfit(score[known], haq[known], 1)
    assert scale.loc[0, ["haq_slope", "haq_intercept"]].tolist() == pytest.approx([slope, intercept])
    assert scale.loc[0, "haq_visits"] == known.sum()


def test_held_out_patients_take_no_part():
    rows = table([1, 2, 3, 4], ["train"] * 3 + ["test"])
    one, other = (score_scale(rows, np.array([0.5, 1.0, 2.0, last]), "f") for last in (0.0, 3.0))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("haq", [[np.nan] * 4, [1.0, np.nan, np.nan, np.nan]])
def test_without_haq_there_are_no_haq_units(haq):
    rows = table([1, 2, 3, 4], ["train"] * 4)
    found = on_scales(rows, score_scale(rows, np.array(haq), "f"))
    assert found["score_haq"].isna().all()
    assert found["score_z"].notna().all()


def test_scores_that_are_all_the_same_have_no_scale():
    rows = table([2, 2, 2], ["train"] * 3)
    found = on_scales(rows, score_scale(rows, np.array([0.0, 1.0, 2.0]), "f"))
    assert found[["score_z", "score_haq"]].isna().all(axis=None)
