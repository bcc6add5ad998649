"""Association of scores with an outcome: rungs, forms, populations, sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.association import association
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Layout
from tests.biomarkers.association_table import visits, world

LADDER = {"crude": [], "age, sex": ["age", "sex"], "+ OA": ["age", "sex", "oa"], "+ SvdH": ["age", "sex", "oa", "svdh"]}
WORLD = world(200)
BOTH = {
    "scores": ["score", "svdh"],
    "outcome": "haq",
    "ladder": LADDER,
    "visit": "visit_id",
    "minimal_difference": 0.22,
}


@pytest.fixture(scope="module")
def section():
    return association(WORLD, **BOTH, titles={"haq": "HAQ", "score": "Film score", "svdh": "SvdH"}, unit="HAQ")


def _value(section, **wanted) -> pd.Series:
    rows = section.estimates
    for column, value in wanted.items():
        rows = rows[rows[column].str.startswith(value)]
    (row,) = (rows.iloc[[0]]).iloc
    return row


def test_slopes_per_sd_are_those_of_r():
    table = visits()
    section = association(
        table, scores=["score"], outcome="haq", ladder={"full": ["age", "sex"]}, minimal_difference=0.22
    )
    sd = table["score"].std()

    # association.R: lme4 1.1.31, geepack 1.3.9, sandwich 3.0.2
    # of GEE without the correction for few patients, which widens the interval
    for method, slope, error, tolerance in (
        ("mixed", 0.323886690, 0.027396600, 1e-3),
        ("GEE", 0.318955287, 0.027699538, 0.08),
        ("least", 0.381118331, 0.033144183, 1e-3),
    ):
        row = _value(section, term="slope per SD", method=method)
        assert row["estimate"] == pytest.approx(slope * sd, rel=0.01)
        assert row["upper"] - row["lower"] == pytest.approx(2 * 2.0032 * error * sd, rel=tolerance)  # t of 60 - 4
    apart = section.estimates.set_index("term")
    assert apart.loc["between persons", "estimate"] == pytest.approx(0.431977472910 * sd, rel=1e-4)
    assert apart.loc["within a person", "estimate"] == pytest.approx(0.223442181058 * sd, rel=1e-4)


def test_every_rung_has_the_same_rows_and_the_fullest_rung_decides_them():
    table = WORLD.copy()
    table.loc[::9, "oa"] = np.nan
    section = association(table, **BOTH)

    assert section.estimates["n_visits"].nunique() == 1
    assert section.estimates["n_visits"].iloc[0] == 600 - 67
    assert "67 of 600 rows left out: oa missing in 67" in section.estimates["note"].iloc[0]


def test_adjustment_takes_the_confounder_out(section):
    sd = WORLD["score"].std()
    crude, adjusted = (
        _value(section, measure="score", adjustment=rung, term="slope", method="least") for rung in ("crude", "+ OA")
    )

    # the score is damage + 0.8 OA; beside OA its slope is that of damage, 0.3
    assert adjusted["lower"] < 0.3 * sd < adjusted["upper"]
    assert crude["estimate"] > adjusted["estimate"]


def test_one_minimal_difference_in_sd_of_the_score(section):
    slope = _value(section, measure="score", adjustment="crude", term="slope", method="mixed")
    share = _value(section, measure="score", adjustment="crude", term="minimal differences per SD")
    turned = _value(section, measure="score", adjustment="crude", term="SD per minimal difference")

    assert share["estimate"] == pytest.approx(slope["estimate"] / 0.22)
    assert turned["estimate"] == pytest.approx(0.22 / slope["estimate"])
    assert (turned["lower"], turned["upper"]) == pytest.approx((0.22 / slope["upper"], 0.22 / slope["lower"]))


def test_a_slope_that_may_be_zero_has_no_sd_per_difference():
    table = WORLD.assign(noise=np.random.default_rng(0).normal(size=len(WORLD)))
    section = association(table, scores=["noise"], outcome="haq", ladder={"crude": []}, minimal_difference=0.22)

    row = _value(section, term="SD per minimal difference")
    assert np.isnan(row["estimate"])
    assert "the slope may be 0" in row["note"]
    assert "cannot be said" in section.sentences[1]


def test_a_score_is_not_adjusted_for_itself(section):
    row = _value(section, measure="svdh", adjustment="+ SvdH", term="slope")
    assert np.isnan(row["estimate"])
    assert row["note"] == "SvdH is itself a covariate of this rung"


def test_scores_stand_alone_and_together(section):
    alone = _value(section, measure="svdh", adjustment="+ SvdH", term="alone")
    beside = _value(section, measure="svdh", adjustment="+ SvdH", term="beside Film score")
    difference = _value(section, adjustment="+ SvdH", term="slope minus that of SvdH")

    # SvdH is damage and noise, of which the film score has the damage
    assert alone["lower"] > 0
    assert beside["estimate"] < 0.3 * alone["estimate"]
    assert difference["lower"] > 0


def test_within_and_between_agree_where_nothing_constant_confounds():
    section = association(WORLD, scores=["damage"], outcome="haq", ladder={"age, OA": ["age", "oa"]})
    assert _value(section, term="between minus within")["p"] > 0.05
    assert (
        _value(section, term="within")["lower"] < 0.3 * WORLD["damage"].std() < _value(section, term="within")["upper"]
    )


def test_a_bend_is_found_where_there_is_one_and_not_where_there_is_none(section):
    bent = WORLD.assign(haq=WORLD["haq"] + 0.15 * WORLD["score"] ** 2)
    found = association(bent, scores=["score"], outcome="haq", ladder={"crude": []})

    assert _value(found, term="F of non-linearity")["p"] < 1e-6
    assert " bends (test of non-linearity" in " ".join(found.sentences)
    straight = association(WORLD, scores=["damage"], outcome="haq", ladder={"OA": ["oa"]})
    assert " was not shown to bend" in " ".join(straight.sentences)


def test_imputed_tables_bring_back_all_rows_and_the_truth():
    table = WORLD.copy()
    rng = np.random.default_rng(2)
    table.loc[rng.random(len(table)) < 0.3, "oa"] = np.nan
    section = association(
        table, scores=["score"], outcome="haq", ladder={"OA": ["oa", "age"]}, population="imputed", imputations=5
    )
    row = _value(section, term="slope", method="least")
    complete = association(table, scores=["score"], outcome="haq", ladder={"OA": ["oa", "age"]})

    assert row["n_visits"] == 600
    assert row["method"] == "least squares, cluster-robust; 5 imputed tables, Rubin's rules"
    assert f"imputed: oa in {table['oa'].isna().sum()} of 600 rows" in row["note"]
    assert row["lower"] < 0.3 * WORLD["score"].std() < row["upper"]
    narrow = _value(complete, term="slope", method="least")
    assert row["upper"] - row["lower"] < narrow["upper"] - narrow["lower"]


def test_one_visit_each_leaves_the_robust_line_and_says_so():
    section = association(WORLD[WORLD["visit_id"] == 1], scores=["score"], outcome="haq", ladder={"crude": []})

    assert np.isnan(_value(section, term="slope", method="mixed")["estimate"])
    assert section.refusals[0].startswith(
        "Mixed model, random intercept (REML) of haq: A mixed model needs patients with"
    )
    assert "least squares" in section.sentences[0]
    assert "never varies within a patient" in " ".join(section.refusals)


def test_figures_are_drawn_for_page_and_phone(section):
    for layout in Layout:
        forest, curves = (draw(layout=layout) for draw in section.draws)
        assert forest.name == "association_haq"
        assert len(forest.data) == 8
        assert set(curves.data["measure"]) == {"score", "svdh"}
    assert len(section.figures()) == 2


def test_the_printed_table_has_a_line_for_each_score_and_rung(section):
    (table,) = section.tables.values()
    assert len(table) == 8
    assert table.iloc[-1].tolist() == ["SvdH", "+ SvdH", "-", "-", "-", "-"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ladder": {}}, "no rung"),
        ({"outcome": "progressed"}, "has two values"),
        ({"outcome": "hospital"}, "'hospital' is text"),
        ({"population": "all"}, "'complete' or 'imputed'"),
        ({"ladder": {"full": ["agee"]}}, "Did you mean age"),
        ({"scores": ["haq"]}, "'haq' is the outcome and a score or covariate too"),
    ],
)
def test_a_wrong_question_is_one_sentence(change, sentence):
    with pytest.raises(UndefinedMetric, match=sentence):
        association(WORLD, **{**BOTH, **change})


def test_a_covariate_that_others_give_leaves_a_row_without_a_number():
    table = WORLD.assign(months=WORLD["age"] * 12)
    section = association(table, scores=["score"], outcome="haq", ladder={"crude": [], "both": ["age", "months"]})

    row = _value(section, adjustment="both", term="slope")
    assert np.isnan(row["estimate"])
    assert "says the same" in row["note"]
    assert np.isfinite(_value(section, adjustment="crude", term="slope")["estimate"])


def test_nullable_columns_and_any_index_are_taken():
    table = WORLD.convert_dtypes()
    table.loc[table.index[::7], ["oa", "sex"]] = pd.NA
    table.index = pd.Index([f"row {at}" for at in range(len(table))])
    section = association(table, **BOTH)

    assert section.estimates["n_visits"].iloc[0] == 600 - 86
    assert section.refusals == ()


def test_an_outcome_that_is_a_covariate_of_a_rung_is_left_out_of_it():
    section = association(WORLD, scores=["score"], outcome="svdh", ladder=LADDER)

    assert section.refusals == ("svdh is the outcome, so it is no covariate of + SvdH.",)
    full, before = (_value(section, adjustment=rung, term="slope")["estimate"] for rung in ("+ SvdH", "+ OA"))
    assert full == before
