"""Slopes in subgroups and hospitals, against R and on worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.group_slopes import groups_of
from outcomenet.biomarkers.subgroups import subgroups
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Layout
from tests.biomarkers.association_table import visits, world

WORLD = world(300)


def test_slopes_and_interaction_are_near_those_of_geepack():
    section = subgroups(visits(), score="score", outcome="haq", groups=["sex"], covariates=["age"], minimum=5)
    rows = section.estimates.set_index("term")

    # heterogeneity.R, geepack 1.3.9: geeglm(haq ~ z * sex + age, corstr = "exchangeable"), z = score / sd(score)
    assert rows.loc["sex: F", "estimate"] == pytest.approx(0.371757823, abs=3e-3)
    assert rows.loc["sex: M", "estimate"] == pytest.approx(0.371757823 + 0.040029404, abs=3e-3)
    # there z of the product is 0.52 without the correction for few patients
    assert 0.3 < rows.loc["interaction with sex", "estimate"] ** 0.5 < 0.52


def test_a_slope_that_differs_by_group_is_found():
    table = WORLD.assign(haq=WORLD["haq"] + 0.3 * WORLD["damage"] * WORLD["oa"])
    section = subgroups(
        table, score="damage", outcome="haq", groups=["oa", "sex"], covariates=["oa", "age"], visit="visit_id"
    )
    rows = section.estimates.set_index("term")
    sd = table["damage"].std()

    assert rows.loc["interaction with oa", "p"] < 1e-6
    assert rows.loc["oa: yes", "lower"] < 0.6 * sd < rows.loc["oa: yes", "upper"]
    assert rows.loc["oa: no", "lower"] < 0.3 * sd < rows.loc["oa: no", "upper"]
    assert rows.loc["interaction with sex", "p"] > 0.01
    assert section.sentences[0].startswith("The slope of haq on damage differs by oa (interaction p < 0.001): 0.")
    assert section.sentences[-1] == "2 interactions were tested; by chance alone one in 20 has a p below 0.05."


def test_a_small_group_is_named_and_not_estimated():
    small = WORLD["patient_id"] < "0012"
    table = WORLD.assign(hospital=WORLD["hospital"].where(~small, "tiny"))
    section = subgroups(table, score="score", outcome="haq", hospital="hospital", covariates=["age", "oa"], minimum=30)
    row = section.estimates.set_index("term").loc["hospital: tiny"]

    assert np.isnan(row["estimate"])
    assert row["n_patients"] == 12
    assert row["note"] == "12 patients, fewer than 30: named, not estimated"
    assert section.refusals == ("hospital: no slope in tiny (12 patients, fewer than 30: named, not estimated)",)
    mean = section.estimates.set_index("term").loc["mean over 3 hospitals"]
    assert mean["n_patients"] == 288
    assert mean["lower"] < mean["estimate"] < mean["upper"]
    assert "Between 3 hospitals I2 is" in section.sentences[1]


def test_one_large_hospital_has_no_heterogeneity():
    table = WORLD.assign(hospital=np.where(WORLD["patient_id"] < "0010", "tiny", "large"))
    section = subgroups(table, score="score", outcome="haq", hospital="hospital")

    assert "1 group of 50 patients or more" in section.refusals[1]
    row = section.estimates.set_index("term").loc["heterogeneity: I2"]
    assert row["note"] == "1 hospital large enough: no heterogeneity between fewer than two"


def test_numbers_are_cut_into_thirds_and_yes_no_is_words():
    assert groups_of(WORLD, "age").value_counts().to_dict() == {
        "lowest third": 300, "middle third": 300, "highest third": 300
    }  # fmt: skip
    assert set(groups_of(WORLD, "oa")) == {"yes", "no"}
    assert set(groups_of(WORLD, "visit_id")) == {"1", "2", "3"}
    with pytest.raises(UndefinedMetric, match="alike to cut"):
        groups_of(pd.DataFrame({"x": [0.0] * 90 + list(range(1, 11))}), "x")


def test_a_group_that_changes_within_a_patient_has_slopes_like_the_whole():
    # fits of each group alone would have one visit of most patients and weigh differences between persons more
    rng = np.random.default_rng(1)
    noisy = WORLD.assign(score=WORLD["score"] + rng.normal(size=len(WORLD)), arm=rng.choice(["a", "b"], len(WORLD)))
    section = subgroups(noisy, score="score", outcome="haq", groups=["arm"])
    rows = section.estimates.set_index("term")["estimate"]

    assert rows["arm: a"] == pytest.approx(rows["all"], abs=0.03)
    assert rows["arm: b"] == pytest.approx(rows["all"], abs=0.03)


def test_the_figure_and_the_refusal():
    section = subgroups(WORLD, score="score", outcome="haq", groups=["sex"], hospital="hospital")
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.data["label"].iloc[-1] == "mean over 3 hospitals (300 patients)"
        assert drawing.data["group"].iloc[-1] == "hospital"
    with pytest.raises(UndefinedMetric, match="No subgroup and no hospital"):
        subgroups(WORLD, score="score", outcome="haq")
